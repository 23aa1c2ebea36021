import { createHash } from "node:crypto";
import { Bridge, Host } from "../../components";
import { probe } from "../../components/remote/probe";
import { answered, connection, refusal } from "../support/builders";
import { made, mockedStack, resource } from "../support/mocks";

jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

beforeEach(async () => {
    await mockedStack();
    jest.mocked(probe).mockResolvedValue(answered({ absent: "t7" }));
});

function flat(more: object = {}): void {
    const vm1 = new Host("vm1", { connection: connection("192.168.40.11"), ...more });
    new Bridge("lan1", { host: vm1, cidr: "192.168.40.0/24", uplink: "eth0" });
}

async function textOf(name: string, input: string): Promise<string> {
    const text = (await resource(name)).inputs[input];
    return typeof text === "string" ? text : "";
}

test("a guarded unit says for how long its changes wait, 15 s unless told", async () => {
    flat();
    expect(await textOf("lan1-vm1", "stdin")).toMatch(/^guard: 15$/m);
    await mockedStack();
    flat({ guard: { seconds: 40 } });
    expect(await textOf("lan1-vm1", "stdin")).toMatch(/^guard: 40$/m);
});

test("its change is committed by the command behind it, which says of which text", async () => {
    flat({ become: "sudo" });
    const digest = createHash("sha256")
        .update(await textOf("lan1-vm1", "stdin"))
        .digest("hex");
    const { inputs } = await resource("lan1-vm1-commit");
    expect(inputs["stdin"]).toBe(`commit: ${digest.slice(0, 16)}\n`);
    expect(inputs["create"]).toMatch(/sudo -n .* commit crosshost-demo-79f8e4 bridge-lan1; fi;/);
    expect(inputs["delete"]).toBeUndefined();
});

test("its removal is committed by the command before it, which does nothing else", async () => {
    flat();
    const { inputs } = await resource("lan1-vm1-release");
    expect(inputs["create"]).toBeUndefined();
    expect(inputs["stdin"]).toBeUndefined();
    expect(inputs["delete"]).toBe(await textOf("lan1-vm1-commit", "create"));
});

test("another unit has neither, and does not speak of a guard", async () => {
    const vm1 = new Host("vm1", { connection: connection("192.168.40.11"), guard: { seconds: 9 } });
    new Bridge("lan1", { host: vm1, cidr: "10.60.0.0/24" });
    expect((await made()).map(({ name }) => name)).toEqual(["vm1-converger", "lan1-vm1"]);
    expect(await textOf("lan1-vm1", "stdin")).not.toContain("guard");
    expect(await textOf("vm1-converger", "stdin")).not.toMatch(/^guard/m);
});

test("a host that is gone is asked for neither", async () => {
    flat({ gone: true });
    for (const name of ["lan1-vm1-release", "lan1-vm1", "lan1-vm1-commit"]) {
        const { inputs } = await resource(name);
        expect([inputs["create"], inputs["delete"], inputs["stdin"]]).toEqual([
            undefined,
            undefined,
            undefined,
        ]);
    }
});

test.each([
    [4, "guard.seconds: 4"],
    [61, "guard.seconds: 61"],
    [7.5, "guard.seconds: 7.5"],
])("%s seconds are refused", (seconds, told) => {
    expect(refusal(() => flat({ guard: { seconds } }))).toContain(told);
});
