import { createHash } from "node:crypto";

/** A text of the form of a WireGuard key, the same for the same host. */
export function keyOf(host: string): string {
    return createHash("sha256").update(host).digest("base64");
}
