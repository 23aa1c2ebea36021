import * as pulumi from "@pulumi/pulumi";
import {
    Bridge,
    ContainerAttachment,
    type ContainerAttachmentArgs,
    type Host,
} from "../../components";
import { entriesHash, type ProbeResult } from "../../components/facts/observation";
import { probe } from "../../components/remote/probe";
import { type Problem } from "../../components/wire/problem";
import { answered, host, refusal } from "../support/builders";
import { made, mockedStack, resource, resources, valueOf } from "../support/mocks";

const mockRefused: string[] = [];
let mockRunning = false;
jest.mock("../../components/run/refuse", () => {
    const actual = jest.requireActual<{ refuse: (...args: unknown[]) => void }>(
        "../../components/run/refuse",
    );
    return {
        ...actual,
        /** At once, a refusal is thrown as it is; at run time it would end the tests. */
        refuse: (component: string, name: string, problems: readonly Problem[]) => {
            if (mockRunning) {
                mockRefused.push(...problems.map(({ path, message }) => `${path}: ${message}`));
            } else {
                actual.refuse(component, name, problems);
            }
        },
    };
});
jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/resources/keyfiles", () => ({
    ...jest.requireActual<object>("../../components/resources/keyfiles"),
    sshOptions: () => [],
    writeKeyFiles: () => undefined,
}));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

const IMAGE = "registry.example/api:1.4";
const FACTS = new Map([
    ["address", ["eth0 192.168.40.11/24 1500"]],
    ["docker", ["26.1.5"]],
    [
        "container",
        ["vpn running bridge id 7f2a mark  ports", "old exited bridge id 11 mark  ports"],
    ],
]);
const API = "seen: t0\nowner: crosshost/demo api-vm1 0e0fca80\n";
const SIDE = "seen: t0\nowner: crosshost/demo side-vm1 478c1878\n";
const WATCH = "watch containers: attach on start\n";

beforeEach(async () => {
    await mockedStack();
    mockRefused.length = 0;
    mockRunning = false;
    jest.mocked(probe).mockResolvedValue(answered({ facts: FACTS }));
});

/** Nothing is under way when the next test begins. */
afterEach(async () => {
    await resources();
});

function created(
    name: string,
    vm: Host,
    mode: ContainerAttachmentArgs["mode"],
    more: Partial<ContainerAttachmentArgs> = {},
): ContainerAttachment {
    const args = { host: vm, mode, container: { image: IMAGE }, ...more };
    return new ContainerAttachment(name, args);
}

function web(vm1: Host): ContainerAttachment {
    const network = new Bridge("lan1", { host: vm1, cidr: "10.60.0.0/24" });
    const container = { image: IMAGE, name: "web" };
    return new ContainerAttachment("web", { host: vm1, network, container });
}

describe.each(["none", "host", "bridge"] as const)("mode %s", (mode) => {
    test("is the container's mode, and an entry that tells another", async () => {
        const api = created("api", host("vm1", 11), mode);
        expect((await made()).map(({ name }) => name).sort()).toEqual(
            ["vm1-converger", "vm1-docker", "vm1-keys", "api-container", "api-vm1"].sort(),
        );
        const { inputs } = await resource("api-container");
        expect(inputs).toMatchObject({ name: "crosshost-demo-api", networkMode: mode });
        expect(inputs).not.toHaveProperty("networksAdvanced");
        const unit = await resource("api-vm1");
        expect(unit.inputs["stdin"]).toBe(
            `docker container crosshost-demo-api: mode ${mode}\n${API}`,
        );
        expect(unit.dependencies).toContain("api-container");
        expect(await valueOf(api.networkName)).toBe(mode);
        expect(await valueOf(api.ipv4Address)).toBe(mode === "host" ? "192.168.40.11" : "");
    });
});

describe("mode { container } of an attachment", () => {
    test("is by the other's id, after it, and followed by the host's watch", async () => {
        const vm1 = host("vm1", 11);
        const side = created(
            "side",
            vm1,
            { container: web(vm1) },
            {
                container: { image: IMAGE, name: "side" },
            },
        );
        const { inputs, dependencies } = await resource("side-container");
        expect(inputs["networkMode"]).toBe("container:web-container-id");
        expect(dependencies).toEqual(expect.arrayContaining(["web-container", "web-vm1"]));
        const unit = await resource("side-vm1");
        expect(unit.inputs["stdin"]).toBe(
            `docker container side web: mode container\n${WATCH}${SIDE}`,
        );
        expect(await valueOf(side.ipv4Address)).toMatch(/^10\.60\.0\./);
        expect(await valueOf(side.networkName)).toBe("crosshost-demo-lan1");
    });

    test("is by the id that the host tells, where that one exists already", async () => {
        const vm1 = host("vm1", 11);
        const network = new Bridge("lan1", { host: vm1, cidr: "10.60.0.0/24" });
        const args = { host: vm1, network, containerName: "vpn" };
        created("side", vm1, { container: new ContainerAttachment("vpn", args) });
        expect((await resource("side-container")).inputs["networkMode"]).toBe("container:7f2a");
    });
});

describe("mode { container } by name", () => {
    async function networkMode(other: pulumi.Input<string>): Promise<unknown> {
        created("side", host("vm1", 11), { container: other });
        return (await resource("side-container")).inputs["networkMode"];
    }

    test("is by the id that the host tells: another, when somebody made that one anew", async () => {
        expect(await networkMode("vpn")).toBe("container:7f2a");
        expect(await networkMode(pulumi.output("vpn"))).toBe("container:7f2a");
    });

    test("is by the resource's id, where this program makes it", async () => {
        const vm1 = host("vm1", 11);
        const { containerName } = web(vm1);
        created("a", vm1, { container: "web" });
        created("b", vm1, { container: containerName });
        for (const name of ["a-container", "b-container"]) {
            const { inputs } = await resource(name);
            expect(inputs["networkMode"]).toBe("container:web-container-id");
        }
    });

    test("is by name where that one is not there yet", async () => {
        expect(await networkMode("later")).toBe("container:later");
    });

    test("stays as it is in a preview that cannot ask the host", async () => {
        await mockedStack({ preview: true });
        const unreachable: ProbeResult = { status: "unreachable", reason: "down" };
        jest.mocked(probe).mockResolvedValue(unreachable);
        created("side", host("vm1", 11), { container: "vpn" });
        const { transforms, replacementTrigger } = await resource("side-container");
        const opts = {};
        const [changed] = await Promise.all(
            transforms.map(async (transform) =>
                transform({ custom: true, type: "", name: "", props: {}, opts }),
            ),
        );
        expect(changed?.opts.ignoreChanges).toEqual(["networkMode", "networksAdvanced"]);
        // Nobody knows which machine it is, so the engine is not to compare.
        expect(replacementTrigger).toBeNull();
    });

    async function previewed(other: string, hash?: string): Promise<string[]> {
        await mockedStack({ preview: true });
        const units = new Map(
            hash === undefined ? [] : [["attachment-side", { hash, said: [], drift: [] }]],
        );
        jest.mocked(probe).mockResolvedValue(answered({ facts: FACTS, units }));
        created("side", host("vm1", 11), { container: other });
        mockRunning = true;
        await resources();
        return mockRefused;
    }

    test("has to be there in a preview that would make it", async () => {
        expect(await previewed("vnp")).toEqual([
            'mode.container: "vnp" is not a container on vm1, which has old, vpn: start it first; if this program creates it, write mode: { container: ATTACHMENT }, or an output of it',
        ]);
    });

    test("has to run", async () => {
        expect(await previewed("old")).toEqual([
            'mode.container: "old" is not running on vm1 (exited), and Docker can only join a running container: docker start old',
        ]);
        mockRefused.length = 0;
        expect(await previewed("vpn")).toEqual([]);
    });

    test("may be stopped later", async () => {
        const text = `docker container crosshost-demo-side old: mode container\n${WATCH}`;
        expect(await previewed("old", entriesHash(text))).toEqual([]);
    });
});

describe("refused", () => {
    function refused(args: object): string[] {
        const vm1 = host("vm1", 11);
        const all = { host: vm1, container: { image: IMAGE }, ...args } as ContainerAttachmentArgs;
        const [, ...problems] = refusal(() => new ContainerAttachment("api", all)).split("\n    ");
        return problems;
    }
    const noPorts = 'a container with mode "none" is reached by nobody';
    const container = { image: IMAGE, ports: [{ internal: 80, external: 8080 }] };
    const there = "belongs to the other container: set it there";
    const they = "belong to the other container: set them there";

    test.each<[string, object, string[]]>([
        [
            "no mode of Docker's",
            { mode: "hots" },
            ['mode: "hots" is not a mode: "none", "host", "bridge", or { container: other }'],
        ],
        [
            "no name of a container",
            { mode: { container: "a b" } },
            [
                'mode.container: "a b" is not a Docker name: letters, digits, _ . and -, starting with a letter or digit',
            ],
        ],
        [
            "no attachment",
            { mode: { container: {} } },
            [
                "mode.container: is neither a ContainerAttachment of this program nor a container's name",
            ],
        ],
        [
            "another word",
            { mode: { contaner: "x" } },
            ["mode.container: is missing", "mode: unknown argument contaner"],
        ],
        [
            "itself",
            { mode: { container: "crosshost-demo-api" } },
            ['mode.container: "crosshost-demo-api" is this container itself'],
        ],
        [
            "an address and names",
            { mode: "bridge", ipv4Address: "10.0.0.1", aliases: ["a"], defaultRoute: true },
            [
                'ipv4Address: belongs to a network, and mode "bridge" has none: leave it out, or write network instead of mode',
                'defaultRoute: belongs to a network, and mode "bridge" has none: leave it out, or write network instead of mode',
                'aliases: belongs to a network, and mode "bridge" has none: leave it out, or write network instead of mode',
            ],
        ],
        [
            "a container that exists",
            { mode: "host", container: undefined, containerName: "db" },
            [
                "containerName: names an existing container, and Docker cannot change the network mode of one: write container: { ... } to create one, or network to connect this one",
            ],
        ],
        [
            "ports with none",
            { mode: "none", container: { ...container, publishAllPorts: true } },
            ["ports", "publishAllPorts"].map(
                (field) =>
                    `container.${field}: ${noPorts}: leave them out, or write mode: "bridge"`,
            ),
        ],
        [
            "ports with host",
            { mode: "host", container },
            [
                'container.ports: a container with mode "host" publishes nothing, as it has the host\'s own ports: say which in listens',
            ],
        ],
        [
            "what is the other container's",
            {
                mode: { container: "vpn" },
                container: {
                    ...container,
                    hostname: "a",
                    domainname: "b",
                    dns: ["1.1.1.1"],
                    dnsOpts: ["c"],
                    dnsSearches: ["d"],
                    hosts: [{ host: "e", ip: "10.0.0.1" }],
                },
            },
            [
                "container.ports: belong to the other container: publish them there",
                `container.hostname: ${there}`,
                `container.domainname: ${there}`,
                `container.dns: ${there}`,
                `container.dnsOpts: ${they}`,
                `container.dnsSearches: ${they}`,
                `container.hosts: ${they}`,
            ],
        ],
        [
            "listens without the host's network",
            { mode: "bridge", listens: [80] },
            [
                'listens: only applies to mode "host": other containers publish ports with container.ports',
            ],
        ],
        [
            "a port that is none",
            { mode: "host", listens: [0, { port: 80, protocol: "sctp" }] },
            [
                "listens[0]: 0 must be a whole number, 1 to 65535",
                "listens[1]: is not a port: write a number, 1 to 65535, or { port, protocol, ip }",
            ],
        ],
        [
            "two places",
            { mode: "host", network: {} },
            ["needs exactly one of network, mode or interface"],
        ],
    ])("%s", (_, args, expected) => {
        expect(refused(args).sort()).toEqual([...expected].sort());
    });

    test("an empty list of ports is none", () => {
        created("api", host("vm1", 11), "host", {
            container: { image: IMAGE, ports: [], publishAllPorts: false },
        });
    });

    test("the network of a container on another host", () => {
        const other = created("web", host("vm2", 12), "none");
        expect(refused({ mode: { container: other } })).toEqual([
            "mode.container: is a container on vm2, but this one is for vm1: only containers on the same host can share a network",
        ]);
    });

    test("a port that another attachment of the host has, published or listened on", () => {
        const vm1 = host("vm1", 11);
        created("web", vm1, "host", { listens: [80, { port: 53, protocol: "udp" }] });
        const said = refusal(() =>
            created("api", vm1, "bridge", {
                container: {
                    image: IMAGE,
                    ports: [
                        { internal: 1, external: 81 },
                        { internal: 1, external: 80, ip: "127.0.0.1" },
                    ],
                },
            }),
        );
        expect(said.split("\n    ").slice(1)).toEqual([
            'container.ports[1].external: 80/tcp of vm1 is already used by "web": choose another',
        ]);
        const listens = [{ port: 53, protocol: "udp" as const, ip: "127.0.0.1" }];
        expect(refusal(() => created("dns", vm1, "host", { listens }))).toContain(
            'listens[0]: 53/udp of vm1 is already used by "web": choose another',
        );
    });
});
