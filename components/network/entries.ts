import { prefixOf } from "../wire/address";
import { type Entry } from "../wire/unit";
import { type HostNetwork } from "./hostNetwork";
import { addrEntry } from "../entries/addr/addr";
import { defaultNetworkEntries } from "../entries/daemon/daemon";
import { dockerUserEntry } from "../entries/iptables/iptables";
import { bridgeLink, uplinkedBridge } from "../entries/link/link";
import { bridgeNetwork } from "../entries/network/network";
import { nftEntry } from "../entries/nft/nft";
import { linkSysctlEntry, sysctlEntry } from "../entries/sysctl/sysctl";
import { uplinkEntry } from "../entries/uplink/uplink";

/** A bridge of ours, which Docker's network joins by name. */
export interface DockerBridge {
    readonly link: string;
    readonly mac: string;
    readonly mtu: number;
    readonly place: HostNetwork;
    /** What containers have on their link: the place's subnet, or more, reached through the host. */
    readonly onLink: string;
    /** In place of docker0: Docker's default network is on it, and none of a name of ours. */
    readonly isDefault?: boolean;
}

/** The bridge with its gateway address, and the Docker network on it. */
export function bridgeEntries({
    link,
    mac,
    mtu,
    place,
    onLink,
    isDefault = false,
}: DockerBridge): Entry[] {
    const { network, gateway, ipRange } = place;
    return [
        bridgeLink(link, { mtu, mac }),
        addrEntry(link, `${gateway}/${prefixOf(onLink)}`),
        ...(isDefault
            ? defaultNetworkEntries(link, { ipRange, mtu })
            : [bridgeNetwork(network, { link, subnet: onLink, gateway, ipRange, mtu })]),
        sysctlEntry("net.ipv4.ip_forward", 1),
    ];
}

/**
 * A bridge that a NIC of the host's is a port of. What it switches is no business of a packet filter that forwards, but where bridges
 * are filtered too (bridge-nf-call-iptables, which Docker before 27.3 switches on) the policy DROP of Docker's would eat it.
 */
export function uplinkEntries(link: string, nic: string): Entry[] {
    return [
        uplinkedBridge(link),
        uplinkEntry({ nic, bridge: link }),
        dockerUserEntry(link, `-i ${link} -o ${link} -j ACCEPT`),
    ];
}

/**
 * The host answers for the parts of the network that lie on other hosts. So a container needs no route
 * to them, and its default route may lie on another network of its own.
 */
export function throughHostEntries(link: string): Entry[] {
    return [
        linkSysctlEntry(["ipv4", "conf"], link, "proxy_arp", 1),
        linkSysctlEntry(["ipv4", "neigh"], link, "proxy_delay", 0),
    ];
}

/**
 * Closed by default: what enters the bridge is a reply, meant for a published port, or from the
 * bridge itself; a rule named `4-...` may let in more. Rules run in the order of their names.
 */
export function closedEntries(link: string): Entry[] {
    return [
        // Of any bridge: what leaves it is done with the first rule, too.
        nftEntry("forward", "1-replies", "ct state established,related accept"),
        nftEntry("forward", "2-published", `oifname ${link} ct status dnat accept`),
        nftEntry("forward", "3-bridge", `oifname ${link} iifname ${link} accept`),
        nftEntry("forward", "5-closed", `oifname ${link} drop`),
    ];
}

/** To the network's parts on other hosts goes what comes from the bridge, and replies. */
export function membersEntry(link: string, cidr: string): Entry {
    return nftEntry(
        "forward",
        "6-members",
        `ip daddr ${cidr} iifname != ${link} ct state new drop`,
    );
}
