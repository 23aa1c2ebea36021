import { ALL_FORWARDED, BRIDGE, OPENS, told, toldOf, toldWith, WAYS_OF_BRIDGE } from "./told";

const chains = (...rules: string[]) => `table ip filter {
    chain FORWARD {
        type filter hook forward priority filter; policy drop;
        ${rules.join("\n")}
    }
    chain DOCKER-USER {
        iifname "vx-mesh" oifname "ch-mesh" ip saddr 10.42.0.0/16 ip daddr 10.42.1.0/24 accept
        return
    }
}`;

test("a chain that Docker left dropping, when it was told to leave iptables alone", () => {
    const left = (...rules: string[]) =>
        chains(...rules, "jump DOCKER-USER", 'iifname "docker0" oifname != "docker0" accept');
    const off: [string, string[]] = ["docker-iptables", ["off"]];
    expect(told(left())).toEqual([]);
    expect(toldWith([off], left())).toEqual([ALL_FORWARDED()]);
    expect(toldOf(BRIDGE, [off], left())).toEqual([WAYS_OF_BRIDGE("br-lan")]);
    const lan = ['iifname "br-lan" accept', 'oifname "br-lan" ct state established accept'];
    expect(toldOf(BRIDGE, [off], left(...lan, 'oifname "br-lan" ct status dnat accept'))).toEqual(
        [],
    );
    expect(toldOf(BRIDGE, [off], left(...lan))).toEqual([
        `its firewall (chain FORWARD of table ip filter) drops traffic to published ports behind br-lan; ${OPENS}:
    iptables -I FORWARD -o br-lan -m conntrack --ctstate DNAT -j ACCEPT
    iptables -I FORWARD -i br-lan -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
    ]);
    expect(toldOf(BRIDGE, [], left())).toEqual([]);
    const opened = ['iifname "vx-mesh" oifname "ch-mesh" accept', 'iifname "ch-mesh" accept'];
    const replies = 'oifname "ch-mesh" ct state established,related accept';
    const published = 'oifname "ch-mesh" ct status dnat accept';
    expect(toldWith([off], left(...opened, replies, published))).toEqual([]);
    const kept = 'iifname "ch-mesh" oifname != "ch-mesh" accept'; // as Docker leaves it for networks that it had
    expect(toldWith([off], left(kept, replies, published))).toEqual([]);
});

test("the policy that Docker left dropping when it was told to use nftables", () => {
    const LEFT = (iptables: string) =>
        `Docker's firewall backend is nftables now, and the policy DROP that Docker left in the chain FORWARD of iptables blocks the traffic of all containers; it is gone after a reboot, or with:
    ${iptables} -P FORWARD ACCEPT`;
    const nftables: [string, string[]] = ["docker-iptables", ["nftables"]];
    const asked = chains("counter packets 1 bytes 2 jump DOCKER-USER");
    expect(toldWith([nftables], asked)).toEqual([LEFT("iptables")]);
    expect(toldOf(BRIDGE, [nftables], asked)).toEqual([LEFT("iptables")]);
    expect(toldWith([nftables], asked.replace("policy drop", "policy accept"))).toEqual([]);
    expect(toldWith([nftables], chains())[0]).toMatch(/^its firewall \(chain FORWARD/);
    expect(toldWith([nftables], chains('iifname "ch-mesh" drop', "jump DOCKER-USER"))).toEqual([
        LEFT("iptables"),
        expect.stringMatching(
            /^its firewall \(chain FORWARD .*from vx-mesh to ch-mesh or back, and traffic that leaves ch-mesh/,
        ),
    ]);
    const legacy = [":FORWARD DROP [0:0]", ":DOCKER-USER - [0:0]", "-A FORWARD -j DOCKER-USER"];
    expect(toldWith([nftables], legacy.join("\n"))).toEqual([LEFT("iptables-legacy")]);
});
