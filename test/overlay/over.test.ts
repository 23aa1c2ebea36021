import fc from "fast-check";
import { Bridge, type Host, Overlay, type OverlayArgs } from "../../components";
import { misfits } from "../../components/checks/unit";
import { underlaysOf } from "../../components/entries/underlay/underlay";
import { type LocalOverlay } from "../../components/network/handle";
import { asBelow, layOut, planMember, planOverlay } from "../../components/overlay/plan";
import { probe } from "../../components/remote/probe";
import { unitText } from "../../components/wire/unit";
import {
    answered,
    hosts,
    IDENTITY,
    observation,
    overlaySpec,
    planned,
    refusal,
} from "../support/builders";
import { mockedStack, resource, resources, valueOf } from "../support/mocks";

jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

const OVERHEADS = { vxlan: 50, gre: 28, ipip: 20, wireguard: 60, geneve: 50 } as const;
const TUNNELS = Object.keys(OVERHEADS) as (keyof typeof OVERHEADS)[];

const BASE: LocalOverlay = {
    name: "base",
    mtu: 1440,
    bridge: "ch-base-12345",
    isSwitched: false,
    tunnels: 1,
    gateways: { vm1: "10.41.1.1", vm2: "10.41.2.1", vm3: "10.41.3.1" },
    proving: [],
};
const LAN = { vm1: "192.168.0.1", vm2: "192.168.0.2", vm3: "192.168.0.3" };

function memberOf(more: object, below = BASE) {
    const named = ["vm1", "vm2", "vm3"].map((host) => planned(host));
    const { layout, problems } = layOut(IDENTITY, "mesh", overlaySpec(more), named, below);
    expect(problems).toEqual([]);
    return planMember(layout, "vm1", LAN);
}

beforeEach(async () => {
    await mockedStack();
    jest.mocked(probe).mockResolvedValue(answered());
});

afterEach(async () => {
    await resources(); // none is registered after its program has ended
});

describe("the plan of one overlay over another", () => {
    test("goes between the addresses that hosts have in the lower one, and takes packets of these only by the way to them", () => {
        const { unit, flows } = memberOf({ backend: { vxlan: { vni: 7, port: 4789 } } });
        const lines = unitText(unit).split("\n");
        expect(lines.filter((line) => /^[^f].*(10\.41\.|base|mtu)/.test(line))).toEqual([
            "docker network crosshost-demo-mesh: bridge ch-mesh-9078d subnet 10.42.0.0/16 gateway 10.42.1.1 ip-range 10.42.1.0/26 mtu 1390 masquerade false",
            "link ch-mesh-9078d: bridge mtu 1390 address 02:c0:78:eb:00:01",
            "link vx-mesh-9078d: vxlan id 7 local 10.41.1.1 dstport 4789 nolearning mtu 1390 address 02:c1:78:eb:00:01",
            "nft forward 0-below: iifname ch-base-12345 ip saddr { 10.41.2.1, 10.41.3.1 } drop",
            "nft input below: ip saddr { 10.41.2.1, 10.41.3.1 } fib saddr . iif oif missing drop",
            "nft input peers: udp dport 4789 @th,96,24 7 ip saddr != { 10.41.2.1, 10.41.3.1 } drop",
            "underlay 10.41.1.1: mtu 1440 link ch-base-12345",
        ]);
        expect(lines.join()).not.toContain("192.168.0.");
        expect(flows[0]).toMatchObject({ to: "10.41.1.1", from: ["10.41.2.1", "10.41.3.1"] });
    });

    test.each([
        ["gre", "gretap local 10.41.1.1 remote 10.41.2.1 key ", 1398],
        ["geneve", "geneve id ", 1390],
    ])("switched by %s has its ports between the same addresses", (backend, begin, mtu) => {
        const { unit } = memberOf({ backend: { [backend]: {} }, switched: true });
        const text = unitText(unit);
        expect(text).toMatch(new RegExp(`^link g\\w2-mesh-9078d: ${begin}`, "m"));
        expect(text).toMatch(/^link g\w2-mesh-9078d: .* remote 10\.41\.2\.1 .* isolated on$/m);
        expect(text).toContain(`\nlink ch-mesh-9078d: bridge mtu ${mtu} `);
        expect(text).toContain("\nunderlay 10.41.1.1: mtu 1440 link ch-base-12345\n");
        expect(text).not.toContain("192.168.0.");
    });

    test("by devices that prove the sender, takes packets by any of these: during a roll they come by another", () => {
        const { unit } = memberOf({}, { ...BASE, proving: ["wg-base-1", "wg-base2-2"] });
        expect(unitText(unit)).toContain(
            "nft input below: ip saddr { 10.41.2.1, 10.41.3.1 } iifname != { wg-base-1, wg-base2-2 } fib saddr . iif oif missing drop\n",
        );
    });

    test("of a lone host has nobody to keep apart", () => {
        const { layout } = layOut(IDENTITY, "mesh", overlaySpec(), [planned("vm1")], BASE);
        expect(unitText(planMember(layout, "vm1", LAN).unit)).not.toContain("below");
    });

    test("is no fault in a preview before the lower one's bridge is there, nor while that has its old MTU", () => {
        const { unit } = memberOf({});
        const errorsWith = (...address: string[]) => {
            const facts = new Map([["address", address]]);
            const coming = { stack: "crosshost-demo-79f8e4", name: "overlay-mesh", wanted: unit };
            return misfits(coming, observation({ facts })).errors;
        };
        expect(errorsWith()).toEqual([]);
        expect(errorsWith("ch-base-12345 10.41.1.1/16 1300")).toEqual([]);
    });
});

describe("the MTU", () => {
    const ways = fc.array(fc.constantFrom(...TUNNELS), { minLength: 1, maxLength: 3 });
    const lowest = fc.integer({ min: 1280, max: 9216 });

    test("is that of the hosts less the sum of all that packets are wrapped in", () => {
        fc.assert(
            fc.property(ways, lowest, (names, mtu) => {
                const members = [planned("vm1", { mtu })];
                let below: LocalOverlay | undefined;
                let left = mtu;
                for (const [at, name] of names.entries()) {
                    const spec = overlaySpec({
                        cidr: `10.${42 + at}.0.0/16`,
                        backend: { [name]: {} },
                    });
                    const { layout, problems } = layOut(IDENTITY, name, spec, members, below);
                    expect(problems).toEqual([]);
                    left -= OVERHEADS[name];
                    expect(layout.plan.mtu).toBe(left);
                    const [underlay] = underlaysOf(planOverlay(layout, "vm1", LAN));
                    expect(underlay?.mtu).toBe(below?.mtu ?? mtu);
                    below = asBelow(name, layout);
                }
            }),
        );
    });

    test("follows that of the lower one, and is refused where that carries less", async () => {
        const members = hosts(2);
        const base = over("base", members, { mtu: 1300 });
        const next = { cidr: "10.43.0.0/16", over: base };
        expect(
            refusal(() => over("much", members, { ...next, cidr: "10.46.0.0/16", mtu: 1251 })),
        ).toContain(
            'mtu: 1251 does not fit: Overlay "base" carries 1300 (its mtu), minus 20 (outer IPv4) + 8 (UDP) + 8 (VXLAN) + 14 (inner Ethernet) is 1250',
        );
        expect(await valueOf(over("mesh", members, next).mtu)).toBe(1250);
        const least = over("least", members, { cidr: "10.44.0.0/16", mtu: 600 });
        const text = refusal(() => over("none", members, { cidr: "10.45.0.0/16", over: least }));
        expect(text).toContain('mtu: Overlay "least" carries 600 (its mtu), minus ');
        expect(text).toContain(" is 550, and containers need 576");
    });
});

describe("refused", () => {
    test("over what is no Overlay of this program: a handle of another stack, a Bridge", () => {
        const [vm1] = hosts(1);
        const none =
            "over: is not an Overlay made by this program with this version of the library: what it carries between its hosts has to be known";
        const bridge = vm1 && new Bridge("lan", { host: vm1, cidr: "10.60.0.0/24" });
        const others = [{ cidr: "10.42.0.0/16", mtu: 1450, networks: {} }, bridge];
        for (const [at, other] of others.entries()) {
            const args = { cidr: `10.${at}.0.0/16`, over: other as unknown as Overlay };
            const name = `mesh${at}`;
            expect(refusal(() => over(name, vm1 ? [vm1] : [], args))).toBe(
                `Overlay "${name}" cannot be made:\n    ${none}`,
            );
        }
        const bad = { over: bridge as unknown as Overlay, cidr: "10.42.0.0/16", subnetPrefix: 16 };
        const both = refusal(() => over("mesh", vm1 ? [vm1] : [], bad));
        expect(both).toContain(none);
        expect(both).toContain("subnetPrefix: 16 leaves no room");
        const text = "base" as unknown as Overlay;
        expect(refusal(() => over("mesh", vm1 ? [vm1] : [], { over: text }))).toContain(
            'over: "base" is not an Overlay',
        );
    });

    test("hosts that the lower one lacks, and what needs a link, all at once", async () => {
        const members = hosts(3);
        const base = over("base", members.slice(0, 1), {});
        const more = { cidr: "10.43.0.0/16", over: base, backend: { direct: {} } };
        expect(refusal(() => over("mesh", members, more)).split("\n    ")).toEqual([
            'Overlay "mesh" cannot be made:',
            'over: direct needs a link that the hosts share, and the hosts of Overlay "base" reach each other by routes: choose a backend that is a tunnel',
            'hosts[1]: vm2 is not among the hosts of Overlay "base": add it there, or leave it out here',
            'hosts[2]: vm3 is not among the hosts of Overlay "base": add it there, or leave it out here',
        ]);
        expect((await resources()).filter(({ name }) => name.startsWith("mesh"))).toEqual([]);
    });

    test("a fourth tunnel, but not a third over plain routes", () => {
        const members = hosts(1);
        let below: Overlay | undefined;
        for (const [at, name] of (["direct", "vxlan", "vxlan", "vxlan"] as const).entries()) {
            const backend = name === "direct" ? { direct: {} } : { vxlan: {} };
            const cidr = `10.${42 + at}.0.0/16`;
            below = over(`level${at}`, members, { cidr, backend, over: below });
        }
        expect(refusal(() => over("more", members, { cidr: "10.50.0.0/16", over: below }))).toBe(
            'Overlay "more" cannot be made:\n    over: packets of Overlay "level3" go through 3 tunnels, and Linux drops what goes through more: choose one with fewer below it',
        );
    });

    test("one that is switched, where all hosts have one address", () => {
        const members = hosts(2);
        const base = over("base", members, { switched: true });
        expect(refusal(() => over("mesh", members, { cidr: "10.43.0.0/16", over: base }))).toBe(
            'Overlay "mesh" cannot be made:\n    over: Overlay "base" is switched, so all of its hosts have one address there: choose one that is not',
        );
    });

    test("itself, by the compiler: it is not there before it is made", () => {
        const members = hosts(1);
        expect(
            refusal(() => {
                // @ts-expect-error: used before it is assigned
                const mesh: Overlay = over("mesh", members, { over: mesh });
                return mesh;
            }),
        ).toMatch(/before initialization/);
    });

    test("IPIP in IPIP, as its packets bear no number", () => {
        const members = hosts(1);
        const backend = { ipip: {} };
        const base = over("base", members, { backend });
        expect(
            refusal(() => over("mesh", members, { backend, cidr: "10.43.0.0/16", over: base })),
        ).toContain(
            'backend: IPIP (IP protocol 4) on vm1 is already used by Overlay "base": choose another',
        );
    });
});

test("on each host it waits for the lower one's command there, and so goes before it", async () => {
    const members = hosts(2);
    const base = over("base", members, {});
    over("other", members, { cidr: "10.44.0.0/16" });
    over("mesh", members, { cidr: "10.43.0.0/16", over: base });
    for (const host of ["vm1", "vm2"]) {
        expect([...(await resource(`mesh-${host}`)).dependencies].sort()).toEqual([
            `base-${host}`,
            `other-${host}`,
        ]);
    }
    const { inputs } = await resource("mesh-vm1");
    expect(inputs["stdin"]).toContain(" local 10.42.1.1 ");
    expect(inputs["stdin"]).toContain("underlay 10.42.1.1: mtu 1450 link ch-base-");
});

function over(name: string, members: Host[], more: Partial<OverlayArgs>): Overlay {
    const args = { hosts: members, cidr: "10.42.0.0/16", backend: { vxlan: {} }, ...more };
    return new Overlay(name, args);
}
