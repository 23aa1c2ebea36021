// What of a network's addresses others have without a route that would show it: warned of, since it may be meant so.
import { contains, overlap } from "../wire/address";
import { type Facts } from "../facts/clouds";
import { heldAddresses } from "../facts/held";
import { listed } from "../facts/words";
import { networksOf } from "../entries/network/network";
import { masqueradedOf } from "../entries/nft/nft";
import { rangesOf } from "../entries/range/range";
import { type Unit } from "../wire/unit";

export function partWarnings(unit: Unit, facts: Facts): string[] {
    return [
        ...rangesOf(unit).flatMap((range) => [
            ...swarmWarnings(range, facts),
            ...exhaustionWarnings(range, facts),
        ]),
        ...strayWarnings(unit, facts),
    ];
}

/** `pool ingress overlay 10.0.0.0/24 - -`: networks of a swarm lie in namespaces of their own. */
function swarmWarnings(range: string, facts: Facts): string[] {
    return listed(facts, "pool")
        .filter(([, driver, pool = ""]) => driver === "overlay" && overlap(range, pool))
        .map(
            ([name = "", , pool = ""]) =>
                `"${range}" overlaps ${pool} of the swarm's network "${name}": a container on both reaches only one of them; choose another network`,
        );
}

/** `docker-pool 10.0.0.0/8` is a fact of each that the engine is told to take networks from. */
function exhaustionWarnings(range: string, facts: Facts): string[] {
    const pools = facts.get("docker-pool") ?? [];
    return pools.length > 0 && pools.every((pool) => contains(range, pool))
        ? [
              `"${range}" covers all address pools that Docker creates networks from, ${pools.join(", ")}: compose and \`docker network create\` would find no free one: choose another network, or set other default-address-pools in /etc/docker/daemon.json`,
          ]
        : [];
}

/** By hand, Docker lets a container have any address that its bridge has on the link, other hosts' among them. */
function strayWarnings(unit: Unit, facts: Facts): string[] {
    const [network] = networksOf(unit);
    const part = masqueradedOf(unit);
    return network === undefined || part === undefined ? [] : strayTexts(facts, network.name, part);
}

/** `name`: Docker's name of the network, of which the host has this part. */
export function strayTexts(facts: Facts, name: string, part: string): string[] {
    return heldAddresses(facts)
        .filter(({ on, address }) => on === name && !contains(part, address))
        .map(
            ({ container, address }) =>
                `container ${container} has the address ${address} on ${name}, outside ${part}, this host's part: other hosts do not reach it, and it blocks the container that owns that address: docker network disconnect ${name} ${container}, then connect it with an --ip of the part, or none`,
        );
}
