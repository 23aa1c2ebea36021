import { ContainerAttachment, Overlay } from "../../components";
import { probe } from "../../components/remote/probe";
import { runOverSsh } from "../../components/remote/ssh";
import { answered, host } from "../support/builders";
import { mockedStack, resource } from "../support/mocks";

jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/remote/ssh", () => ({ runOverSsh: jest.fn() }));
jest.mock("../../components/resources/keyfiles", () => ({
    ...jest.requireActual<object>("../../components/resources/keyfiles"),
    sshOptions: () => ["-o", "IdentityFile=~/key"],
    writeKeyFiles: () => undefined,
}));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

const UNIT = "crosshost-demo-79f8e4 attachment-api";

const GOOD = { status: 0, stdout: "", stderr: "" };
/** One of the unit's that is lost, of another name. */
const LOST =
    "crosshost-demo-old exited bridge id 1 mark crosshost-demo-79f8e4:attachment-api ports ";
const OTHER = "db running bridge id 2 mark crosshost-demo-79f8e4:attachment-db ports ";

async function program(containers: readonly string[] | undefined): Promise<void> {
    await mockedStack();
    const facts = new Map<string, readonly string[]>([
        ["address", ["eth0 192.168.40.11/24 1500"]],
        ["docker", [containers ? "26.1.5" : "stopped"]],
        ["container", containers ?? []],
    ]);
    jest.mocked(probe).mockResolvedValue(answered({ facts }));
    const vm1 = host("vm1", 11);
    const mesh = new Overlay("mesh", {
        hosts: [vm1],
        cidr: "10.42.0.0/16",
        backend: { vxlan: {} },
    });
    new ContainerAttachment("api", {
        host: vm1,
        network: mesh,
        container: { image: "registry.example/api:1.4" },
    });
}

afterEach(() => {
    jest.mocked(runOverSsh).mockReset();
});

async function runHook(): Promise<void> {
    const { beforeCreate } = await resource("api-container");
    expect(beforeCreate.map(({ name }) => name)).toEqual(["crosshost-demo-api on vm1"]);
    await beforeCreate[0]?.callback({ urn: "", id: "", name: "api-container", type: "" });
}

describe("before the engine creates a container", () => {
    test.each([
        ["has one of its unit", [LOST]],
        [
            "has one of its name",
            ["crosshost-demo-api running bridge id 1 mark another-1a2b3c:x ports "],
        ],
        ["could not say what it has", undefined],
    ])("a host that %s is asked to remove what a killed client left", async (_what, seen) => {
        jest.mocked(runOverSsh).mockResolvedValue(GOOD);
        await program(seen);
        await runHook();
        expect(runOverSsh).toHaveBeenCalledTimes(1);
        const [connection, command] = jest.mocked(runOverSsh).mock.calls[0] ?? [];
        expect(connection).toMatchObject({ host: "192.168.40.11" });
        expect(command).toContain(
            `timeout -k 5 120 sh /var/lib/crosshost/crosshost-demo-79f8e4/crosshost vacate ${UNIT} crosshost-demo-api`,
        );
    });

    test("a host that has told of others only is not asked again", async () => {
        await program([OTHER]);
        await runHook();
        expect(runOverSsh).not.toHaveBeenCalled();
    });

    test("what the host refuses is an error, in its words", async () => {
        const stderr = "crosshost: container crosshost-demo-api: Docker has a container\n";
        jest.mocked(runOverSsh).mockResolvedValue({ ...GOOD, status: 1, stderr });
        await program([LOST]);
        await expect(runHook()).rejects.toThrow(stderr.trim());
    });

    test("nobody is asked until it does", async () => {
        await program([LOST]);
        await resource("api-container");
        expect(runOverSsh).not.toHaveBeenCalled();
    });
});
