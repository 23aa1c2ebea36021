import * as pulumi from "@pulumi/pulumi";
import { ContainerAttachment, type ContainerAttachmentArgs, Host, Overlay } from "../../components";
import { probe } from "../../components/remote/probe";
import { answered, host, HOST_KEY, hosts, refusal } from "../support/builders";
import {
    Machine,
    made,
    mockedStack,
    resource,
    resources,
    UNKNOWN,
    valueOf,
    waitsFor,
} from "../support/mocks";

jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/resources/keyfiles", () => ({
    ...jest.requireActual<object>("../../components/resources/keyfiles"),
    sshOptions: () => ["-o", "IdentityFile=~/key"],
    writeKeyFiles: () => undefined,
}));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

const STACK = "crosshost-demo-79f8e4";
const IMAGE = "registry.example/api:1.4";

beforeEach(async () => {
    await mockedStack();
    const facts = new Map([
        ["address", ["eth0 192.168.40.11/24 1500"]],
        ["machine", ["a9d2f04e8b1c4f6e8f3b5c7d9e0f1a2b"]],
    ]);
    jest.mocked(probe).mockResolvedValue(answered({ facts }));
});

function meshOn(members: Host[]): Overlay {
    const backend = { vxlan: {} };
    return new Overlay("mesh", { hosts: members, cidr: "10.42.0.0/16", backend });
}

function oneHost(): { vm1: Host; mesh: Overlay } {
    const vm1 = host("vm1", 11);
    return { vm1, mesh: meshOn([vm1]) };
}

test("no container is created over a password: refused before anything of it is registered", async () => {
    const { SSH_AUTH_SOCK: _agent, ...env } = process.env;
    const without = jest.replaceProperty(process, "env", env);
    const connection = { host: "192.168.40.11", password: "hunter2", hostKey: HOST_KEY };
    const vm1 = new Host("vm1", { connection });
    const mesh = meshOn([vm1]);
    const wanted = { host: vm1, network: mesh, container: { image: IMAGE } };
    const said = refusal(() => new ContainerAttachment("api", wanted));
    without.restore();
    expect(said).toMatch(
        /^ContainerAttachment "api" cannot be made:\n {4}host: vm1: containers are/,
    );
    expect(said).not.toContain("hunter2");
    const there = { host: vm1, network: mesh, containerName: "postgres" };
    expect(() => new ContainerAttachment("db", there)).not.toThrow();
    expect((await resources()).map(({ name }) => name)).not.toContain("api");
});

describe("an attachment registers", () => {
    test("a container and its endpoint's command, and the host's provider once", async () => {
        const { vm1, mesh } = oneHost();
        const container = { image: IMAGE };
        new ContainerAttachment("api", { host: vm1, network: mesh, container });
        new ContainerAttachment("web", { host: vm1, network: mesh, container });
        const all = (await made()).map(({ type, name, parent }) => [type, name, parent]);
        expect(all.sort()).toEqual(
            [
                ["command:remote:Command", "vm1-converger", "vm1"],
                ["command:remote:Command", "mesh-vm1", "mesh"],
                ["command:local:Command", "vm1-keys", "vm1"],
                ["pulumi:providers:docker", "vm1-docker", "vm1"],
                ["docker:index/container:Container", "api-container", "api"],
                ["command:remote:Command", "api-vm1", "api"],
                ["docker:index/container:Container", "web-container", "web"],
                ["command:remote:Command", "web-vm1", "web"],
            ].sort(),
        );
    });

    test("the container with these inputs and options", async () => {
        const { vm1, mesh } = oneHost();
        new ContainerAttachment("api", {
            host: vm1,
            network: mesh,
            ipv4Address: "10.42.1.200",
            aliases: ["api", "www"],
            container: {
                image: IMAGE,
                restart: "unless-stopped",
                ports: [{ internal: 80, external: 8080 }],
                envs: [pulumi.secret("TOKEN=x")],
                labels: [{ label: "team", value: "a" }],
            },
        });
        const { inputs, ...options } = await resource("api-container");
        expect(inputs).toMatchObject({
            image: IMAGE,
            name: "crosshost-demo-api",
            restart: "unless-stopped",
            ports: [{ internal: 80, external: 8080 }],
            envs: ["TOKEN=x"],
            labels: [
                { label: "team", value: "a" },
                { label: "crosshost", value: `${STACK}:attachment-api` },
            ],
            networksAdvanced: [
                {
                    name: "crosshost-demo-mesh",
                    aliases: ["api", "www"],
                    ipv4Address: "10.42.1.200",
                },
            ],
        });
        expect(options).toMatchObject({
            secrets: ["envs"],
            parent: "api",
            provider: "vm1-docker",
            deletedWith: undefined,
            replacementTrigger: "400eb4bb1d048a0a", // of the machine: on another it may have the same arguments
            deleteBeforeReplace: true,
        });
        expect([...options.dependencies].sort()).toEqual(["mesh-vm1"]);
    });

    test("a command that holds the endpoint, after the container", async () => {
        const { vm1, mesh } = oneHost();
        const aliases = ["api", "www"];
        const ipv4Address = "10.42.1.200";
        const container = { image: IMAGE, name: "api" };
        new ContainerAttachment("api", {
            host: vm1,
            network: mesh,
            ipv4Address,
            aliases,
            container,
        });
        const command = await resource("api-vm1");
        expect(command.inputs["stdin"]).toBe(
            "docker endpoint api crosshost-demo-mesh: ipv4 10.42.1.200 alias api alias www\n" +
                "seen: t0\nowner: crosshost/demo api-vm1 0e0fca80\n",
        );
        expect(command.secrets).toEqual(["connection"]);
        expect([...command.dependencies].sort()).toEqual(["api-container", "mesh-vm1"]);
    });

    test("a provider that logs in as the host does, its registries' passwords secret", async () => {
        const registryAuth = [{ address: "r.example", username: "u", password: "hunter2" }];
        const vm1 = host("vm1", 11, { registryAuth });
        expect(vm1.dockerProvider).toBe(vm1.dockerProvider);
        const provider = await resource("vm1-docker");
        expect(provider.inputs).toMatchObject({
            host: "ssh://root@192.168.40.11:22/run/docker.sock",
            sshOpts: JSON.stringify(["-o", "IdentityFile=~/key"]),
            context: "",
        });
        expect(provider.secrets).toEqual(["registryAuth"]);
        expect(JSON.stringify(provider.inputs["registryAuth"])).toContain("hunter2");
    });

    test("at most three resources for a host, and none that waits for another host's", async () => {
        const members = hosts(3);
        const mesh = meshOn(members);
        for (const [at, vm] of members.entries()) {
            const container = { image: IMAGE };
            const name = `app-vm${at + 1}`;
            new ContainerAttachment(name, { host: vm, network: mesh, container });
        }
        const [ofHost, ofOverlay, ofAttachment] = [3, 1, 2];
        const names = 1; // of containers on other hosts: one command for all networks
        expect(await made()).toHaveLength(3 * (ofHost + ofOverlay + ofAttachment + names));
        const hostOf = (name: string) => /vm\d/.exec(name)?.[0];
        for (const [name, others] of await waitsFor()) {
            expect([...others].filter((other) => hostOf(other) !== hostOf(name))).toEqual([]);
        }
    });
});

describe("outputs", () => {
    test("tell the container and its place", async () => {
        const { vm1, mesh } = oneHost();
        const api = new ContainerAttachment("api", {
            host: vm1,
            network: mesh,
            container: { image: IMAGE },
        });
        expect(await valueOf(api.containerName)).toBe("crosshost-demo-api");
        expect(await valueOf(api.containerId)).toBe("api-container-id");
        expect(await valueOf(api.ipv4Address)).toBe("10.42.1.251");
        expect(await valueOf(api.networkName)).toBe("crosshost-demo-mesh");
    });
});

describe("another stack's network", () => {
    const networks = {
        vm1: {
            network: "crosshost-demo-mesh",
            subnet: "10.42.1.0/24",
            gateway: "10.42.1.1",
            ipRange: "10.42.1.0/26",
        },
    };
    const handle = { cidr: "10.42.0.0/16", mtu: 1450, networks };

    test("is joined as it was exported", async () => {
        await mockedStack({ stack: "guest" });
        new ContainerAttachment("visitor", {
            host: host("vm1", 11),
            network: pulumi.output(handle),
            container: { image: IMAGE },
        });
        const { inputs, dependencies } = await resource("visitor-container");
        expect(inputs["networksAdvanced"]).toMatchObject([{ name: "crosshost-demo-mesh" }]);
        expect([...dependencies].sort()).toEqual(["vm1-converger"]);
    });

    test("is not known in a preview before that stack is there", async () => {
        await mockedStack({ stack: "guest", preview: true });
        const owner = new Machine("owner");
        const network = owner.address.apply(() => handle);
        const container = { image: IMAGE };
        new ContainerAttachment("visitor", { host: host("vm1", 11), network, container });
        expect((await resource("visitor-vm1")).inputs["stdin"]).toEqual(UNKNOWN);
        const { networksAdvanced } = (await resource("visitor-container")).inputs;
        expect(networksAdvanced).toMatchObject([{ name: UNKNOWN, ipv4Address: UNKNOWN }]);
    });
});

describe("refused, before anything of it is registered", () => {
    async function refused(name: string, args: object): Promise<string[]> {
        const before = (await resources()).length;
        const said = refusal(() => new ContainerAttachment(name, args as ContainerAttachmentArgs));
        expect(await resources()).toHaveLength(before);
        const [head, ...rest] = said.split("\n    ");
        expect(head).toBe(`ContainerAttachment "${name}" cannot be made:`);
        return rest;
    }

    test.each<[string, object, string[]]>([
        ["unknown key", { alias: "x" }, ["unknown argument alias"]],
        ["no host", { host: undefined }, ["host: is missing"]],
        [
            "host of something else",
            { host: {} },
            ["host: is not a Host made by this program with this version of the library"],
        ],
        [
            "no network",
            { network: "mesh" },
            ['network: "mesh" is not a network, such as an Overlay'],
        ],
        ["no place", { network: undefined }, ["needs exactly one of network, mode or interface"]],
        [
            "no address",
            { ipv4Address: "10.42.1" },
            ['ipv4Address: "10.42.1" is not an IPv4 address, such as 192.168.40.11'],
        ],
        [
            "address outside the subnet",
            { ipv4Address: "10.42.2.200" },
            [
                'ipv4Address: "10.42.2.200" lies outside 10.42.1.0/24, the host\'s part of the network: use 10.42.1.64 to 10.42.1.254',
            ],
        ],
        [
            "gateway's address",
            { ipv4Address: "10.42.1.1" },
            [
                'ipv4Address: "10.42.1.1" is the gateway of 10.42.1.0/24: use 10.42.1.64 to 10.42.1.254',
            ],
        ],
        [
            "address of Docker's part",
            { ipv4Address: "10.42.1.9" },
            [
                'ipv4Address: "10.42.1.9" lies in 10.42.1.0/26, which Docker gives out by itself: use 10.42.1.64 to 10.42.1.254',
            ],
        ],
        [
            "address taken",
            { ipv4Address: "10.42.1.222" },
            [
                'ipv4Address: 10.42.1.222 is the address of "db": write ipv4Address: "10.42.1.64", which is free',
            ],
        ],
        [
            "alias that is no name",
            { aliases: ["ok", "not ok"] },
            [
                'aliases[1]: "not ok" is not a host name: letters, digits, _ and -, with dots in between',
            ],
        ],
        ["no image", { container: {} }, ["container.image: is missing"]],
        [
            "the attachment's own arguments",
            { container: { image: IMAGE, networksAdvanced: [], networkMode: "host" } },
            [
                "container.networksAdvanced: is set by the attachment: use the attachment's network, ipv4Address and aliases",
                'container.networkMode: "host" is set by the attachment: use the attachment\'s network, or its mode',
            ],
        ],
        [
            "port out of range",
            { container: { image: IMAGE, ports: [{ internal: 80, external: 65_536 }] } },
            ["container.ports[0].external: 65536 must be a whole number, 1 to 65535"],
        ],
        [
            "port of the host taken",
            {
                container: {
                    image: IMAGE,
                    ports: [
                        { internal: 80, external: 8081 },
                        { internal: 80, external: 8080, ip: "127.0.0.1" },
                    ],
                },
            },
            [
                'container.ports[1].external: 8080/tcp of vm1 is already used by "db": choose another',
            ],
        ],
        [
            "container name taken",
            { container: { image: IMAGE, name: "postgres" } },
            ['container.name: "postgres" is already the container of "db" on vm1'],
        ],
        [
            "many mistakes at once",
            {
                ipv4Address: "10.42.1.222",
                container: {
                    image: IMAGE,
                    name: "postgres",
                    ports: [{ internal: 80, external: 8080 }],
                },
            },
            [
                'container.ports[0].external: 8080/tcp of vm1 is already used by "db": choose another',
                'container.name: "postgres" is already the container of "db" on vm1',
                'ipv4Address: 10.42.1.222 is the address of "db": write ipv4Address: "10.42.1.64", which is free',
            ],
        ],
    ])("%s", async (_, more, expected) => {
        const { vm1, mesh } = oneHost();
        new ContainerAttachment("db", {
            host: vm1,
            network: mesh,
            ipv4Address: "10.42.1.222",
            container: {
                image: IMAGE,
                name: "postgres",
                ports: [{ internal: 80, external: 8080 }],
            },
        });
        const args = { host: vm1, network: mesh, container: { image: IMAGE }, ...more };
        expect(await refused("api", args)).toEqual(expected);
    });

    test("a host that the network does not span", async () => {
        const { mesh } = oneHost();
        const args = { host: host("vm2", 12), network: mesh, container: { image: IMAGE } };
        expect(await refused("api", args)).toEqual([
            "host: vm2 is not one of the network's hosts, vm1: add it there",
        ]);
    });

    test("a logical name that cannot be the alias", async () => {
        const { vm1, mesh } = oneHost();
        const args = { host: vm1, network: mesh, container: { image: IMAGE } };
        expect(await refused("api #1", args)).toEqual([
            'aliases: "api #1", the logical name, is not a host name: set aliases: ["..."], or []',
        ]);
    });

    test("a port that is not known yet is left to Docker", async () => {
        const { vm1, mesh } = oneHost();
        const ports = [{ internal: 80, external: pulumi.output(8080) }];
        for (const name of ["a", "b"]) {
            const container = { image: IMAGE, ports };
            new ContainerAttachment(name, { host: vm1, network: mesh, container });
        }
        expect(await made()).toHaveLength(8);
    });
});
