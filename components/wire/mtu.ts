/** What an Ethernet NIC carries unless it was told otherwise. */
export const DEFAULT_UNDERLAY_MTU = 1500;
/** RFC 791: every IPv4 module must take 576 bytes; below that Docker and TCP stacks misbehave. */
export const MIN_MTU = 576;
/** The largest that Linux takes for a bridge. */
export const MAX_MTU = 65_535;

/** The parts of one encapsulation, in bytes, so that a sum can be read and checked. */
export type Overhead = Readonly<Record<string, number>>;

export function bytesOf(overhead: Overhead): number {
    return Object.values(overhead).reduce((sum, bytes) => sum + bytes, 0);
}

/** `20 (ip) + 8 (udp) + ...`, for errors and docs. */
export function sumOf(overhead: Overhead): string {
    const parts = Object.entries(overhead).map(([part, bytes]) => `${bytes} (${part})`);
    return parts.join(" + ") || "0";
}
