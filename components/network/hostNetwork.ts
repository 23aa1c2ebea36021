import { addressAt, networkAddress, prefixOf } from "../wire/address";

/** A network as it is on one host, for containers that join it. */
export interface HostNetwork {
    /** The Docker network's name. */
    readonly network: string;
    readonly subnet: string;
    readonly gateway: string;
    /** The part of the subnet from which Docker gives out addresses by itself. */
    readonly ipRange: string;
    /** Other parts whose addresses no container may have. */
    readonly reserved?: readonly Reserved[];
    /** Set for a network whose containers are machines of a LAN: nothing is published for them. */
    readonly lan?: Lan;
    /** The host's own way to its containers on a LAN, which needs their addresses. */
    readonly shim?: Shim;
}

/** Addresses from the first to the last, and what is said of one: `is reserved, 192.168.40.9`. */
export interface Reserved {
    readonly from: string;
    readonly to: string;
    readonly why: string;
}

export interface Lan {
    /** The host's link to the LAN; none if the host is the containers' router. */
    readonly link?: string;
    /**
     * Addresses of the hosts on the LAN, by the hosts' logical names, as far as the program states
     * them.
     */
    readonly hosts: Readonly<Record<string, string>>;
}

export interface Shim {
    readonly link: string;
    readonly address: string;
}

/** Unless told: the first address is the gateway's, and Docker's automatic ones are the first quarter. */
export function hostNetwork(
    network: string,
    subnet: string,
    chosen: { readonly gateway?: string; readonly ipRange?: string } = {},
): HostNetwork {
    return {
        network,
        subnet,
        gateway: chosen.gateway ?? addressAt(subnet, 1),
        ipRange: chosen.ipRange ?? `${networkAddress(subnet)}/${prefixOf(subnet) + 2}`,
    };
}
