import { NetnsHost, STACK, TOOLS } from "../support/netns";
import { LAN, RICH } from "../support/uplinks";

describe.each(TOOLS)("with $shell and $awk", (tools) => {
    let host: NetnsHost;
    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh(RICH);
    });
    afterEach(() => host.close());

    const apply = () => host.apply("lan", LAN);
    const dump = () =>
        host
            .dump()
            .replace(/^\/run\/crosshost.*\n/gm, "")
            .replace(/(lft|expires) \d+sec/g, "$1 Nsec");

    test.each<[string, string, string]>([
        [
            "no such link",
            "ip link set eth0 down; ip link set eth0 name eth7",
            "eth0 is no link of this host (found peer0, eth7): write one of them",
        ],
        [
            "a link that is down",
            "ip link set eth0 down",
            "eth0 is down: plug it in, and set it up (ip link set eth0 up)",
        ],
        ["a link without a carrier", "ip link set peer0 down", "eth0 is down: "],
        [
            "a bridge's port",
            "ip link add br0 type bridge; ip link set eth0 master br0",
            "eth0 is a port of br0 already, which Crosshost did not make: ",
        ],
        [
            "a parent of a macvlan",
            "ip link add mv0 link eth0 type macvlan",
            "eth0 carries mv0 (macvlan), and cannot be the port of a bridge with that: ",
        ],
        [
            "a lease",
            "ip addr change 192.168.40.11/24 dev eth0 valid_lft 600 preferred_lft 600",
            "eth0 has 192.168.40.11/24 by DHCP, whose client would put it back on the NIC: give the host a static address",
        ],
        [
            "a rule that names it",
            "ip rule add iif eth0 lookup 100",
            "eth0 has a rule of the host's routing that names it, ",
        ],
        [
            "an IPv6 rule that names it",
            "ip -6 rule add oif eth0 lookup 100",
            "eth0 has a rule of the host's routing that names it, ",
        ],
        [
            "DHCP of ifupdown",
            "mkdir -p /etc/network/interfaces.d; echo 'source /etc/network/interfaces.d/*' >/etc/network/interfaces; printf 'auto eth0\\niface eth0 inet dhcp\\n' >/etc/network/interfaces.d/lan",
            "eth0 has DHCP (/etc/network/interfaces.d/lan has iface eth0 inet dhcp), ",
        ],
    ])("%s is refused, and told in a look", (what, script, told) => {
        host.sh(script);
        const before = dump();
        expect(apply()).toMatchObject({ status: 2 });
        expect(apply().stderr).toContain(`crosshost: refused: unit lan: uplink eth0: ${told}`);
        expect(dump()).toBe(before);
        if (what !== "no such link") {
            const facts = host.observe().facts.filter((fact) => fact.startsWith("no-uplink eth0 "));
            expect(facts).toEqual([expect.stringContaining(`no-uplink ${told}`)]);
        }
    });
});

test("of a firewall's sets those of links are told, each in one line", () => {
    const host = new NetnsHost();
    host.sh(`nft -f - <<'E'
table ip admins {
    set lan { type ifname; elements = { "eth0", "wg0", "wg1", "wg2", "wg3", "wg4" }; }
    set alone { typeof iifname; comment "the LAN {x}"; elements = { "wg9" }; }
    set nobody { type ifname; }
    set people { type ipv4_addr; elements = { 10.1.0.1 }; }
    map ways { type ifname : verdict; elements = { "eth0" : accept }; }
    chain out { type nat hook postrouting priority srcnat; oifname @lan masquerade; }
}
E`);
    const { stdout } = host.crosshost(["observe", STACK]);
    const rules = stdout.split("\n").flatMap((line) => /^rule (.*)/.exec(line)?.[1] ?? []);
    const ofEth0 = (rule: string) => rule.replace(/"wg\d", |, "wg\d"/g, "");
    expect(rules.filter((rule) => /set|map|@/.test(rule)).map(ofEth0)).toEqual([
        'set lan { "eth0" }',
        'set alone { "wg9" }',
        "oifname @lan masquerade",
    ]);
    expect(rules).toContain("table ip admins {");
    host.close();
});
