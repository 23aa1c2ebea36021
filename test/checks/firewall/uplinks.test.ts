import { OPENS, toldOf } from "./told";

const LAN = { text: "link br-lan: bridge mtu 1500\nuplink eth0: bridge br-lan\n" };
const FILTERED: [string, string[]][] = [["bridges", ["filtered"]]];

const chain = (name: string, type: string, rules: readonly string[]) =>
    `chain ${name} {\n${type}\n${rules.join("\n")}\n}`;
const input = (...rules: string[]) =>
    `table inet filter {
        ${chain("input", "type filter hook input priority filter; policy drop;", rules)}
    }`;
const forward = (table: string, name: string, policy: string, ...rules: string[]) =>
    `table ${table} {
        ${chain(name, `type filter hook forward priority filter; policy ${policy};`, rules)}
    }`;
const NAT = `table ip nat {
    ${chain("postrouting", "type nat hook postrouting priority srcnat; policy accept;", [
        'ip saddr 10.8.0.0/24 oifname "eth0" masquerade',
        'oifname != "docker0" ip saddr 172.17.0.0/16 masquerade',
    ])}
}`;
const firewalld = (zones: readonly string[], allow: readonly string[]) =>
    `table inet firewalld {
        ${chain("filter_INPUT", "type filter hook input priority filter + 10; policy accept;", ["jump filter_INPUT_ZONES", "reject with icmpx admin-prohibited"])}
        ${chain("filter_FORWARD", "type filter hook forward priority filter + 10; policy accept;", ["ct state { established, related } accept", "jump filter_FORWARD_ZONES", "reject with icmpx admin-prohibited"])}
        ${chain("filter_INPUT_ZONES", "", [...zones.map((zone) => zone.replace("ZONE", "IN")), "goto filter_IN_public"])}
        ${chain("filter_FORWARD_ZONES", "", [...zones.map((zone) => zone.replace("ZONE", "FWD").replace("_to_HOST", "")), "goto filter_FWD_public"])}
        ${chain("filter_IN_home", "", ["accept"])}
        ${chain("filter_IN_public", "", ["tcp dport 22 accept"])}
        ${chain("filter_FWD_home", "", ["jump filter_FWD_home_allow"])}
        ${chain("filter_FWD_home_allow", "", allow)}
        ${chain("filter_FWD_public", "", ["jump filter_FWD_public_allow"])}
        ${chain("filter_FWD_public_allow", "", [])}
    }`;

const BESIDE =
    "its firewall has rules for eth0, and once eth0 is a port of br-lan, packets come by br-lan instead; write beside them, here in the words of nft:";

test("no firewall, and Docker's own rules", () => {
    expect(toldOf(LAN, FILTERED)).toEqual([]);
    const docker = `${forward("ip filter", "FORWARD", "drop", "counter jump DOCKER-USER")}
        table ip filter {
            chain DOCKER-USER {
            }
        }`;
    expect(toldOf(LAN, FILTERED, docker)).toEqual([]);
});

test("rules that name the NIC are told, as they have to be for the bridge", () => {
    const rules = ['iifname "eth0" tcp dport 8080 accept', 'iifname { "eth0", "wg0" } accept'];
    expect(toldOf(LAN, [], input(...rules), NAT)).toEqual([
        `${BESIDE}
    inet filter input: iifname "br-lan" tcp dport 8080 accept
    inet filter input: iifname { "br-lan", "wg0" } accept
    ip nat postrouting: ip saddr 10.8.0.0/24 oifname "br-lan" masquerade`,
    ]);
});

test("a set of links is what it holds", () => {
    const sets = [
        'table inet filter {\nset lan { "eth0", "wg0" }\nset others { "wg1" }',
        chain("input", "type filter hook input priority filter; policy drop;", [
            "iifname @lan tcp dport 8080 accept",
            "iifname @others accept",
            "iifname @unknown accept",
        ]),
        "}",
    ];
    expect(toldOf(LAN, [], sets.join("\n"))).toEqual([
        `${BESIDE}
    inet filter input: iifname { "br-lan", "wg0" } tcp dport 8080 accept`,
    ]);
});

test("patterns, maps and rules for all other links are told too", () => {
    const rules = [
        'iifname "eth*" tcp dport 22 accept',
        'iifname { "eth*", "wg0" } tcp dport 80 accept',
        'iifname vmap { "lo" : accept, "eth0" : jump lan }',
        'iifname . tcp dport { "eth0" . 22, "wg0" . 80 } accept',
        'tcp dport . iifname { 22 . "eth0" } accept',
        'iifname != "eth0" drop',
        'iifname != { "lo", "eth0" } drop',
    ];
    expect(toldOf(LAN, [], input(...rules))).toEqual([
        `${BESIDE}
    inet filter input: iifname "br-lan" tcp dport 22 accept
    inet filter input: iifname { "br-lan", "wg0" } tcp dport 80 accept
    inet filter input: iifname vmap { "lo" : accept, "br-lan" : jump lan }
    inet filter input: iifname . tcp dport { "br-lan" . 22, "wg0" . 80 } accept
    inet filter input: tcp dport . iifname { 22 . "br-lan" } accept
    inet filter input: iifname != { "eth0", "br-lan" } drop (in place of iifname != "eth0" drop)
    inet filter input: iifname != { "lo", "eth0", "br-lan" } drop (in place of iifname != { "lo", "eth0" } drop)`,
    ]);
});

test.each([
    ["a rule for all but both", ['iifname != { "eth0", "br-lan" } drop']],
    ["the same for the bridge beside it", ['iifname "eth0" accept', 'iifname "br-lan" accept']],
    ["one rule for both", ['iifname { "eth0", "br-lan" } tcp dport 8080 accept']],
    ["a pattern for both", ['iifname { "eth*", "br-*" } tcp dport 8080 accept']],
    ["the same for all links", ['iifname "eth0" tcp dport 22 accept', "tcp dport 22 accept"]],
    ["another NIC", ['iifname "eth01" accept', 'iifname "lo" accept', 'oifname "eth" drop']],
])("%s needs nothing", (_, rules) => {
    expect(toldOf(LAN, [], input(...rules))).toEqual([]);
});

test("a Bridge without an uplink is no business of rules that name a NIC", () => {
    const plain = { text: "link br-lan: bridge mtu 1500\n" };
    expect(toldOf(plain, FILTERED, input('iifname "eth0" accept'))).toEqual([]);
});

test.each([
    ["1.3", ['iifname "eth0" goto filter_ZONE_home']],
    [
        "2.3",
        [
            'iifname "eth0" jump filter_ZONE_policy_allow-host-ipv6',
            'iifname "eth0" jump filter_ZONE_home',
            'iifname "eth0" reject with icmpx admin-prohibited',
        ],
    ],
    ["2.5", ['iifname "eth0" jump filter_ZONE_home_to_HOST']],
])("a zone of firewalld %s that has the NIC is to have the bridge", (_, zones) => {
    const allow = ['oifname "eth0" accept'];
    expect(toldOf(LAN, [], firewalld(zones, allow))).toEqual([
        `its firewall (firewalld) has eth0 in the zone home, and packets come by br-lan once eth0 is its port; to have that in the zone too:
    firewall-cmd --zone=home --add-interface=br-lan
    firewall-cmd --permanent --zone=home --add-interface=br-lan`,
    ]);
    const both = [...zones, ...zones.map((rule) => rule.replace("eth0", "br-lan"))];
    expect(toldOf(LAN, FILTERED, firewalld(both, [...allow, 'oifname "br-lan" accept']))).toEqual(
        [],
    );
});

describe("where bridges are filtered, what the bridge switches is told if a chain drops it", () => {
    const DROPS = "drops traffic between the LAN and containers on br-lan";

    test("of nft", () => {
        expect(toldOf(LAN, FILTERED, forward("inet filter", "forward", "drop"))).toEqual([
            `its firewall (chain forward of table inet filter) ${DROPS}; ${OPENS}:
    nft insert rule inet filter forward iifname "br-lan" oifname "br-lan" accept`,
        ]);
        expect(toldOf(LAN, [], forward("inet filter", "forward", "drop"))).toEqual([]);
        const open = 'iifname "br-lan" oifname "br-lan" accept';
        expect(toldOf(LAN, FILTERED, forward("inet filter", "forward", "drop", open))).toEqual([]);
    });

    test("an IPv6 address of the NIC is none of those that rules of IPv4 ask for", () => {
        const rule = "ip saddr 10.0.0.0/8 accept";
        const told = forward("inet filter", "forward", "drop", rule);
        const address: [string, string[]] = [
            "address",
            ["eth0 2001:db8::5/64", "br-lan 10.60.0.1/24"],
        ];
        expect(toldOf(LAN, [...FILTERED, address], told)).toEqual([]);
        expect(toldOf(LAN, [...FILTERED, ["address", ["eth0 2001:db8::5/64"]]], told)).toEqual([
            expect.stringContaining(DROPS),
        ]);
    });

    test("of ufw, where Docker leaves iptables alone", () => {
        const ufw = `${forward("ip filter", "FORWARD", "drop")}
            table ip filter {
                chain ufw-user-input {
                }
            }`;
        const leaves: [string, string[]] = ["docker-iptables", ["nftables"]];
        expect(toldOf(LAN, [...FILTERED, leaves], ufw)).toEqual([
            `its firewall (ufw) ${DROPS}; to let it through:\n    ufw route allow in on br-lan out on br-lan`,
        ]);
    });

    test("of firewalld, by the zone of the NIC, or the default one", () => {
        expect(toldOf(LAN, FILTERED, firewalld([], []))).toEqual([
            `its firewall (firewalld) ${DROPS}; to let it through:
    firewall-cmd --add-interface=br-lan
    firewall-cmd --permanent --add-interface=br-lan
    firewall-cmd --add-forward
    firewall-cmd --permanent --add-forward`,
        ]);
        const zones = ['iifname "eth0" goto filter_ZONE_home'];
        expect(toldOf(LAN, FILTERED, firewalld(zones, ['oifname "eth0" accept']))).toEqual([
            expect.stringContaining("    firewall-cmd --zone=home --add-interface=br-lan\n"),
        ]);
    });
});
