import * as pulumi from "@pulumi/pulumi";
import { type HostSession } from "../run/session";

/** In a preview, what a host that cannot be asked would change is unknown: show no change at all. */
export function unseenStaysAsItIs(
    session: HostSession,
    unseen: readonly string[],
): pulumi.ResourceTransform {
    return async ({ props, opts }) => {
        if (!pulumi.runtime.isDryRun()) {
            return undefined;
        }
        const { status } = await session.probe;
        return status === "answered" || status === "unknown"
            ? undefined
            : { props, opts: { ...opts, ignoreChanges: [...unseen] } };
    };
}
