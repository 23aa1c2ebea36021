import { entry, type Entry, type Unit } from "../../wire/unit";
import { word } from "../../facts/words";

/** A container's place on a network. */
export interface WantedEndpoint {
    readonly container: string;
    readonly network: string;
    readonly ipv4Address?: string;
}

export function endpointEntry(
    { container, network, ipv4Address }: Required<WantedEndpoint>,
    aliases: readonly string[],
): Entry {
    const names = [...new Set(aliases)].sort().map((name) => ` alias ${name}`);
    return entry(`docker endpoint ${container} ${network}`, `ipv4 ${ipv4Address}${names.join("")}`);
}

export function endpointsOf(unit: Unit): WantedEndpoint[] {
    return unit
        .filter(({ key }) => key.startsWith("docker endpoint "))
        .map(({ key, value }) => ({
            container: word(key, 2),
            network: word(key, 3),
            ipv4Address: value.startsWith("ipv4 ") ? word(value, 1) : undefined,
        }));
}
