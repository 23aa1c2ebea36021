import { entry, type Entry, type Unit } from "../../wire/unit";
import { word } from "../../facts/words";

/** Names of a container on another host, for those on the network. */
export function nameEntry(network: string, address: string, names: readonly string[]): Entry {
    return entry(`name ${network} ${address}`, names.join(" "));
}

/** Networks of which the unit has names. */
export function namedNetworksOf(unit: Unit): ReadonlySet<string> {
    return new Set(
        unit.filter(({ key }) => key.startsWith("name ")).map(({ key }) => word(key, 1)),
    );
}
