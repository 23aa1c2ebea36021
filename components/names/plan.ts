import { type Entry, unit, type Unit } from "../wire/unit";
import { type HostNetwork } from "../network/hostNetwork";
import { namedNetworksOf, nameEntry } from "../entries/name/name";
import { WATCH_CONTAINERS } from "../entries/watch/watch";

/** A container's place on a network, and by what others find it. */
export interface NamedPlace {
    readonly host: string;
    readonly address: string;
    /** The container's own name and its aliases. */
    readonly names: readonly string[];
    /** Has a file of its own at /etc/hosts, as far as the program says. */
    readonly isNameless?: boolean;
    /** What the network is on each of its hosts, by their logical names. */
    readonly networks: Readonly<Record<string, HostNetwork>>;
}

/**
 * What containers of a host have to be told: Docker knows the names of its own host alone. A name that
 * a container of this host has on the network stays that one's.
 */
export function planNames(host: string, places: readonly NamedPlace[]): Unit {
    const here = places.flatMap((place) => {
        const network = place.networks[host]?.network;
        return network === undefined ? [] : [{ ...place, network }];
    });
    const entries = here
        .filter((place) => place.host !== host)
        .flatMap(({ network, address, names }): Entry[] => {
            const own = here.filter((one) => one.host === host && one.network === network);
            const taken = new Set(own.flatMap((one) => one.names));
            const found = [...new Set(names)].filter((name) => !taken.has(name)).sort();
            return found.length > 0 ? [nameEntry(network, address, found)] : [];
        });
    return unit(entries.length > 0 ? [...entries, WATCH_CONTAINERS] : []);
}

/** Docker's names of a host's networks of which it is told others' names. */
export function namedNetworks(host: string, places: readonly NamedPlace[]): ReadonlySet<string> {
    return namedNetworksOf(planNames(host, places));
}
