import { prefixOf } from "../wire/address";
import { entry, type Entry } from "../wire/unit";
import { type HostNetwork } from "./hostNetwork";

/** A bridge of ours, which Docker's network joins by name. */
export interface DockerBridge {
    readonly link: string;
    readonly mac: string;
    readonly mtu: number;
    readonly place: HostNetwork;
    /** What containers have on their link: the place's subnet, or more, reached through the host. */
    readonly onLink: string;
}

/** A network that nothing else on the host may lie in, nor whoever logs in there. */
export function rangeEntry(cidr: string): Entry {
    return entry(`range ${cidr}`, "ours alone");
}

/** The bridge with its gateway address, and the Docker network on it. */
export function bridgeEntries({ link, mac, mtu, place, onLink }: DockerBridge): Entry[] {
    const { network, gateway, ipRange } = place;
    return [
        entry(`link ${link}`, `bridge mtu ${mtu} address ${mac}`),
        entry(`addr ${link} ${gateway}/${prefixOf(onLink)}`, "scope global"),
        entry(
            `docker network ${network}`,
            `bridge ${link} subnet ${onLink} gateway ${gateway} ` +
                `ip-range ${ipRange} mtu ${mtu} masquerade false`,
        ),
        entry("sysctl net.ipv4.ip_forward", 1),
    ];
}

/**
 * The host answers for the parts of the network that lie on other hosts. So a container needs no route
 * to them, and its default route may lie on another network of its own.
 */
export function throughHostEntries(link: string): Entry[] {
    return [
        entry(`sysctl net.ipv4.conf.${link}.proxy_arp`, 1),
        entry(`sysctl net.ipv4.neigh.${link}.proxy_delay`, 0),
    ];
}

/**
 * Closed by default: what enters the bridge is a reply, meant for a published port, or from the
 * bridge itself; a rule named `4-...` may let in more. Rules run in the order of their names.
 */
export function closedEntries(link: string): Entry[] {
    return [
        entry("nft forward 1-replies", `oifname ${link} ct state established,related accept`),
        entry("nft forward 2-published", `oifname ${link} ct status dnat accept`),
        entry("nft forward 3-bridge", `oifname ${link} iifname ${link} accept`),
        entry("nft forward 5-closed", `oifname ${link} drop`),
    ];
}

/** To the network's parts on other hosts goes what comes from the bridge, and replies. */
export function membersEntry(link: string, cidr: string): Entry {
    return entry("nft forward 6-members", `ip daddr ${cidr} iifname != ${link} ct state new drop`);
}

/** Packets that leave for elsewhere than `inside` carry the host's address. */
export function masqueradeEntry(link: string, subnet: string, inside: string): Entry {
    return entry(
        "nft postrouting masquerade",
        `ip saddr ${subnet} ip daddr != ${inside} oifname != ${link} masquerade`,
    );
}
