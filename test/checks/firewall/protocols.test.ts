// Tunnels without UDP: GRE and IPIP, as firewalls know them.
import { toldOf, tunnelOf } from "./told";

const PEERS = "192.168.40.12, 192.168.40.13";
const LASTS = " (write it into the file that the rules are loaded from, too)";

/** The chain that a packet comes to first, and drops what no rule lets pass. */
const chain = (table: string, name: string, ...rules: string[]) => `table ${table} {
    chain ${name} {
        type filter hook ${name.toLowerCase()} priority filter; policy drop;
        ${rules.join("\n")}
    }`;
const told = (protocol: number, ...tables: string[]) => toldOf(tunnelOf(protocol), [], ...tables);
const linesOf = (protocol: number, ...tables: string[]) =>
    told(protocol, ...tables).flatMap((text) => text.split("\n    "));

describe.each([
    [47, "GRE", "gre", "ipencap"],
    [4, "IPIP", "ipencap", "gre"],
])("IP protocol %i", (protocol, name, itself, other) => {
    const what = (way: string) => `${name} (IP protocol ${protocol}) ${way} ${PEERS}`;

    test.each([
        ["udp", ["udp dport 1-65535 accept", "meta l4proto { tcp, udp } accept"]],
        ["udp by its sender's port", ["udp sport 53 accept"]],
        ["tcp", ["tcp dport 22 accept", "ip protocol tcp accept"]],
        ["the other of the two", [`ip protocol ${other} accept`]],
        ["ipip as /etc/protocols has it, which is 94", ["meta l4proto ipip accept"]],
        ["it from somebody else", [`ip protocol ${itself} ip saddr 10.0.0.1 accept`]],
        ["all but it", [`meta l4proto ${protocol} drop`, "accept"]],
    ])("is told where a chain lets in %s", (_, rules) => {
        expect(linesOf(protocol, chain("inet admin", "input", ...rules))).toEqual([
            `its firewall (chain input of table inet admin) drops ${what("from")}, which tn-mesh needs; to let it through${LASTS}:`,
            `nft insert rule inet admin input ip saddr { ${PEERS} } ip protocol ${protocol} accept`,
        ]);
    });

    test.each([
        ["by its number", [`ip protocol ${protocol} accept`]],
        ["by its name", [`meta l4proto { ${itself}, esp } counter packets 0 bytes 0 accept`]],
        ["with its peers", ["ip saddr 192.168.40.0/24 accept"]],
        ["with all but UDP", ["meta l4proto != udp accept"]],
        ["perhaps, by what is not understood", ["th dport 2048 accept"]],
    ])("is not where one lets it in %s", (_, rules) => {
        expect(told(protocol, chain("inet admin", "input", ...rules))).toEqual([]);
    });

    test("is told on its way out", () => {
        expect(linesOf(protocol, chain("ip filter", "OUTPUT"))).toEqual([
            `its firewall (chain OUTPUT of table ip filter) drops ${what("to")}, which tn-mesh needs; to let it through${LASTS}:`,
            `iptables -I OUTPUT -p ${protocol} -d 192.168.40.12 -j ACCEPT`,
            `iptables -I OUTPUT -p ${protocol} -d 192.168.40.13 -j ACCEPT`,
        ]);
    });

    test("is let in by iptables-legacy, and by its own command", () => {
        const legacy = (...rules: string[]) => [":INPUT DROP [9:9]", ...rules].join("\n");
        expect(linesOf(protocol, legacy("-A INPUT -p udp -j ACCEPT")).slice(1)).toEqual([
            `iptables-legacy -I INPUT -p ${protocol} -s 192.168.40.12 -j ACCEPT`,
            `iptables-legacy -I INPUT -p ${protocol} -s 192.168.40.13 -j ACCEPT`,
        ]);
        expect(told(protocol, legacy(`-A INPUT -p ${protocol} -j ACCEPT`))).toEqual([]);
    });

    test("is let through firewalld, in and out", () => {
        const drops = `${chain("inet firewalld", "input")}\n${chain("inet firewalld", "output")}`;
        const lasting = (change: string) => [
            `firewall-cmd ${change}`,
            `firewall-cmd --permanent ${change}`,
        ];
        const commands = linesOf(protocol, drops).filter((line) => line.startsWith("firewall"));
        expect(commands).toEqual([
            ...["12", "13"].flatMap((last) =>
                lasting(
                    `--add-rich-rule='rule family="ipv4" source address="192.168.40.${last}" protocol value="${protocol}" accept'`,
                ),
            ),
            ...["12", "13"].flatMap((last) =>
                lasting(
                    `--direct --add-rule ipv4 filter OUTPUT 0 -p ${protocol} -d 192.168.40.${last} -j ACCEPT`,
                ),
            ),
        ]);
    });
});

describe("ufw, both ways", () => {
    const UFW = `${chain("ip filter", "INPUT", "jump ufw-user-input")}
    chain ufw-user-input {
    }
    ${chain("ip filter", "OUTPUT")}`;
    const commands = (protocol: number) =>
        linesOf(protocol, UFW).filter((line) => /^(ufw|sed) /.test(line));

    test("knows GRE by its name", () => {
        expect(commands(47)).toEqual([
            "ufw allow proto gre from 192.168.40.12 to any",
            "ufw allow proto gre from 192.168.40.13 to any",
            "ufw allow out proto gre to 192.168.40.12",
            "ufw allow out proto gre to 192.168.40.13",
        ]);
    });

    test("has IPIP in its file only", () => {
        const rule = (chain: string, on: string, address: string) =>
            `sed -i '/^-A ${chain} ${on} /a -A ${chain} -p 4 ${address} -j ACCEPT' /etc/ufw/before.rules`;
        expect(commands(4)).toEqual([
            rule("ufw-before-input", "-i lo", "-s 192.168.40.12"),
            rule("ufw-before-input", "-i lo", "-s 192.168.40.13"),
            "ufw reload",
            rule("ufw-before-output", "-o lo", "-d 192.168.40.12"),
            rule("ufw-before-output", "-o lo", "-d 192.168.40.13"),
            "ufw reload",
        ]);
    });
});
