import { readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "yaml";
import {
    broadcastAddress,
    contains,
    networkAddress,
    overlap,
    prefixOf,
    sizeOf,
} from "../../components/wire/address";
import { type Backend } from "../../components/overlay/backends/backend";
import { backendChoice, chosenBackend } from "../../components/overlay/backends/choice";
import { layOut, type OverlayLayout, planMember, planOverlay } from "../../components/overlay/plan";
import { type PlannedHost } from "../../components/network/members";
import { unitText } from "../../components/wire/unit";
import { IDENTITY, overlaySpec, planned } from "../support/builders";

const underlayOf = ({ id }: PlannedHost) => `192.168.${(id ?? 0) >> 8}.${(id ?? 0) & 0xff}`;

function laidOut(hosts: readonly PlannedHost[], more: object = {}): OverlayLayout {
    const { layout, problems } = layOut(IDENTITY, "mesh", overlaySpec(more), hosts);
    expect(problems).toEqual([]);
    return layout;
}

/** Each host's unit, as the text that goes to it. */
function unitsOf(hosts: readonly PlannedHost[], more: object = {}): Map<string, string> {
    const layout = laidOut(hosts, more);
    const underlays = Object.fromEntries(hosts.map((host) => [host.name, underlayOf(host)]));
    return new Map(hosts.map(({ name }) => [name, unitText(planOverlay(layout, name, underlays))]));
}

const lines = (text = "") => text.split("\n").filter(Boolean);
const without = (a: readonly string[], b: readonly string[]) => a.filter((x) => !b.includes(x));
const key = (line: string) => line.slice(0, line.indexOf(": "));

const ids = (min: number, max: number) =>
    fc.uniqueArray(fc.integer({ min: 1, max: 255 }), { minLength: min, maxLength: max });
const named = (numbers: readonly number[]) => numbers.map((id) => planned(`vm${id}`));

/** Hosts, and a network that has room for their numbers. */
const room = fc
    .record({
        prefix: fc.integer({ min: 8, max: 20 }),
        base: fc.nat({ max: 2 ** 20 }),
        bits: fc.integer({ min: 3, max: 8 }),
        numbers: ids(1, 12),
    })
    .map(({ prefix, base, bits, numbers }) => {
        const size = 2 ** (32 - prefix);
        const start = (base * size) % 2 ** 32;
        const quad = [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256);
        const most = 2 ** bits - 1;
        const fitting = [...new Set(numbers.map((number) => ((number - 1) % most) + 1))];
        return { cidr: `${quad.join(".")}/${prefix}`, subnetPrefix: prefix + bits, fitting };
    });

test("the unit of one host of three, line by line", () => {
    const units = unitsOf(named([1, 2, 3]));
    expect(units.get("vm1")).toBe(
        [
            "addr ch-mesh-9078d 10.42.1.1/16: scope global",
            "addr vx-mesh-9078d 10.42.1.0/32: scope global",
            "docker network crosshost-demo-mesh: bridge ch-mesh-9078d subnet 10.42.0.0/16 gateway 10.42.1.1 ip-range 10.42.1.0/26 mtu 1450 masquerade false",
            "fdb 02:c1:78:eb:00:02 dev vx-mesh-9078d: dst 192.168.0.2",
            "fdb 02:c1:78:eb:00:03 dev vx-mesh-9078d: dst 192.168.0.3",
            "iptables DOCKER-USER vx-mesh-9078d: -s 10.42.0.0/16 -i vx-mesh-9078d -o ch-mesh-9078d -j ACCEPT",
            "iptables DOCKER-USER vx-mesh-9078d-out: -i ch-mesh-9078d -o vx-mesh-9078d -j ACCEPT",
            "link ch-mesh-9078d: bridge mtu 1450 address 02:c0:78:eb:00:01",
            "link vx-mesh-9078d: vxlan id 2862995 local 192.168.0.1 dstport 22620 nolearning mtu 1450 address 02:c1:78:eb:00:01",
            "neigh 10.42.2.0 dev vx-mesh-9078d: lladdr 02:c1:78:eb:00:02",
            "neigh 10.42.3.0 dev vx-mesh-9078d: lladdr 02:c1:78:eb:00:03",
            "nft forward 1-replies: ct state established,related accept",
            "nft forward 2-published: oifname ch-mesh-9078d ct status dnat accept",
            "nft forward 3-bridge: oifname ch-mesh-9078d iifname ch-mesh-9078d accept",
            "nft forward 4-overlay: oifname ch-mesh-9078d iifname vx-mesh-9078d ip saddr 10.42.0.0/16 accept",
            "nft forward 5-closed: oifname ch-mesh-9078d drop",
            "nft forward 6-members: ip daddr 10.42.0.0/16 iifname != ch-mesh-9078d ct state new drop",
            "nft input peers: udp dport 22620 @th,96,24 2862995 ip saddr != { 192.168.0.2, 192.168.0.3 } drop",
            "nft postrouting masquerade: ip saddr 10.42.1.0/24 ip daddr != 10.42.0.0/16 oifname != ch-mesh-9078d masquerade",
            "range 10.42.0.0/16: ours alone",
            "route 10.42.2.0/24: via 10.42.2.0 dev vx-mesh-9078d src 10.42.1.1 onlink",
            "route 10.42.3.0/24: via 10.42.3.0 dev vx-mesh-9078d src 10.42.1.1 onlink",
            "sysctl net.ipv4.conf.ch-mesh-9078d.proxy_arp: 1",
            "sysctl net.ipv4.ip_forward: 1",
            "sysctl net.ipv4.neigh.ch-mesh-9078d.proxy_delay: 0",
            "underlay 192.168.0.1: mtu 1500",
            "",
        ].join("\n"),
    );
});

describe("subnets", () => {
    test("host number id has subnet number id, gateway first, Docker's part the first quarter", () => {
        const { networks } = laidOut(named([7]), { cidr: "10.42.0.0/16", subnetPrefix: 28 });
        expect(networks["vm7"]).toEqual({
            network: "crosshost-demo-mesh",
            subnet: "10.42.0.112/28",
            gateway: "10.42.0.113",
            ipRange: "10.42.0.112/30",
        });
    });

    test("never overlap and lie in the cidr, gateways and Docker's part in each of them", () => {
        fc.assert(
            fc.property(room, ({ cidr, subnetPrefix, fitting }) => {
                const { networks } = laidOut(named(fitting), { cidr, subnetPrefix });
                const all = Object.values(networks);
                expect(all).toHaveLength(fitting.length);
                for (const [at, { subnet, gateway, ipRange }] of all.entries()) {
                    expect(prefixOf(subnet)).toBe(subnetPrefix);
                    expect(contains(cidr, subnet)).toBe(true);
                    expect(contains(ipRange, gateway)).toBe(true);
                    expect(contains(subnet, ipRange)).toBe(true);
                    expect(sizeOf(ipRange) * 4).toBe(sizeOf(subnet));
                    expect([networkAddress(subnet), broadcastAddress(subnet)]).not.toContain(
                        gateway,
                    );
                    expect(all.slice(at + 1).some((other) => overlap(other.subnet, subnet))).toBe(
                        false,
                    );
                }
            }),
            { numRuns: 40 },
        );
    });
});

describe("a living overlay", () => {
    test("the order of the list changes no unit", () => {
        const shuffled = ids(1, 10).chain((numbers) =>
            fc.tuple(
                fc.constant(numbers),
                fc.shuffledSubarray(numbers, { minLength: numbers.length }),
            ),
        );
        fc.assert(
            fc.property(shuffled, ([numbers, other]) => {
                expect(new Map([...unitsOf(named(other))].sort())).toEqual(
                    new Map([...unitsOf(named(numbers))].sort()),
                );
            }),
            { numRuns: 30 },
        );
    });

    test("one host more adds a route, a neighbour and an fdb entry to each other, and a peer", () => {
        fc.assert(
            fc.property(ids(2, 8), (numbers) => {
                const [newcomer = 0, ...before] = numbers;
                const few = unitsOf(named(before));
                const many = unitsOf(named(numbers));
                for (const [name, text] of few) {
                    const added = without(lines(many.get(name)), lines(text));
                    const gone = without(lines(text), lines(many.get(name)));
                    expect(added.map((line) => key(line).split(" ")[0])).toEqual([
                        "fdb",
                        "neigh",
                        "nft",
                        "route",
                    ]);
                    expect(gone.map(key)).toEqual(["nft input peers"]);
                    const peers = added.find((line) => line.startsWith("nft input peers")) ?? "";
                    const newPeer = underlayOf(planned(`vm${newcomer}`));
                    expect(peers).toMatch(new RegExp(`[ ,]${newPeer}[ ,]`));
                }
            }),
            { numRuns: 30 },
        );
    });
});

describe("names and MACs", () => {
    test("of links are unique for each stack and component, and fit the kernel", () => {
        const stacks = ["a", "b"].flatMap((project) =>
            ["x", "y"].map((stack) => ({ project, stack })),
        );
        const links = stacks.flatMap((identity) =>
            ["mesh", "mesh2", "a-mesh-with-a-long-name"].flatMap((name) => {
                const hosts = named([1, 2]);
                const { layout } = layOut(identity, name, overlaySpec(), hosts);
                const underlays = { vm1: "192.168.0.1", vm2: "192.168.0.2" };
                return planOverlay(layout, "vm1", underlays)
                    .map(({ key }) => key)
                    .filter((line) => line.startsWith("link "))
                    .map((line) => line.slice("link ".length));
            }),
        );
        expect(links).toHaveLength(24);
        expect(new Set(links).size).toBe(links.length);
        expect(links.filter((link) => link.length > 15)).toEqual([]);
    });

    test("no two links of an overlay share a MAC, on any host", () => {
        const units = [...unitsOf(named(Array.from({ length: 40 }, (_, at) => at + 1))).values()];
        const macs = units.flatMap((text) =>
            lines(text).flatMap((line) => / address (\S+)$/.exec(line)?.[1] ?? []),
        );
        expect(macs).toHaveLength(80);
        expect(new Set(macs).size).toBe(80);
    });
});

describe("every unit", () => {
    test("is sorted, without a key twice, of harmless characters, and the same map in YAML", () => {
        fc.assert(
            fc.property(room, ({ cidr, subnetPrefix, fitting }) => {
                for (const text of unitsOf(named(fitting), { cidr, subnetPrefix }).values()) {
                    expect(text).toMatch(/^([A-Za-z0-9 _.:,/@=+{}!<>*&|()-]+\n)+$/);
                    const keys = lines(text).map(key);
                    expect(keys).toEqual([...new Set(keys)].sort());
                    const pairs = lines(text).map((line): [string, string] => [
                        key(line),
                        line.slice(key(line).length + 2),
                    ]);
                    const read: unknown = parse(text, { schema: "failsafe" });
                    expect(read).toEqual(Object.fromEntries(pairs));
                }
            }),
            { numRuns: 20 },
        );
    });

    test("of a lone host refuses everybody at the tunnel's port", () => {
        const [text = ""] = unitsOf(named([1])).values();
        expect(text).toContain("nft input peers: udp dport 22620 @th,96,24 2862995 drop\n");
        expect(text).not.toMatch(/^(route|neigh|fdb) /m);
    });
});

describe("MTU", () => {
    test.each([
        ["1500 less 50", {}, [undefined, undefined], 1450, 1500],
        ["the least of the hosts'", {}, [9000, 1400], 1350, 1400],
        ["a host that says nothing has 1500", {}, [9000, undefined], 1450, 1500],
        ["given", { mtu: 1280 }, [undefined, undefined], 1280, 1330],
        ["the largest that fits", { mtu: 8950 }, [9000, 9000], 8950, 9000],
    ])("%s", (_, more, mtus, inner, outer) => {
        const hosts = mtus.map((mtu, at) => planned(`vm${at + 1}`, { mtu }));
        const [text = ""] = unitsOf(hosts, more).values();
        expect(text).toMatch(new RegExp(`^link ch-\\S+: bridge mtu ${inner} `, "m"));
        expect(text).toMatch(new RegExp(`^link vx-.* mtu ${inner} `, "m"));
        expect(text).toMatch(new RegExp(`^docker network .* mtu ${inner} `, "m"));
        expect(text).toContain(`underlay 192.168.0.1: mtu ${outer}\n`);
    });
});

describe("VNI and port", () => {
    const identities = fc.record({
        project: fc.stringMatching(/^[a-z]{1,10}$/),
        stack: fc.stringMatching(/^[a-z]{1,10}$/),
    });

    function numbersOf(text: string): [number, number] {
        const [, id, port] = /vxlan id (\d+) .* dstport (\d+)/.exec(text) ?? [];
        return [Number(id), Number(port)];
    }

    test("derived ones keep above Swarm's and below the ephemeral ports", () => {
        fc.assert(
            fc.property(identities, fc.string({ minLength: 1 }), (identity, name) => {
                const { layout } = layOut(identity, name, overlaySpec(), named([1]));
                const text = unitText(planOverlay(layout, "vm1", { vm1: "192.168.0.1" }));
                const [id, port] = numbersOf(text);
                expect(id).toBeGreaterThanOrEqual(2 ** 20);
                expect(id).toBeLessThan(2 ** 24);
                expect(port).toBeGreaterThanOrEqual(20_000);
                expect(port).toBeLessThanOrEqual(29_999);
            }),
        );
    });

    test("given ones are taken", () => {
        const [text = ""] = unitsOf(named([1]), {
            backend: { vxlan: { vni: 42, port: 4789 } },
        }).values();
        expect(numbersOf(text)).toEqual([42, 4789]);
        expect(text).toContain("nft input peers: udp dport 4789 @th,96,24 42 drop");
    });
});

test("the Docker network's name can be chosen", () => {
    const { networks } = laidOut(named([1]), { dockerName: "mesh" });
    expect(networks["vm1"]?.network).toBe("mesh");
});

test("what firewalls have to let pass is told, peers in the order of their numbers", () => {
    const hosts = named([2, 10, 1]);
    const underlays = Object.fromEntries(hosts.map((one) => [one.name, underlayOf(one)]));
    const flowsOf = (backend: object) =>
        planMember(laidOut(hosts, { backend }), "vm1", underlays).flows;
    const bridge = "ch-mesh-9078d";
    const own = "10.42.1.1";
    const device = "vx-mesh-9078d";
    expect(flowsOf({ vxlan: { port: 20473 } })).toEqual([
        {
            kind: "udp",
            device,
            port: 20473,
            to: "192.168.0.1",
            from: ["192.168.0.2", "192.168.0.10"],
        },
        { kind: "forward", bridge, by: { device }, range: "10.42.0.0/16", own },
    ]);
    const from = ["192.168.0.2", "192.168.0.10"];
    for (const [name, protocol] of [
        ["gre", 47],
        ["ipip", 4],
    ] as const) {
        const device = `${name.slice(0, 2)}-mesh-9078d`;
        expect(flowsOf({ [name]: {} })).toEqual([
            { kind: "protocol", protocol, device, to: "192.168.0.1", from },
            { kind: "forward", bridge, by: { device }, range: "10.42.0.0/16", own },
        ]);
    }
    const by = { address: "192.168.0.1" };
    expect(flowsOf({ direct: {} })).toEqual([
        { kind: "forward", bridge, by, range: "10.42.2.0/24", own },
        { kind: "forward", bridge, by, range: "10.42.10.0/24", own },
    ]);
});

describe("the folder of backends is the list of them", () => {
    const files = readdirSync(join(__dirname, "../../components/overlay/backends"));
    const names = Object.keys(backendChoice.shape);

    test("each has its key in the argument `backend`", () => {
        const contract = ["args.ts", "backend.ts", "choice.ts", "index.ts", "tunnel.ts"];
        const own = files.filter((file) => !contract.includes(file));
        expect(names.map((name) => `${name}.ts`).sort()).toEqual(own.sort());
    });

    test.each(names)("%s is wired as itself", (name) => {
        const choice = backendChoice.parse({ [name]: {} });
        const itself = jest.requireActual<Record<string, Backend>>(
            `../../components/overlay/backends/${name}`,
        );
        const chosen = chosenBackend(choice, false);
        expect(chosen.name).toBe(name);
        expect(chosen.overhead).toBe(itself[name]?.overhead);
        const switched = itself[name]?.switched ?? itself[name];
        expect(chosenBackend(choice, true).overhead).toBe(switched?.overhead);
    });
});
