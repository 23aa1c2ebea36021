import * as pulumi from "@pulumi/pulumi";
import {
    Bridge,
    ContainerAttachment,
    type ContainerAttachmentArgs,
    type Host,
} from "../../components";
import { containerProblems } from "../../components/attachment/existing";
import { entriesHash } from "../../components/facts/observation";
import { probe } from "../../components/remote/probe";
import { type Problem } from "../../components/wire/problem";
import { answered, host, refusal } from "../support/builders";
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

const mockRefused: string[] = [];
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
let mockRunning = false;
jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/resources/keyfiles", () => ({
    ...jest.requireActual<object>("../../components/resources/keyfiles"),
    sshOptions: () => [],
    writeKeyFiles: () => undefined,
}));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

const ENTRY =
    "docker endpoint postgres crosshost-demo-lan1: ipv4 10.60.0.200 alias db\nwatch containers: attach on start\n";
const OWNER = "owner: crosshost/demo db-vm1 02224bea\n";
const FACTS = new Map([
    ["address", ["eth0 192.168.40.11/24 1500"]],
    ["docker", ["26.1.5"]],
    ["container", ["web running bridge", "api exited app_default", "dns running host"]],
]);

beforeEach(async () => {
    await mockedStack();
    mockRefused.length = 0;
    mockRunning = false;
    jest.mocked(probe).mockResolvedValue(answered({ facts: FACTS }));
});

function oneBridge(): { vm1: Host; lan1: Bridge } {
    const vm1 = host("vm1", 11);
    return { vm1, lan1: new Bridge("lan1", { host: vm1, cidr: "10.60.0.0/24" }) };
}

function attach(args: Partial<ContainerAttachmentArgs>, opts?: pulumi.ComponentResourceOptions) {
    const { vm1, lan1 } = oneBridge();
    const where = { host: vm1, network: lan1, ipv4Address: "10.60.0.200" };
    return new ContainerAttachment("db", { ...where, ...args }, opts);
}

/** The problems that a preview of this attachment ends with. */
async function previewed(
    containerName: pulumi.Input<string>,
    opts?: pulumi.ComponentResourceOptions,
): Promise<string[]> {
    attach({ containerName }, opts);
    mockRunning = true;
    await resources();
    return mockRefused;
}

class Own extends pulumi.CustomResource {
    declare readonly name: pulumi.Output<string>;

    constructor(logicalName: string, name: string) {
        super("test:index:Own", logicalName, { name });
    }
}

describe("an attachment of a container that exists registers", () => {
    test("one command, and neither container nor provider", async () => {
        attach({ containerName: "postgres" });
        expect((await made()).map(({ name }) => name)).toEqual([
            "vm1-converger",
            "lan1-vm1",
            "db-vm1",
        ]);
        const { inputs, dependencies } = await resource("db-vm1");
        expect(inputs["stdin"]).toBe(`${ENTRY}seen: t0\n${OWNER}`);
        expect(dependencies).toEqual(["lan1-vm1"]);
    });

    test("what it puts out: no id, which changes when the container is made anew", async () => {
        const db = attach({ containerName: "postgres" });
        expect(await valueOf(db.containerName)).toBe("postgres");
        expect(await valueOf(db.containerId)).toBeUndefined();
        expect(await valueOf(db.ipv4Address)).toBe("10.60.0.200");
        expect(await valueOf(db.networkName)).toBe("crosshost-demo-lan1");
        await resources();
    });
});

describe("a container of the same program", () => {
    const again = /^made: ([0-9a-f]{16})\n$/m;

    test("is waited for, and joined again when it is made anew", async () => {
        const container = new Own("own", "postgres");
        attach({ containerName: container.name });
        const { inputs } = await resource("db-vm1");
        const id = entriesHash("own-id");
        expect(inputs["stdin"]).toBe(`${ENTRY}seen: t0\n${OWNER}made: ${id}\n`);
        expect((await waitsFor()).get("db-vm1")).toContain("own");
    });

    test("may be said by dependsOn as well", async () => {
        attach({ containerName: "postgres" }, { dependsOn: new Own("own", "postgres") });
        const { inputs } = await resource("db-vm1");
        expect(inputs["stdin"]).toMatch(again);
        expect((await waitsFor()).get("db-vm1")).toContain("own");
    });

    test("may be that of another attachment, by its output or its name", async () => {
        const { vm1, lan1 } = oneBridge();
        const lan2 = new Bridge("lan2", { host: vm1, cidr: "10.61.0.0/24" });
        const lan3 = new Bridge("lan3", { host: vm1, cidr: "10.62.0.0/24" });
        const container = { image: "busybox", name: "app" };
        const first = new ContainerAttachment("app", { host: vm1, network: lan1, container });
        const { containerName } = first;
        new ContainerAttachment("app2", { host: vm1, network: lan2, containerName });
        new ContainerAttachment("app3", { host: vm1, network: lan3, containerName: "app" });
        for (const name of ["app2-vm1", "app3-vm1"]) {
            const { inputs } = await resource(name);
            expect(again.exec(String(inputs["stdin"]))?.[1]).toBe(entriesHash("app-container-id"));
            expect((await waitsFor()).get(name)).toContain("app-container");
        }
    });

    test("that was not made anew is no difference, one that was is one", async () => {
        const id = entriesHash("own-id");
        for (const said of [[`made: ${id}`], ["made: 0123456789abcdef"], []]) {
            await mockedStack();
            const unit = { hash: entriesHash(ENTRY), said: ["seen: a1", ...said], drift: [] };
            const units = new Map([["attachment-db", unit]]);
            jest.mocked(probe).mockResolvedValue(answered({ facts: FACTS, units }));
            attach({ containerName: new Own("own", "postgres").name });
            const { inputs } = await resource("db-vm1");
            expect(inputs["stdin"]).toBe(`${ENTRY}seen: a1\n${OWNER}made: ${id}\n`);
        }
    });
});

describe("a preview", () => {
    beforeEach(() => mockedStack({ preview: true }));

    const absent =
        'containerName: "postgres" is not a container on vm1, which has api, dns, web: start it first; if this program creates it, write containerName: container.name, or dependsOn';

    test("refuses a container that is not there", async () => {
        expect(await previewed("postgres")).toEqual([absent]);
    });

    const ID = "3f2ac0ffee9d" + "0".repeat(52);

    test.each([
        [
            ID.slice(0, 12),
            'is the id of the container "web" on vm1, which changes when that is recreated: write its name',
        ],
        [ID, "is the id of the container"],
        ["3f2a", "is not a container on vm1"],
    ])("refuses an id in place of a name, and says whose it is: %s", async (given, told) => {
        const facts = new Map([...FACTS, ["container", [`web running =mesh id ${ID} mark ports`]]]);
        jest.mocked(probe).mockResolvedValue(answered({ facts }));
        expect(await previewed(given)).toEqual([
            expect.stringContaining(`containerName: "${given}" ${told}`),
        ]);
    });

    test.each(["web", "api"])("takes one that is, running or not: %s", async (name) => {
        expect(await previewed(name)).toEqual([]);
    });

    test("takes one that the same run may make", async () => {
        expect(await previewed(pulumi.output("postgres"))).toEqual([]);
        const dependsOn = new Own("own", "postgres");
        expect(await previewed("postgres", { dependsOn })).toEqual([]);
    });

    test("of a run that makes it shows that the place will be known later", async () => {
        expect(await previewed(new Machine("vm").address)).toEqual([]);
        expect((await resource("db-vm1")).inputs["stdin"]).toEqual(UNKNOWN);
    });

    test("is not stopped by one that was connected and is gone for now", async () => {
        const unit = { hash: entriesHash(ENTRY), said: [], drift: [] };
        const units = new Map([["attachment-db", unit]]);
        jest.mocked(probe).mockResolvedValue(answered({ facts: FACTS, units }));
        expect(await previewed("postgres")).toEqual([]);
    });

    test("cannot know of a host that does not answer", async () => {
        jest.mocked(probe).mockResolvedValue({ status: "unreachable", reason: "x" });
        jest.spyOn(console, "warn").mockReturnValue();
        expect(await previewed("postgres")).toEqual([]);
    });
});

test("an up leaves it to the host, which knows best", async () => {
    expect(await previewed("postgres")).toEqual([]);
});

test("a late name that is none is refused as well", async () => {
    expect(await previewed(pulumi.output("no name"))).toEqual([
        'containerName: "no name" is not a Docker name: letters, digits, _ . and -, starting with a letter or digit',
    ]);
});

describe("what a host tells of its containers", () => {
    const told = (facts: [string, string[]][], container = "postgres") =>
        containerProblems(container, "vm1", new Map(facts)).map(({ message }) => message);

    test("those that can be in no network", () => {
        const because =
            "and Docker cannot connect such a container to a network: recreate it with another network mode";
        expect(told([...FACTS], "dns")).toEqual([`"dns" uses the host's network, ${because}`]);
        const none: [string, string[]] = ["container", ["lone running none"]];
        expect(told([["docker", ["28.0.1"]], none], "lone")).toEqual([
            `"lone" runs with --network none, ${because}`,
        ]);
    });

    test.each([
        [
            "side running container:4f2a id 1 mark ports",
            '"side" uses the network of another container and has none of its own: use "web" instead',
        ],
        [
            "side exited container:gone id 1 mark ports",
            '"side" uses the network of another container and has none of its own: recreate it with another network mode',
        ],
        [
            "side removing - id 1 mark ports",
            '"side" is being removed (removing): docker rm -f it, and recreate it',
        ],
    ])("one that nobody can connect: %s", (fact, text) => {
        const facts: [string, string[]][] = [
            ["docker", ["28.0.1"]],
            ["container", [fact, "web running bridge id 4f2a mark ports"]],
        ];
        expect(told(facts, "side")).toEqual([text]);
    });

    test("one that has left all networks may join another", () => {
        const apart: [string, string[]] = ["container", ["apart running - id 1 mark ports"]];
        expect(told([["docker", ["28.0.1"]], apart], "apart")).toEqual([]);
    });

    test("a host without containers, and one whose Docker says nothing", () => {
        expect(told([["docker", ["20.10.24"]]])[0]).toMatch(
            /^"postgres" is not a container on vm1: start/,
        );
        expect(told([["docker", ["stopped"]]])).toEqual([]);
        expect(told([])).toEqual([]);
    });
});

describe("refused at once", () => {
    const either =
        'needs either container: { image: "..." }, which is created, or containerName: "...", which exists already';

    test.each<[string, Partial<ContainerAttachmentArgs>, string]>([
        ["neither container nor name", {}, either],
        ["both", { container: { image: "busybox" }, containerName: "postgres" }, either],
        [
            "a name that is none",
            { containerName: "post gres" },
            'containerName: "post gres" is not a Docker name: letters, digits, _ . and -, starting with a letter or digit',
        ],
    ])("%s", async (_, args, expected) => {
        const said = refusal(() => attach(args));
        expect(said).toBe(`ContainerAttachment "db" cannot be made:\n    ${expected}`);
        await resources();
    });

    test("a second place of one container on one network", async () => {
        const { vm1, lan1 } = oneBridge();
        const args = { host: vm1, network: lan1, containerName: "postgres" };
        new ContainerAttachment("db", args);
        expect(refusal(() => new ContainerAttachment("db2", args))).toContain(
            'containerName: "postgres" is already attached to crosshost-demo-lan1 by "db"',
        );
        await resources();
    });
});
