import { entry, type Entry } from "../../wire/unit";

/** A key that the host makes for itself, for a device of WireGuard. */
export function privateKeyEntry(device: string): Entry {
    return entry(`private-key ${device}`, "wireguard");
}

/** In what a host says that has applied such an entry; empty of one that never has. */
export function publicKeyIn(said = ""): string {
    return /^public-key: ([A-Za-z0-9+/]{43}=)$/m.exec(said)?.[1] ?? "";
}
