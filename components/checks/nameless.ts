// Whose /etc/hosts is somebody else's file: nothing is written there.
import { type Facts } from "../facts/clouds";
import { seenContainers } from "../facts/containers";

/** Who is to find names on a host. */
export interface NameSeekers {
    /** Docker's names of networks that have containers on other hosts. */
    readonly networks: ReadonlySet<string>;
    /** Containers of the program on these, and whether the program mounts something at their /etc/hosts. */
    readonly containers: readonly { readonly name: string; readonly isNameless: boolean }[];
}

/** A line for each container that finds none of them; `facts` where the host gave an answer. */
export function namelessTexts(
    facts: Facts | undefined,
    { networks, containers }: NameSeekers,
): string[] {
    const mounted = facts?.get("nameless") ?? [];
    const own = containers.filter((one) => one.isNameless || mounted.includes(one.name));
    const others = ((facts && seenContainers(facts)) ?? [])
        .filter((one) => mounted.includes(one.name))
        .filter((one) => one.networks.split(",").some((network) => networks.has(network)));
    return [...new Set([...own, ...others].map(({ name }) => name))].map(
        (container) =>
            `container ${container} does not find names of other hosts: something is mounted at its ` +
            "/etc/hosts, and nothing is written there; remove that mount, or write the names into it",
    );
}
