import fc from "fast-check";
import { layOut, planOverlay } from "../../components/overlay/plan";
import { unitText } from "../../components/wire/unit";
import { IDENTITY, overlaySpec, planned } from "../support/builders";

/** The unit of vm1 in an overlay over hosts of these numbers. */
function unitOf(backend: object, ...numbers: number[]): string {
    const hosts = numbers.map((number) => planned(`vm${number}`));
    const { layout, problems } = layOut(IDENTITY, "mesh", overlaySpec({ backend }), hosts);
    expect(problems).toEqual([]);
    const underlays = hosts.map(({ name, id }) => [name, `192.168.0.${id ?? 0}`]);
    const known = Object.fromEntries(underlays) as Record<string, string>;
    return unitText(planOverlay(layout, "vm1", known));
}

describe("GRE, IPIP and Geneve", () => {
    const own = (text: string, device: string) =>
        text.split("\n").filter((line) => line.includes(device) || line.includes("nft input"));

    test("GRE has a route and a neighbour for each peer, and takes packets of its key from them", () => {
        expect(own(unitOf({ gre: { key: 7 } }, 1, 2, 3), "gr-mesh-9078d")).toEqual([
            "iptables DOCKER-USER gr-mesh-9078d: -s 10.42.0.0/16 -i gr-mesh-9078d -o ch-mesh-9078d -j ACCEPT",
            "iptables DOCKER-USER gr-mesh-9078d-out: -i ch-mesh-9078d -o gr-mesh-9078d -j ACCEPT",
            "link gr-mesh-9078d: gre local 192.168.0.1 key 7 ttl 64 nopmtudisc ignore-df mtu 1472",
            "neigh 10.42.2.0 dev gr-mesh-9078d: lladdr 192.168.0.2",
            "neigh 10.42.3.0 dev gr-mesh-9078d: lladdr 192.168.0.3",
            "nft forward 4-overlay: oifname ch-mesh-9078d iifname gr-mesh-9078d ip saddr 10.42.0.0/16 accept",
            "nft input peers: ip daddr 192.168.0.1 ip protocol 47 @th,2,1 1 @th,32,32 7 ip saddr != { 192.168.0.2, 192.168.0.3 } drop",
            "route 10.42.2.0/24: via 10.42.2.0 dev gr-mesh-9078d src 10.42.1.1 onlink",
            "route 10.42.3.0/24: via 10.42.3.0 dev gr-mesh-9078d src 10.42.1.1 onlink",
        ]);
    });

    test("IPIP has a route for each peer, and takes packets from them", () => {
        expect(own(unitOf({ ipip: {} }, 1, 2, 3), "ip-mesh-9078d")).toEqual([
            "iptables DOCKER-USER ip-mesh-9078d: -s 10.42.0.0/16 -i ip-mesh-9078d -o ch-mesh-9078d -j ACCEPT",
            "iptables DOCKER-USER ip-mesh-9078d-out: -i ch-mesh-9078d -o ip-mesh-9078d -j ACCEPT",
            "link ip-mesh-9078d: ipip local 192.168.0.1 nopmtudisc mtu 1480",
            "nft forward 4-overlay: oifname ch-mesh-9078d iifname ip-mesh-9078d ip saddr 10.42.0.0/16 accept",
            "nft input peers: ip daddr 192.168.0.1 ip protocol 4 ip saddr != { 192.168.0.2, 192.168.0.3 } drop",
            "route 10.42.2.0/24: via 192.168.0.2 dev ip-mesh-9078d src 10.42.1.1 onlink",
            "route 10.42.3.0/24: via 192.168.0.3 dev ip-mesh-9078d src 10.42.1.1 onlink",
        ]);
    });

    test("Geneve has a device, a route, a neighbour and a way in for each peer, and takes packets of its number from them", () => {
        const text = unitOf({ geneve: { vni: 7 } }, 1, 2, 40);
        expect(own(text, " gn")).toEqual([
            "link gn14-mesh-9078d: geneve id 7 remote 192.168.0.40 dstport 6081 mtu 1450 address 02:c2:78:eb:00:01",
            "link gn2-mesh-9078d: geneve id 7 remote 192.168.0.2 dstport 6081 mtu 1450 address 02:c2:78:eb:00:01",
            "neigh 10.42.2.0 dev gn2-mesh-9078d: lladdr 02:c2:78:eb:00:02",
            "neigh 10.42.40.0 dev gn14-mesh-9078d: lladdr 02:c2:78:eb:00:28",
            "nft forward 4-10.42.2.0/24: oifname ch-mesh-9078d iifname gn2-mesh-9078d ip saddr 10.42.2.0/24 accept",
            "nft forward 4-10.42.40.0/24: oifname ch-mesh-9078d iifname gn14-mesh-9078d ip saddr 10.42.40.0/24 accept",
            "nft input peers: udp dport 6081 @th,96,24 7 ip saddr != { 192.168.0.2, 192.168.0.40 } drop",
            "route 10.42.2.0/24: via 10.42.2.0 dev gn2-mesh-9078d src 10.42.1.1 onlink",
            "route 10.42.40.0/24: via 10.42.40.0 dev gn14-mesh-9078d src 10.42.1.1 onlink",
        ]);
        const other = unitOf({ geneve: { vni: 7, port: 6082 } }, 1, 2);
        expect(own(other, " gn").join()).toContain("udp dport 6082 @th,96,24 7 ip saddr != {");
        expect(own(unitOf({ geneve: { vni: 7 } }, 1), " gn")).toEqual([
            "nft input peers: udp dport 6081 @th,96,24 7 drop",
        ]);
    });

    test("of Geneve each peer has a name of its own, however high its number", () => {
        fc.assert(
            fc.property(
                fc.uniqueArray(fc.integer({ min: 2, max: 65_535 }), { minLength: 2 }),
                (ids) => {
                    const spec = overlaySpec({ cidr: "10.0.0.0/8", backend: { geneve: {} } });
                    const members = [1, ...ids].map((id) => planned(`vm${id}`));
                    const { layout, problems } = layOut(IDENTITY, "an overlay", spec, members);
                    expect(problems).toEqual([]);
                    const underlays = members.map(({ name }, at) => [name, `192.168.0.${at + 1}`]);
                    const known = Object.fromEntries(underlays) as Record<string, string>;
                    const text = unitText(planOverlay(layout, "vm1", known));
                    const names = [...text.matchAll(/^link (gn\S+):/gm)].map(
                        ([, name = ""]) => name,
                    );
                    expect(new Set(names).size).toBe(ids.length);
                    expect(names.filter((name) => name.length > 15)).toEqual([]);
                },
            ),
        );
    });

    test.each([
        ["gre", 47],
        ["ipip", 4],
    ])("of a lone host, %s takes nobody's packets", (name, protocol) => {
        expect(unitOf({ [name]: {} }, 1)).toMatch(
            new RegExp(
                `^nft input peers: ip daddr 192\\.168\\.0\\.1 ip protocol ${protocol}( @th\\S+ \\d+)* drop$`,
                "m",
            ),
        );
    });

    test("a key that is derived is of the stack and the name, and has 32 bits", () => {
        const keyOf = (name: string, stack = "demo") => {
            const spec = overlaySpec({ backend: { gre: {} } });
            const { layout } = layOut({ ...IDENTITY, stack }, name, spec, [planned("vm1")]);
            const text = unitText(planOverlay(layout, "vm1", { vm1: "192.168.0.1" }));
            return Number(/ key (\d+) /.exec(text)?.[1]);
        };
        fc.assert(
            fc.property(fc.stringMatching(/^[a-z]{1,9}$/), (name) => {
                expect(keyOf(name)).toBeGreaterThanOrEqual(2 ** 24);
                expect(keyOf(name)).toBeLessThan(2 ** 32);
            }),
        );
        expect(keyOf("mesh")).toBe(keyOf("mesh"));
        expect(new Set([keyOf("mesh"), keyOf("more"), keyOf("mesh", "prod")]).size).toBe(3);
    });
});
