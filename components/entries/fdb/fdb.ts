import { entry, type Entry } from "../../wire/unit";

/** Frames to the MAC leave a tunnel for this host. */
export function fdbEntry(mac: string, link: string, host: string): Entry {
    return entry(`fdb ${mac} dev ${link}`, `dst ${host}`);
}
