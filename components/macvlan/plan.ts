import { type Claimant, knownAsClaim, lanBehind } from "../network/claims";
import { hostNetwork, type HostNetwork, type Reserved, type Shim } from "../network/hostNetwork";
import { leastUnderlayMtu, type PlannedHost } from "../network/members";
import {
    addressAt,
    broadcastAddress,
    contains,
    networkAddress,
    prefixOf,
    sizeOf,
    subnet,
} from "../wire/address";
import { dockerName, linkName, macAddress, type StackIdentity } from "../wire/identity";
import { type Entry, unit, type Unit } from "../wire/unit";
import { type MacvlanSpec } from "./schema";
import { addrEntry } from "../entries/addr/addr";
import { siblingLink, vlanLink } from "../entries/link/link";
import { lanNetwork } from "../entries/network/network";
import { promiscEntry } from "../entries/promisc/promisc";
import { routeEntry } from "../entries/route/route";
import { linkSysctlEntry } from "../entries/sysctl/sysctl";

/** All that is decided of a LAN, before any host is touched. */
export interface MacvlanPlan {
    readonly identity: StackIdentity;
    readonly name: string;
    readonly subnet: string;
    readonly mtu: number;
    readonly way: Way;
    readonly spec: MacvlanSpec;
    readonly places: Readonly<Record<string, Place>>;
}

/** Docker's driver with its mode, which the host's own link needs too. */
export interface Way {
    readonly driver: "macvlan" | "ipvlan";
    readonly mode: "bridge" | "private" | "vepa" | "passthru" | "l2" | "l3";
}

/** One host on the LAN. */
export interface Place {
    readonly id: number;
    /** The link that containers lie on: a NIC, or the VLAN of it that is made. */
    readonly parent: string;
    readonly nic: string;
    readonly network: HostNetwork;
}

/** How many parts `ipRange` has unless told: hosts to come want theirs, and a part is 8 addresses of 64. */
const PARTS_BITS = 3;
/** A part has an address for the host's own link, and three for containers. */
const LONGEST_PART = 30;
const SHIM_MAC_ROLE = 0xc3;

export function wayOf({ driver = "macvlan", mode }: MacvlanSpec): Way {
    return { driver, mode: mode ?? (driver === "macvlan" ? "bridge" : "l2") };
}

export function hostPrefixOf({ ipRange, hostPrefix }: MacvlanSpec): number {
    return hostPrefix ?? Math.min(prefixOf(ipRange) + PARTS_BITS, LONGEST_PART);
}

export function partCount(spec: MacvlanSpec): number {
    return 2 ** (hostPrefixOf(spec) - prefixOf(spec.ipRange));
}

export function nicOf({ parent, parents }: MacvlanSpec, host: string): string {
    return parents?.[host] ?? parent;
}

export function parentOf(spec: MacvlanSpec, host: string): string {
    const nic = nicOf(spec, host);
    return spec.vlan === undefined ? nic : `${nic}.${spec.vlan}`;
}

export function planMacvlan(
    identity: StackIdentity,
    name: string,
    spec: MacvlanSpec,
    hosts: readonly PlannedHost[],
): MacvlanPlan {
    const way = wayOf(spec);
    const plan = { identity, name, subnet: spec.subnet, mtu: leastUnderlayMtu(hosts), way, spec };
    const places = hosts.map(({ name: host, id = 0 }): [string, Place] => [
        host,
        {
            id,
            nic: nicOf(spec, host),
            parent: parentOf(spec, host),
            network: networkOn(plan, host, id, hosts),
        },
    ]);
    return { ...plan, places: Object.fromEntries(places) };
}

/** Host number `id` gives out part number `id` of `ipRange`, whoever else is there. */
function networkOn(
    { identity, name, way, spec }: Omit<MacvlanPlan, "places">,
    host: string,
    id: number,
    hosts: readonly PlannedHost[],
): HostNetwork {
    const network = networkName(identity, name, spec);
    const part = subnet(spec.ipRange, hostPrefixOf(spec), id - 1);
    const shim = spec.hostAccess ? shimOf(linkName("mv", identity, name), part) : undefined;
    if (way.mode === "l3") {
        const own = hostNetwork(network, part);
        const reserved = shim && [only(shim.address, `is the address of ${host}'s own link`)];
        return { ...own, shim, reserved, lan: { hosts: {} } };
    }
    return {
        ...hostNetwork(network, spec.subnet, { gateway: spec.gateway, ipRange: part }),
        reserved: reservedOf(spec),
        lan: { link: parentOf(spec, host), hosts: addressesOf(spec, hosts) },
        shim,
    };
}

/** The last but one of the part: the last may be the LAN's broadcast address. */
function shimOf(link: string, part: string): Shim {
    return { link, address: addressAt(part, sizeOf(part) - 2) };
}

function reservedOf({ ipRange, reserved = [] }: MacvlanSpec): Reserved[] {
    const automatic = {
        from: networkAddress(ipRange),
        to: broadcastAddress(ipRange),
        why: `lies in ipRange, ${ipRange}, of which Docker gives out addresses by itself`,
    };
    return [
        automatic,
        ...reserved.map((text) => ({ ...spanOf(text), why: `is reserved, ${text}` })),
    ];
}

/** The first and last of `192.168.40.9`, `192.168.40.100-192.168.40.199` or `192.168.40.0/26`. */
export function spanOf(text: string): { readonly from: string; readonly to: string } {
    const [from = text, to = from] = text.split("-");
    return text.includes("/")
        ? { from: networkAddress(text), to: broadcastAddress(text) }
        : { from, to };
}

function only(address: string, why: string): Reserved {
    return { from: address, to: address, why };
}

/** Hosts whose address on the LAN the program says. */
function addressesOf(spec: MacvlanSpec, hosts: readonly PlannedHost[]): Record<string, string> {
    const known = hosts.flatMap(({ name, addressNow }): [string, string][] =>
        addressNow && contains(spec.subnet, addressNow) ? [[name, addressNow]] : [],
    );
    return Object.fromEntries(known);
}

/** What the LAN holds on one of its hosts, and nothing else there may have. */
export function claimantOf(
    component: string,
    { identity, name, spec }: Pick<MacvlanPlan, "identity" | "name" | "spec">,
    host: string,
): Claimant {
    const path = spec.parents?.[host] === undefined ? "parent" : `parents.${host}`;
    return {
        holder: `Macvlan "${component}"`,
        cidr: spec.subnet,
        path: "subnet",
        network: networkName(identity, name, spec),
        claims: [knownAsClaim("a Macvlan", name), { path, thing: lanBehind(parentOf(spec, host)) }],
    };
}

function networkName(identity: StackIdentity, name: string, spec: MacvlanSpec): string {
    return spec.dockerName ?? dockerName(identity, name);
}

/** One host's unit: Docker's network, and what it lies on. */
export function macvlanUnit(plan: MacvlanPlan, host: string): Unit {
    const place = plan.places[host];
    if (!place) {
        throw new Error(`${host} is not on ${plan.name}`);
    }
    const { vlan, promiscuous } = plan.spec;
    const { parent, nic } = place;
    return unit([
        ...(vlan === undefined ? [] : [vlanLink(parent, nic, vlan)]),
        ...(promiscuous ? [promiscEntry(parent)] : []),
        dockerEntry(plan.way, place),
        ...shimEntries(plan, place),
    ]);
}

function dockerEntry({ driver, mode }: Way, { parent, network: place }: Place): Entry {
    const { network, subnet, ipRange, shim } = place;
    const gateway = mode === "l3" ? undefined : place.gateway;
    return lanNetwork(network, {
        driver,
        parent,
        mode,
        subnet,
        gateway,
        ipRange,
        own: shim?.address,
    });
}

/**
 * A link of the containers' own kind, by which the host reaches them: neither reaches the parent's own
 * packets. The LAN learns one MAC for each address: without arp_ignore, the NIC would answer for the
 * shim's address and the shim for the NIC's. Router advertisements would give it addresses and a
 * default route.
 */
function shimEntries({ identity, name, way, spec }: MacvlanPlan, place: Place): Entry[] {
    const { shim, ipRange, subnet: whole } = place.network;
    if (!shim) {
        return [];
    }
    const { link, address } = shim;
    const mac = macAddress(SHIM_MAC_ROLE, identity, name, place.id);
    const own = way.driver === "macvlan" ? mac : undefined;
    const reached = way.mode === "l3" ? whole : ipRange;
    return [
        siblingLink(link, { ...way, parent: place.parent, mac: own }),
        addrEntry(link, `${address}/32`),
        routeEntry(reached, { dev: link, src: address }),
        ...[link, ...(spec.vlan === undefined ? [place.parent] : [])].map((one) =>
            linkSysctlEntry(["ipv4", "conf"], one, "arp_ignore", 1),
        ),
        linkSysctlEntry(["ipv6", "conf"], link, "disable_ipv6", 1),
    ];
}
