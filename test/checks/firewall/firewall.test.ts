import { ALL_FORWARDED, BRIDGE, NEEDS, OPENS, told, toldOf, toldWith } from "./told";

const admin = (...rules: string[]) => `table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;
        ${rules.join("\n")}
    }
}`;
const EATEN = [
    `its firewall (chain input of table inet filter) drops ${NEEDS}; ${OPENS}:
    nft insert rule inet filter input ip saddr { 192.168.40.12, 192.168.40.13 } udp dport 20473 accept`,
];

test("no firewall, and Docker's own rules", () => {
    expect(told()).toEqual([]);
    expect(
        told(`table ip filter {
            chain FORWARD {
                type filter hook forward priority filter; policy drop;
                counter packets 0 bytes 0 jump DOCKER-USER
                oifname "docker0" ct state established,related counter packets 0 bytes 0 accept
            }
            chain DOCKER-USER {
                counter packets 0 bytes 0 return
            }
        }`),
    ).toEqual([]);
});

test.each<[string, string[]]>([
    [
        "nothing for it",
        ["ct state established,related accept", "iif lo accept", "tcp dport 22 accept"],
    ],
    ["another port", ["udp dport 20474 accept", "udp dport { 53, 4789-5000 } accept"]],
    [
        "another sender",
        ["ip saddr 192.168.50.0/24 accept", "ip saddr { 10.0.0.1, 10.0.0.2 } accept"],
    ],
    ["one of two peers", ["ip saddr 192.168.40.12 udp dport 20473 accept"]],
    ["another link", ['iifname "wg0" accept', 'iifname { "lo", "br-*" } accept']],
    ["an own drop before", ["udp dport 20000-30000 drop", "meta l4proto udp accept"]],
    [
        "a map without it",
        ["ct state vmap { established : accept, related : accept, invalid : drop }"],
    ],
    ["DHCP only", ["udp sport 67 udp dport 68 accept", "ip6 daddr fe80::/64 accept"]],
    [
        "logged, then rejected",
        [
            'limit rate 3/minute burst 10 packets counter packets 0 bytes 0 log prefix "[DROP] " level warn',
            "reject with icmpx admin-prohibited",
        ],
    ],
])("an admin's nft chain that drops all but %s eats the tunnel", (_, rules) => {
    expect(told(admin(...rules))).toEqual(EATEN);
});

test.each<[string, string[]]>([
    ["the port", ["udp dport 20473 accept"]],
    [
        "the peers",
        [
            'ip saddr { 192.168.40.12, 192.168.40.13 } counter packets 1 bytes 2 accept comment "mesh"',
        ],
    ],
    ["the LAN", ["ip saddr 192.168.40.0/24 accept"]],
    ["the link", ['iifname "eth*" accept']],
    ["all but others", ["ip saddr != 192.168.40.0/24 drop", "meta l4proto { tcp, udp } accept"]],
    ["a map", ["udp dport vmap { 53 : drop, 20000-21000 : accept }"]],
    ["what is not understood", ["ip saddr @friends accept", "socket cgroupv2 level 2 accept"]],
    ["all", ["accept"]],
])("one that lets in %s does not", (_, rules) => {
    expect(told(admin(...rules))).toEqual([]);
});

describe.each([
    ["lo", []],
    ["anycast0", ["anycast0 dummy -"]],
])(
    "an address that is routed to the host, on %s, does not say by which NIC packets come",
    (on, links) => {
        const routed = (...rules: string[]) =>
            toldWith(
                [
                    ["address", ["eth0 10.0.0.5/24 1500", `${on} 192.168.40.11/32 65536`]],
                    ["link", ["eth0 device -", ...links]],
                ],
                admin(...rules),
            );

        test("a chain that drops by any is told", () => {
            expect(routed('iifname "lo" accept', "tcp dport 22 accept")).toEqual(EATEN);
        });

        test("one that lets some in may let in these", () => {
            expect(routed('iifname "eth0" accept')).toEqual([]);
        });
    },
);

const UFW = (allowed: string) => `table ip filter {
    chain INPUT {
        type filter hook input priority filter; policy drop;
        counter packets 10 bytes 100 jump ufw-before-input
        counter packets 0 bytes 0 jump ufw-reject-input
    }
    chain ufw-before-input {
        iifname "lo" counter packets 0 bytes 0 accept
        ct state related,established counter packets 0 bytes 0 accept
        ct state invalid counter packets 0 bytes 0 drop
        meta l4proto icmp icmp type echo-request counter packets 0 bytes 0 accept
        udp sport 67 udp dport 68 counter packets 0 bytes 0 accept
        counter packets 0 bytes 0 jump ufw-not-local
        ip daddr 224.0.0.251 udp dport 5353 counter packets 0 bytes 0 accept
        counter packets 0 bytes 0 jump ufw-user-input
    }
    chain ufw-not-local {
        fib daddr type local counter packets 0 bytes 0 return
        fib daddr type multicast counter packets 0 bytes 0 return
        limit rate 3/minute burst 10 packets counter packets 0 bytes 0 jump ufw-logging-deny
        counter packets 0 bytes 0 drop
    }
    chain ufw-user-input {
        ip protocol tcp tcp dport 22 counter packets 0 bytes 0 accept
        ${allowed}
    }
    chain ufw-reject-input {
    }
}`;

test("ufw, with its own commands", () => {
    expect(told(UFW(""))).toEqual([
        `its firewall (ufw) drops ${NEEDS}; to let it through:
    ufw allow proto udp from 192.168.40.12 to any port 20473
    ufw allow proto udp from 192.168.40.13 to any port 20473`,
    ]);
    const opened = ["12", "13"].map(
        (last) => `ip saddr 192.168.40.${last} udp dport 20473 counter packets 0 bytes 0 accept`,
    );
    expect(told(UFW(opened.join("\n")))).toEqual([]);
});

test("what the host itself may not send", () => {
    const out = (...rules: string[]) => `table inet filter {
        chain output {
            type filter hook output priority filter; policy drop;
            ${rules.join("\n")}
        }
    }`;
    expect(told(out("tcp sport 22 accept"))).toEqual([
        `its firewall (chain output of table inet filter) drops UDP to port 20473 of 192.168.40.12, 192.168.40.13, which vx-mesh needs; ${OPENS}:
    nft insert rule inet filter output ip daddr { 192.168.40.12, 192.168.40.13 } udp dport 20473 accept`,
    ]);
    expect(told(out("ip daddr 192.168.40.0/24 accept"))).toEqual([]);
});

const FIREWALLD = (allowed: string) => `table inet firewalld {
    chain filter_INPUT {
        type filter hook input priority filter + 10; policy accept;
        ct state { established, related } accept
        ct status dnat accept
        iifname "lo" accept
        ct state invalid drop
        jump filter_INPUT_ZONES
        reject with icmpx admin-prohibited
    }
    chain filter_INPUT_ZONES {
        iifname "eth0" goto filter_IN_public
        goto filter_IN_public
    }
    chain filter_IN_public {
        jump filter_IN_public_allow
        meta l4proto { icmp, ipv6-icmp } accept
        reject with icmpx admin-prohibited
    }
    chain filter_IN_public_allow {
        tcp dport 22 accept
        ${allowed}
    }
    chain filter_FORWARD {
        type filter hook forward priority filter + 10; policy accept;
        ct state { established, related } accept
        ct status dnat accept
        jump filter_FORWARD_ZONES
        reject with icmpx admin-prohibited
    }
    chain filter_FORWARD_ZONES {
    }
}`;

test("firewalld, with its own commands, for what containers send too", () => {
    const [input, forward] = told(FIREWALLD(""));
    expect(input).toBe(`its firewall (firewalld) drops ${NEEDS}; to let it through:
    firewall-cmd --add-rich-rule='rule family="ipv4" source address="192.168.40.12" port port="20473" protocol="udp" accept'
    firewall-cmd --permanent --add-rich-rule='rule family="ipv4" source address="192.168.40.12" port port="20473" protocol="udp" accept'
    firewall-cmd --add-rich-rule='rule family="ipv4" source address="192.168.40.13" port port="20473" protocol="udp" accept'
    firewall-cmd --permanent --add-rich-rule='rule family="ipv4" source address="192.168.40.13" port port="20473" protocol="udp" accept'`);
    expect(forward)
        .toBe(`its firewall (firewalld) drops traffic from vx-mesh to ch-mesh or back; to let it through:
    firewall-cmd --zone=trusted --add-source=10.42.0.0/16
    firewall-cmd --permanent --zone=trusted --add-source=10.42.0.0/16`);
    expect(told(FIREWALLD("udp dport 20473 accept"))).toEqual([forward]);
});

test("firewalld, whom Docker tells of a bridge when it makes the network", () => {
    const rules = FIREWALLD("udp dport 20473 accept");
    const isThere: [string, string[]] = ["link", ["ch-mesh bridge crosshost:s:mesh"]];
    expect(toldWith([isThere], rules)).toEqual([
        `its firewall (firewalld) drops traffic from vx-mesh to ch-mesh or back, and traffic that leaves ch-mesh; to let it through:
    firewall-cmd --zone=trusted --add-source=10.42.0.0/16
    firewall-cmd --permanent --zone=trusted --add-source=10.42.0.0/16`,
    ]);
    const newer = `${rules}\nchain filter_FWD_docker-forwarding {\naccept\n}`;
    expect(told(newer)).toEqual([]);
    expect(toldWith([isThere], newer)).toHaveLength(1);
});

test("iptables by hand, where Docker leaves it alone", () => {
    expect(
        toldWith(
            [["docker-iptables", ["off"]]],
            `table ip filter {
            chain INPUT {
                type filter hook input priority filter; policy accept;
                udp dport 20473 counter packets 0 bytes 0 drop
            }
            chain FORWARD {
                type filter hook forward priority filter; policy drop;
            }
        }`,
        ),
    ).toEqual([
        `its firewall (chain INPUT of table ip filter) drops ${NEEDS}; ${OPENS}:
    iptables -I INPUT -p udp -s 192.168.40.12 --dport 20473 -j ACCEPT
    iptables -I INPUT -p udp -s 192.168.40.13 --dport 20473 -j ACCEPT`,
        ALL_FORWARDED(),
    ]);
});

test("a FORWARD that does not ask DOCKER-USER, where the host itself puts the rule and tells it", () => {
    expect(
        told(`table ip filter {
            chain FORWARD {
                type filter hook forward priority filter; policy drop;
                iifname "docker0" oifname != "docker0" accept
            }
        }`),
    ).toEqual([]);
});

test("Docker's own rules, where somebody has taken them away, with what brings them back", () => {
    const [told = "", ...more] = toldOf(BRIDGE, [["docker-rules", ["gone"]]]);
    expect(more).toEqual([]);
    expect(told).toMatch(
        /^Docker's own firewall rules are gone: .*\n {4}systemctl restart docker$/,
    );
});
