import { Bridge, ContainerAttachment, type Host, Overlay } from "../../components";
import { probe } from "../../components/realize/probe";
import { answered, host } from "../support/builders";
import { made, mockedStack, resource, waitsFor } from "../support/mocks";

jest.mock("../../components/realize/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/realize/keyfiles", () => ({
    ...jest.requireActual<object>("../../components/realize/keyfiles"),
    sshOptions: () => ["-o", "IdentityFile=~/key"],
    writeKeyFiles: () => undefined,
}));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

const container = { image: "registry.example/api:1.4" };

beforeEach(async () => {
    await mockedStack();
    jest.mocked(probe).mockResolvedValue(answered());
});

const overlay = (name: string, on: Host[], cidr: string) =>
    new Overlay(name, { hosts: on, cidr, backend: { vxlan: {} } });
const unit = async (name: string) =>
    String((await resource(name)).inputs["stdin"]).replace(
        /^seen: t0\nowner: crosshost\/demo vm\d-names [0-9a-f]{8}\n$/m,
        "",
    );
const commandsOfNames = async () =>
    (await made()).map(({ name }) => name).filter((name) => name.endsWith("-names"));

test("each host of a network is told of containers elsewhere, by one command for all networks", async () => {
    const vm1 = host("vm1", 11);
    const vm2 = host("vm2", 12);
    const vm3 = host("vm3", 13);
    const all = [vm1, vm2, vm3];
    const mesh = overlay("mesh", all, "10.42.0.0/16");
    const far = overlay("far", [vm1, vm2], "10.43.0.0/16");
    new ContainerAttachment("api", {
        host: vm1,
        network: mesh,
        ipv4Address: "10.42.1.200",
        aliases: ["api", "www"],
        container: { ...container, name: "api" },
    });
    new ContainerAttachment("db", {
        host: vm2,
        network: far,
        ipv4Address: "10.43.2.200",
        containerName: "postgres",
    });
    expect((await commandsOfNames()).sort()).toEqual(["vm1-names", "vm2-names", "vm3-names"]);
    const watch = "watch containers: attach on start\n";
    const api = "name crosshost-demo-mesh 10.42.1.200: api www\n";
    expect(await unit("vm1-names")).toBe(
        `name crosshost-demo-far 10.43.2.200: db postgres\n${watch}`,
    );
    expect(await unit("vm2-names")).toBe(`${api}${watch}`);
    expect(await unit("vm3-names")).toBe(`${api}${watch}`);
});

test("the command belongs to the Host, follows all others there, and nothing waits for it", async () => {
    const vm1 = host("vm1", 11);
    const vm2 = host("vm2", 12);
    const mesh = overlay("mesh", [vm1, vm2], "10.42.0.0/16");
    new ContainerAttachment("api", { host: vm1, network: mesh, container });
    new ContainerAttachment("db", { host: vm1, network: mesh, containerName: "postgres" });
    expect((await resource("vm1-names")).parent).toBe("vm1");
    const waits = await waitsFor();
    expect(waits.get("vm1-names")).toContain("db-vm1");
    expect([...waits.values()].filter((names) => names.has("vm1-names"))).toEqual([]);
});

test("a network of one host needs none: Docker knows its names", async () => {
    const vm1 = host("vm1", 11);
    const lan = new Bridge("lan", { host: vm1, cidr: "10.60.0.0/24" });
    new ContainerAttachment("api", { host: vm1, network: lan, container });
    expect(await commandsOfNames()).toEqual([]);
});
