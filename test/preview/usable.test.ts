import { type ProbeResult } from "../../components/facts/observation";
import { usable } from "../../components/preview/usable";
import { answered } from "../support/builders";
import { Machine, mockedStack } from "../support/mocks";

const UNREACHABLE: ProbeResult = { status: "unreachable", reason: "vm2 does not answer" };
const REFUSED: ProbeResult = { status: "refused", reason: "sudo wants a password" };

function asked(result: ProbeResult, machine?: Machine, noAgent?: string): Promise<void> {
    const agent = Promise.resolve(noAgent);
    return usable({ name: "vm2", machine, probe: Promise.resolve(result), agent });
}

test("in an up, a host that does not answer is left out, with what to do then", async () => {
    await mockedStack();
    await expect(asked(UNREACHABLE)).rejects.toThrow(
        "vm2 was left unchanged: vm2 does not answer. Run `pulumi up` again when it answers; " +
            "if the machine is gone for good, set gone: true",
    );
    await expect(asked(REFUSED)).rejects.toThrow("vm2 was left unchanged: sudo wants a password");
});

test("all others are used", async () => {
    await mockedStack();
    await expect(asked(answered())).resolves.toBeUndefined();
    await expect(asked({ status: "unknown" })).resolves.toBeUndefined();
    await expect(asked(UNREACHABLE, new Machine("vm"))).resolves.toBeUndefined();
});

test("a machine being made gets its time, but no command reaches it without the agent", async () => {
    await mockedStack();
    const refused: ProbeResult = { status: "refused", reason: "no SSH agent answers" };
    const machine = new Machine("vm");
    await expect(asked(refused, machine)).resolves.toBeUndefined();
    await expect(asked(refused, machine, "no SSH agent answers")).rejects.toThrow(
        "vm2 was left unchanged: no SSH agent answers",
    );
});

test("a preview leaves none out", async () => {
    await mockedStack({ preview: true });
    await expect(asked(UNREACHABLE)).resolves.toBeUndefined();
});
