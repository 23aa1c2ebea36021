import * as pulumi from "@pulumi/pulumi";
import {
    Bridge,
    type BridgeArgs,
    ContainerAttachment,
    Host,
    Macvlan,
    Overlay,
} from "../../components";
import { probe } from "../../components/remote/probe";
import { answered, connection, host, refusal } from "../support/builders";
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

class Own extends pulumi.CustomResource {
    constructor(name: string, inputs: pulumi.Inputs) {
        super("test:index:Own", name, inputs);
    }
}

beforeEach(async () => {
    await mockedStack();
    jest.mocked(probe).mockResolvedValue(answered({ absent: "t7" }));
});

function lan(name: string, on: Host, more: Partial<BridgeArgs> = {}): Bridge {
    return new Bridge(name, { host: on, cidr: "10.60.0.0/24", ...more });
}

describe("a bridge registers", () => {
    test("itself and one command, which follows the host's others", async () => {
        const vm1 = host("vm1", 11);
        lan("lan1", vm1);
        lan("lan2", vm1, { cidr: "10.61.0.0/24" });
        const all = (await made()).map(({ name, parent, dependencies }) => [
            name,
            parent,
            dependencies,
        ]);
        expect(all).toEqual([
            ["vm1-converger", "vm1", []],
            ["lan1-vm1", "lan1", ["vm1-converger"]],
            ["lan2-vm1", "lan2", ["lan1-vm1"]],
        ]);
        const { inputs } = await resource("lan1-vm1");
        expect(inputs["create"]).toMatch(/ apply crosshost-demo-79f8e4 bridge-lan1' crosshost$/);
        expect(inputs["stdin"]).toMatch(
            /^addr br-lan1-[0-9a-f]{5} 10\.60\.0\.1\/24: scope global\n/,
        );
        expect(inputs["stdin"]).toMatch(
            /ip_forward: 1\nseen: t7\nowner: crosshost\/demo lan1-vm1 0b759c71\n$/,
        );
    });

    test("beside an overlay of the same name, if Docker's names differ", async () => {
        const vm1 = host("vm1", 11);
        const backend = { vxlan: {} };
        new Overlay("lan", { hosts: [vm1], cidr: "10.42.0.0/16", backend });
        lan("lan", vm1, { dockerName: "lan" });
        expect((await made()).map(({ name }) => name)).toEqual([
            "vm1-converger",
            "lan-vm1",
            "lan-vm1",
        ]);
    });
});

describe("with an uplink", () => {
    const flat = (on: Host) => lan("lan1", on, { cidr: "192.168.40.0/24", uplink: "eth0" });

    test("it is guarded: a command before it commits its removal, one after it its changes", async () => {
        const vm1 = host("vm1", 11);
        flat(vm1);
        lan("lan2", vm1, { cidr: "10.61.0.0/24" });
        const all = (await made()).map(({ name, dependencies }) => [name, dependencies]);
        expect(all).toEqual([
            ["vm1-converger", []],
            ["lan1-vm1-release", ["vm1-converger"]],
            ["lan1-vm1", ["vm1-converger", "lan1-vm1-release"]],
            ["lan1-vm1-commit", ["lan1-vm1"]],
            ["lan2-vm1", ["lan1-vm1-commit"]],
        ]);
        const { inputs } = await resource("lan1-vm1");
        expect(inputs["stdin"]).toMatch(/\nuplink eth0: bridge br-lan1-[0-9a-f]{5}\n/);
        expect(inputs["stdin"]).toMatch(/\nguard: 15\n/);
    });

    test("Docker has no network on it", async () => {
        const bridge = flat(host("vm1", 11));
        expect(await valueOf(bridge.networks)).toEqual({});
        expect(await valueOf(bridge.networkName)).toBe("");
    });

    test("interfaces of containers are ports of it, and wait for it", async () => {
        const vm1 = host("vm1", 11);
        new ContainerAttachment("web", {
            host: vm1,
            containerName: "web",
            interface: { name: "eth1", on: flat(vm1), addresses: ["192.168.40.200/24"] },
        });
        const { inputs, dependencies } = await resource("web-vm1");
        expect(inputs["stdin"]).toMatch(
            /interface web eth1: veth br-lan1-[0-9a-f]{5} host vc-web-[0-9a-f]{5} mac \S+ ipv4 192\.168\.40\.200\/24\n/,
        );
        expect(dependencies).toContain("lan1-vm1-commit");
    });

    test("containers do not join it by Docker, nor with the address of a host, nor on another host", async () => {
        const [vm1, vm2] = [host("vm1", 11), host("vm2", 12)];
        const on = flat(vm1);
        const says = (args: object) =>
            refusal(
                () => new ContainerAttachment("web", { host: vm1, containerName: "web", ...args }),
            );
        const addresses = ["192.168.40.11/24"];
        expect(says({ network: on })).toContain(
            'network: is the Bridge "lan1" with an uplink, and no network of Docker\'s: leave it out, and write interface: { name: "eth1", on: ..., addresses: [...] }',
        );
        expect(says({ interface: { name: "eth1", on, addresses } })).toContain(
            '"192.168.40.11/24" is the address of vm1: choose another',
        );
        expect(says({ host: vm2, interface: { name: "eth1", on, addresses } })).toContain(
            'the Bridge "lan1" is on vm1, not on vm2',
        );
        expect(
            says({ interface: { name: "eth1", on: "eth0", addresses: ["192.168.40.200/24"] } }),
        ).toContain('interface.on: "eth0" is the uplink of Bridge "lan1": write that Bridge');
        await resources();
    });
});

describe("outputs", () => {
    test("tell the network, and what it is on its host", async () => {
        const bridge = lan("lan1", host("vm1", 11));
        const vm1 = {
            network: "crosshost-demo-lan1",
            subnet: "10.60.0.0/24",
            gateway: "10.60.0.1",
            ipRange: "10.60.0.0/26",
        };
        expect(await valueOf(bridge.handle)).toEqual({
            cidr: "10.60.0.0/24",
            mtu: 1500,
            networks: { vm1 },
        });
        expect(await valueOf(bridge.cidr)).toBe("10.60.0.0/24");
        expect(await valueOf(bridge.mtu)).toBe(1500);
        expect(await valueOf(bridge.networks)).toEqual({ vm1 });
    });

    test("networkName makes what takes it wait for the network", async () => {
        const { networkName: name } = lan("lan1", host("vm1", 11));
        expect(await valueOf(name)).toBe("crosshost-demo-lan1");
        new Own("own", { name });
        expect((await resource("own")).dependencies).toEqual(["lan1-vm1"]);
    });
});

describe("attachments", () => {
    test("join it, after it was made", async () => {
        const vm1 = host("vm1", 11);
        const network = lan("lan1", vm1);
        new ContainerAttachment("api", { host: vm1, network, container: { image: "busybox" } });
        const { inputs } = await resource("api-container");
        expect(inputs["networksAdvanced"]).toMatchObject([{ name: "crosshost-demo-lan1" }]);
        expect((await waitsFor()).get("api-container")).toContain("lan1-vm1");
    });

    test("of another stack join it by its handle", async () => {
        const handle = await valueOf(lan("lan1", host("vm1", 11)).handle);
        await resources();
        await mockedStack({ stack: "guest" });
        new ContainerAttachment("visitor", {
            host: host("vm1", 11),
            network: pulumi.output(handle),
            container: { image: "busybox" },
        });
        const { inputs } = await resource("visitor-container");
        expect(inputs["networksAdvanced"]).toMatchObject([{ name: "crosshost-demo-lan1" }]);
    });

    test("on another host are refused", async () => {
        const network = lan("lan1", host("vm1", 11));
        const args = { host: host("vm2", 12), network, container: { image: "busybox" } };
        expect(refusal(() => new ContainerAttachment("api", args))).toContain(
            "host: vm2 is not one of the network's hosts, vm1: add it there",
        );
        await resources();
    });
});

describe("refused, before anything of it is registered", () => {
    async function refused(args: object, name = "lan1"): Promise<string[]> {
        const said = refusal(() => new Bridge(name, args as BridgeArgs));
        expect((await resources()).filter((one) => one.name.includes("lan1"))).toEqual([]);
        const [head, ...rest] = said.split("\n    ");
        expect(head).toBe(`Bridge "${name}" cannot be made:`);
        return rest;
    }

    test.each<[string, object, string[]]>([
        ["unknown key", { stp: true }, ["unknown argument stp"]],
        [
            "an uplink that is no name",
            { cidr: "192.168.40.0/24", uplink: "eth0@if4" },
            [
                'uplink: "eth0@if4" is not the name of a network interface, such as eth0: at most 15 letters, digits, _ . and -',
            ],
        ],
        [
            "what an uplink has no use for",
            {
                cidr: "192.168.40.0/24",
                uplink: "eth0",
                gateway: "192.168.40.1",
                ipRange: "192.168.40.0/26",
                mtu: 9000,
                dockerName: "lan",
            },
            [
                'gateway: "192.168.40.1" is the LAN\'s own with an uplink: leave it out, and write gateway in the interfaces of containers',
                'ipRange: "192.168.40.0/26" has no use with an uplink, where Docker gives out no addresses: leave it out',
                "mtu: 9000 is that of the NIC with an uplink: leave it out",
                'dockerName: "lan" has no use with an uplink, as there is no Docker network: leave it out',
            ],
        ],
        ["no host", { host: undefined }, ["host: is missing"]],
        [
            "host of something else",
            { host: {} },
            ["host: is not a Host made by this program with this version of the library"],
        ],
        [
            "host bits",
            { cidr: "10.60.0.1/24" },
            ['cidr: "10.60.0.1/24" has host bits set: write 10.60.0.0/24'],
        ],
        [
            "no room",
            { cidr: "10.60.0.0/29" },
            ['cidr: "10.60.0.0/29" must have a prefix length of 8 to 28'],
        ],
        [
            "host's own address inside",
            { cidr: "192.168.40.0/24" },
            [
                'cidr: "192.168.40.0/24" contains 192.168.40.11, the address at which vm1 is reached: choose another network',
            ],
        ],
        ["mtu out of range", { mtu: 575 }, ["mtu: 575 must be a whole number, 576 to 65535"]],
        [
            "gateway and range elsewhere",
            { gateway: "10.61.0.1", ipRange: "10.61.0.0/26" },
            [
                'gateway: "10.61.0.1" is not a host address of 10.60.0.0/24',
                'ipRange: "10.61.0.0/26" lies outside 10.60.0.0/24: choose a part of it, such as 10.60.0.0/26',
            ],
        ],
        [
            "gateway that is the broadcast address",
            { gateway: "10.60.0.255" },
            ['gateway: "10.60.0.255" is not a host address of 10.60.0.0/24'],
        ],
        [
            "range that leaves nothing",
            { ipRange: "10.60.0.0/24" },
            [
                'ipRange: "10.60.0.0/24" leaves no address for attachments: choose a part of 10.60.0.0/24, such as 10.60.0.0/26',
            ],
        ],
        [
            "a Docker name that is none",
            { dockerName: "my lan" },
            [
                'dockerName: "my lan" is not a Docker name: letters, digits, _ . and -, starting with a letter or digit',
            ],
        ],
    ])("%s", async (_, more, expected) => {
        const args = { host: host("vm1", 11), cidr: "10.60.0.0/24", ...more };
        expect(await refused(args)).toEqual(expected);
    });

    test("what other networks of the host have, each by its kind and name", async () => {
        const vm1 = host("vm1", 11);
        const backend = { vxlan: {} };
        new Overlay("lan", { hosts: [vm1], cidr: "10.60.0.0/16", backend });
        expect(await refused({ host: vm1, cidr: "10.60.9.0/24" }, "lan")).toEqual([
            'cidr: "10.60.9.0/24" overlaps the network of Overlay "lan" on vm1: choose another',
            'dockerName: Docker network "crosshost-demo-lan" on vm1 is already used by Overlay "lan": choose another',
        ]);
    });

    test("two ways into one LAN, which would be a loop", async () => {
        const vm1 = host("vm1", 11);
        const cidr = "192.168.40.0/24";
        new Macvlan("flat", {
            hosts: [vm1],
            parent: "eth0",
            subnet: cidr,
            gateway: "192.168.40.1",
            ipRange: "192.168.40.128/26",
        });
        expect(await refused({ host: vm1, cidr, uplink: "eth0" })).toEqual([
            'cidr: "192.168.40.0/24" overlaps the network of Macvlan "flat" on vm1: choose another',
            'uplink: the LAN behind eth0 on vm1 is already used by Macvlan "flat": choose another',
        ]);
    });

    test("a second uplink to the LAN, and the same NIC for another", async () => {
        const vm1 = host("vm1", 11);
        lan("first", vm1, { cidr: "192.168.40.0/24", uplink: "eth0" });
        expect(await refused({ host: vm1, cidr: "192.168.40.0/24", uplink: "eth1" })).toEqual([
            'cidr: "192.168.40.0/24" overlaps the network of Bridge "first" on vm1: choose another',
        ]);
        expect(
            await refused({ host: vm1, cidr: "192.168.41.0/24", uplink: "eth0" }, "lan1b"),
        ).toEqual([
            'uplink: the LAN behind eth0 on vm1 is already used by Bridge "first": choose another',
        ]);
    });

    test("nothing of what is on other hosts", async () => {
        lan("lan1", host("vm1", 11));
        lan("lan2", host("vm2", 12), { dockerName: "crosshost-demo-lan1" });
        expect(await made()).toHaveLength(4);
    });

    test("a host reached by name is none that could be checked", async () => {
        lan("lan1", new Host("vm1", { connection: connection("vm1.example") }));
        expect((await resource("lan1-vm1")).inputs["stdin"]).toContain("10.60.0.1/24");
    });
});
