// What a switched overlay asks of a host beside a routed one: a tunnel that is a port of the bridge, and rules for what is switched.
import { NetnsHost, STACK, TOOLS } from "../support/netns";

const BRIDGE = "ch-mesh-9078d";
const VXLAN = "vx-mesh-9078d";
const GATEWAY_MAC = "02:c0:78:eb:00:00";
const TABLE = `crosshost_${STACK.replaceAll("-", "_")}_mesh`;

const DEVICE = `vxlan id 2862995 local 192.168.40.11 dstport 22620`;
const SWITCHED = `addr ${BRIDGE} 10.42.0.1/16: scope global
fdb 00:00:00:00:00:00 dev ${VXLAN} dst 192.168.40.12: permanent
fdb 00:00:00:00:00:00 dev ${VXLAN} dst 192.168.40.13: permanent
link ${BRIDGE}: bridge mtu 1450 address ${GATEWAY_MAC}
link ${VXLAN}: ${DEVICE} mtu 1450 address 02:c1:78:eb:00:01 master ${BRIDGE}
nft bridge-postrouting gateway-1-from: oifname ${VXLAN} ether saddr ${GATEWAY_MAC} drop
nft bridge-postrouting gateway-4-asked: oifname ${VXLAN} arp daddr ip 10.42.0.1 drop
nft bridge-prerouting gateway-1-from: iifname ${VXLAN} ether saddr ${GATEWAY_MAC} drop
nft forward 3-bridge: oifname ${BRIDGE} iifname ${BRIDGE} accept
`;
const ROUTED = `addr ${BRIDGE} 10.42.1.1/16: scope global
fdb 02:c1:78:eb:00:02 dev ${VXLAN}: dst 192.168.40.12
link ${BRIDGE}: bridge mtu 1450 address 02:c0:78:eb:00:01
link ${VXLAN}: ${DEVICE} nolearning mtu 1450 address 02:c1:78:eb:00:01
nft forward 3-bridge: oifname ${BRIDGE} iifname ${BRIDGE} accept
route 10.42.2.0/24: via 10.42.2.0 dev ${VXLAN} onlink
`;

describe.each(TOOLS)("a switched overlay, with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
    });
    afterEach(() => {
        host.close();
    });

    const links = () =>
        JSON.parse(host.sh(`ip -j -d link show dev ${VXLAN}`)) as {
            master?: string;
            linkinfo: { info_data: { learning: boolean } };
        }[];
    const flooded = () =>
        (JSON.parse(host.sh(`bridge -j fdb show dev ${VXLAN}`)) as { mac: string; dst?: string }[])
            .filter(({ mac }) => mac === "00:00:00:00:00:00")
            .map(({ dst }) => dst)
            .sort();
    const bridgeTables = () => host.sh("nft list tables bridge").trim();

    test("is made with the tunnel as a port, and rules of the family bridge", () => {
        expect(host.apply("mesh", SWITCHED)).toMatchObject({ status: 0, stderr: "" });
        expect(links()).toMatchObject([
            { master: BRIDGE, linkinfo: { info_data: { learning: true } } },
        ]);
        expect(flooded()).toEqual(["192.168.40.12", "192.168.40.13"]);
        expect(bridgeTables()).toBe(`table bridge ${TABLE}`);
        expect(host.apply("mesh", SWITCHED).stdout).toBe("mesh: in step, nothing to do\n");
        expect(host.observe().drift).toEqual([]);
    });

    test.each<[string, string, string[]]>([
        [
            "the tunnel is no port",
            `ip link set dev ${VXLAN} nomaster`,
            [`link ${VXLAN}: no-master`],
        ],
        [
            "it learns nothing",
            `ip link set dev ${VXLAN} type vxlan nolearning`,
            [`link ${VXLAN}: nolearning`],
        ],
        [
            "a peer hears nothing",
            `bridge fdb del 00:00:00:00:00:00 dev ${VXLAN} dst 192.168.40.12`,
            [`fdb 00:00:00:00:00:00 dev ${VXLAN} dst 192.168.40.12: missing`],
        ],
        [
            "a stranger hears all",
            `bridge fdb append 00:00:00:00:00:00 dev ${VXLAN} dst 192.168.40.99`,
            [`fdb 00:00:00:00:00:00 dev ${VXLAN} dst 192.168.40.99: not in the plan, permanent`],
        ],
        [
            "the table of bridges is gone",
            `nft delete table bridge ${TABLE}`,
            [
                "nft bridge-postrouting gateway-1-from: missing",
                "nft bridge-postrouting gateway-4-asked: missing",
                "nft bridge-prerouting gateway-1-from: missing",
            ],
        ],
        [
            "a rule of it is another",
            `nft flush chain bridge ${TABLE} bridge-prerouting; nft add rule bridge ${TABLE} bridge-prerouting iifname eth9 drop comment '"gateway-1-from"'`,
            ["nft bridge-prerouting gateway-1-from: iifname eth9 drop"],
        ],
        [
            "a rule is more than the plan has",
            `nft add rule bridge ${TABLE} bridge-prerouting iifname eth9 drop comment '"mine"'`,
            ["nft bridge-prerouting mine: not in the plan, iifname eth9 drop"],
        ],
        [
            "the bridge is gone",
            `ip link del ${BRIDGE}`,
            [
                `addr ${BRIDGE} 10.42.0.1/16: missing`,
                `link ${BRIDGE}: missing`,
                `link ${VXLAN}: no-master`,
            ],
        ],
    ])("tells that %s, and repairs it", (_what, breaks, drift) => {
        host.apply("mesh", SWITCHED);
        const before = host.dump();
        host.sh(breaks);
        expect(host.observe().drift).toEqual(drift);
        expect(host.apply("mesh", SWITCHED)).toMatchObject({ status: 0, stderr: "" });
        expect(host.observe().drift).toEqual([]);
        expect(withoutNumbers(host.dump())).toBe(withoutNumbers(before));
    });

    test("becomes a routed one and back, by what differs", () => {
        host.apply("mesh", ROUTED);
        const routed = host.dump();
        expect(host.apply("mesh", SWITCHED)).toMatchObject({ status: 0, stderr: "" });
        expect(links()).toMatchObject([{ master: BRIDGE }]);
        expect(host.sh("ip route show proto 201").trim()).toBe("");
        expect(host.apply("mesh", ROUTED)).toMatchObject({ status: 0, stderr: "" });
        expect(links()[0]).not.toHaveProperty("master");
        expect(bridgeTables()).toBe("");
        expect(withoutNumbers(host.dump())).toBe(withoutNumbers(routed));
    });

    test("is put back whole where a step fails", () => {
        host.apply("mesh", ROUTED);
        const routed = host.dump();
        const failing = `${SWITCHED}route 10.99.0.0/16: via 10.98.0.1 dev eth0\n`;
        expect(host.apply("mesh", failing).status).not.toBe(0);
        expect(withoutNumbers(host.dump())).toBe(withoutNumbers(routed));
    });

    test("refuses a table of bridges that somebody else has made", () => {
        host.sh(`nft add table bridge ${TABLE}`);
        expect(host.apply("mesh", SWITCHED).stderr).toContain(
            `nft table bridge ${TABLE}: already exists and was not made by Crosshost (no mark)`,
        );
    });

    test("leaves no trace", () => {
        const before = host.dump();
        host.apply("mesh", SWITCHED);
        expect(host.delete("mesh")).toMatchObject({ status: 0, stderr: "" });
        expect(withoutFolders(host.dump())).toBe(withoutFolders(before));
    });
});

/** A bridge keeps what its ports could take at once, and a link that is made anew has another number. */
function withoutNumbers(dump: string): string {
    return dump
        .replace(/^\d+: | tso_max_size \d+/gm, "")
        .split("\n")
        .sort()
        .join("\n");
}

/** Those of the converger itself, which stay until it is uninstalled. */
function withoutFolders(dump: string): string {
    return dump.replace(/^\/(run|var\/lib)\/crosshost.*\n/gm, "");
}
