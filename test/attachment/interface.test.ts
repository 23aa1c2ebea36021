import * as pulumi from "@pulumi/pulumi";
import {
    Bridge,
    ContainerAttachment,
    type ContainerAttachmentArgs,
    type InterfaceArgs,
    Macvlan,
    Overlay,
} from "../../components";
import { containerProblems } from "../../components/attachment/existing";
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

const ETH1: InterfaceArgs = { name: "eth1", on: "eth0", addresses: ["192.168.40.50/24"] };
const CONTAINER = { image: "busybox" };

beforeEach(async () => {
    await mockedStack();
    jest.mocked(probe).mockResolvedValue(answered({ facts: new Map([["docker", ["26.1.5"]]]) }));
});

function attach(name: string, args: Partial<ContainerAttachmentArgs>): ContainerAttachment {
    const container = args.containerName === undefined ? CONTAINER : undefined;
    return new ContainerAttachment(name, { host: host("vm1", 11), container, ...args });
}

describe("an attachment with an interface registers", () => {
    test("a container without a network, and the command that gives it the interface", async () => {
        attach("web", { interface: ETH1 });
        expect((await made()).map(({ name }) => name).sort()).toEqual([
            "vm1-converger",
            "vm1-docker",
            "vm1-keys",
            "web-container",
            "web-vm1",
        ]);
        const { inputs } = await resource("web-container");
        expect(inputs).toMatchObject({ networkMode: "none" });
        expect(inputs["networksAdvanced"]).toBeUndefined();
        const command = await resource("web-vm1");
        expect(command.inputs["stdin"]).toMatch(
            /^interface crosshost-demo-web eth1: macvlan eth0 mac 02:c4:\S+ ipv4 192\.168\.40\.50\/24\nwatch containers: attach on start\n/,
        );
        expect((await waitsFor()).get("web-vm1")).toContain("web-container");
    });

    test("the command alone for a container that exists, after its Bridge", async () => {
        const vm1 = host("vm1", 11);
        const lan1 = new Bridge("lan1", { host: vm1, cidr: "10.60.0.0/24" });
        const addresses = ["10.60.0.200/24"];
        const db = new ContainerAttachment("db", {
            host: vm1,
            containerName: "postgres",
            interface: { name: "eth1", on: lan1, addresses },
        });
        expect((await made()).map(({ name }) => name)).toEqual([
            "vm1-converger",
            "lan1-vm1",
            "db-vm1",
        ]);
        const { inputs, dependencies } = await resource("db-vm1");
        expect(inputs["stdin"]).toMatch(
            /^interface postgres eth1: veth br-lan1-\w+ host vc-db-\w+ mac \S+ mtu 1500 ipv4 10\.60\.0\.200\/24\n/,
        );
        expect(dependencies).toEqual(["lan1-vm1"]);
        expect(await valueOf(db.ipv4Address)).toBe("10.60.0.200");
        expect(await valueOf(db.networkName)).toBe("crosshost-demo-lan1");
        expect(await valueOf(db.containerName)).toBe("postgres");
    });

    test("several interfaces of one container", async () => {
        const vm1 = host("vm1", 11);
        const containerName = "postgres";
        new ContainerAttachment("db1", { host: vm1, containerName, interface: ETH1 });
        new ContainerAttachment("db2", {
            host: vm1,
            containerName: pulumi.output(containerName),
            interface: { ...ETH1, name: "eth2", addresses: ["192.168.40.51/24"] },
        });
        expect((await resource("db2-vm1")).inputs["stdin"]).toContain(
            "interface postgres eth2: macvlan eth0",
        );
    });
});

describe("refused", () => {
    const says = (args: Partial<ContainerAttachmentArgs>) =>
        refusal(() => attach("web", args))
            .split("\n    ")
            .slice(1);
    const eth1 = (more: object) => ({ interface: { ...ETH1, ...more } });

    test.each<[string, Partial<ContainerAttachmentArgs>, readonly string[]]>([
        [
            "what goes with a network",
            {
                interface: ETH1,
                ipv4Address: "192.168.40.50",
                aliases: ["www"],
                defaultRoute: true,
                container: { ...CONTAINER, ports: [{ internal: 80 }] },
            },
            [
                "ipv4Address: needs network: write interface.addresses",
                "aliases: need network: Docker's names do not reach such an interface; leave them out",
                "defaultRoute: needs network: write interface.gateway",
                "container.ports: publish nothing on such an interface, where the container is reached at its own address, on every port: leave them out",
            ],
        ],
        [
            "a network mode",
            { interface: ETH1, container: { ...CONTAINER, ...{ networkMode: "host" } } },
            [
                `container.networkMode: "host" is set by the attachment: use the attachment's network, or its mode`,
            ],
        ],
        [
            "names that are none",
            eth1({ name: "eth1/2", on: "eth 0" }),
            [
                'interface.name: "eth1/2" is not the name of an interface: 1 to 15 letters, digits, _ . and -, such as eth1',
                'interface.on: "eth 0" is neither a Bridge nor the name of one of the host\'s NICs, such as eth0',
            ],
        ],
        [
            "a name that is too long",
            eth1({ name: "eth1234567890123" }),
            [
                'interface.name: "eth1234567890123" is not the name of an interface: 1 to 15 letters, digits, _ . and -, such as eth1',
            ],
        ],
        [
            "the loopback",
            eth1({ name: "lo" }),
            ['interface.name: "lo" is reserved by the kernel: use a name such as eth1'],
        ],
        [
            "no addresses",
            eth1({ addresses: [] }),
            ['interface.addresses: is empty: write one, such as "192.168.40.50/24"'],
        ],
        [
            "an address without its length, and one of IPv6",
            eth1({ addresses: ["192.168.40.50", "fd00::1/64"] }),
            [
                'interface.addresses[0]: "192.168.40.50" is not an IPv4 address with a prefix length, such as 192.168.40.50/24',
                'interface.addresses[1]: "fd00::1/64" is not an IPv4 address with a prefix length, such as 192.168.40.50/24',
            ],
        ],
        [
            "a MAC that is none",
            eth1({ macAddress: "02:42" }),
            ['interface.macAddress: "02:42" is not a MAC address, such as 02:42:c0:a8:28:32'],
        ],
        [
            "a MAC of a group",
            eth1({ macAddress: "03:42:c0:a8:28:32" }),
            [
                'interface.macAddress: "03:42:c0:a8:28:32" is a multicast address: the first byte must be even, as in 02:42:c0:a8:28:32',
            ],
        ],
        [
            "a MAC of nobody",
            eth1({ macAddress: "00:00:00:00:00:00" }),
            ['interface.macAddress: "00:00:00:00:00:00" is not usable: write another'],
        ],
        [
            "an MTU that is none",
            eth1({ mtu: 9 }),
            ["interface.mtu: 9 must be a whole number, 576 to 65535"],
        ],
        [
            "a default route among the routes",
            eth1({ routes: [{ to: "0.0.0.0/0", via: "192.168.40.2" }] }),
            ['interface.routes[0].to: "0.0.0.0/0" is the default route: write gateway'],
        ],
        [
            "a route without its router",
            eth1({ routes: [{ to: "10.9.0.0/16" }] }),
            ["interface.routes[0].via: is missing"],
        ],
        ["a word that is none", eth1({ vlan: 20 }), ["interface: unknown argument vlan"]],
        [
            "the address by which a host is reached",
            eth1({ addresses: ["192.168.40.11/24"] }),
            ['interface.addresses[0]: "192.168.40.11/24" is the address of vm1: choose another'],
        ],
        [
            "several mistakes at once",
            eth1({ addresses: ["192.168.40.0/24"], gateway: "10.0.0.1" }),
            [
                'interface.addresses[0]: "192.168.40.0/24" is not a host address of 192.168.40.0/24',
                'interface.gateway: "10.0.0.1" lies outside 192.168.40.0/24, where the interface has its addresses: a router must be a direct neighbour',
            ],
        ],
    ])("%s", async (_, args, expected) => {
        const said = says(args);
        await resources();
        expect(said).toEqual(expected);
    });

    test("networks that are joined in another way, and a Bridge of another host", async () => {
        const [vm1, vm2] = hosts(2);
        if (!vm1 || !vm2) {
            throw new Error("no hosts");
        }
        const mesh = new Overlay("mesh", {
            hosts: [vm1],
            cidr: "10.42.0.0/16",
            backend: { vxlan: {} },
        });
        const there = new Bridge("there", { host: vm2, cidr: "10.60.0.0/24" });
        const on = (ground: object) =>
            refusal(
                () =>
                    new ContainerAttachment("web", {
                        host: vm1,
                        container: CONTAINER,
                        interface: { ...ETH1, on: ground as Bridge },
                    }),
            );
        expect(on(mesh)).toContain(
            'interface.on: is "mesh", not a Bridge: use one, or join other networks with network',
        );
        expect(on({})).toContain("interface.on: is not a Bridge of this program: use one, or");
        expect(on(there)).toContain('interface.on: the Bridge "there" is on vm2, not on vm1');
        await resources();
    });

    test("what another attachment has: address, MAC, name, default route", async () => {
        const vm1 = host("vm1", 11);
        const containerName = "postgres";
        const macAddress = "02:42:c0:a8:28:32";
        const first = { ...ETH1, macAddress, gateway: "192.168.40.2" };
        new ContainerAttachment("db", { host: vm1, containerName, interface: first });
        const second = { host: vm1, containerName, interface: first };
        expect(
            refusal(() => new ContainerAttachment("db2", second))
                .split("\n    ")
                .slice(1),
        ).toEqual([
            'interface.addresses[0]: "192.168.40.50/24" is the address of "db": choose another',
            'interface.macAddress: 02:42:c0:a8:28:32 is the MAC of "db" on eth0: choose another',
            'interface.name: "eth1" of "postgres" is already created by "db": choose another name',
            'interface.gateway: the default route of "postgres" is already set by "db": leave one of them out',
        ]);
        await resources();
    });

    test("an address of the Bridge that a container of Docker's has, and the other way round", async () => {
        const vm1 = host("vm1", 11);
        const lan1 = new Bridge("lan1", { host: vm1, cidr: "10.60.0.0/24" });
        const container = CONTAINER;
        const own = (last: number) => ({
            host: vm1,
            container,
            interface: { name: "eth1", on: lan1, addresses: [`10.60.0.${last}/24`] },
        });
        new ContainerAttachment("api", {
            host: vm1,
            network: lan1,
            ipv4Address: "10.60.0.200",
            container,
        });
        expect(refusal(() => new ContainerAttachment("web", own(200)))).toContain(
            'interface.addresses[0]: "10.60.0.200/24" is the address of "api": choose another',
        );
        new ContainerAttachment("web2", own(201));
        const late = { host: vm1, network: lan1, ipv4Address: "10.60.0.201", container };
        expect(refusal(() => new ContainerAttachment("db", late))).toContain(
            'ipv4Address: 10.60.0.201 is the address of "web2"',
        );
        await resources();
    });
});

describe("the default route of a network", () => {
    test("is an entry of its own, and the host watches for it", async () => {
        const vm1 = host("vm1", 11);
        const lan1 = new Bridge("lan1", { host: vm1, cidr: "10.60.0.0/24" });
        const place = { host: vm1, network: lan1, ipv4Address: "10.60.0.200" };
        new ContainerAttachment("web", { ...place, container: CONTAINER, defaultRoute: true });
        const { inputs } = await resource("web-vm1");
        expect(inputs["stdin"]).toMatch(
            /^default-route crosshost-demo-web: crosshost-demo-lan1\ndocker endpoint crosshost-demo-web crosshost-demo-lan1: .*\nwatch containers: attach on start\n/,
        );
        new ContainerAttachment("api", {
            ...place,
            ipv4Address: "10.60.0.201",
            container: CONTAINER,
            defaultRoute: false,
        });
        expect((await resource("api-vm1")).inputs["stdin"]).toMatch(/^docker endpoint .*\nseen: /);
    });

    test("is that of one network only", async () => {
        const vm1 = host("vm1", 11);
        const lan1 = new Bridge("lan1", { host: vm1, cidr: "10.60.0.0/24" });
        const lan2 = new Bridge("lan2", { host: vm1, cidr: "10.61.0.0/24" });
        const more = { host: vm1, containerName: "app", defaultRoute: true };
        new ContainerAttachment("one", { ...more, network: lan1 });
        expect(refusal(() => new ContainerAttachment("two", { ...more, network: lan2 }))).toContain(
            'defaultRoute: the default route of "app" is already set by "one": leave one of them out',
        );
        await resources();
    });

    test("needs a gateway", async () => {
        const vm1 = host("vm1", 11);
        const lan = new Macvlan("lan", {
            hosts: [vm1],
            parent: "eth0",
            driver: "ipvlan",
            mode: "l3",
            subnet: "10.70.0.0/16",
            ipRange: "10.70.0.0/18",
        });
        const args = { host: vm1, network: lan, container: CONTAINER, defaultRoute: true };
        expect(refusal(() => new ContainerAttachment("web", args))).toContain(
            "defaultRoute: needs a gateway, and a network of mode l3 has none: leave it out",
        );
        await resources();
    });
});

test("an interface goes well with no network, and not with the host's", () => {
    const facts = new Map([
        ["docker", ["26.1.5"]],
        ["container", ["lone running none", "dns running host"]],
    ]);
    const told = (container: string) => containerProblems(container, "vm1", facts, "interface");
    expect(told("lone")).toEqual([]);
    expect(told("dns")).toEqual([
        {
            path: "containerName",
            message:
                '"dns" uses the host\'s network and has none of its own: recreate it with another network mode',
        },
    ]);
});
