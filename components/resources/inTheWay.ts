import type * as pulumi from "@pulumi/pulumi";
import { type HostPort, portsClash } from "../wire/claims";
import { stackId } from "../wire/identity";
import { type SeenContainer, seenContainers } from "../facts/containers";
import { heldAddresses } from "../facts/held";
import { known } from "../wire/known";
import { type Observation, ownerOnHost } from "../facts/observation";
import { type HostSession } from "../run/session";

/** A container that is about to be made, and what only one on the host can have. */
export interface Wish {
    readonly container: string;
    readonly unit: string;
    /** Whose the unit is to be. */
    readonly owner: pulumi.Output<string>;
    readonly ports: readonly HostPort[];
    readonly network: pulumi.Output<string>;
    readonly ipv4Address: pulumi.Output<string>;
}

/**
 * Containers that this stack has made and that have what the program gives to another now: they are under a former name
 * of it, or are about to be replaced. Two of a program never claim the same, so none of them is to stay as it is.
 */
export async function inTheWay(
    session: Pick<HostSession, "stack" | "probe">,
    wish: Wish,
): Promise<string[]> {
    const probed = await session.probe;
    if (probed.status !== "answered") {
        return [];
    }
    const { observation } = probed;
    const [owner, network, address] = await Promise.all(
        [wish.owner, wish.network, wish.ipv4Address].map((output) => known(output)),
    );
    const stack = stackId(session.stack);
    const unit = observation.units.get(wish.unit);
    const former = unit && ownerOnHost(unit);
    const isSucceeded = former !== undefined && former !== owner;
    return (seenContainers(observation.facts) ?? [])
        .filter(({ owner: mark }) => mark.startsWith(`${stack}:`))
        .filter((one) =>
            one.owner === `${stack}:${wish.unit}`
                ? isSucceeded
                : one.name === wish.container ||
                  publishes(one, wish.ports) ||
                  has(observation, one, network, address),
        )
        .map(({ name }) => name);
}

function publishes({ ports }: SeenContainer, wished: readonly HostPort[]): boolean {
    return ports.some((port) => wished.some((one) => portsClash(port, one)));
}

function has(
    { facts }: Observation,
    { name }: SeenContainer,
    network: string | undefined,
    address: string | undefined,
): boolean {
    return heldAddresses(facts).some(
        (held) => held.container === name && held.on === network && held.address === address,
    );
}
