import {
    extentOf,
    holderOf,
    type Ground,
    interfaceProblems,
    interfaceUnit,
    planInterface,
} from "../../components/attachment/places/interfacePlan";
import { interfaceSchema } from "../../components/attachment/places/interfaceSchema";
import { hostNetwork } from "../../components/network/hostNetwork";
import { Claims } from "../../components/wire/claims";
import { unitText } from "../../components/wire/unit";
import { IDENTITY } from "../support/builders";

const NIC: Ground = { kind: "nic", link: "eth0", mtu: undefined };
const BRIDGE: Ground = {
    kind: "bridge",
    name: "lan1",
    link: "br-lan1-12345",
    cidr: "10.60.0.0/24",
    mtu: 1400,
    place: hostNetwork("crosshost-demo-lan1", "10.60.0.0/24"),
};
const UPLINKED: Ground = {
    kind: "bridge",
    name: "lan2",
    link: "br-lan2-12345",
    cidr: "192.168.40.0/24",
    uplink: "eth0",
};

const spec = (more: object = {}) =>
    interfaceSchema.parse({ name: "eth1", on: "eth0", addresses: ["192.168.40.50/24"], ...more });
const plan = (ground: Ground, more: object = {}, name = "web") =>
    planInterface(IDENTITY, name, spec(more), ground);

describe("an interface's unit", () => {
    test("on a NIC has what is given, and no MTU unless told", () => {
        const more = {
            macAddress: "02:42:C0:A8:28:32",
            addresses: ["192.168.40.50/24", "10.5.0.1/32"],
            gateway: "192.168.40.2",
            routes: [{ to: "10.9.0.0/16", via: "192.168.40.3" }],
        };
        expect(unitText(interfaceUnit(plan(NIC, more), "app"))).toBe(
            "interface app eth1: macvlan eth0 mac 02:42:c0:a8:28:32 ipv4 192.168.40.50/24 ipv4 10.5.0.1/32 gateway 192.168.40.2 route 10.9.0.0/16 via 192.168.40.3\nwatch containers: attach on start\n",
        );
        expect(unitText(interfaceUnit(plan(NIC, { ...more, mtu: 1400 }), "app"))).toContain(
            " mtu 1400 ",
        );
    });

    test("on a Bridge is a port of it, with the Bridge's MTU", () => {
        const text = unitText(interfaceUnit(plan(BRIDGE), "app"));
        expect(text).toMatch(
            /^interface app eth1: veth br-lan1-12345 host vc-web-[0-9a-f]{5} mac 02:c4:\S+ mtu 1400 ipv4 192\.168\.40\.50\/24\n/,
        );
    });

    test("has a MAC and a link of the attachment's name alone", () => {
        const one = plan(NIC);
        expect(plan(NIC)).toEqual(one);
        expect(one.mac).toMatch(/^02:c4(:[0-9a-f]{2}){4}$/);
        expect(plan(NIC, {}, "web2").mac).not.toBe(one.mac);
        expect(plan(NIC, {}, "web2").host).not.toBe(one.host);
        const other = planInterface({ ...IDENTITY, stack: "other" }, "web", spec(), NIC);
        expect(other.mac).not.toBe(one.mac);
        expect(plan(NIC, {}, "a-very-long-name-of-an-attachment").host).toHaveLength(15);
    });
});

describe("what is wrong with an interface by itself", () => {
    test.each<[string, object, readonly string[]]>([
        ["nothing", {}, []],
        ["an address of one machine alone", { addresses: ["10.5.0.1/32", "10.6.0.0/31"] }, []],
        [
            "the network's own address, and that of all",
            { addresses: ["192.168.40.0/24", "192.168.40.255/24"] },
            [
                'interface.addresses[0]: "192.168.40.0/24" is not a host address of 192.168.40.0/24',
                'interface.addresses[1]: "192.168.40.255/24" is not a host address of 192.168.40.0/24',
            ],
        ],
        [
            "nobody's addresses",
            { addresses: ["127.0.0.5/8", "224.0.0.5/24", "0.0.0.9/8"] },
            ["127.0.0.5/8", "224.0.0.5/24", "0.0.0.9/8"].map(
                (one, at) =>
                    `interface.addresses[${at}]: "${one}" is not an address that a machine can have`,
            ),
        ],
        [
            "an address twice",
            { addresses: ["192.168.40.50/24", "192.168.40.50/16"] },
            ['interface.addresses[1]: "192.168.40.50/16" is listed twice'],
        ],
        [
            "routers that are no neighbours",
            { gateway: "10.0.0.1", routes: [{ to: "10.9.0.0/16", via: "192.168.41.3" }] },
            [
                'interface.gateway: "10.0.0.1" lies outside 192.168.40.0/24, where the interface has its addresses: a router must be a direct neighbour',
                'interface.routes[0].via: "192.168.41.3" lies outside 192.168.40.0/24, where the interface has its addresses: a router must be a direct neighbour',
            ],
        ],
        [
            "routers that are nobody",
            { gateway: "192.168.40.50", routes: [{ to: "10.9.0.0/16", via: "192.168.40.255" }] },
            [
                'interface.gateway: "192.168.40.50" is the interface\'s own address',
                'interface.routes[0].via: "192.168.40.255" is not a host address of 192.168.40.0/24',
            ],
        ],
        [
            "routes that lead nowhere",
            {
                routes: [
                    { to: "10.9.0.0/16", via: "192.168.40.3" },
                    { to: "10.9.0.0/16", via: "192.168.40.4" },
                    { to: "192.168.40.0/24", via: "192.168.40.3" },
                ],
            },
            [
                'interface.routes[1].to: "10.9.0.0/16" is listed twice',
                'interface.routes[2].to: "192.168.40.0/24" is on the interface itself and needs no route: leave it out',
            ],
        ],
    ])("%s", (_, more, expected) => {
        const found = interfaceProblems(spec(more), NIC);
        expect(found.map(({ path, message }) => `${path}: ${message}`)).toEqual(expected);
    });

    const problemsOf = (given: string, message: string | undefined) =>
        message ? [{ path: "interface.addresses[0]", message: `"${given}" ${message}` }] : [];

    test.each([
        ["10.60.0.200/24", undefined],
        ["10.77.0.1/24", undefined],
        ["10.60.0.1/24", "is the address of the Bridge itself"],
        ["10.60.0.255/16", "is not a host address of 10.60.0.0/24, the Bridge's network"],
        [
            "10.60.0.9/24",
            "lies in 10.60.0.0/26, which Docker gives out by itself: choose one outside it",
        ],
    ])("on a Bridge, %s: %s", (given, message) => {
        expect(interfaceProblems(spec({ addresses: [given] }), BRIDGE)).toEqual(
            problemsOf(given, message),
        );
    });

    test.each([
        ["192.168.40.200/24", undefined],
        ["192.168.40.200/32", undefined],
        ["192.168.41.1/24", undefined],
        [
            "192.168.40.200/16",
            'has another prefix length than its LAN, 192.168.40.0/24: write "192.168.40.200/24"',
        ],
    ])("on a Bridge with an uplink, %s: %s", (given, message) => {
        expect(interfaceProblems(spec({ addresses: [given] }), UPLINKED)).toEqual(
            problemsOf(given, message),
        );
    });

    test("an MTU that is more than what it lies on carries", () => {
        const more = { mtu: 1500 };
        expect(interfaceProblems(spec(more), BRIDGE)).toEqual([
            { path: "interface.mtu", message: '1500 is more than the 1400 of the Bridge "lan1"' },
        ]);
        expect(interfaceProblems(spec(more), { ...NIC, mtu: 1450 })).toEqual([
            { path: "interface.mtu", message: "1500 is more than the 1450 of eth0" },
        ]);
        expect(interfaceProblems(spec(more), NIC)).toEqual([]);
    });
});

test("an address belongs to its Bridge's network where it lies in it, and to its own elsewhere", () => {
    expect(extentOf(BRIDGE, "10.60.0.200/16")).toBe("10.60.0.0/24");
    expect(extentOf(BRIDGE, "10.77.0.1/16")).toBe("10.77.0.0/16");
    expect(extentOf(NIC, "192.168.40.50/24")).toBe("192.168.40.0/24");
});

test("an address is held by a host, or by a container of a host on the same LAN", () => {
    const addresses = new Claims();
    addresses.claim("192.168.40.50", "db");
    const near = { name: "vm2", addressNow: "192.168.40.12", addresses };
    const far = { name: "vm3", addressNow: "10.0.0.3", addresses };
    const late = { name: "vm4", addressNow: undefined, addresses };
    expect(holderOf(NIC, "192.168.40.50/24", [far, late, near])).toBe('"db"');
    expect(holderOf(NIC, "192.168.40.50/24", [far, late])).toBeUndefined();
    expect(holderOf(BRIDGE, "192.168.40.50/24", [near])).toBeUndefined();
    expect(holderOf(NIC, "192.168.40.12/24", [near])).toBe("vm2");
});
