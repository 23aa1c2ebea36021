import * as pulumi from "@pulumi/pulumi";
import {
    Bridge,
    ContainerAttachment,
    type ContainerAttachmentArgs,
    type Host,
    Macvlan,
    type MacvlanArgs,
} from "../../components";
import { probe } from "../../components/remote/probe";
import { answered, host, hosts, refusal } from "../support/builders";
import { made, mockedStack, resource, resources, valueOf, waitsFor } from "../support/mocks";

jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/resources/keyfiles", () => ({
    ...jest.requireActual<object>("../../components/resources/keyfiles"),
    sshOptions: () => [],
    writeKeyFiles: () => undefined,
}));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

const LAN = {
    parent: "eth0",
    subnet: "192.168.40.0/24",
    gateway: "192.168.40.254",
    ipRange: "192.168.40.64/26",
};

function lan(members: Host[], more: Partial<MacvlanArgs> = {}, name = "lan"): Macvlan {
    return new Macvlan(name, { hosts: members, ...LAN, ...more });
}

beforeEach(async () => {
    await mockedStack();
    jest.mocked(probe).mockResolvedValue(answered({ absent: "t7" }));
});

describe("a LAN registers", () => {
    test("itself and one command for a host, which follows the host's others", async () => {
        lan(hosts(2));
        const all = (await made()).map(({ name, parent, dependencies }) => [
            name,
            parent,
            dependencies,
        ]);
        expect(all).toEqual([
            ["vm1-converger", "vm1", []],
            ["vm2-converger", "vm2", []],
            ["lan-vm1", "lan", ["vm1-converger"]],
            ["lan-vm2", "lan", ["vm2-converger"]],
        ]);
        const { inputs } = await resource("lan-vm2");
        expect(inputs["create"]).toMatch(/ apply crosshost-demo-79f8e4 macvlan-lan' crosshost$/);
        expect(inputs["stdin"]).toBe(
            "docker network crosshost-demo-lan: macvlan eth0 mode bridge subnet 192.168.40.0/24 gateway 192.168.40.254 ip-range 192.168.40.72/29\nseen: t7\nowner: crosshost/demo lan-vm2 cd75f9a3\n",
        );
    });

    test("and tells what it is, to other stacks too", async () => {
        const network = lan(hosts(2), { hostAccess: true });
        const { cidr, mtu, networks } = await valueOf(network.handle);
        expect({ cidr, mtu }).toEqual({ cidr: "192.168.40.0/24", mtu: 1500 });
        expect(networks["vm2"]).toEqual({
            network: "crosshost-demo-lan",
            subnet: "192.168.40.0/24",
            gateway: "192.168.40.254",
            ipRange: "192.168.40.72/29",
            reserved: [
                {
                    from: "192.168.40.64",
                    to: "192.168.40.127",
                    why: "lies in ipRange, 192.168.40.64/26, of which Docker gives out addresses by itself",
                },
            ],
            lan: { link: "eth0", hosts: { vm1: "192.168.40.11", vm2: "192.168.40.12" } },
            shim: { link: "mv-lan-9ca85", address: "192.168.40.78" },
        });
    });

    test("networkName makes what takes it wait for the network on that host", async () => {
        const [vm1, vm2] = hosts(2) as [Host, Host];
        const network = lan([vm1]);
        expect(await valueOf(network.networkName(vm1))).toBe("crosshost-demo-lan");
        expect(refusal(() => network.networkName(vm2))).toBe(
            'Macvlan "lan" has no network on that host, only on vm1',
        );
    });
});

describe("attachments", () => {
    const container = { image: "busybox" };

    test("join it, after it was made, and their host finds them", async () => {
        const [vm1] = hosts(1) as [Host];
        const network = lan([vm1], { hostAccess: true });
        const ipv4Address = "192.168.40.200";
        new ContainerAttachment("api", { host: vm1, network, ipv4Address, container });
        const { inputs } = await resource("api-container");
        expect(inputs["networksAdvanced"]).toMatchObject([
            { name: "crosshost-demo-lan", ipv4Address },
        ]);
        expect((await waitsFor()).get("api-container")).toContain("lan-vm1");
        expect((await resource("api-vm1")).inputs["stdin"]).toContain(
            "route 192.168.40.200: dev mv-lan-9ca85 src 192.168.40.70\n",
        );
    });

    test("of a host without a way in have no route; nor do those that exist already", async () => {
        const [vm1] = hosts(1) as [Host];
        new ContainerAttachment("db", {
            host: vm1,
            network: lan([vm1]),
            containerName: "postgres",
            ipv4Address: "192.168.40.200",
        });
        expect((await resource("db-vm1")).inputs["stdin"]).toMatch(
            /^docker endpoint postgres crosshost-demo-lan: ipv4 192\.168\.40\.200 alias db\nwatch containers: attach on start\nseen: /,
        );
    });

    test("of another stack join it by its handle, with the same refusals", async () => {
        const handle = await valueOf(lan(hosts(1), { hostAccess: true }).handle);
        await resources();
        await mockedStack({ stack: "guest" });
        const network = pulumi.output(handle);
        const ipv4Address = "192.168.40.200";
        new ContainerAttachment("a", { host: host("vm1", 11), network, ipv4Address, container });
        expect((await resource("a-vm1")).inputs["stdin"]).toContain(
            "\nroute 192.168.40.200: dev mv-lan-9ca85 ",
        );
    });

    function refused(more: Partial<ContainerAttachmentArgs>, network: Macvlan, on: Host): string {
        const args = { host: on, network, container, ...more };
        return refusal(() => new ContainerAttachment("b", args));
    }

    test("one address is one container's on the whole LAN", async () => {
        const [vm1, vm2] = hosts(2) as [Host, Host];
        const network = lan([vm1, vm2]);
        const ipv4Address = "192.168.40.200";
        new ContainerAttachment("a", { host: vm1, network, ipv4Address, container });
        expect(refused({ ipv4Address }, network, vm2)).toBe(
            'ContainerAttachment "b" cannot be made:\n    ipv4Address: 192.168.40.200 is the address of "a": write ipv4Address: "192.168.40.1", which is free',
        );
        await resources();
    });

    test("publish no ports, and take no address that is somebody's: all is told at once", async () => {
        const [vm1] = hosts(1) as [Host];
        const more = {
            ipv4Address: "192.168.40.11",
            container: { ...container, ports: [{ internal: 80, external: 8080 }] },
        };
        expect(refused(more, lan([vm1]), vm1).split("\n    ")).toEqual([
            'ContainerAttachment "b" cannot be made:',
            "container.ports: publish nothing on a LAN, where the container is reached at its own address, on every port: leave them out",
            'ipv4Address: "192.168.40.11" is the address of vm1: use 192.168.40.1 to 192.168.40.63 or 192.168.40.128 to 192.168.40.253',
        ]);
        await resources();
    });
});

describe("refused, before anything of it is registered", () => {
    async function refused(more: object): Promise<string[]> {
        const args = { hosts: hosts(2), ...LAN, ...more } as MacvlanArgs;
        const said = refusal(() => new Macvlan("lan", args));
        expect((await resources()).filter(({ name }) => /^(macvlan-)?lan/.test(name))).toEqual([]);
        const [head, ...rest] = said.split("\n    ");
        expect(head).toBe('Macvlan "lan" cannot be made:');
        return rest;
    }

    test.each<[string, object, string[]]>([
        ["unknown key", { mtu: 1400 }, ["unknown argument mtu"]],
        ["no hosts", { hosts: [] }, ["hosts: needs at least one host"]],
        [
            "host of something else",
            { hosts: [{}] },
            ["hosts[0]: is not a Host made by this program with this version of the library"],
        ],
        [
            "no parent, subnet or ipRange",
            { parent: undefined, subnet: undefined, ipRange: undefined },
            ["parent: is missing", "subnet: is missing", "ipRange: is missing"],
        ],
        [
            "names that are no link's",
            { parent: "eth 0", parents: { vm1: "a-name-of-16-char" } },
            [
                'parent: "eth 0" is not the name of a network interface, such as eth0: at most 15 letters, digits, _ . and -',
                'parents.vm1: "a-name-of-16-char" is not the name of a network interface, such as eth0: at most 15 letters, digits, _ . and -',
            ],
        ],
        [
            "parents of strangers",
            { parents: { vm9: "eth1" } },
            ["parents.vm9: vm9 is not one of the hosts, vm1, vm2"],
        ],
        ["VLAN out of range", { vlan: 4095 }, ["vlan: 4095 must be a whole number, 1 to 4094"]],
        [
            "VLAN whose name is too long",
            { vlan: 4000, parents: { vm1: "enp101s0f1np1" } },
            [
                "vlan: 4000 gives the name enp101s0f1np1.4000, which is longer than 15 characters: create the VLAN there by hand with a shorter name, and use that as parent",
            ],
        ],
        [
            "subnet too small",
            { subnet: "192.168.40.0/30" },
            [
                'subnet: "192.168.40.0/30" must have a prefix length of 8 to 29',
                'gateway: "192.168.40.254" is not a host address of 192.168.40.0/30',
            ],
        ],
        [
            "no gateway",
            { gateway: undefined },
            ["gateway: is missing: the LAN's router, for the containers' default route"],
        ],
        [
            "gateway elsewhere",
            { gateway: "192.168.41.1" },
            ['gateway: "192.168.41.1" is not a host address of 192.168.40.0/24'],
        ],
        [
            "gateway in l3",
            { driver: "ipvlan", mode: "l3", hostPrefix: 28 },
            [
                'gateway: "192.168.40.254" has no use in mode "l3", where the host is the router: leave it out',
            ],
        ],
        [
            "ipRange elsewhere",
            { ipRange: "192.168.41.0/26" },
            [
                'ipRange: "192.168.41.0/26" lies outside 192.168.40.0/24: choose a part of it that nobody else gives out',
            ],
        ],
        [
            "ipRange that is all",
            { ipRange: "192.168.40.0/24" },
            [
                'ipRange: "192.168.40.0/24" covers the whole LAN: choose a part of 192.168.40.0/24 that nobody else gives out',
            ],
        ],
        [
            "ipRange too small",
            { ipRange: "192.168.40.64/31" },
            ['ipRange: "192.168.40.64/31" has no room for a host\'s part: choose a /30 or larger'],
        ],
        [
            "ipRange that others have",
            { ipRange: "192.168.40.0/25", gateway: "192.168.40.1" },
            [
                'ipRange: "192.168.40.0/25" contains 192.168.40.1, the gateway: choose a free part of the LAN',
                'ipRange: "192.168.40.0/25" contains 192.168.40.11, the address at which vm1 is reached: choose a free part of the LAN',
                'ipRange: "192.168.40.0/25" contains 192.168.40.12, the address at which vm2 is reached: choose a free part of the LAN',
            ],
        ],
        [
            "hostPrefix larger than all",
            { hostPrefix: 25 },
            ["hostPrefix: 25 is wider than ipRange, 192.168.40.64/26: set one of 26 to 30"],
        ],
        [
            "hostPrefix too small for l3",
            { driver: "ipvlan", mode: "l3", gateway: undefined },
            [
                'hostPrefix: 29 leaves no room for a host\'s own network in mode "l3": set one of 26 to 28, or choose a larger ipRange',
            ],
        ],
        [
            "fewer parts than ids",
            { hostPrefix: 26 },
            [
                "hosts[1]: vm2 has the id 2, but 192.168.40.64/26 has parts 1 to 1 of /26: choose a larger ipRange or hostPrefix",
            ],
        ],
        [
            "reserved of all wrong kinds",
            {
                reserved: [
                    "192.168.40",
                    "192.168.40.9/24",
                    "192.168.40.1-192.168.40.2-192.168.40.3",
                ],
            },
            ["192.168.40", "192.168.40.9/24", "192.168.40.1-192.168.40.2-192.168.40.3"].map(
                (text, at) =>
                    `reserved[${at}]: "${text}" is neither an address, nor a range such as "192.168.40.100-192.168.40.199", nor a network such as "192.168.40.0/26"`,
            ),
        ],
        [
            "reserved elsewhere, backwards, and in ipRange",
            {
                reserved: [
                    "192.168.41.9",
                    "192.168.40.20-192.168.40.19",
                    "192.168.40.120-192.168.40.130",
                ],
            },
            [
                'reserved[0]: "192.168.41.9" lies outside 192.168.40.0/24',
                'reserved[1]: "192.168.40.20-192.168.40.19" must start with the lower address: "192.168.40.19-192.168.40.20"',
                'reserved[2]: "192.168.40.120-192.168.40.130" overlaps ipRange, 192.168.40.64/26, whose addresses Docker gives out: choose another ipRange',
            ],
        ],
        [
            "driver that is none",
            { driver: "bridge" },
            ['driver: "bridge" must be "macvlan" or "ipvlan"'],
        ],
        [
            "mode of the other driver",
            { mode: "l2" },
            [
                'mode: "l2" is not a mode of the driver "macvlan", which has bridge, private, vepa, passthru',
            ],
        ],
        [
            "mode of the other driver, the other way",
            { driver: "ipvlan", mode: "vepa" },
            ['mode: "vepa" is not a mode of the driver "ipvlan", which has l2, l3'],
        ],
        ...(
            [
                ["private", "isolates containers from everything on their host"],
                ["vepa", "reaches the host through the LAN's switch, if at all"],
                ["passthru", "gives the parent to a single container"],
            ] as const
        ).map(([mode, why]): [string, object, string[]] => [
            `host access with mode ${mode}`,
            { mode, hostAccess: true },
            [
                `hostAccess: true is not possible with mode "${mode}", which ${why}: choose mode "bridge"`,
            ],
        ]),
        [
            "a Docker name that is none",
            { dockerName: "my lan" },
            [
                'dockerName: "my lan" is not a Docker name: letters, digits, _ . and -, starting with a letter or digit',
            ],
        ],
    ])("%s", async (_, more, expected) => {
        expect(await refused(more)).toEqual(expected);
    });

    test("a host that is listed twice, and one without a number", async () => {
        const vm1 = host("vm1", 11);
        expect(await refused({ hosts: [vm1, vm1, host("db", 12)] })).toEqual([
            "hosts[1]: vm1 is listed twice",
            'hosts[2]: db has no id and no number at the end of its name: write new Host("db", { id: 2, ... })',
        ]);
    });

    test("what other networks of the host have: subnet, name and parent, all at once", async () => {
        const [vm1, vm2] = hosts(2) as [Host, Host];
        lan([vm1], { dockerName: "home" }, "first");
        new Bridge("inner", { host: vm2, cidr: "192.168.0.0/19", dockerName: "home" });
        expect(await refused({ hosts: [vm1, vm2], dockerName: "home", vlan: 0 })).toEqual([
            "vlan: 0 must be a whole number, 1 to 4094",
        ]);
        expect(await refused({ hosts: [vm1, vm2], dockerName: "home" })).toEqual([
            'subnet: "192.168.40.0/24" overlaps the network of Macvlan "first" on vm1: choose another',
            'dockerName: Docker network "home" on vm1 is already used by Macvlan "first": choose another',
            'parent: the LAN behind eth0 on vm1 is already used by Macvlan "first": choose another',
            'dockerName: Docker network "home" on vm2 is already used by Bridge "inner": choose another',
        ]);
        expect(
            await refused({
                hosts: [vm1],
                subnet: "192.168.50.0/24",
                gateway: "192.168.50.1",
                ipRange: "192.168.50.64/26",
                parents: { vm1: "eth0" },
            }),
        ).toEqual([
            'the name "lan" for a Macvlan on vm1 is already used by Macvlan "lan": choose another',
            'parents.vm1: the LAN behind eth0 on vm1 is already used by Macvlan "first": choose another',
        ]);
    });

    test("nothing of a VLAN of the same NIC", async () => {
        const [vm1] = hosts(1) as [Host];
        lan([vm1]);
        const other = {
            subnet: "192.168.50.0/24",
            gateway: "192.168.50.1",
            ipRange: "192.168.50.64/26",
        };
        lan([vm1], { ...other, vlan: 20 }, "iot");
        expect((await made()).map(({ name }) => name)).toContain("iot-vm1");
    });
});
