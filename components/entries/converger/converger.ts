import { entry, type Entry } from "../../wire/unit";

/** The program itself, in a version. */
export function convergerEntry(version: string, hash: string): Entry {
    return entry("converger", `${version} ${hash}`);
}
