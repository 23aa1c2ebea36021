import { entry, type Entry } from "../../wire/unit";

/** Frames to the MAC leave a tunnel for this host. */
export function fdbEntry(mac: string, link: string, host: string): Entry {
    return entry(`fdb ${mac} dev ${link}`, `dst ${host}`);
}

/** Frames to all, and to a MAC of no known place, go to this host too. */
export function floodEntry(link: string, host: string): Entry {
    return entry(`fdb 00:00:00:00:00:00 dev ${link} dst ${host}`, "permanent");
}
