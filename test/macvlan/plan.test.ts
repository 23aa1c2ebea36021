import fc from "fast-check";
import { planAttachment, staticProblems } from "../../components/attachment/plan";
import { macvlanUnit, planMacvlan, spanOf } from "../../components/macvlan/plan";
import { planProblems } from "../../components/macvlan/problems";
import { macvlanSchema } from "../../components/macvlan/schema";
import { type HostNetwork } from "../../components/network/hostNetwork";
import { addressAt, contains, offsetOf, overlap } from "../../components/wire/address";
import { unitText } from "../../components/wire/unit";
import { firstChoice, IDENTITY, planned } from "../support/builders";

const LAN = {
    hosts: [{}],
    parent: "eth0",
    subnet: "192.168.40.0/24",
    gateway: "192.168.40.254",
    ipRange: "192.168.40.64/26",
};
const spec = (more: object = {}) => macvlanSchema.parse({ ...LAN, ...more });
const HOSTS = [1, 2, 3].map((id) => planned(`vm${id}`, { addressNow: `192.168.40.${id + 10}` }));
const plan = (more: object = {}, hosts = HOSTS) => planMacvlan(IDENTITY, "lan", spec(more), hosts);
const text = (more: object = {}, host = "vm1") => unitText(macvlanUnit(plan(more), host));

function on(host: string, more: object = {}, hosts = HOSTS): HostNetwork {
    const network = plan(more, hosts).places[host]?.network;
    if (!network) {
        throw new Error(`nothing on ${host}`);
    }
    return network;
}

describe("the unit, line by line", () => {
    test("is Docker's network alone, unless the host wants a way in", () => {
        expect(text()).toBe(
            "docker network crosshost-demo-lan: macvlan eth0 mode bridge subnet 192.168.40.0/24 gateway 192.168.40.254 ip-range 192.168.40.64/29\n",
        );
    });

    test("with hostAccess", () => {
        expect(text({ hostAccess: true }, "vm2")).toBe(
            [
                "addr mv-lan-9ca85 192.168.40.78/32: scope global",
                "docker network crosshost-demo-lan: macvlan eth0 mode bridge subnet 192.168.40.0/24 gateway 192.168.40.254 ip-range 192.168.40.72/29 aux 192.168.40.78",
                "link mv-lan-9ca85: macvlan link eth0 mode bridge address 02:c3:bf:14:00:02",
                "route 192.168.40.72/29: dev mv-lan-9ca85 src 192.168.40.78",
                "sysctl net.ipv4.conf.eth0.arp_ignore: 1",
                "sysctl net.ipv4.conf.mv-lan-9ca85.arp_ignore: 1",
                "sysctl net.ipv6.conf.mv-lan-9ca85.disable_ipv6: 1",
                "",
            ].join("\n"),
        );
    });

    test("on a VLAN that is made for it, promiscuous", () => {
        expect(text({ vlan: 20, promiscuous: true })).toBe(
            [
                "docker network crosshost-demo-lan: macvlan eth0.20 mode bridge subnet 192.168.40.0/24 gateway 192.168.40.254 ip-range 192.168.40.64/29",
                "link eth0.20: vlan link eth0 id 20",
                "promisc eth0.20: on",
                "",
            ].join("\n"),
        );
        expect(text({ vlan: 20, hostAccess: true })).not.toMatch(/eth0.*arp_ignore/);
    });

    test("with ipvlan l2, whose link has no MAC of its own", () => {
        const unit = text({ driver: "ipvlan", hostAccess: true });
        expect(unit).toContain(
            "docker network crosshost-demo-lan: ipvlan eth0 mode l2 subnet 192.168.40.0/24 gateway 192.168.40.254 ip-range 192.168.40.64/29 aux 192.168.40.70\n",
        );
        expect(unit).toMatch(/^link mv-lan-9ca85: ipvlan link eth0 mode l2$/m);
    });

    test("with ipvlan l3, where each host's part is a network", () => {
        const l3 = {
            driver: "ipvlan",
            mode: "l3",
            gateway: undefined,
            hostPrefix: 28,
            hostAccess: true,
        };
        expect(planProblems(spec(l3), HOSTS)).toEqual([]);
        expect(text(l3, "vm2")).toContain(
            "docker network crosshost-demo-lan: ipvlan eth0 mode l3 subnet 192.168.40.80/28 ip-range 192.168.40.80/30 aux 192.168.40.94\n",
        );
        expect(text(l3, "vm2")).toContain("route 192.168.40.80/28: dev mv-lan-9ca85 src ");
        const said = staticProblems("192.168.40.94", on("vm2", l3));
        expect(said[0]?.message).toContain("is the address of vm2's own link: use ");
    });

    test("with another parent on a host, the name of which has a dot", () => {
        const more = { parents: { vm2: "lan.7" }, hostAccess: true };
        expect(text(more, "vm1")).toContain("macvlan eth0 mode");
        expect(text(more, "vm2")).toContain("macvlan lan.7 mode");
        expect(text(more, "vm2")).toContain("sysctl net/ipv4/conf/lan.7/arp_ignore: 1\n");
    });

    test("with a name that compose files know", () => {
        expect(text({ dockerName: "home" })).toMatch(/^docker network home: /);
    });
});

describe("parts of hosts", () => {
    test("are the same whoever else is there, in whatever order", () => {
        const all = [1, 2, 3, 4, 5, 6, 7, 8].map((id) => planned(`vm${id}`));
        fc.assert(
            fc.property(fc.shuffledSubarray(all, { minLength: 1 }), (some) => {
                const { places } = plan({ hostAccess: true }, some);
                for (const { name } of some) {
                    expect(places[name]?.network.ipRange).toBe(on(name, {}, all).ipRange);
                    expect(places[name]?.network.shim).toEqual(
                        on(name, { hostAccess: true }, all).shim,
                    );
                }
            }),
        );
    });

    test("never meet, lie in ipRange, and hold the host's own address", () => {
        const sizes = fc.record({
            range: fc.integer({ min: 9, max: 30 }),
            more: fc.integer({ min: 0, max: 8 }),
            one: fc.integer({ min: 1, max: 256 }),
            other: fc.integer({ min: 1, max: 256 }),
        });
        fc.assert(
            fc.property(sizes, ({ range, more, one, other }) => {
                const hostPrefix = Math.min(range + more, 30);
                const args = spec({
                    subnet: "10.0.0.0/8",
                    gateway: "10.255.255.254",
                    ipRange: `10.0.0.0/${range}`,
                    hostPrefix,
                    hostAccess: true,
                });
                const hosts = [planned("a", { id: one }), planned("b", { id: other })];
                fc.pre(planProblems(args, hosts).length === 0);
                const { places } = planMacvlan(IDENTITY, "lan", args, hosts);
                const [a, b] = [places["a"]?.network, places["b"]?.network];
                expect(overlap(a?.ipRange ?? "", b?.ipRange ?? "")).toBe(false);
                for (const place of [a, b]) {
                    expect(contains(args.ipRange, place?.ipRange ?? "")).toBe(true);
                    expect(contains(place?.ipRange ?? "", place?.shim?.address ?? "")).toBe(true);
                }
            }),
        );
    });
});

describe("addresses of attachments", () => {
    const reserved = ["192.168.40.130-192.168.40.149", "192.168.40.32/27", "192.168.40.9"];

    test("keep off all that is somebody's, and differ by the name alone", () => {
        fc.assert(
            fc.property(fc.string({ minLength: 1 }), (name) => {
                const place = on("vm1", { reserved });
                const address = firstChoice(name, place);
                expect(contains(LAN.subnet, address)).toBe(true);
                expect(overlap(LAN.ipRange, address)).toBe(false);
                expect([LAN.gateway, ...Object.values(place.lan?.hosts ?? {})]).not.toContain(
                    address,
                );
                for (const { from, to } of reserved.map(spanOf)) {
                    const at = offsetOf(LAN.subnet, address);
                    const below = at < offsetOf(LAN.subnet, from);
                    expect(below || at > offsetOf(LAN.subnet, to)).toBe(true);
                }
                expect(staticProblems(address, place)).toEqual([]);
                const elsewhere = on("vm2", { reserved });
                expect(firstChoice(name, elsewhere)).toBe(address);
            }),
        );
    });

    test("a host that joins moves no derived address but the one that it has", () => {
        const names = Array.from({ length: 40 }, (_, at) => `c${at}`);
        const derived = (network: HostNetwork) => names.map((name) => firstChoice(name, network));
        const before = derived(on("vm1"));
        const joined = planned("vm9", { id: 8, addressNow: before[0] });
        const after = derived(on("vm1", {}, [...HOSTS, joined]));
        const others = (all: readonly string[]) => all.filter((_, at) => before[at] !== before[0]);
        expect(others(after)).toEqual(others(before));
        expect(after[0]).toBe(addressAt(`${before[0] ?? ""}/32`, 1));
    });

    test.each([
        ["192.168.40.70", "lies in 192.168.40.64/29, which Docker gives out by itself"],
        [
            "192.168.40.80",
            "lies in ipRange, 192.168.40.64/26, of which Docker gives out addresses by itself",
        ],
        ["192.168.40.135", "is reserved, 192.168.40.130-192.168.40.149"],
        ["192.168.40.12", "is the address of vm2"],
        ["192.168.40.254", "is the gateway of 192.168.40.0/24"],
    ])("%s is refused", (given, why) => {
        const problems = staticProblems(given, on("vm1", { reserved }));
        const free =
            "use 192.168.40.1 to 192.168.40.8 or 192.168.40.10 to 192.168.40.31 or 192.168.40.128 to 192.168.40.129 or 192.168.40.150 to 192.168.40.253";
        expect(problems).toEqual([{ path: "ipv4Address", message: `"${given}" ${why}: ${free}` }]);
    });

    test("of a host that has a way in are a route of their own", () => {
        const shim = on("vm1", { hostAccess: true }).shim;
        const endpoint = { container: "web", network: "lan", ipv4Address: "192.168.40.200" };
        expect(unitText(planAttachment({ ...endpoint, aliases: [], existing: false, shim }))).toBe(
            "docker endpoint web lan: ipv4 192.168.40.200\nroute 192.168.40.200: dev mv-lan-9ca85 src 192.168.40.70\n",
        );
    });
});
