import { entry, type Entry, type Unit } from "../../wire/unit";
import { wordAfter } from "../../facts/words";

export type Chain =
    | "prerouting"
    | "input"
    | "forward"
    | "postrouting"
    /** What is switched, whatever it carries. */
    | "bridge-prerouting"
    | "bridge-postrouting";

/** A rule in the words of `nft`. Rules of a chain run in the order of their names. */
export function nftEntry(chain: Chain, name: string, rule: string): Entry {
    return entry(`nft ${chain} ${name}`, rule);
}

const MASQUERADE = "masquerade";

/** Packets that leave a bridge for elsewhere than `inside` carry the host's address. */
export function masqueradeEntry(bridge: string, subnet: string, inside: string): Entry {
    const leaving = `ip saddr ${subnet} ip daddr != ${inside} oifname != ${bridge}`;
    return nftEntry("postrouting", MASQUERADE, `${leaving} masquerade`);
}

/** Whose packets are masqueraded: a host's part of the network. */
export function masqueradedOf(unit: Unit): string | undefined {
    const rule = unit.find(({ key }) => key === `nft postrouting ${MASQUERADE}`);
    return rule && wordAfter(rule.value, "saddr");
}

export function hasRules(unit: Unit): boolean {
    return unit.some(({ key }) => key.startsWith("nft "));
}
