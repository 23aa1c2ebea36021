/** What has to pass between hosts, and a firewall of theirs may drop. */
export type Flow = UdpFlow | ForwardFlow;

/** The packets of a device, as they come to the host itself. */
export interface UdpFlow {
    readonly kind: "udp";
    readonly device: string;
    readonly port: number;
    /** Addresses of hosts. */
    readonly to: string;
    readonly from: readonly string[];
}

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
