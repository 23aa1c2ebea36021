import * as pulumi from "@pulumi/pulumi";
import { Bridge, Host, Overlay, type OverlayArgs } from "../../components";
import { probe } from "../../components/remote/probe";
import { answered, connection, host, hosts, refusal } from "../support/builders";
import { mockedStack, resources } from "../support/mocks";

jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

function mesh(members: Host[], more: Partial<OverlayArgs>, name: string): Overlay {
    const args = { hosts: members, cidr: "10.42.0.0/16", backend: { vxlan: {} }, ...more };
    return new Overlay(name, args);
}

beforeEach(async () => {
    await mockedStack();
    jest.mocked(probe).mockResolvedValue(answered());
});

const NO_BACKEND =
    "backend: needs exactly one backend: { vxlan: {} } or { direct: {} } or { gre: {} } or { ipip: {} } or { wireguard: {} } or { geneve: {} }";

describe("refused, before anything of it is registered", () => {
    const lines = (text: string) => text.split("\n    ");

    /** The lines of the error that an overlay over these hosts ends with. */
    async function refused(members: unknown[], more: object = {}): Promise<string[]> {
        const args = { hosts: members, cidr: "10.42.0.0/16", backend: { vxlan: {} }, ...more };
        const said = refusal(() => new Overlay("mesh", args as OverlayArgs));
        expect((await resources()).filter(({ name }) => name.includes("mesh"))).toEqual([]);
        const [head, ...rest] = lines(said);
        expect(head).toBe('Overlay "mesh" cannot be made:');
        return rest;
    }

    const unnumbered = (name: string, id?: number) =>
        new Host(name, { connection: connection(`192.168.40.${name.length}`), id });

    test.each<[string, object, string[]]>([
        ["unknown key", { vlan: 1 }, ["unknown argument vlan"]],
        ["no hosts", { hosts: [] }, ["hosts: needs at least one host"]],
        ["hosts no list", { hosts: "vm1" }, ['hosts: "vm1" must be a list, [ ... ]']],
        ["a host missing", { hosts: [undefined] }, ["hosts[0]: is missing"]],
        [
            "host bits",
            { cidr: "10.42.1.0/16" },
            ['cidr: "10.42.1.0/16" has host bits set: write 10.42.0.0/16'],
        ],
        ["no backend", { backend: {} }, [NO_BACKEND]],
        ["backend undefined", { backend: { vxlan: undefined } }, [NO_BACKEND]],
        [
            "vni out of range",
            { backend: { vxlan: { vni: 2 ** 24 } } },
            ["backend.vxlan.vni: 16777216 must be a whole number, 1 to 16777215"],
        ],
        [
            "port out of range",
            { backend: { vxlan: { port: 0 } } },
            ["backend.vxlan.port: 0 must be a whole number, 1 to 65535"],
        ],
        [
            "GRE key out of range",
            { backend: { gre: { key: 0 } } },
            ["backend.gre.key: 0 must be a whole number, 1 to 4294967295"],
        ],
        [
            "an option of a backend that has none",
            { backend: { ipip: { key: 7 } } },
            ["backend.ipip: unknown argument key"],
        ],
        [
            "subnetPrefix out of range",
            { subnetPrefix: 29 },
            ["subnetPrefix: 29 must be a whole number, 9 to 28"],
        ],
        [
            "subnetPrefix not longer than the network's",
            { subnetPrefix: 16 },
            [
                "subnetPrefix: 16 leaves no room for one subnet per host in 10.42.0.0/16: set one above 16, or choose a larger cidr",
            ],
        ],
        ["mtu out of range", { mtu: 575 }, ["mtu: 575 must be a whole number, 576 to 65535"]],
        [
            "mtu above what the hosts carry",
            { mtu: 1451 },
            [
                "mtu: 1451 does not fit: the hosts carry 1500 (Host's mtu), minus 20 (outer IPv4) + 8 (UDP) + 8 (VXLAN) + 14 (inner Ethernet) is 1450",
            ],
        ],
        [
            "underlay inside the network",
            { cidr: "192.168.0.0/16" },
            [
                'cidr: "192.168.0.0/16" contains 192.168.40.11, the address at which vm1 is reached: choose another network',
            ],
        ],
        [
            "a Docker name that is none",
            { dockerName: "my mesh" },
            [
                'dockerName: "my mesh" is not a Docker name: letters, digits, _ . and -, starting with a letter or digit',
            ],
        ],
        [
            "many mistakes at once",
            { cidr: "10.42.0.0", mtu: "x", backend: { swarm: {} }, x: 1 },
            [
                'cidr: "10.42.0.0" is not an IPv4 network in CIDR notation, such as 10.42.0.0/16',
                "backend: unknown argument swarm",
                NO_BACKEND,
                'mtu: "x" must be a whole number, 576 to 65535',
                "unknown argument x",
            ],
        ],
    ])("%s", async (_, more, expected) => {
        expect(await refused(hosts(1), more)).toEqual(expected);
    });

    test("no id, an id twice, an id out of range, a host twice: with the line to write", async () => {
        const [vm1] = hosts(1);
        const members = [
            vm1,
            unnumbered("edge"),
            unnumbered("spare", 1),
            unnumbered("remote", 256),
            vm1,
        ];
        expect(await refused(members)).toEqual([
            'hosts[1]: edge has no id and no number at the end of its name: write new Host("edge", { id: 2, ... })',
            'hosts[2]: spare has the same id as vm1, 1: write new Host("spare", { id: 3, ... })',
            'hosts[3]: remote has the id 256, but 10.42.0.0/16 has subnets 1 to 255 of /24: write new Host("remote", { id: 4, ... })',
            "hosts[4]: vm1 is listed twice",
        ]);
    });

    test("no number left to give", async () => {
        const members = [...hosts(3), unnumbered("edge")];
        expect(await refused(members, { subnetPrefix: 18 })).toEqual([
            "hosts[3]: edge has no id and no number at the end of its name: choose a larger cidr",
        ]);
    });

    test("hosts that are none of this program's, all of them at once", async () => {
        const message = "is not a Host made by this program with this version of the library";
        expect(await refused([{}, ...hosts(1), { hostName: "vm2" }])).toEqual([
            `hosts[0]: ${message}`,
            `hosts[2]: ${message}`,
        ]);
    });

    test("outputs where the shape is decided", async () => {
        const late = (value: unknown) => pulumi.output(value);
        const message =
            "must be a plain value: the plan needs it at once, so it cannot be an Output";
        const more = { cidr: late("10.42.0.0/16"), mtu: late(1450), hosts: late(hosts(1)) };
        expect(await refused([], more)).toEqual([
            `hosts: ${message}`,
            `cidr: ${message}`,
            `mtu: ${message}`,
        ]);
    });

    test("hosts that others cannot reach: by name only, or at the same address", async () => {
        const byName = new Host("vm1", { connection: connection("vm1.example") });
        expect(await refused([byName, host("vm2", 12), host("vm3", 12)])).toEqual([
            'hosts: vm1 is reached by name: set the address at which the other hosts reach it, as in new Host("vm1", { address: "192.0.2.1", ... })',
            "hosts: vm2 and vm3 have the same address, 192.168.40.12: each host needs its own",
        ]);
    });

    test("hosts whose MTU leaves nothing for containers", async () => {
        expect(await refused([host("vm1", 11, { mtu: 600 })])).toEqual([
            "mtu: the hosts carry 600 (Host's mtu), minus 20 (outer IPv4) + 8 (UDP) + 8 (VXLAN) + 14 (inner Ethernet) is 550, and containers need 576",
        ]);
    });

    test("what another overlay on the same host has", async () => {
        const members = hosts(2);
        const backend = { vxlan: { vni: 42, port: 4789 } };
        mesh(members.slice(0, 1), { backend, dockerName: "shared" }, "first");
        expect(
            await refused(members, { cidr: "10.42.128.0/17", backend, dockerName: "shared" }),
        ).toEqual([
            'cidr: "10.42.128.0/17" overlaps the network of Overlay "first" on vm1: choose another',
            'dockerName: Docker network "shared" on vm1 is already used by Overlay "first": choose another',
            'backend.vxlan.vni: VXLAN 42 on UDP port 4789 on vm1 is already used by Overlay "first": choose another',
        ]);
    });

    test.each([
        [{ gre: { key: 7 } }, "backend.gre.key: GRE key 7"],
        [{ ipip: {} }, "backend: IPIP (IP protocol 4)"],
    ])("a second overlay by %j on the same host", async (backend, taken) => {
        const members = hosts(2);
        mesh(members.slice(0, 1), { backend }, "first");
        expect(await refused(members, { cidr: "10.43.0.0/16", backend })).toEqual([
            `${taken} on vm1 is already used by Overlay "first": choose another`,
        ]);
    });

    test("Docker's default network that a Bridge has, and a name for it", async () => {
        const members = hosts(2);
        const [vm1] = members;
        const defaultNetwork = true;
        new Bridge("lan1", { host: vm1 ?? host("vm1", 11), cidr: "10.60.0.0/24", defaultNetwork });
        expect(await refused(members, { defaultNetwork, dockerName: "mine" })).toEqual([
            'dockerName: "mine" has no use with defaultNetwork, whose name is Docker\'s: leave it out',
            'defaultNetwork: Docker\'s default network on vm1 is already used by Bridge "lan1": choose another',
        ]);
    });

    test("overlays on different hosts share what they like", () => {
        const [vm1, vm2] = hosts(2);
        const more = { backend: { vxlan: { vni: 42 } }, dockerName: "shared" };
        mesh(vm1 ? [vm1] : [], more, "first");
        mesh(vm2 ? [vm2] : [], more, "second");
    });
});
