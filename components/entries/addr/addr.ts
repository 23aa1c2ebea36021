import { entry, type Entry } from "../../wire/unit";

/** An address with its prefix length. */
export function addrEntry(link: string, address: string): Entry {
    return entry(`addr ${link} ${address}`, "scope global");
}
