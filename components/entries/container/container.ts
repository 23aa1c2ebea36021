import { entry, type Entry } from "../../wire/unit";

export type Mode = "none" | "host" | "bridge" | "container";

/** The mode of a container that is in no network of ours; `other`: whose namespace it has. */
export function containerEntry(container: string, mode: Mode, other?: string): Entry {
    const both = other === undefined ? container : `${container} ${other}`;
    return entry(`docker container ${both}`, `mode ${mode}`);
}
