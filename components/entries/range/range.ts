import { entry, type Entry, type Unit } from "../../wire/unit";
import { word } from "../../facts/words";

/** A network that nothing else on the host may lie in, nor whoever logs in there. */
export function rangeEntry(cidr: string): Entry {
    return entry(`range ${cidr}`, "ours alone");
}

export function rangesOf(unit: Unit): string[] {
    return unit.filter(({ key }) => key.startsWith("range ")).map(({ key }) => word(key, 1));
}
