import * as pulumi from "@pulumi/pulumi";
import { ContainerAttachment, type Host, Overlay } from "../../components";
import { probe } from "../../components/remote/probe";
import { answered, host } from "../support/builders";
import { mockedStack, resource, resources } from "../support/mocks";

jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/resources/keyfiles", () => ({
    ...jest.requireActual<object>("../../components/resources/keyfiles"),
    sshOptions: () => [],
    writeKeyFiles: () => undefined,
}));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));
const probed = jest.mocked(probe);
let warned: string[];

beforeEach(async () => {
    await mockedStack();
    probed.mockReset();
    probed.mockResolvedValue(answered());
    warned = [];
    jest.spyOn(pulumi.log, "warn").mockImplementation((text) => {
        warned.push(text);
        return Promise.resolve();
    });
});
afterEach(() => {
    jest.restoreAllMocks();
});

/** vm1 and vm2 live, vm3 is gone; a container runs on each. */
function program(): void {
    const machines = [host("vm1", 11), host("vm2", 12), host("vm3", 13, { gone: true })];
    const backend = { vxlan: {} };
    const mesh = new Overlay("mesh", { hosts: machines, cidr: "10.42.0.0/16", backend });
    machines.forEach((machine: Host, at) => {
        const container = { image: "registry.example/api:1.4" };
        new ContainerAttachment(`app${at + 1}`, { host: machine, network: mesh, container });
    });
}

test("a host that is gone is never asked", async () => {
    program();
    await resources();
    const asked = probed.mock.calls.map(([connection]) => connection.host);
    expect(asked.sort()).toEqual(["192.168.40.11", "192.168.40.12"]);
});

test("its commands lose what would run there, so that nothing can be undone there either", async () => {
    program();
    for (const name of ["vm3-converger", "mesh-vm3", "app3-vm3"]) {
        const { inputs } = await resource(name);
        expect(Object.keys(inputs).sort()).toEqual([
            "addPreviousOutputInEnv",
            "connection",
            "logging",
        ]);
    }
    expect((await resource("mesh-vm2")).inputs).toHaveProperty("delete");
});

test("its containers are left as they are", async () => {
    program();
    const left = { retainOnDelete: true, ignoreChanges: ["*"] };
    expect(await resource("app3-container")).toMatchObject(left);
    const kept = { retainOnDelete: false, ignoreChanges: [] };
    expect(await resource("app2-container")).toMatchObject(kept);
});

test("the others forget it, and nothing else changes for them", async () => {
    program();
    const stdin = String((await resource("mesh-vm1")).inputs["stdin"]);
    expect(stdin).toContain("route 10.42.2.0/24: ");
    expect(stdin).not.toContain("10.42.3.");
    expect(stdin).not.toContain("192.168.40.13");
    expect(stdin).toContain("underlay 192.168.40.11: mtu 1500\n");
});

test("what is left there is told", async () => {
    program();
    await resources();
    expect(warned[0]).toBe(
        "vm3 is gone: nothing is done there any more, and no network counts on it. After this " +
            "`up`, remove it from the program. If it comes back, " +
            "`/var/lib/crosshost/crosshost-demo-79f8e4/crosshost uninstall crosshost-demo-79f8e4` " +
            "removes what was left there, once its containers are removed",
    );
    expect(warned).toContain("left on vm3: container crosshost-demo-app3");
    expect(warned.find((text) => text.includes("docker network"))).toMatch(
        /^left on vm3: addr ch-mesh-\w+ 10\.42\.3\.1\/16, .*docker network crosshost-demo-mesh, /,
    );
    expect(warned.every((text) => !text.includes("vm1"))).toBe(true);
});
