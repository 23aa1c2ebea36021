/** What an overlay is on one host, for containers that join it. */
export interface HostNetwork {
    /** Docker's name of the network. */
    readonly network: string;
    readonly subnet: string;
    readonly gateway: string;
    /** The part of the subnet from which Docker gives out addresses by itself. */
    readonly ipRange: string;
}
