import * as pulumi from "@pulumi/pulumi";
import { Refusal } from "../run/refuse";
import { type HostSession } from "../run/session";

/**
 * Rejects in an up whose host cannot be asked: none of its commands is sent to the engine then, which
 * would dial for twice as long and stop the other hosts at the first failure. The program goes on
 * and fails at its end, so that the engine deletes nothing. A machine being made gets its time.
 */
export async function usable({
    name,
    machine,
    probe,
    agent,
}: Pick<HostSession, "name" | "machine" | "probe"> & {
    readonly agent: Promise<string | undefined>;
}): Promise<void> {
    const [probed, noAgent] = await Promise.all([probe, agent]);
    if (pulumi.runtime.isDryRun() || (machine && noAgent === undefined)) {
        return;
    }
    if (probed.status === "unreachable") {
        const next =
            "Run `pulumi up` again when it answers; if the machine is gone for good, set gone: true";
        throw new Refusal(`${name} was left unchanged: ${probed.reason}. ${next}`);
    }
    if (probed.status === "refused") {
        throw new Refusal(`${name} was left unchanged: ${probed.reason}`);
    }
}
