import { entry, type Entry } from "../../wire/unit";

/** The container's default route goes through that network's gateway. */
export function defaultRouteEntry(container: string, network: string): Entry {
    return entry(`default-route ${container}`, network);
}
