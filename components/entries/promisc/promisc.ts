import { entry, type Entry } from "../../wire/unit";

export function promiscEntry(link: string): Entry {
    return entry(`promisc ${link}`, "on");
}
