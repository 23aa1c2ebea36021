import { addressAt, networkAddress, prefixOf } from "../wire/address";

/** What a network is on one host, for containers that join it. */
export interface HostNetwork {
    /** Docker's name of the network. */
    readonly network: string;
    readonly subnet: string;
    readonly gateway: string;
    /** The part of the subnet from which Docker gives out addresses by itself. */
    readonly ipRange: string;
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
