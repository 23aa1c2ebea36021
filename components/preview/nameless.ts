import * as pulumi from "@pulumi/pulumi";
import { seenContainers } from "../facts/containers";
import { type HostSession } from "../run/session";

/** Who is to find names on a host. */
export interface NameSeekers {
    /** Docker's names of networks that have containers on other hosts. */
    readonly networks: ReadonlySet<string>;
    /** Containers of the program on these, and whether the program mounts something at their /etc/hosts. */
    readonly containers: readonly { readonly name: string; readonly isNameless: boolean }[];
}

/** Says in a preview which containers find none of them: a file that is mounted is somebody else's, and nothing is written there. */
export async function tellNameless(
    { name, component, probe }: HostSession,
    { networks, containers }: NameSeekers,
): Promise<void> {
    if (!pulumi.runtime.isDryRun()) {
        return;
    }
    const probed = await probe;
    const answered = probed.status === "answered" ? probed.observation.facts : undefined;
    const mounted = answered?.get("nameless") ?? [];
    const own = containers.filter((one) => one.isNameless || mounted.includes(one.name));
    const others = ((answered && seenContainers(answered)) ?? [])
        .filter((one) => mounted.includes(one.name))
        .filter((one) => one.networks.split(",").some((network) => networks.has(network)));
    const found = new Set([...own, ...others].map((one) => one.name));
    await Promise.all(
        [...found].map((container) =>
            pulumi.log.warn(
                `${name}: container ${container} does not find names of other hosts: something is mounted at its ` +
                    "/etc/hosts, and nothing is written there; remove that mount, or write the names into it",
                component,
            ),
        ),
    );
}
