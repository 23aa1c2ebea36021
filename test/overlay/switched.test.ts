import fc from "fast-check";
import { claimantOf, layOut, planMember, planOverlay } from "../../components/overlay/plan";
import { staticProblems } from "../../components/attachment/plan";
import { contains, networkAddress, overlap, sizeOf } from "../../components/wire/address";
import { unitText } from "../../components/wire/unit";
import { firstChoice, IDENTITY, overlaySpec, planned } from "../support/builders";

function laidOut(numbers: readonly number[], more: object = {}) {
    const spec = overlaySpec({ switched: true, ...more });
    return layOut(
        IDENTITY,
        "mesh",
        spec,
        numbers.map((id) => planned(`vm${id}`)),
    );
}

function underlaysOf(numbers: readonly number[]): Record<string, string> {
    return Object.fromEntries(numbers.map((id) => [`vm${id}`, `192.168.0.${id}`]));
}

const unitOf = (host: string, ...numbers: number[]) => unitBy({ vxlan: {} }, host, ...numbers);

function unitBy(backend: object, host: string, ...numbers: number[]): string {
    const { layout, problems } = laidOut(numbers, { backend });
    expect(problems).toEqual([]);
    return unitText(planOverlay(layout, host, underlaysOf(numbers)));
}

test("the unit of one host of three, line by line", () => {
    expect(unitOf("vm1", 1, 2, 3)).toBe(
        [
            "addr ch-mesh-9078d 10.42.0.1/16: scope global",
            "docker network crosshost-demo-mesh: bridge ch-mesh-9078d subnet 10.42.0.0/16 gateway 10.42.0.1 ip-range 10.42.0.64/26 mtu 1450 masquerade false",
            "fdb 00:00:00:00:00:00 dev vx-mesh-9078d dst 192.168.0.2: permanent",
            "fdb 00:00:00:00:00:00 dev vx-mesh-9078d dst 192.168.0.3: permanent",
            "link ch-mesh-9078d: bridge mtu 1450 address 02:c0:78:eb:00:00",
            "link vx-mesh-9078d: vxlan id 2862995 local 192.168.0.1 dstport 22620 mtu 1450 address 02:c1:78:eb:00:01 master ch-mesh-9078d",
            "nft bridge-postrouting gateway-1-from: oifname vx-mesh-9078d ether saddr 02:c0:78:eb:00:00 drop",
            "nft bridge-postrouting gateway-2-to: oifname vx-mesh-9078d ether daddr 02:c0:78:eb:00:00 drop",
            "nft bridge-postrouting gateway-3-says: oifname vx-mesh-9078d arp saddr ip 10.42.0.1 drop",
            "nft bridge-postrouting gateway-4-asked: oifname vx-mesh-9078d arp daddr ip 10.42.0.1 drop",
            "nft bridge-prerouting gateway-1-from: iifname vx-mesh-9078d ether saddr 02:c0:78:eb:00:00 drop",
            "nft bridge-prerouting gateway-2-to: iifname vx-mesh-9078d ether daddr 02:c0:78:eb:00:00 drop",
            "nft bridge-prerouting gateway-3-says: iifname vx-mesh-9078d arp saddr ip 10.42.0.1 drop",
            "nft bridge-prerouting gateway-4-asked: iifname vx-mesh-9078d arp daddr ip 10.42.0.1 drop",
            "nft forward 1-replies: ct state established,related accept",
            "nft forward 2-published: oifname ch-mesh-9078d ct status dnat accept",
            "nft forward 3-bridge: oifname ch-mesh-9078d iifname ch-mesh-9078d accept",
            "nft forward 5-closed: oifname ch-mesh-9078d drop",
            "nft input peers: udp dport 22620 @th,96,24 2862995 ip saddr != { 192.168.0.2, 192.168.0.3 } drop",
            "nft postrouting masquerade: ip saddr 10.42.0.0/16 ip daddr != 10.42.0.0/16 oifname != ch-mesh-9078d masquerade",
            "range 10.42.0.0/16: ours alone",
            "sysctl net.ipv4.ip_forward: 1",
            "sysctl net.ipv6.conf.vx-mesh-9078d.disable_ipv6: 1",
            "underlay 192.168.0.1: mtu 1500",
            "",
        ].join("\n"),
    );
});

test("hosts differ by their slice, their own address and their peers, and by nothing else", () => {
    const [one, two] = ["vm1", "vm2"].map((host) => new Set(unitOf(host, 1, 2, 3).split("\n")));
    const own = [...(one ?? [])]
        .filter((line) => !two?.has(line))
        .map((line) => line.split(":")[0]);
    expect(own).toEqual([
        "docker network crosshost-demo-mesh",
        "fdb 00",
        "link vx-mesh-9078d",
        "nft input peers",
        "underlay 192.168.0.1",
    ]);
});

test("the firewalls have to let the tunnel pass, and nothing is forwarded from host to host", () => {
    const { flows } = planMember(laidOut([1, 2]).layout, "vm1", underlaysOf([1, 2]));
    expect(flows).toEqual([
        {
            kind: "udp",
            port: 22620,
            device: "vx-mesh-9078d",
            to: "192.168.0.1",
            from: ["192.168.0.2"],
        },
    ]);
});

describe("a backend with a device for each peer", () => {
    const own = (text: string) =>
        text
            .split("\n")
            .filter((line) =>
                /^(link|fdb|sysctl net\.ipv6|neigh|route|nft (bridge|input))/.test(line),
            );
    const gateways = (...ports: string[]) =>
        (["post", "pre"] as const).flatMap((hook) => {
            const way = hook === "post" ? "oifname" : "iifname";
            const chain = `nft bridge-${hook}routing`;
            return [
                `${chain} gateway-0-others: ${way} != { ${ports.join(", ")} } accept`,
                `${chain} gateway-1-from: ether saddr 02:c0:78:eb:00:00 drop`,
                `${chain} gateway-2-to: ether daddr 02:c0:78:eb:00:00 drop`,
                `${chain} gateway-3-says: arp saddr ip 10.42.0.1 drop`,
                `${chain} gateway-4-asked: arp daddr ip 10.42.0.1 drop`,
            ];
        });

    test("has a port for each, isolated from the others, and the gateway on none of them", () => {
        expect(own(unitBy({ geneve: { vni: 7 } }, "vm1", 1, 2, 40))).toEqual([
            "link ch-mesh-9078d: bridge mtu 1450 address 02:c0:78:eb:00:00",
            "link gn14-mesh-9078d: geneve id 7 remote 192.168.0.40 dstport 6081 mtu 1450 address 02:c2:78:eb:00:01 master ch-mesh-9078d isolated on",
            "link gn2-mesh-9078d: geneve id 7 remote 192.168.0.2 dstport 6081 mtu 1450 address 02:c2:78:eb:00:01 master ch-mesh-9078d isolated on",
            ...gateways("gn2-mesh-9078d", "gn14-mesh-9078d"),
            "nft input peers: udp dport 6081 @th,96,24 7 ip saddr != { 192.168.0.2, 192.168.0.40 } drop",
            "sysctl net.ipv6.conf.gn14-mesh-9078d.disable_ipv6: 1",
            "sysctl net.ipv6.conf.gn2-mesh-9078d.disable_ipv6: 1",
        ]);
        expect(own(unitBy({ gre: { key: 7 } }, "vm1", 1, 2, 40))).toEqual([
            "link ch-mesh-9078d: bridge mtu 1458 address 02:c0:78:eb:00:00",
            "link gt14-mesh-9078d: gretap local 192.168.0.1 remote 192.168.0.40 key 7 ttl 64 nopmtudisc ignore-df mtu 1458 address 02:c4:78:eb:00:01 master ch-mesh-9078d isolated on",
            "link gt2-mesh-9078d: gretap local 192.168.0.1 remote 192.168.0.2 key 7 ttl 64 nopmtudisc ignore-df mtu 1458 address 02:c4:78:eb:00:01 master ch-mesh-9078d isolated on",
            ...gateways("gt2-mesh-9078d", "gt14-mesh-9078d"),
            "nft input peers: ip daddr 192.168.0.1 ip protocol 47 @th,2,1 1 @th,32,32 7 ip saddr != { 192.168.0.2, 192.168.0.40 } drop",
            "sysctl net.ipv6.conf.gt14-mesh-9078d.disable_ipv6: 1",
            "sysctl net.ipv6.conf.gt2-mesh-9078d.disable_ipv6: 1",
        ]);
    });

    test.each(["geneve", "gre"])(
        "names the one peer of two hosts, and of a lone host nobody: %s",
        (name) => {
            const port = `${name === "gre" ? "gt" : "gn"}2-mesh-9078d`;
            expect(own(unitBy({ [name]: {} }, "vm1", 1, 2))).toEqual(
                expect.arrayContaining(gateways(port)),
            );
            const alone = own(unitBy({ [name]: {} }, "vm1", 1));
            expect(alone).toEqual([
                expect.stringMatching(/^link ch-mesh-9078d: bridge /),
                expect.stringMatching(/^nft input peers: .* drop$/),
            ]);
            expect(alone.join()).not.toContain("saddr");
        },
    );

    test("of a lone host, a network by vxlan keeps the gateway's rules: its device is there", () => {
        expect(own(unitOf("vm1", 1)).filter((line) => line.includes(" gateway-"))).toHaveLength(8);
    });

    test("needs of the network below what it adds to a frame, and of the firewalls that it passes", () => {
        const flows = (backend: object) =>
            planMember(laidOut([1, 2], { backend }).layout, "vm1", underlaysOf([1, 2])).flows;
        const ends = { device: "ch-mesh-9078d", to: "192.168.0.1", from: ["192.168.0.2"] };
        expect(flows({ geneve: {} })).toEqual([{ kind: "udp", port: 6081, ...ends }]);
        expect(flows({ gre: {} })).toEqual([{ kind: "protocol", protocol: 47, ...ends }]);
        for (const [backend, bytes] of [
            ["geneve", 50],
            ["gre", 42],
        ] as const) {
            const layouts = (mtu: number) => laidOut([1, 2], { backend: { [backend]: {} }, mtu });
            expect(
                unitText(planOverlay(layouts(1400).layout, "vm1", underlaysOf([1, 2]))),
            ).toContain(`\nunderlay 192.168.0.1: mtu ${1400 + bytes}\n`);
            expect(layouts(1500 - bytes).problems).toEqual([]);
            expect(layouts(1501 - bytes).problems).toEqual([
                {
                    path: "mtu",
                    message: expect.stringContaining(
                        `14 (inner Ethernet) is ${1500 - bytes}`,
                    ) as string,
                },
            ]);
        }
    });

    test.each([
        ["geneve", { vni: 7 }, "Geneve 7 on UDP port 6081"],
        ["gre", { key: 7 }, "GRE key 7"],
    ])(
        "holds its number as the routed form does, so the two of one host are refused: %s",
        (name, chosen, thing) => {
            const things = (more: object) =>
                claimantOf(
                    "mesh",
                    laidOut([1], { backend: { [name]: chosen }, ...more }).layout,
                ).claims.map((claim) => claim.thing);
            expect(things({})).toContain(thing);
            expect(things({ switched: false })).toEqual(things({}));
        },
    );
});

describe("slices of automatic addresses", () => {
    test.each([
        ["10.0.0.0/8", "10.0.0.64/26", 65535],
        ["10.42.0.0/16", "10.42.0.64/26", 255],
        ["10.42.0.0/20", "10.42.0.8/29", 127],
        ["10.42.0.0/24", "10.42.0.8/29", 7],
        ["10.42.0.0/26", "10.42.0.8/29", 1],
    ])("of %s, host 1 has %s; there are %i", (cidr, slice, last) => {
        expect(laidOut([1], { cidr }).layout.networks["vm1"]?.ipRange).toBe(slice);
        expect(laidOut([last], { cidr }).problems).toEqual([]);
        const { problems } = laidOut([last + 1], { cidr });
        expect(problems.map(({ path }) => path)).toEqual(["hosts[0]"]);
        expect(problems[0]?.message).toContain(`${cidr} has slices 1 to ${last} of`);
    });

    test("never overlap, hold no gateway, and lie in a quarter that no attachment is given an address of", () => {
        const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 127 }), {
            minLength: 1,
            maxLength: 9,
        });
        fc.assert(
            fc.property(
                fc.integer({ min: 8, max: 20 }),
                numbers,
                fc.string(),
                (prefix, ids, name) => {
                    const cidr = `10.0.0.0/${prefix}`;
                    const all = Object.values(laidOut(ids, { cidr }).layout.networks);
                    for (const [at, network] of all.entries()) {
                        const { ipRange, gateway, reserved = [] } = network;
                        expect(
                            all.slice(at + 1).some((other) => overlap(other.ipRange, ipRange)),
                        ).toBe(false);
                        expect(contains(ipRange, gateway)).toBe(false);
                        expect(sizeOf(ipRange)).toBeGreaterThanOrEqual(8);
                        const quarter = `${networkAddress(cidr)}/${prefix + 2}`;
                        expect(reserved).toHaveLength(1);
                        expect(contains(quarter, ipRange)).toBe(true);
                        expect(contains(quarter, firstChoice(name, network))).toBe(false);
                    }
                },
            ),
        );
    });

    test("an address that the plan derives is the same on every host", () => {
        const { networks } = laidOut([1, 2, 200]).layout;
        const derived = Object.values(networks).map((network) => firstChoice("api", network));
        expect(new Set(derived).size).toBe(1);
    });
});

test.each([
    [
        "10.42.0.1",
        /^"10\.42\.0\.1" is the gateway of 10\.42\.0\.0\/16: use 10\.42\.64\.0 to 10\.42\.255\.254$/,
    ],
    ["10.42.0.70", /lies in 10\.42\.0\.64\/26, which Docker gives out by itself/],
    ["10.42.0.130", /lies in 10\.42\.0\.0\/18, of which the hosts' engines give out/],
    ["10.43.0.1", /lies outside 10\.42\.0\.0\/16/],
])("no container has the address %s", (address, message) => {
    const network = laidOut([1, 2]).layout.networks["vm1"];
    expect(network && staticProblems(address, network)[0]?.message).toMatch(message);
});

describe("refused", () => {
    const messages = (more: object, ...numbers: number[]) =>
        laidOut(numbers, more).problems.map(({ path, message }) => `${path}: ${message}`);

    test.each(["direct", "ipip", "wireguard"])("with the backend %s", (backend) => {
        expect(messages({ backend: { [backend]: {} } }, 1)).toEqual([
            `switched: true is not possible with { ${backend}: {} }, which carries no broadcast: use { vxlan: {} } or { gre: {} } or { geneve: {} }, or leave it out`,
        ]);
    });

    test("with a prefix for subnets that there are none of", () => {
        expect(messages({ subnetPrefix: 24 }, 1)).toEqual([
            "subnetPrefix: 24 has no use with switched: true, where 10.42.0.0/16 is one subnet for all hosts: leave it out",
        ]);
    });

    test("in place of docker0", () => {
        expect(messages({ defaultNetwork: true }, 1)).toEqual([
            "defaultNetwork: true is not possible with switched: true: on Docker's default network no container keeps an address: leave one of them out",
        ]);
    });

    test("with a network that has no slice for anybody, all mistakes at once", () => {
        expect(
            messages({ cidr: "10.42.0.0/27", backend: { direct: {} }, subnetPrefix: 28 }, 1),
        ).toEqual([
            expect.stringMatching(/^switched: true is not possible/),
            expect.stringMatching(/^subnetPrefix: 28 has no use/),
            'cidr: "10.42.0.0/27" has no slice of automatic addresses for a host: choose a /26 or larger for a switched network',
        ]);
    });

    test("with more hosts than slices, and told what is free", () => {
        expect(messages({ cidr: "10.42.0.0/24" }, 1, 8)).toEqual([
            'hosts[1]: vm8 has the id 8, but 10.42.0.0/24 has slices 1 to 7 of /29 for automatic addresses: write new Host("vm8", { id: 2, ... })',
        ]);
    });
});

test("without it, nothing is as if it were never there", () => {
    const hosts = [planned("vm1")];
    const texts = [{}, { switched: false }].map((more) => {
        const { layout } = layOut(IDENTITY, "mesh", overlaySpec(more), hosts);
        return unitText(planOverlay(layout, "vm1", { vm1: "192.168.0.1" }));
    });
    expect(texts[0]).toBe(texts[1]);
});
