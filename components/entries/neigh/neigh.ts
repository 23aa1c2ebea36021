import { entry, type Entry } from "../../wire/unit";

/** Where packets for an address go: to a MAC or, by a tunnel, to the address of a host. */
export function neighEntry(address: string, link: string, lladdr: string): Entry {
    return entry(`neigh ${address} dev ${link}`, `lladdr ${lladdr}`);
}
