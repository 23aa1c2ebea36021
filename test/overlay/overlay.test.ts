import * as pulumi from "@pulumi/pulumi";
import { Host, Overlay, type OverlayArgs } from "../../components";
import { applyCommand, deleteCommand } from "../../components/remote/commands";
import { probe } from "../../components/remote/probe";
import { answered, host, HOST_KEY, hosts, PRIVATE_KEY, refusal } from "../support/builders";
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
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));
const probed = jest.mocked(probe);

class Own extends pulumi.CustomResource {
    constructor(name: string, inputs: pulumi.Inputs) {
        super("test:index:Own", name, inputs);
    }
}

const STACK = "crosshost-demo-79f8e4";

function mesh(members: Host[], more: Partial<OverlayArgs> = {}, name = "mesh"): Overlay {
    const args = { hosts: members, cidr: "10.42.0.0/16", backend: { vxlan: {} }, ...more };
    return new Overlay(name, args);
}

beforeEach(async () => {
    await mockedStack();
    probed.mockResolvedValue(answered({ absent: "t7" }));
});

describe("an overlay registers", () => {
    test("itself and one command for a host, and nothing else", async () => {
        mesh(hosts(2));
        const all = (await resources()).map(({ type, name, parent }) => [type, name, parent]);
        expect(all.sort()).toEqual(
            [
                ["crosshost:index:Host", "vm1", undefined],
                ["crosshost:index:Host", "vm2", undefined],
                ["command:remote:Command", "vm1-converger", "vm1"],
                ["command:remote:Command", "vm2-converger", "vm2"],
                ["crosshost:index:Overlay", "mesh", undefined],
                ["command:remote:Command", "mesh-vm1", "mesh"],
                ["command:remote:Command", "mesh-vm2", "mesh"],
            ].sort(),
        );
    });

    test("a command with these inputs and options", async () => {
        mesh(hosts(2));
        const { inputs, transforms, ...options } = await resource("mesh-vm1");
        const { stdin, ...others } = inputs;
        expect(others).toEqual({
            create: applyCommand(STACK, "overlay-mesh", undefined),
            delete: deleteCommand(STACK, "overlay-mesh", undefined),
            logging: "none",
            addPreviousOutputInEnv: false,
            connection: {
                host: "192.168.40.11",
                port: 22,
                user: "root",
                privateKey: PRIVATE_KEY,
                hostKey: HOST_KEY,
                dialErrorLimit: 1,
                perDialTimeout: 5,
            },
        });
        expect(stdin).toMatch(/^addr ch-mesh-9078d 10\.42\.1\.1\/16: scope global\n/);
        expect(stdin).toMatch(/: mtu 1500\nseen: t7\nowner: crosshost\/demo mesh-vm1 c42a947c\n$/);
        expect(transforms).toHaveLength(1);
        expect(options).toEqual({
            type: "command:remote:Command",
            name: "mesh-vm1",
            custom: true,
            secrets: ["connection"],
            parent: "mesh",
            aliases: ["overlay-mesh-vm1"],
            dependencies: ["vm1-converger"],
            deletedWith: undefined,
            retainOnDelete: false,
            provider: undefined,
            deleteBeforeReplace: true,
            replaceOnChanges: ["triggers[*]"],
            beforeCreate: [],
            ignoreChanges: [],
            additionalSecretOutputs: ["connection"],
        });
    });

    test("stdin in the open, so that a preview can show it, though the key is a secret", async () => {
        const key = pulumi.secret(PRIVATE_KEY);
        const to = { host: "192.168.40.11", privateKey: key, hostKey: HOST_KEY };
        mesh([new Host("vm1", { connection: to })]);
        expect((await resource("mesh-vm1")).secrets).toEqual(["connection"]);
        expect((await resource("vm1-converger")).secrets).toEqual(["connection"]);
    });

    test("one resource for a host, whatever their number", async () => {
        mesh(hosts(12));
        expect(await made()).toHaveLength(24);
    });

    test("no resource of a host that waits for another host's", async () => {
        const members = hosts(4);
        mesh(members);
        mesh(members.slice(1), { cidr: "10.43.0.0/16" }, "second");
        const hostOf = (name: string) => /vm\d/.exec(name)?.[0];
        const waits = [...(await waitsFor())].filter(([, others]) => others.size > 0);
        expect(waits).toHaveLength(7);
        for (const [name, others] of waits) {
            expect([...others].map(hostOf)).toEqual([...others].map(() => hostOf(name)));
        }
    });

    test("a host's commands follow one another", async () => {
        const members = hosts(1);
        mesh(members);
        mesh(members, { cidr: "10.43.0.0/16" }, "second");
        expect((await resource("mesh-vm1")).dependencies).toEqual(["vm1-converger"]);
        expect((await resource("second-vm1")).dependencies).toEqual(["mesh-vm1"]);
    });

    test("commands that go with their machine", async () => {
        const vm = new Machine("vm");
        const to = { host: vm.address, privateKey: PRIVATE_KEY, hostKey: HOST_KEY };
        mesh([new Host("vm1", { connection: to, machine: vm })]);
        const command = await resource("mesh-vm1");
        expect(command.deletedWith).toBe("vm");
        expect(command.inputs["stdin"]).toContain("underlay 192.168.40.77: mtu 1500\n");
    });
});

describe("what a preview shows", () => {
    beforeEach(() => {
        jest.spyOn(console, "warn").mockReturnValue();
        jest.spyOn(console, "error").mockReturnValue();
    });
    afterEach(() => {
        jest.restoreAllMocks();
    });

    /** A host that has the address by which others reach it. */
    const there = (number: number) =>
        answered({ facts: new Map([["address", [`eth0 192.168.40.${number}/24 1500`]]]) });

    const transformed = async (name: string) => {
        const { transforms, type, inputs } = await resource(name);
        const args = { custom: true, type, name, props: inputs, opts: { protect: true } };
        return transforms[0]?.(args);
    };

    test("of a host that does not answer: no change", async () => {
        await mockedStack({ preview: true });
        probed.mockResolvedValue({ status: "unreachable", reason: "x" });
        mesh(hosts(1));
        const seen = await transformed("mesh-vm1");
        expect(seen?.opts).toEqual({
            protect: true,
            ignoreChanges: ["stdin", "connection", "create", "delete"],
        });
        expect((await transformed("vm1-converger"))?.opts.ignoreChanges).toHaveLength(4);
    });

    test("of a host that answered: all changes", async () => {
        await mockedStack({ preview: true });
        probed.mockResolvedValue(there(11));
        mesh(hosts(1));
        expect(await transformed("mesh-vm1")).toBeUndefined();
    });

    test("an up ignores nothing, not even of a machine that is still to start sshd", async () => {
        probed.mockResolvedValue({ status: "unreachable", reason: "x" });
        mesh([host("vm1", 11, { machine: new Machine("vm") })]);
        expect(await transformed("mesh-vm1")).toBeUndefined();
        expect((await resource("mesh-vm1")).inputs["stdin"]).not.toMatch(/drift|seen/);
    });

    test("of a machine that is still to be made: its unit is not known, and nobody is asked", async () => {
        await mockedStack({ preview: true });
        probed.mockResolvedValue(there(12)).mockClear();
        const vm = new Machine("vm");
        const to = { host: vm.address, privateKey: PRIVATE_KEY, hostKey: HOST_KEY };
        mesh([new Host("vm1", { connection: to, machine: vm }), host("vm2", 12)]);
        expect((await resource("mesh-vm1")).inputs["stdin"]).toEqual(UNKNOWN);
        expect((await resource("vm1-converger")).inputs["stdin"]).toEqual(UNKNOWN);
        expect(probed).toHaveBeenCalledTimes(1);
        expect(await transformed("mesh-vm1")).toBeUndefined();
    });
});

describe("outputs", () => {
    test("tell the network, and what it is on each host", async () => {
        const overlay = mesh(hosts(2));
        const vm1 = {
            network: "crosshost-demo-mesh",
            subnet: "10.42.1.0/24",
            gateway: "10.42.1.1",
            ipRange: "10.42.1.0/26",
        };
        expect(await valueOf(overlay.cidr)).toBe("10.42.0.0/16");
        expect(await valueOf(overlay.mtu)).toBe(1450);
        expect(await valueOf(overlay.subnets)).toEqual({
            vm1: "10.42.1.0/24",
            vm2: "10.42.2.0/24",
        });
        const handle = await valueOf(overlay.handle);
        expect(handle).toMatchObject({ cidr: "10.42.0.0/16", mtu: 1450, networks: { vm1 } });
        expect(await valueOf(overlay.networks)).toEqual(handle.networks);
    });

    test("networkName makes what takes it wait for that host's network only", async () => {
        const [vm1, vm2] = hosts(2);
        if (!vm1 || !vm2) {
            throw new Error("two hosts");
        }
        const overlay = mesh([vm1, vm2]);
        const name = overlay.networkName(vm1);
        expect(await valueOf(name)).toBe("crosshost-demo-mesh");
        new Own("own", { name });
        expect((await resource("own")).dependencies).toEqual(["mesh-vm1"]);
        const stranger = host("vm9", 19);
        expect(refusal(() => overlay.networkName(stranger))).toBe(
            'Overlay "mesh" has no network on that host, only on vm1, vm2',
        );
    });
});
