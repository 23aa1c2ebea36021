import { meshUnit, NetnsHost, STACK, timesWith, TOOLS } from "../support/netns";

const TUNNEL = "vx-mesh-4f2a1";
const BRIDGE = "ch-mesh-4f2a1";
const TABLE = "inet crosshost_crosshost_test_3fa9c1_mesh";

/** What is done behind Crosshost's back, and how it is told. */
const DRIFTS: readonly (readonly [string, readonly string[]])[] = [
    ["ip route del 10.42.2.0/24", ["route 10.42.2.0/24: missing"]],
    [
        `ip route replace 10.42.2.0/24 via 10.42.9.9 dev ${TUNNEL} onlink proto 201`,
        [`route 10.42.2.0/24: via 10.42.9.9 dev ${TUNNEL} onlink`],
    ],
    [
        `ip route add 10.77.0.0/24 dev ${TUNNEL} proto 201`,
        [`route 10.77.0.0/24: not in the plan, dev ${TUNNEL}`],
    ],
    [`ip link set ${TUNNEL} mtu 1400`, [`link ${TUNNEL}: mtu 1400`]],
    [`ip link set ${BRIDGE} mtu 1400`, [`link ${BRIDGE}: mtu 1400`]],
    [`ip link set ${BRIDGE} type bridge stp_state 1`, [`link ${BRIDGE}: stp_state 1`]],
    [`ip link set ${TUNNEL} type vxlan learning`, [`link ${TUNNEL}: learning`]],
    [`ip link set ${TUNNEL} alias mine`, [`link ${TUNNEL}: not ours, alias mine`]],
    [
        `ip link set ${TUNNEL} address 02:00:00:00:00:07`,
        [
            `link ${TUNNEL}: address 02:00:00:00:00:07`,
            `neigh 10.42.2.0 dev ${TUNNEL}: missing`,
            `neigh 10.42.3.0 dev ${TUNNEL}: missing`,
        ],
    ],
    [
        `ip link set ${TUNNEL} down`,
        [
            `link ${TUNNEL}: down`,
            `neigh 10.42.2.0 dev ${TUNNEL}: missing`,
            `neigh 10.42.3.0 dev ${TUNNEL}: missing`,
            "route 10.42.2.0/24: missing",
            "route 10.42.3.0/24: missing",
        ],
    ],
    [
        `ip link del ${TUNNEL}`,
        [
            `addr ${TUNNEL} 10.42.1.0/32: missing`,
            `fdb 02:c5:9a:01:00:02 dev ${TUNNEL}: missing`,
            `fdb 02:c5:9a:01:00:03 dev ${TUNNEL}: missing`,
            `link ${TUNNEL}: missing`,
            `neigh 10.42.2.0 dev ${TUNNEL}: missing`,
            `neigh 10.42.3.0 dev ${TUNNEL}: missing`,
            "route 10.42.2.0/24: missing",
            "route 10.42.3.0/24: missing",
        ],
    ],
    [
        `ip link del ${BRIDGE}`,
        [
            `addr ${BRIDGE} 10.42.1.1/24: missing`,
            `link ${BRIDGE}: missing`,
            "route 10.42.2.0/24: missing",
            "route 10.42.3.0/24: missing",
        ],
    ],
    [
        `ip addr del 10.42.1.0/32 dev ${TUNNEL}`,
        [
            `addr ${TUNNEL} 10.42.1.0/32: missing`,
            `neigh 10.42.2.0 dev ${TUNNEL}: missing`,
            `neigh 10.42.3.0 dev ${TUNNEL}: missing`,
            "route 10.42.2.0/24: missing",
            "route 10.42.3.0/24: missing",
        ],
    ],
    [`ip neigh del 10.42.2.0 dev ${TUNNEL}`, [`neigh 10.42.2.0 dev ${TUNNEL}: missing`]],
    [
        `ip neigh replace 10.42.2.0 lladdr 02:00:00:00:00:09 dev ${TUNNEL} nud permanent protocol 201`,
        [`neigh 10.42.2.0 dev ${TUNNEL}: lladdr 02:00:00:00:00:09`],
    ],
    [
        `ip neigh add 10.42.9.9 lladdr 02:00:00:00:00:09 dev ${TUNNEL} nud permanent`,
        [`neigh 10.42.9.9 dev ${TUNNEL}: not in the plan, lladdr 02:00:00:00:00:09`],
    ],
    [
        `bridge fdb del 02:c5:9a:01:00:02 dev ${TUNNEL}`,
        [`fdb 02:c5:9a:01:00:02 dev ${TUNNEL}: missing`],
    ],
    [
        `bridge fdb replace 02:c5:9a:01:00:02 dev ${TUNNEL} dst 192.168.40.66 self permanent`,
        [`fdb 02:c5:9a:01:00:02 dev ${TUNNEL}: dst 192.168.40.66`],
    ],
    [
        `bridge fdb append 00:00:00:00:00:00 dev ${TUNNEL} dst 192.168.40.66 self permanent`,
        [`fdb 00:00:00:00:00:00 dev ${TUNNEL} dst 192.168.40.66: not in the plan, permanent`],
    ],
    ["echo 0 >/proc/sys/net/ipv4/ip_forward", ["sysctl net.ipv4.ip_forward: 0"]],
    [`nft flush chain ${TABLE} forward`, ["nft forward closed: missing"]],
    [
        `nft delete table ${TABLE}`,
        [
            "nft forward closed: missing",
            "nft input peers: missing",
            "nft postrouting masquerade: missing",
        ],
    ],
    [`nft add rule ${TABLE} forward counter drop`, ["nft table: not in the plan, counter drop"]],
    [
        `nft 'add rule ${TABLE} forward drop comment "a # b: \\"c"' 2>/dev/null || nft 'add rule ${TABLE} forward drop comment "a # b: c"'`,
        ["nft forward a _ b c: not in the plan, drop"],
    ],
    [
        `h=$(nft -a list chain ${TABLE} input | sed -n 's/.*peers" # handle //p'); nft replace rule ${TABLE} input handle $h udp dport 20473 accept comment '"peers"'`,
        ["nft input peers: udp dport 20473 accept"],
    ],
    [
        `nft 'add chain ${TABLE} more { type filter hook output priority 0; policy drop; }'`,
        ["nft table: changed"],
    ],
    [
        "rm -r /run/crosshost/nft",
        [
            "nft forward closed: missing",
            "nft input peers: missing",
            "nft postrouting masquerade: missing",
        ],
    ],
    ["iptables -D DOCKER-USER 1", ["iptables DOCKER-USER mesh: missing"]],
    [
        `iptables -I DOCKER-USER -s 1.2.3.4 -m comment --comment crosshost:${STACK}:mesh -j ACCEPT; iptables -I DOCKER-USER -s 1.2.3.5 -m comment --comment crosshost:${STACK}:mesh -j ACCEPT`,
        [
            "iptables DOCKER-USER: not in the plan, -s 1.2.3.5/32 -j ACCEPT, not in the plan, -s 1.2.3.4/32 -j ACCEPT",
        ],
    ],
    [
        "iptables -I DOCKER-USER -j RETURN",
        [
            `iptables DOCKER-USER: behind a rule that ends the chain, -s 10.42.0.0/16 -d 10.42.1.0/24 -i ${TUNNEL} -o ${BRIDGE} -j ACCEPT`,
            "iptables DOCKER-USER mesh: missing",
        ],
    ],
    ["ip link set eth0 mtu 1400", ["underlay 192.168.40.11: eth0 has mtu 1400"]],
];

describe.each(TOOLS)("drift on a host with $shell and $awk", (tools) => {
    const times = timesWith(tools);
    let host: NetnsHost;
    let whole: string;

    beforeAll(() => {
        host = new NetnsHost(tools);
        host.sh("iptables -N DOCKER-USER; iptables -A DOCKER-USER -j RETURN");
        host.apply("mesh", meshUnit());
        whole = host.dump();
    });
    afterAll(() => host.close());

    test.each(DRIFTS)("%s: told, repaired, told again", (command, told) => {
        let text = meshUnit();
        const tokens = new Set<string>();
        for (let time = 1; time <= times; time++) {
            host.sh(command);
            const seen = host.observe();
            expect([...seen.drift].sort()).toEqual([...told].sort());
            expect(seen.fresh).toHaveLength(1);
            tokens.add(seen.fresh.join());
            if (time === 2) {
                expect(host.observe().fresh).toEqual(seen.fresh);
            }
            if (command.startsWith("ip link set eth0")) {
                expect(host.apply("mesh", text)).toMatchObject({ status: 2 });
                host.sh("ip link set eth0 mtu 1500");
            }
            if (command.includes("-j RETURN")) {
                host.sh("iptables -D DOCKER-USER -j RETURN");
            }
            text = meshUnit((line) => (line.startsWith("seen") ? undefined : line));
            text += told.map((line) => `drift ${line}\n`).join("");
            text += `seen: ${seen.fresh.join()}\n`;
            expect(host.apply("mesh", text)).toMatchObject({ status: 0, stderr: "" });
            const after = host.observe();
            expect(after.drift).toEqual([]);
            expect(after.lines.filter((line) => line.startsWith("said "))).toEqual(
                text
                    .split("\n")
                    .filter((line) => /^(drift .*|seen): /.test(line))
                    .map((line) => `said ${line}`),
            );
        }
        expect(tokens.size).toBe(times);
        if (times === 2) {
            isAsBefore();
        }
    });

    test("of any of these nothing is left", isAsBefore);

    function isAsBefore(): void {
        host.apply("mesh", meshUnit());
        expect(host.dump()).toBe(whole);
    }
});

test("what is unmarked on our links is neither told nor removed", () => {
    const host = new NetnsHost();
    host.apply("mesh", meshUnit());
    host.sh(`ip addr add 10.99.0.1/24 dev ${BRIDGE}; ip route add 10.98.0.0/24 dev ${BRIDGE}`);
    expect(host.observe().drift).toEqual([]);
    host.apply(
        "mesh",
        meshUnit((line) => line.replace(/mtu 1450/, "mtu 1400")),
    );
    expect(host.sh(`ip addr show dev ${BRIDGE}; ip route`)).toMatch(/10\.99\.0\.1[^]*10\.98\.0\.0/);
    host.close();
});

test("other stacks on the host are not told as drift, and a sysctl of two lasts until both are gone", () => {
    const host = new NetnsHost();
    const before = host.dump();
    const other = "crosshost-other-77aa11";
    expect(host.sh("cat /proc/sys/net/ipv4/ip_forward")).toBe("0\n");
    host.apply("mesh", meshUnit());
    host.apply("gate", "sysctl net.ipv4.ip_forward: 1\nlink br-gate: bridge mtu 1500\n", other);
    expect(host.observe().drift).toEqual([]);
    expect(host.observe(other).drift).toEqual([]);
    expect(host.observe().units).toHaveLength(1);
    host.sh("ip link set br-gate mtu 1400");
    expect(host.observe().drift).toEqual([]);
    expect(host.observe(other).drift).toEqual(["link br-gate: mtu 1400"]);
    expect(host.crosshost(["uninstall", STACK])).toMatchObject({ status: 0, stderr: "" });
    expect(host.sh("cat /proc/sys/net/ipv4/ip_forward")).toBe("1\n");
    expect(host.crosshost(["uninstall", other])).toMatchObject({ status: 0, stderr: "" });
    expect(host.dump()).toBe(before);
    host.close();
});
