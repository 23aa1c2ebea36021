// wire/: what all plans need: addresses, names, sums of MTUs, entries of units. Pure.
/** What one component wants of one host: kernel or Docker objects and their attributes. */
export type Unit = ReadonlyMap<string, string>;

/** One line of a unit, in the words of `ip`, `nft` and `docker`. */
export interface Entry {
    readonly key: string;
    readonly value: string;
}

/**
 * Nothing needs quoting: neither in YAML, nor for the shell and awk that read it on the host. YAML
 * would take an indicator at the beginning, a colon or a blank at the end for something else.
 */
const REST = "([A-Za-z0-9 _.:,/@=+{}!<>*&|()-]*[A-Za-z0-9_.,/@=+{}!<>*&|()-])?";
const KEY = new RegExp(`^[A-Za-z0-9]${REST}$`);
const VALUE = new RegExp(`^-?[A-Za-z0-9_]${REST}$`);

export function entry(key: string, value: string | number): Entry {
    return { key, value: String(value) };
}

/** A unit of entries, sorted by key. Duplicate keys and characters that need quoting are bugs. */
export function unit(entries: readonly Entry[]): Unit {
    const lines = new Map<string, string>();
    for (const { key, value } of [...entries].sort(byKey)) {
        if (!KEY.test(key) || !VALUE.test(value) || `${key}:${value}`.includes(": ")) {
            throw new Error(`"${key}: ${value}" cannot be written into a unit`);
        }
        if (lines.has(key)) {
            throw new Error(`"${key}" occurs twice in the unit`);
        }
        lines.set(key, value);
    }
    return lines;
}

/** The text that goes to the host: a flat YAML map, which the Pulumi CLI shows line by line. */
export function unitText(wanted: Unit): string {
    return [...wanted].map(([key, value]) => `${key}: ${value}\n`).join("");
}

/** What such a text speaks of. */
export function entryKeys(text: string): string[] {
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.map((line) => line.slice(0, line.indexOf(": ")));
}

/** Of these each unit has its own, or several hold one together. */
const SHARED =
    /^(boot|converger|iptables|name|networkd|nft|promisc|range|sysctl|underlay|watch)( |$)/;

/** What no other unit of the host may hold. */
export function exclusiveKeys(text: string): string[] {
    return entryKeys(text).filter((key) => !SHARED.test(key));
}

function byKey(a: Entry, b: Entry): number {
    return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}
