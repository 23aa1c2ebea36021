import { entry, type Entry, type Unit } from "../../wire/unit";
import { word, wordAfter } from "../../facts/words";

/** A NIC of the host's that is the port of a bridge of ours, which has its addresses and routes. */
export interface Uplink {
    readonly nic: string;
    readonly bridge: string;
}

export function uplinkEntry({ nic, bridge }: Uplink): Entry {
    return entry(`uplink ${nic}`, `bridge ${bridge}`);
}

export function uplinksOf(unit: Unit): Uplink[] {
    return unit
        .filter(({ key }) => key.startsWith("uplink "))
        .map(({ key, value }) => ({ nic: word(key, 1), bridge: wordAfter(value, "bridge") }));
}
