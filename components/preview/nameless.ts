import * as pulumi from "@pulumi/pulumi";
import { type NameSeekers, namelessTexts } from "../checks/nameless";
import { type HostSession } from "../run/session";

/** Says in a preview which containers find none of the names. */
export async function tellNameless(
    { name, component, probe }: HostSession,
    seekers: NameSeekers,
): Promise<void> {
    if (!pulumi.runtime.isDryRun()) {
        return;
    }
    const probed = await probe;
    const facts = probed.status === "answered" ? probed.observation.facts : undefined;
    await Promise.all(
        namelessTexts(facts, seekers).map((text) => pulumi.log.warn(`${name}: ${text}`, component)),
    );
}
