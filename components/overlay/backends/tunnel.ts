// What backends with a device of their own have in common: packets of other members come in by it, and it takes
// them from its peers only, as none of these tunnels checks anybody's identity.
import { type Carrier } from "../../wire/flow";
import { derivedNumber, linkName } from "../../wire/identity";
import { type Entry } from "../../wire/unit";
import { type Member, type OverlayPlan, type Wire, type WirePart } from "./backend";
import { nftEntry } from "../../entries/nft/nft";
import { routeEntry } from "../../entries/route/route";
import { linkSysctlEntry } from "../../entries/sysctl/sysctl";

/** A number that nobody has chosen: in [from, to], and the same for an overlay for ever. */
export function derived(
    { identity, name }: OverlayPlan,
    what: string,
    { from, to }: { readonly from: number; readonly to: number },
): number {
    return derivedNumber(from, to, what, identity.project, identity.stack, name);
}

interface Tunnel {
    /** Of its own, or the bridge that it has ports of: who needs the packets. */
    readonly device: string;
    readonly carrier: Carrier;
    /** Its packets on the network below, in words of nft rules. */
    readonly packets: string;
    /** It knows its peers itself, and some send from addresses that nobody else knows. */
    readonly roaming?: boolean;
    /** The host calls its peers first: to a firewall, what they send are answers. */
    readonly calls?: boolean;
    readonly entries: readonly Entry[];
}

interface Port {
    readonly device: string;
    readonly link: Entry;
}

export function tunnelWire(
    { cidr, bridge }: OverlayPlan,
    member: Member,
    peers: readonly Member[],
    tunnel: Tunnel,
): Wire {
    const { device } = tunnel;
    const { flows, entries } = carried(member, peers, tunnel);
    return {
        device,
        entries,
        arrivals: [{ name: "overlay", match: `iifname ${device} ip saddr ${cidr}` }],
        flows: [
            ...flows,
            { kind: "forward", bridge, by: { device }, range: cidr, own: member.gateway },
        ],
    };
}

/** One that is a port of the bridge: what comes in by it is forwarded by nobody. */
export function portWire(
    member: Member,
    peers: readonly Member[],
    { link, entries, ...tunnel }: Tunnel & Port,
): Wire {
    const { device } = tunnel;
    const all = [...portEntries({ device, link }), ...entries];
    return { device, arrivals: [], ...carried(member, peers, { ...tunnel, entries: all }) };
}

/** The same by a device for each peer. */
export function portsWire(
    { bridge }: OverlayPlan,
    member: Member,
    peers: readonly Member[],
    { ports, ...tunnel }: Pick<Tunnel, "carrier" | "packets"> & { readonly ports: readonly Port[] },
): Wire {
    const entries = ports.flatMap(portEntries);
    return {
        ports: ports.map(({ device }) => device),
        arrivals: [],
        ...carried(member, peers, { ...tunnel, device: bridge, entries }),
    };
}

/** It says nothing by itself. */
function portEntries({ device, link }: Port): Entry[] {
    return [link, linkSysctlEntry(["ipv6", "conf"], device, "disable_ipv6", 1)];
}

function carried(
    member: Member,
    peers: readonly Member[],
    { device, carrier, packets, roaming, calls, entries }: Tunnel,
): WirePart {
    const from = peers.map(({ underlay }) => underlay);
    return {
        flows: [{ ...carrier, device, to: member.underlay, from: calls ? [] : from }],
        entries: roaming ? entries : [...entries, peersOnly(packets, from)],
    };
}

/** A device to one peer, called by the peer's number, in base 36, as there is little room in a link's name. */
export function deviceTo(kind: string, { identity, name }: OverlayPlan, { id }: Member): string {
    return linkName(`${kind}${id.toString(36)}`, identity, name);
}

/** To a peer's subnet, by an address of its that the device finds it by. */
export function tunnelRoute(device: string, member: Member, peer: Member, via: string): Entry {
    return routeEntry(peer.subnet, { via, dev: device, src: member.gateway, onlink: true });
}

/** Packets of a tunnel that come from nobody else. */
export function peersOnly(packets: string, peers: readonly string[]): Entry {
    const addresses = [...peers].sort();
    const strangers = addresses.length > 0 ? ` ip saddr != { ${addresses.join(", ")} }` : "";
    return nftEntry("input", "peers", `${packets}${strangers} drop`);
}
