import { Bridge, ContainerAttachment, type Host, Overlay } from "../../components";
import * as pulumi from "@pulumi/pulumi";
import { probe } from "../../components/remote/probe";
import { runOverSsh } from "../../components/remote/ssh";
import { answered, host } from "../support/builders";
import { Machine, made, mockedStack, resource, waitsFor } from "../support/mocks";

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

const container = { image: "registry.example/api:1.4" };

const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue();

beforeEach(async () => {
    warn.mockClear();
    jest.mocked(runOverSsh).mockReset();
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

describe("before a container is made", () => {
    const SAID = { status: 0, stdout: "", stderr: "" };

    beforeEach(() => {
        jest.mocked(probe).mockImplementation(({ host: at }) => {
            const address = [`eth0 ${at}/24 1500`];
            const facts = new Map([
                ["address", address],
                ["docker", ["26.1.5"]],
            ]);
            return Promise.resolve(answered({ facts }));
        });
        jest.mocked(runOverSsh).mockResolvedValue(SAID);
    });

    async function make(name: string): Promise<void> {
        const { beforeCreate } = await resource(`${name}-container`);
        await beforeCreate[0]?.callback({ urn: "", id: "", name, type: "" });
    }
    /** What hosts were told to foretell, with the text that they were sent. */
    const told = () =>
        jest.mocked(runOverSsh).mock.calls.map(([{ host: at }, command, respond]) => {
            expect(command).toContain("foretell crosshost-demo-79f8e4 names");
            return `${at} ${respond?.("crosshost: send names\n") ?? "nothing"}`;
        });

    test("its host hears the names that are known, once, and no resource waits for that", async () => {
        const vm1 = host("vm1", 11);
        const vm2 = host("vm2", 12);
        const mesh = overlay("mesh", [vm1, vm2], "10.42.0.0/16");
        const on = { network: mesh, container };
        new ContainerAttachment("api", { host: vm1, ...on });
        new ContainerAttachment("web", { host: vm1, ...on });
        new ContainerAttachment("db", { host: vm2, ...on, ipv4Address: "10.42.2.200" });
        await make("api");
        await make("web");
        expect(told()).toEqual([
            "192.168.40.11 name crosshost-demo-mesh 10.42.2.200: crosshost-demo-db db\nwatch containers: attach on start\n",
        ]);
    });

    test("a name that is still to come is not waited for", async () => {
        await mockedStack({ preview: true });
        const vm1 = host("vm1", 11);
        const vm2 = host("vm2", 12);
        const mesh = overlay("mesh", [vm1, vm2], "10.42.0.0/16");
        new ContainerAttachment("api", { host: vm1, network: mesh, container });
        new ContainerAttachment("db", {
            host: vm2,
            network: mesh,
            ipv4Address: "10.42.2.200",
            container: { ...container, name: "db" },
        });
        const late = new Machine("late").address;
        new ContainerAttachment("other", { host: vm2, network: mesh, containerName: late });
        await make("api");
        expect(told()).toEqual([
            "192.168.40.11 name crosshost-demo-mesh 10.42.2.200: db\nwatch containers: attach on start\n",
        ]);
    });

    test("nothing is told where a container of the host may turn out to have such a name", async () => {
        await mockedStack({ preview: true });
        const vm1 = host("vm1", 11);
        const vm2 = host("vm2", 12);
        const mesh = overlay("mesh", [vm1, vm2], "10.42.0.0/16");
        new ContainerAttachment("api", { host: vm1, network: mesh, container });
        new ContainerAttachment("db", { host: vm2, network: mesh, container });
        const late = new Machine("late").address;
        new ContainerAttachment("own", { host: vm1, network: mesh, containerName: late });
        await make("api");
        expect(told()).toEqual([]);
    });

    test("a host that cannot hear them keeps no container from being made", async () => {
        const vm1 = host("vm1", 11);
        const vm2 = host("vm2", 12);
        const mesh = overlay("mesh", [vm1, vm2], "10.42.0.0/16");
        new ContainerAttachment("api", { host: vm1, network: mesh, container });
        new ContainerAttachment("db", { host: vm2, network: mesh, container });
        jest.mocked(runOverSsh).mockRejectedValue(new Error("gives no answer"));
        await expect(make("api")).resolves.toBeUndefined();
    });
});

describe("a container that something is mounted in at /etc/hosts", () => {
    const facts = new Map<string, readonly string[]>([
        ["docker", ["26.1.5"]],
        ["address", ["eth0 192.168.40.11/24 1500"]],
        [
            "container",
            [
                "postgres running bridge id 1 mark  ports ",
                "joined running crosshost-demo-mesh id 2 mark  ports ",
                "apart running bridge id 3 mark  ports ",
                "plain running crosshost-demo-mesh id 4 mark  ports ",
            ],
        ],
        ["nameless", ["postgres", "joined", "apart"]],
    ]);
    const nameless = () =>
        warn.mock.calls
            .map(
                ([text]) =>
                    /^vm1: container (\S+) does not find names of other hosts/.exec(text)?.[1],
            )
            .filter((name) => name !== undefined)
            .sort();

    test.each([true, false])("is told to be without names, in a preview (%s)", async (preview) => {
        await mockedStack({ preview });
        jest.mocked(probe).mockImplementation((to) =>
            Promise.resolve(
                to.host === "192.168.40.11"
                    ? answered({ facts })
                    : answered({ facts: new Map([["address", ["eth0 192.168.40.12/24 1500"]]]) }),
            ),
        );
        const vm1 = host("vm1", 11);
        const vm2 = host("vm2", 12);
        const mesh = overlay("mesh", [vm1, vm2], "10.42.0.0/16");
        new ContainerAttachment("db", { host: vm1, network: mesh, containerName: "postgres" });
        const volumes = [{ hostPath: "/etc/hosts", containerPath: "/etc//hosts", readOnly: true }];
        const mounts = [{ type: "bind", source: "/srv/hosts", target: "/etc/hosts" }];
        new ContainerAttachment("web", {
            host: vm1,
            network: mesh,
            container: { ...container, volumes },
        });
        new ContainerAttachment("app", {
            host: vm1,
            network: mesh,
            container: { ...container, mounts },
        });
        new ContainerAttachment("api", { host: vm2, network: mesh, container });
        await made();
        expect(nameless()).toEqual(
            preview ? ["crosshost-demo-app", "crosshost-demo-web", "joined", "postgres"] : [],
        );
    });
});
