// entries/: the kinds of entries of units, a folder each, with all that is known of one: its words here, and its awk on hosts.
import { join } from "node:path";
import { type Unit } from "../wire/unit";

interface Kind {
    /** Several units of a host may have the same: each its own, or all one thing together. */
    readonly mayRepeat?: true;
}

// What the kernel or Docker forgets with something else comes after it: a change looks for extras, and finishes, in this order.
const KINDS: Readonly<Record<string, Kind>> = {
    interface: {},
    link: {},
    uplink: {},
    addr: {},
    route: {},
    neigh: {},
    fdb: {},
    wireguard: {},
    daemon: {},
    network: {},
    endpoint: {},
    container: {},
    nft: { mayRepeat: true },
    iptables: { mayRepeat: true },
    range: { mayRepeat: true },
    underlay: { mayRepeat: true },
    "default-route": {},
    name: { mayRepeat: true },
    boot: { mayRepeat: true },
    networkd: { mayRepeat: true },
    watch: { mayRepeat: true },
    sysctl: { mayRepeat: true },
    promisc: { mayRepeat: true },
    "private-key": {},
    converger: { mayRepeat: true },
};

/** A kind's folder, and the name that its functions begin with. */
export interface KindRoom {
    readonly name: string;
    readonly folder: string;
}

export const KIND_ROOMS: readonly KindRoom[] = Object.keys(KINDS).map((name) => ({
    name,
    folder: join(__dirname, name),
}));

/** What no other unit of the host may hold. */
export function exclusiveKeys(unit: Unit): string[] {
    return unit.map(({ key }) => key).filter((key) => KINDS[kindOf(key)]?.mayRepeat !== true);
}

/** `docker network mesh` is of the kind network. */
function kindOf(key: string): string {
    const [first = "", second = ""] = key.split(" ");
    return first === "docker" ? second : first;
}
