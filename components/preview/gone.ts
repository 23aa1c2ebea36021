import * as pulumi from "@pulumi/pulumi";
import { stackId } from "../wire/identity";
import { type HostSession } from "../run/session";

/** How to clean a host that was given up and came back after all. */
export function tellGone({
    name,
    stack,
    component,
}: Pick<HostSession, "name" | "stack" | "component">): void {
    const id = stackId(stack);
    void pulumi.log.warn(
        `${name} is gone: nothing is done there any more, and no network counts on it. After this ` +
            `\`up\`, remove it from the program. If it comes back, \`/var/lib/crosshost/${id}/` +
            `crosshost uninstall ${id}\` removes what was left there, once its containers are removed`,
        component,
    );
}

/** What of one resource was left on a host that is gone. */
export function tellLeft(
    { name }: Pick<HostSession, "name">,
    things: readonly string[],
    resource: pulumi.Resource,
): void {
    void pulumi.log.warn(`left on ${name}: ${things.join(", ")}`, resource);
}
