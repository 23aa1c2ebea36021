import { entry, type Entry } from "../../wire/unit";

/** A key that the host makes for itself, for a device of WireGuard. */
export function privateKeyEntry(device: string): Entry {
    return entry(`private-key ${device}`, "wireguard");
}

/** In what a host says that has applied such an entry; empty of one that has not. */
export function publicKeyIn(said: string, device: string): string {
    const told = said.matchAll(/^public-key ([A-Za-z0-9-]+): ([A-Za-z0-9+/]{43}=)$/gm);
    return [...told].find(([, name]) => name === device)?.[2] ?? "";
}
