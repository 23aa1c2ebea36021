// wire/: what all plans need: addresses, names, sums of MTUs, entries of units. Pure.
/** What one component wants of one host: kernel or Docker objects and their attributes. */
export type Unit = readonly Entry[];

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
    const sorted = [...entries].sort(byKey);
    for (const [at, { key, value }] of sorted.entries()) {
        if (!KEY.test(key) || !VALUE.test(value) || `${key}:${value}`.includes(": ")) {
            throw new Error(`"${key}: ${value}" cannot be written into a unit`);
        }
        if (sorted[at + 1]?.key === key) {
            throw new Error(`"${key}" occurs twice in the unit`);
        }
    }
    return sorted;
}

/** The text that goes to the host: a flat YAML map, which the Pulumi CLI shows line by line. */
export function unitText(wanted: Unit): string {
    return wanted.map(({ key, value }) => `${key}: ${value}\n`).join("");
}

function byKey(a: Entry, b: Entry): number {
    return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}
