import { stackId, type StackIdentity } from "../wire/identity";
import { type Entry, unit, type Unit } from "../wire/unit";
import { bootEntry } from "../entries/boot/boot";
import { convergerEntry } from "../entries/converger/converger";
import { underlayEntry } from "../entries/underlay/underlay";

/** RFC 8200: an IPv6 link carries 1280 bytes; with less, no tunnel of ours is of use. */
const LEAST_UNDERLAY_MTU = 1280;

/** What a Host itself wants: the program in this version, started at boot, its own address, and Docker as the program says. */
export function planHost(
    identity: StackIdentity,
    program: { readonly version: string; readonly hash: string },
    address: string | undefined,
    docker: readonly Entry[] = [],
): Unit {
    const stack = stackId(identity);
    const underlay: Entry[] = address ? [underlayEntry({ address, mtu: LEAST_UNDERLAY_MTU })] : [];
    return unit([
        bootEntry(`crosshost-${stack}-links.service`, "before"),
        bootEntry(`crosshost-${stack}-rules.service`, "after"),
        convergerEntry(program.version, program.hash.slice(0, 16)),
        ...underlay,
        ...docker,
    ]);
}

/** The number at the end of a logical name: vm1 is 1, db-07 is 7. */
export function idFromName(name: string): number | undefined {
    const digits = /(\d+)$/.exec(name)?.[1];
    const id = digits === undefined ? NaN : Number(digits);
    return id >= 1 && id <= 65_534 ? id : undefined;
}
