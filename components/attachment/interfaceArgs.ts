import { type Bridge } from "../bridge/bridge";

export interface RouteArgs {
    /** Network that is reached by the route, as `10.9.0.0/16`. Changed in place. */
    to: string;
    /** The router: an address in the subnet of one of the interface's own. Changed in place. */
    via: string;
}

export interface InterfaceArgs {
    /**
     * Name of the interface in the container, as `eth1`: up to 15 letters, digits, `_`, `.` and `-`. One that the
     * container has already is refused. Changing it makes the interface anew.
     */
    name: string;
    /**
     * What it lies on: a Bridge of this program (a veth, one more port of it), or a NIC that the host has, as
     * `eth0` or `eth0.20` (a macvlan, by which the container is a machine of that LAN; the host itself
     * does not reach it there). A bridge's port, a wireless link and clouds that check MACs are refused.
     * Changing it makes the interface anew, but for one Bridge in place of another.
     */
    on: Bridge | string;
    /**
     * Its IPv4 addresses with their prefix lengths, as `["192.168.40.50/24"]`, at least one. On a NIC each is asked
     * for on the LAN in a preview; on a Bridge, one of its network lies outside of `ipRange`. Changed in place.
     */
    addresses: string[];
    /**
     * MAC address. Default: one derived from stack and logical name (the former one, if `opts.aliases` says
     * it). Changed in place.
     */
    macAddress?: string;
    /** MTU in bytes, 576 to 65535, at most that of what it lies on. Default: as much as that. Changed in place. */
    mtu?: number;
    /**
     * Router of the container's default route, in the subnet of one of the addresses: replaces the one that the
     * container has from Docker, which comes back when this goes. Default: none, the default route stays as it is. Changed in place.
     */
    gateway?: string;
    /** Further routes of the container through this interface. Default: none. Changed in place. */
    routes?: RouteArgs[];
}
