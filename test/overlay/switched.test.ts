import fc from "fast-check";
import { layOut, planMember, planOverlay } from "../../components/overlay/plan";
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

const unitOf = (host: string, ...numbers: number[]) =>
    unitText(planOverlay(laidOut(numbers).layout, host, underlaysOf(numbers)));

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
            "nft forward 1-replies: oifname ch-mesh-9078d ct state established,related accept",
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

    test.each(["direct", "gre", "ipip", "wireguard"])("with the backend %s", (backend) => {
        expect(messages({ backend: { [backend]: {} } }, 1)).toEqual([
            `switched: true is not possible with { ${backend}: {} }, which carries no broadcast: use { vxlan: {} }, or leave it out`,
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
