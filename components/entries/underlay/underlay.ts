import { entry, type Entry, type Unit } from "../../wire/unit";
import { word, wordAfter } from "../../facts/words";

/** The host has the address, on a link that carries packets of so many bytes. */
export interface Underlay {
    readonly address: string;
    readonly mtu: number;
    /** Of ours, by the plan, whose unit makes it before it is asked for. */
    readonly link?: string;
}

export function underlayEntry({ address, mtu, link }: Underlay): Entry {
    return entry(`underlay ${address}`, `mtu ${mtu}${link === undefined ? "" : ` link ${link}`}`);
}

export function underlaysOf(unit: Unit): Underlay[] {
    return unit.filter(isUnderlay).map(({ key, value }) => ({
        address: word(key, 1),
        mtu: Number(wordAfter(value, "mtu")),
        link: wordAfter(value, "link") || undefined,
    }));
}

export function isUnderlay({ key }: Entry): boolean {
    return key.startsWith("underlay ");
}
