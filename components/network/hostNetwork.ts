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

/** Docker's automatic addresses: the first quarter, where the gateway is. The rest is planned. */
export function hostNetwork(network: string, subnet: string): HostNetwork {
    return {
        network,
        subnet,
        gateway: addressAt(subnet, 1),
        ipRange: `${networkAddress(subnet)}/${prefixOf(subnet) + 2}`,
    };
}
