import { type Bridge } from "../../bridge/bridge";

export interface RouteArgs {
    /** Network that the route leads to, such as `10.9.0.0/16`. Changed in place. */
    to: string;
    /** The router: an address in the subnet of one of the interface's addresses. Changed in place. */
    via: string;
}

export interface InterfaceArgs {
    /**
     * Name of the interface in the container, such as `eth1`: up to 15 letters, digits, `_`, `.` and
     * `-`. A name that the container already has is refused. Changing it recreates the interface.
     */
    name: string;
    /**
     * What the interface lies on: a Bridge of this program (by a veth, as one more port of it), or a
     * NIC of the host such as `eth0` or `eth0.20` (by a macvlan, which makes the container a machine of
     * that LAN; the host itself does not reach it there). A bridge's port, a wireless link and clouds
     * that check MACs are refused. Changing it recreates the interface; moving it from one Bridge to
     * another is done in place.
     */
    on: Bridge | string;
    /**
     * Its IPv4 addresses with their prefix lengths, such as `["192.168.40.50/24"]`, at least one. On a
     * LAN (a NIC, or a Bridge with an uplink), a preview checks by ARP that no other machine uses it,
     * and warns of one outside the LAN's network; on such a Bridge, the prefix length must be that of
     * its `cidr`. On a Bridge without an uplink, an address of the bridge's network must lie outside
     * `ipRange`. Changed in place.
     */
    addresses: string[];
    /**
     * MAC address. Default: derived from the stack and the logical name (the former name, if
     * `opts.aliases` has it). Changed in place.
     */
    macAddress?: string;
    /**
     * MTU in bytes, 576 to 65535, at most that of what the interface lies on. Default: the MTU of what
     * the interface lies on. Changed in place.
     */
    mtu?: number;
    /**
     * Router of the container's default route, in the subnet of one of the addresses. It replaces the
     * default route that Docker gave the container, which comes back when this is removed. On a LAN, a
     * preview warns if nobody answers for it. Default: none, the default route stays as it is. Changed
     * in place.
     */
    gateway?: string;
    /** Further routes of the container through this interface. Default: none. Changed in place. */
    routes?: RouteArgs[];
}
