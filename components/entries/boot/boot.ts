import { entry, type Entry } from "../../wire/unit";

/** A service that applies the units of a stack after a boot. */
export function bootEntry(service: string, when: "before" | "after"): Entry {
    return entry(`boot ${service}`, `${when} docker.service`);
}
