/** What has to pass between hosts, and a firewall of theirs may drop. */
export type Flow = TunnelFlow | ForwardFlow;

/** What a tunnel's packets travel in: UDP to a port, or a protocol of IP by its number. */
export type Carrier =
    | { readonly kind: "udp"; readonly port: number }
    | { readonly kind: "protocol"; readonly protocol: number };

export const IPIP_PROTOCOL = 4;
export const GRE_PROTOCOL = 47;

/** The packets of a device, as they come to the host itself. */
export type TunnelFlow = Carrier & {
    readonly device: string;
    /** Addresses of hosts. */
    readonly to: string;
    readonly from: readonly string[];
};

/** Packets of containers elsewhere, and the answers. */
export interface ForwardFlow {
    readonly kind: "forward";
    readonly bridge: string;
    /** What they come in by: a device, or whatever NIC has the host's address. */
    readonly by: { readonly device: string } | { readonly address: string };
    /** The containers elsewhere. */
    readonly range: string;
    /** An address behind the bridge. */
    readonly own: string;
}
