import { join } from "node:path";

/** A kind of entry: a folder with all that is known of it, and the name that its functions begin with. */
export interface KindRoom {
    readonly name: string;
    readonly folder: string;
}

// What the kernel or Docker forgets with something else comes after it: a change looks for extras, and finishes, in this order.
const NAMES = [
    "interface",
    "link",
    "addr",
    "route",
    "neigh",
    "fdb",
    "network",
    "endpoint",
    "container",
    "nft",
    "iptables",
    "range",
    "underlay",
    "default-route",
    "name",
    "boot",
    "networkd",
    "watch",
    "sysctl",
    "promisc",
    "converger",
] as const;

/** All kinds of entries. */
export const KIND_ROOMS: readonly KindRoom[] = NAMES.map((name) => ({
    name,
    folder: join(__dirname, name),
}));
