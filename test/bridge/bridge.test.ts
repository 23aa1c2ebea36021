import * as pulumi from "@pulumi/pulumi";
import { Bridge, type BridgeArgs, ContainerAttachment, Host, Overlay } from "../../components";
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
        ["unknown key", { uplink: "eth0" }, ["unknown argument uplink"]],
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
