// What others on a host have of a network: an address, a container's place on it, and the addresses of the network itself.
import { overlap } from "../wire/address";
import { type Facts } from "../facts/clouds";
import { seenContainers } from "../facts/containers";
import { type Held, heldAddresses, type HeldPlace, heldPlaces } from "../facts/held";
import { isStranger, listed, ownerText } from "../facts/words";
import { type WantedEndpoint } from "../entries/endpoint/endpoint";
import { type WantedNetwork } from "../entries/network/network";

/** Of `docker endpoint web mesh: ipv4 10.42.1.200 alias web`: what Docker would refuse, or another could not start with. */
export function endpointMisfits(
    { container, network, ipv4Address }: WantedEndpoint,
    own: string,
    facts: Facts,
): string[] {
    const isOthers = ({ owner }: HeldPlace) => owner === undefined || isStranger(owner, own);
    const here = heldPlaces(facts).filter(({ on }) => on === network);
    const before = here.find((place) => place.container === container && isOthers(place));
    const holder = heldAddresses(facts).find(
        (held) =>
            held.on === network &&
            held.address === ipv4Address &&
            held.container !== container &&
            isOthers(held),
    );
    return [
        ...(before ? [placeText(before)] : []),
        ...(holder ? [addressText(holder, facts)] : []),
    ];
}

function placeText({ container, on, address, owner }: HeldPlace): string {
    const there = `${container} is already on the network ${on}${address === undefined ? "" : `, at ${address}`}`;
    return owner === undefined
        ? `${there}, not connected by Crosshost: remove that network from its compose file or command, and run \`docker network disconnect ${on} ${container}\``
        : `${there}, by ${ownerText(owner)}: leave one of the two out`;
}

function addressText({ container, on, address, owner }: Held, facts: Facts): string {
    const state = seenContainers(facts)?.find(({ name }) => name === container)?.state;
    const whose = owner === undefined ? "" : `, by ${ownerText(owner)}`;
    const later =
        state === undefined || state === "running"
            ? ""
            : ` (${state}: without its address it could not start)`;
    return `${address} on the network ${on} is the address of the container ${container}${whose}${later}: choose another ipv4Address`;
}

/** Of `docker network lan: macvlan eth0 subnet ...`: `pool NETWORK DRIVER SUBNET RANGE OWNER` is a fact of each. */
export function poolMisfits(
    { name, driver, subnet, ipRange }: WantedNetwork,
    own: string,
    facts: Facts,
): string[] {
    return listed(facts, "pool")
        .filter(([other, , , , owner = ""]) => other !== name && isStranger(owner, own))
        .filter(
            ([, theirs = "", pool = "", part]) =>
                theirs !== "overlay" &&
                ((pool === subnet && part === ipRange) ||
                    (theirs === "bridge" && driver === "bridge" && overlap(pool, subnet))),
        )
        .map(
            ([other = "", , pool = "", part = "", owner = ""]) =>
                `Docker's network "${other}", ${ownerText(owner)}, has ${pool}${part === "-" ? "" : ` and its range ${part}`}: remove it (docker network rm ${other}), or choose another network or ipRange`,
        );
}
