import { type HostNetwork } from "../../network/hostNetwork";
import {
    broadcastAddress,
    contains,
    networkAddress,
    networkOf,
    prefixOf,
    sizeOf,
} from "../../wire/address";
import { type Claims } from "../../wire/claims";
import { derivedNumber, linkName, macAddress, type StackIdentity } from "../../wire/identity";
import { type Problem } from "../../wire/problem";
import { unit, type Unit } from "../../wire/unit";
import { type InterfaceSpec } from "./interfaceSchema";
import { interfaceEntry } from "../../entries/interface/interface";
import { WATCH_CONTAINERS } from "../../entries/watch/watch";

/** What an interface of one's own lies on: a Bridge of this program, or a NIC that the host has. */
export type Ground =
    | {
          readonly kind: "bridge";
          /** The Bridge's logical name. */
          readonly name: string;
          readonly link: string;
          readonly cidr: string;
          /** Unknown where it has that of its uplink. */
          readonly mtu?: number;
          /** What Docker has on it; nothing where it has an uplink. */
          readonly place?: HostNetwork;
          readonly uplink?: string;
      }
    | { readonly kind: "nic"; readonly link: string; readonly mtu: number | undefined };

/** All that is decided of an interface; the container's name may come late. */
export interface InterfacePlan {
    readonly name: string;
    /** The host's end of it, of one on a Bridge. */
    readonly host: string;
    readonly mac: string;
    readonly spec: InterfaceSpec;
    readonly ground: Ground;
}

const MAC_ROLE = 0xc4;

export function planInterface(
    identity: StackIdentity,
    attachment: string,
    spec: InterfaceSpec,
    ground: Ground,
): InterfacePlan {
    const { project, stack } = identity;
    const low = derivedNumber(0, 0xffff, "interface", project, stack, attachment);
    return {
        name: spec.name,
        // Not ve-, vb- or vt-: systemd-networkd gives such links DHCP and masquerades them (80-container-ve.network).
        host: linkName("vc", identity, attachment),
        mac: spec.macAddress?.toLowerCase() ?? macAddress(MAC_ROLE, identity, attachment, low),
        spec,
        ground,
    };
}

/** The unit on the host: the interface, and the service that gives it to the container at each start. */
export function interfaceUnit(
    { name, host, mac, spec, ground }: InterfacePlan,
    container: string,
): Unit {
    const { addresses, gateway, routes = [] } = spec;
    const mtu = spec.mtu ?? (ground.kind === "bridge" ? ground.mtu : undefined);
    const on = ground.kind === "bridge" ? { bridge: ground.link, host } : { nic: ground.link };
    return unit([
        interfaceEntry({ container, name, on, mac, mtu, addresses, gateway, routes }),
        WATCH_CONTAINERS,
    ]);
}

/** An address without its prefix length. */
export function bare(addressWithPrefix: string): string {
    return addressWithPrefix.replace(/\/.*/, "");
}

/** What is wrong with the interface by itself. */
export function interfaceProblems(spec: InterfaceSpec, ground: Ground): Problem[] {
    return [
        ...spec.addresses.flatMap((_, at) => addressProblems(spec, ground, at)),
        ...(spec.gateway === undefined ? [] : routerProblems(spec, "gateway", spec.gateway)),
        ...(spec.routes ?? []).flatMap((_, at) => routeProblems(spec, at)),
        ...mtuProblems(spec, ground),
    ].map(({ path, message }) => ({ path: `interface.${path}`, message }));
}

function addressProblems({ addresses }: InterfaceSpec, ground: Ground, at: number): Problem[] {
    const path = `addresses[${at}]`;
    const given = addresses[at] ?? "";
    const address = bare(given);
    const says = (message: string) => [{ path, message: `"${given}" ${message}` }];
    if (addresses.slice(0, at).some((other) => bare(other) === address)) {
        return says("is listed twice");
    }
    if (/^(0|127|2[2-5]\d)\./.test(address)) {
        return says("is not an address that a machine can have");
    }
    if (isEdge(networkOf(given), address)) {
        return says(`is not a host address of ${networkOf(given)}`);
    }
    if (ground.kind === "nic") {
        return [];
    }
    if (ground.place) {
        return onBridge(ground.place, given, says);
    }
    const stray = strayPrefix([ground.cidr], given);
    return stray === undefined ? [] : says(stray);
}

/** Of the Bridge's network, an address that Docker gives to nobody. */
function onBridge(
    { subnet, gateway, ipRange }: HostNetwork,
    given: string,
    says: (message: string) => Problem[],
): Problem[] {
    const address = bare(given);
    if (!contains(subnet, address)) {
        return [];
    }
    if (address === gateway) {
        return says("is the address of the Bridge itself");
    }
    if (isEdge(subnet, address)) {
        return says(`is not a host address of ${subnet}, the Bridge's network`);
    }
    return contains(ipRange, address)
        ? says(`lies in ${ipRange}, which Docker gives out by itself: choose one outside it`)
        : [];
}

/**
 * With a longer prefix than its LAN's, a machine takes neighbours for far; with a shorter one, what is far for neighbours.
 * A /32 is an address beside others.
 */
export function strayPrefix(lans: readonly string[], given: string): string | undefined {
    const near = lans.filter((lan) => contains(lan, bare(given)));
    const [lan] = near;
    return lan === undefined || isSingle(given) || near.includes(networkOf(given))
        ? undefined
        : `has another prefix length than its LAN, ${lan}: write "${bare(given)}/${prefixOf(lan)}"`;
}

/** More than one network may lie on a wire, so this may be meant. */
export function outsideOf(lans: readonly string[], given: string): string | undefined {
    return isSingle(given) || lans.some((lan) => contains(lan, bare(given)))
        ? undefined
        : `lies outside its LAN, ${lans.join(" and ")}, whose machines reach it only if they have a route to it, or an address in ${networkOf(given)}`;
}

function isSingle(addressWithPrefix: string): boolean {
    return prefixOf(addressWithPrefix) === 32;
}

/** The network's own address, and the one of all; small networks have neither (RFC 3021). */
function isEdge(network: string, address: string): boolean {
    const edges = [networkAddress(network), broadcastAddress(network)];
    return sizeOf(network) > 2 && edges.includes(address);
}

function routeProblems({ routes = [], ...spec }: InterfaceSpec, at: number): Problem[] {
    const { to, via } = routes[at] ?? { to: "", via: "" };
    const path = `routes[${at}].to`;
    const own = spec.addresses.map(networkOf).find((network) => network === to);
    const twice = routes.slice(0, at).some((other) => other.to === to);
    return [
        ...(own === undefined
            ? []
            : [
                  {
                      path,
                      message: `"${to}" is on the interface itself and needs no route: leave it out`,
                  },
              ]),
        ...(twice ? [{ path, message: `"${to}" is listed twice` }] : []),
        ...routerProblems(spec, `routes[${at}].via`, via),
    ];
}

/** A router has to be a neighbour. */
function routerProblems(
    { addresses }: Pick<InterfaceSpec, "addresses">,
    path: string,
    router: string,
): Problem[] {
    const networks = [...new Set(addresses.map(networkOf))];
    const near = networks.filter((network) => contains(network, router));
    if (near.length === 0) {
        const message = `"${router}" lies outside ${networks.join(" and ")}, where the interface has its addresses: a router must be a direct neighbour`;
        return [{ path, message }];
    }
    if (addresses.map(bare).includes(router)) {
        return [{ path, message: `"${router}" is the interface's own address` }];
    }
    const edge = near.find((network) => isEdge(network, router));
    return edge === undefined
        ? []
        : [{ path, message: `"${router}" is not a host address of ${edge}` }];
}

function mtuProblems({ mtu }: InterfaceSpec, ground: Ground): Problem[] {
    const below = ground.kind === "bridge" ? `the Bridge "${ground.name}"` : ground.link;
    return mtu === undefined || ground.mtu === undefined || mtu <= ground.mtu
        ? []
        : [{ path: "mtu", message: `${mtu} is more than the ${ground.mtu} of ${below}` }];
}

/** The network that an address belongs to for those who read the state. */
export function extentOf(ground: Ground, address: string): string {
    return ground.kind === "bridge" && ground.place && contains(ground.place.subnet, bare(address))
        ? ground.place.subnet
        : networkOf(address);
}

/** A LAN of which other machines are too. */
export function isLan(ground: Ground): boolean {
    return ground.kind === "nic" || ground.uplink !== undefined;
}

/** A host as far as the program says where it is, and what its containers have. */
export interface Neighbour {
    readonly name: string;
    readonly addressNow: string | undefined;
    readonly addresses: Claims;
}

/** Who has an address: one of the hosts, or a container of those on the same LAN. */
export function holderOf(
    ground: Ground,
    given: string,
    hosts: readonly Neighbour[],
): string | undefined {
    const address = bare(given);
    const host = hosts.find(({ addressNow }) => addressNow === address);
    const near = hosts.filter(
        ({ addressNow }) => isLan(ground) && addressNow && contains(networkOf(given), addressNow),
    );
    const holder = near.map(({ addresses }) => addresses.holder(address)).find(Boolean);
    return host?.name ?? (holder && `"${holder}"`);
}
