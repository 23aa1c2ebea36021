import type * as pulumi from "@pulumi/pulumi";
import { type HostSession } from "../run/session";
import { type HostNetwork } from "./hostNetwork";

/**
 * A network that containers can join: an Overlay, a Bridge, a Macvlan, or the `handle` that another
 * stack exports, taken by StackReference.
 */
export interface NetworkHandle {
    /** The whole network. */
    readonly cidr: pulumi.Input<string>;
    /** MTU of the containers' interfaces, in bytes. */
    readonly mtu: pulumi.Input<number>;
    /** The network as it is on each host, by the hosts' logical names. */
    readonly networks: pulumi.Input<Record<string, HostNetwork>>;
}

/** What is known at once of a network made by this program. */
export interface LocalNetwork {
    readonly name: string;
    readonly networks: Readonly<Record<string, HostNetwork>>;
    /** Its hosts. */
    readonly sessions: readonly HostSession[];
    /** The command that makes it on a host. */
    readonly commands: Readonly<Record<string, pulumi.Resource>>;
    /** It is in place of docker0: what it has on its hosts is Docker's default network. */
    readonly isDefault?: boolean;
    /** Of a Bridge: the link that interfaces of containers can be put on beside Docker's. */
    readonly bridge?: LocalBridge;
    /** Of an Overlay: what another that travels in it has to know. */
    readonly overlay?: LocalOverlay;
}

export interface LocalBridge {
    readonly link: string;
    readonly cidr: string;
    /** Unknown where the bridge has that of its uplink. */
    readonly mtu?: number;
    /** What Docker has on it; nothing where it has an uplink. */
    readonly place?: HostNetwork;
    /** The host's NIC that is a port of it. */
    readonly uplink?: string;
}

export interface LocalOverlay {
    readonly name: string;
    /** What it carries: that of its containers. */
    readonly mtu: number;
    readonly bridge: string;
    readonly isSwitched: boolean;
    /** How many tunnels a packet of it goes through. */
    readonly tunnels: number;
    /** Of its hosts, by their names: the addresses that they have in it. */
    readonly gateways: Readonly<Record<string, string>>;
    /** Devices that take a packet from its sender only, whichever of them leads back there. */
    readonly proving: readonly string[];
}

const locals = new WeakMap<object, LocalNetwork>();

export function rememberNetwork(handle: object, network: LocalNetwork): void {
    locals.set(handle, network);
}

export function localNetwork(handle: object): LocalNetwork | undefined {
    return locals.get(handle);
}
