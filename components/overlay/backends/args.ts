/** Options of the `vxlan` backend. */
export interface VxlanArgs {
    /**
     * VXLAN network identifier, 1 to 16777215. Default: derived from project, stack and name, above the
     * range of Docker Swarm. Changed in place; traffic pauses until every host has it.
     */
    vni?: number;
    /**
     * UDP port, which must be open in the hosts' firewalls. Default: derived, 20000 to 29999. Changed
     * in place; traffic pauses until every host has it.
     */
    port?: number;
}

/** Options of the `direct` backend: there is nothing to choose. */
export type DirectArgs = Record<string, never>;

/** Options of the `gre` backend. */
export interface GreArgs {
    /**
     * GRE key, 1 to 4294967295, which tells overlays on the same host apart. Default: derived from
     * project, stack and name. Changed in place; traffic pauses until every host has it.
     */
    key?: number;
}

/** Options of the `ipip` backend: there is nothing to choose. */
export type IpipArgs = Record<string, never>;

/** Options of the `wireguard` backend. */
export interface WireguardArgs {
    /**
     * UDP port, which must be open in the hosts' firewalls. Default: derived, 30000 to 32767. Changed
     * in place; traffic pauses until every host has it.
     */
    port?: number;
    /**
     * Number of the hosts' keys, 1 to 9999. The next one is a roll: each host makes a new key, and traffic goes
     * on by the old ones until all have it. Even ones use the port after `port`. Default: 1. Changed in place,
     * one by one; by more than one, traffic pauses until every host has it.
     */
    keyGeneration?: number;
    /**
     * Seconds after which a host that has nothing to send sends an empty packet, 1 to 65535: for
     * firewalls on the way that forget connections. Default: none is sent. Changed in place.
     */
    keepalive?: number;
    /**
     * Hosts, by their logical names, that no other host can reach first, such as those behind NAT: they
     * send to all others, every 25 seconds, or every `keepalive`, and get answers where they sent from. Two of them do
     * not reach each other. Default: none. Changed in place.
     */
    behindNat?: string[];
}

/** Options of the `geneve` backend. */
export interface GeneveArgs {
    /**
     * Geneve network identifier, 1 to 16777215. Default: derived from project, stack and name. Changed
     * in place; traffic pauses until every host has it.
     */
    vni?: number;
    /**
     * UDP port, which must be open in the hosts' firewalls. Default: 6081. Changed in place; traffic
     * pauses until every host has it.
     */
    port?: number;
}

/** How packets travel between hosts: exactly one of these. */
export interface BackendArgs {
    /**
     * VXLAN with static routes, for hosts that reach each other by UDP, on one link or not. Creates a
     * device on each host, and a route, a neighbour and an fdb entry for each peer. 50 bytes of
     * overhead. Changed in place.
     */
    vxlan?: VxlanArgs;
    /**
     * Plain routes from host to host, for hosts on one link (one switch, one bridge, one VLAN): packets
     * are sent unchanged. Creates a route for each peer and no device. No overhead, so the full MTU. Do
     * not use it where untrusted machines share the link: they can spoof container addresses. It does
     * not work in clouds that drop packets with addresses they did not assign. Changed in place.
     */
    direct?: DirectArgs;
    /**
     * GRE with a key and static routes, for hosts that reach each other by IP protocol 47, on one link
     * or not; clouds and NAT often drop it. Creates a device on each host, and a route and a neighbour
     * for each peer, or a device for each peer if `switched`. 28 bytes of overhead, then 42. Changed in
     * place.
     */
    gre?: GreArgs;
    /**
     * IPIP with static routes, for hosts that reach each other by IP protocol 4, on one link or not;
     * clouds and NAT often drop it. Creates a device on each host, and a route for each peer. 20 bytes
     * of overhead, the least of all tunnels. Its packets bear no number, so a host can have one such
     * overlay. Changed in place.
     */
    ipip?: IpipArgs;
    /**
     * WireGuard with static routes, for hosts that reach each other by UDP over networks that you do not
     * trust: packets are encrypted, and taken from peers only. Each host makes its own key; only the
     * public half leaves it. Creates a device on each host, and a route and a peer for each other host.
     * 60 bytes of overhead. Changed in place.
     */
    wireguard?: WireguardArgs;
    /**
     * Geneve with static routes, for hosts that reach each other by UDP, on one link or not. Creates a
     * device, a route and a neighbour for each peer on each host. 50 bytes of overhead. Changed in place.
     */
    geneve?: GeneveArgs;
}
