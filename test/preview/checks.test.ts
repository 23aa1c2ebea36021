// What is found of a host stops what is made there, and Pulumi tells it, since what is stopped awaits it.
import { Bridge, ContainerAttachment, type Host } from "../../components";
import { type ProbeResult } from "../../components/facts/observation";
import { probe } from "../../components/remote/probe";
import { answered, host } from "../support/builders";
import { mockedStack, settled, withOutputs } from "../support/mocks";
import { refusedAtRunTime } from "../support/refused";

jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/resources/keyfiles", () => ({
    ...jest.requireActual<object>("../../components/resources/keyfiles"),
    sshOptions: () => [],
    writeKeyFiles: () => undefined,
}));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

const SILENT: ProbeResult = { status: "unreachable", reason: "vm1 does not answer" };
const NO_ADDRESS = answered();

function there(facts: Record<string, string[]> = {}): ProbeResult {
    const all = { address: ["eth0 192.168.40.11/24 1500"], docker: ["28.5.2"], ...facts };
    return answered({ facts: new Map(Object.entries(all)) });
}

const container = { image: "web:1", ports: [{ internal: 80, external: 8080 }] };

/** A bridge, and a container on it. */
function program(vm1: Host): void {
    const lan = new Bridge("lan1", { host: vm1, cidr: "10.60.0.0/24" });
    new ContainerAttachment("web", { host: vm1, network: lan, container });
}

/** What a preview of it tells, and what of the host it registers all the same. */
async function previewed(probed: ProbeResult, more: { strict?: boolean } = {}) {
    await mockedStack({ preview: true });
    jest.mocked(probe).mockResolvedValue(probed);
    const told = await refusedAtRunTime(() => {
        program(host("vm1", 11, more));
    });
    const made = (await settled()).filter(({ custom }) => custom).map(({ name }) => name);
    return { told, made, complete: withOutputs() };
}

beforeEach(() => {
    jest.spyOn(console, "warn").mockReturnValue();
});
afterEach(() => {
    jest.restoreAllMocks();
});

test("of a host in order nothing is told, and all is registered", async () => {
    const { told, made, complete } = await previewed(there({ socket: ["yes"] }));
    expect(told).toEqual([]);
    expect([...complete].sort()).toEqual(["lan1", "vm1", "web"]);
    expect(made.sort()).toEqual([
        "lan1-vm1",
        "vm1-converger",
        "vm1-docker",
        "vm1-keys",
        "web-container",
        "web-vm1",
    ]);
});

test.each([
    [
        "a strict host that does not answer",
        SILENT,
        "changes to vm1 are not shown: vm1 does not answer",
    ],
    [
        "one that does not let us in",
        { ...SILENT, status: "refused" } as const,
        "vm1 does not answer",
    ],
    [
        "one that is another",
        NO_ADDRESS,
        expect.stringMatching("no interface there has the address"),
    ],
])("none of the commands of %s goes on", async (_, probed, text: string) => {
    const { told, made } = await previewed(probed, { strict: true });
    expect(told).toEqual([typeof text === "string" ? `vm1: ${text}` : text]);
    expect(made).toEqual([]);
});

test("a host that is not strict may be silent: its commands are shown as they are", async () => {
    const { told, made } = await previewed(SILENT);
    expect(told).toEqual([]);
    expect(made).toContain("web-vm1");
});

test("a unit that does not fit stops its component's outputs; the rest is shown, and checked as well", async () => {
    const { told, made, complete } = await previewed(
        there({
            route: ["10.60.0.0/25 via 192.168.40.1 dev eth0"],
            listens: ["tcp 0.0.0.0 8080 nginx 812"],
        }),
    );
    expect(told.sort()).toEqual([
        expect.stringMatching(/^Bridge "lan1" cannot be applied on vm1:\n/),
        expect.stringMatching(/^ContainerAttachment "web" cannot be applied on vm1:\n +port 8080/),
    ]);
    expect(made).toEqual(expect.arrayContaining(["lan1-vm1", "web-container", "web-vm1"]));
    expect(complete).toEqual(["vm1"]);
});

test("a login that containers are not created over stops the provider, and these alone", async () => {
    const { told, made } = await previewed(there({ socket: ["no"] }));
    expect(told).toEqual([
        expect.stringMatching("^vm1: containers are created there as root, who is not in"),
    ]);
    expect(made).toContain("lan1-vm1");
    expect(made).not.toContain("vm1-docker");
    expect(made).not.toContain("web-container");
});
