import { entry, type Entry } from "../../wire/unit";

export function neighEntry(address: string, link: string, mac: string): Entry {
    return entry(`neigh ${address} dev ${link}`, `lladdr ${mac}`);
}
