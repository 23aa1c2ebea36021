// What only shows at run time is refused as well. There, a refusal is a rejected promise that ends the
// program; here it is written down instead, so that a test can look at it.
import * as pulumi from "@pulumi/pulumi";
import { Bridge, ContainerAttachment, Host, Overlay } from "../../components";
import { probe } from "../../components/remote/probe";
import { type Problem } from "../../components/wire/problem";
import { answered, connection, host, HOST_KEY, PRIVATE_KEY } from "../support/builders";
import { mockedStack, resources } from "../support/mocks";

const mockRefused: string[] = [];
jest.mock("../../components/run/refuse", () => ({
    ...jest.requireActual<object>("../../components/run/refuse"),
    refuse: (_: string, name: string, problems: readonly Problem[]) => {
        mockRefused.push(...problems.map(({ path, message }) => `${name}: ${path}: ${message}`));
    },
}));
jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/resources/keyfiles", () => ({
    ...jest.requireActual<object>("../../components/resources/keyfiles"),
    sshOptions: () => [],
    writeKeyFiles: () => undefined,
}));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

const late = <T>(value: T) => Promise.resolve(value);

beforeEach(async () => {
    await mockedStack();
    jest.mocked(probe).mockResolvedValue(answered());
    mockRefused.length = 0;
});

test("a Host's connection and address", async () => {
    new Host("vm1", {
        connection: { host: "vm1", privateKey: PRIVATE_KEY, hostKey: late(PRIVATE_KEY) },
        address: late("vm1.example"),
    });
    expect(mockRefused).toEqual([]);
    await resources();
    expect(mockRefused.sort()).toEqual([
        'vm1: address: "vm1.example" is not an IPv4 address, such as 192.168.40.11',
        'vm1: connection.hostKey: is not a host key as in authorized_keys: "ssh-ed25519 AAAA...", without the host name',
    ]);
});

test("a Host's registry logins", async () => {
    const [address, username] = ["registry.example", "ci"];
    new Host("vm1", {
        connection: connection("vm1"),
        registryAuth: late([{ address, username, password: "hunter2", images: ["api:2"] }]),
    });
    new Host("vm2", {
        connection: connection("vm2"),
        registryAuth: [{ address: late(""), username, password: "hunter2" }],
    });
    expect(mockRefused).toEqual([]);
    await resources();
    expect(mockRefused.sort()).toEqual([
        "vm1: registryAuth[0]: unknown argument images",
        'vm2: registryAuth[0].address: "" is empty',
    ]);
});

test("an overlay's underlay", async () => {
    const at = (address: string) => ({
        ...connection("vm"),
        host: late(address),
        hostKey: HOST_KEY,
    });
    const members = [
        new Host("vm1", { connection: at("10.42.0.5") }),
        new Host("vm2", { connection: at("192.168.40.12") }),
        new Host("vm3", { connection: at("192.168.40.12") }),
    ];
    new Overlay("mesh", { hosts: members, cidr: "10.42.0.0/16", backend: { vxlan: {} } });
    expect(mockRefused).toEqual([]);
    await resources();
    expect(mockRefused).toEqual([
        'mesh: cidr: "10.42.0.0/16" contains 10.42.0.5, the address at which vm1 is reached: choose another network',
        "mesh: hosts: vm2 and vm3 have the same address, 192.168.40.12: each host needs its own",
    ]);
});

test("the address of a bridge's host", async () => {
    const to = { ...connection("vm"), host: late("10.60.0.11") };
    new Bridge("lan1", { host: new Host("vm1", { connection: to }), cidr: "10.60.0.0/24" });
    expect(mockRefused).toEqual([]);
    await resources();
    expect(mockRefused).toEqual([
        'lan1: cidr: "10.60.0.0/24" contains 10.60.0.11, the address at which vm1 is reached: choose another network',
    ]);
});

describe("attachments to another stack's network", () => {
    const networks = {
        vm1: {
            network: "mesh",
            subnet: "10.42.1.0/24",
            gateway: "10.42.1.1",
            ipRange: "10.42.1.0/26",
        },
    };
    const handle = pulumi.output({ cidr: "10.42.0.0/16", mtu: 1450, networks });
    const container = { image: "busybox" };

    test("that want the same address", async () => {
        const shared = { host: host("vm1", 11), network: handle, container };
        new ContainerAttachment("a", { ...shared, ipv4Address: "10.42.1.200" });
        new ContainerAttachment("b", { ...shared, ipv4Address: "10.42.1.200" });
        await resources();
        expect(mockRefused).toEqual([
            'b: ipv4Address: 10.42.1.200 is the address of "a": write ipv4Address: "10.42.1.64", which is free',
        ]);
    });

    test("that want an address outside of it", async () => {
        const shared = { host: host("vm1", 11), network: handle, container };
        new ContainerAttachment("a", { ...shared, ipv4Address: "10.42.1.1" });
        await resources();
        expect(mockRefused).toEqual([
            'a: ipv4Address: "10.42.1.1" is the gateway of 10.42.1.0/24: use 10.42.1.64 to 10.42.1.254',
        ]);
    });
});
