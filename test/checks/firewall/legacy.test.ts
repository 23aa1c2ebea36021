import { ALL_FORWARDED, NEEDS, OPENS, told, toldWith } from "./told";

describe("iptables-legacy, whose rules nft does not show", () => {
    const legacy = (...lines: string[]) =>
        [":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]", ...lines].join("\n");
    const DROPS = legacy(":INPUT DROP [9:9]", "-A INPUT -i lo -j ACCEPT");
    const INPUT = [
        `its firewall (chain INPUT of table ip filter (iptables-legacy)) drops ${NEEDS}; ${OPENS}:
    iptables-legacy -I INPUT -p udp -s 192.168.40.12 --dport 20473 -j ACCEPT
    iptables-legacy -I INPUT -p udp -s 192.168.40.13 --dport 20473 -j ACCEPT`,
    ];
    const FORWARD = [ALL_FORWARDED("iptables-legacy")];

    test.each<[string, string[]]>([
        ["nothing for it", ["-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"]],
        ["another port", ["-A INPUT -p udp -m udp --dport 20000:20400 -j ACCEPT"]],
        ["ports of TCP", ["-A INPUT -p tcp -m multiport --dports 22,20473 -j ACCEPT"]],
        ["another sender", ["-A INPUT ! -s 192.168.40.0/24 -j ACCEPT"]],
        ["another link", ["-A INPUT -i wg+ -j ACCEPT"]],
        [
            "logged, then rejected",
            [
                '-A INPUT -m comment --comment "no -j ACCEPT here" -j LOG --log-prefix "DROP "',
                "-A INPUT -j REJECT --reject-with icmp-port-unreachable",
            ],
        ],
        ["a chain that returns", [":mine - [0:0]", "-A INPUT -j mine", "-A mine -j RETURN"]],
    ])("drops all but %s", (_, rules) => {
        expect(told(`${DROPS}\n${rules.join("\n")}`)).toEqual(INPUT);
    });

    test.each<[string, string[]]>([
        ["the port", ["-A INPUT -p udp -m udp --dport 20000:21000 -j ACCEPT"]],
        ["one of several ports", ["-A INPUT -p udp -m multiport --dports 53,20473 -j ACCEPT"]],
        ["the link", ["-A INPUT -i eth+ -j ACCEPT"]],
        ["what is new", ["-A INPUT -m state --state NEW -j ACCEPT"]],
        ["what is not understood", ["-A INPUT -m set --match-set friends src -j ACCEPT"]],
        ["a chain that accepts", [":mine - [0:0]", "-A INPUT -g mine", "-A mine -j ACCEPT"]],
    ])("lets in %s", (_, rules) => {
        expect(told(`${DROPS}\n${rules.join("\n")}`)).toEqual([]);
    });

    test("a policy that Docker left there when it ran with it, beside Docker's own chains by nft", () => {
        const left = legacy(
            ":FORWARD DROP [0:0]",
            ":DOCKER-USER - [0:0]",
            "-A FORWARD -j DOCKER-USER",
        );
        expect(told(left)).toEqual(FORWARD);
        expect(toldWith([["iptables", ["legacy"]]], left)).toEqual([]);
    });

    test("a policy that Docker left by nft, before iptables became iptables-legacy", () => {
        const left = `table ip filter {
            chain FORWARD {
                type filter hook forward priority filter; policy drop;
            }
        }`;
        expect(toldWith([["iptables", ["legacy"]]], left)).toEqual([
            ALL_FORWARDED("iptables-nft").replace(" (iptables-nft)", ""),
        ]);
    });
});
