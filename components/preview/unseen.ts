import * as pulumi from "@pulumi/pulumi";
import { type HostSession } from "../run/session";

/**
 * In a preview, what a host that cannot be asked would change is unknown: show no change at all. What `stands` does not
 * change in an up either.
 */
export function unseenStaysAsItIs(
    session: HostSession,
    unseen: readonly string[],
    stands?: Promise<boolean>,
): pulumi.ResourceTransform {
    return async ({ props, opts }) =>
        (await isUnseen(session)) || (await stands)
            ? { props, opts: { ...opts, ignoreChanges: [...unseen] } }
            : undefined;
}

async function isUnseen({ probe }: Pick<HostSession, "probe">): Promise<boolean> {
    if (!pulumi.runtime.isDryRun()) {
        return false;
    }
    const { status } = await probe;
    return status !== "answered" && status !== "unknown";
}
