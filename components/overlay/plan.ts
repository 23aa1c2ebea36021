import { type Claimant, knownAsClaim } from "../network/claims";
import { defaultClaims, nameProblems, networkNameOf } from "../network/defaultNetwork";
import { bridgeEntries, closedEntries, membersEntry, throughHostEntries } from "../network/entries";
import { type LocalOverlay } from "../network/handle";
import { hostNetwork, type HostNetwork } from "../network/hostNetwork";
import { leastUnderlayMtu, type PlannedHost } from "../network/members";
import { prefixOf, subnet } from "../wire/address";
import { type Flow } from "../wire/flow";
import { linkName, macAddress, type StackIdentity } from "../wire/identity";
import { bytesOf } from "../wire/mtu";
import { type Problem } from "../wire/problem";
import { type Entry, unit, type Unit } from "../wire/unit";
import { type Member, type OverlayPlan, type Wire } from "./backends/backend";
import { chosenBackend, type ChosenBackend } from "./backends/choice";
import { belowEntries } from "./over";
import { planProblems } from "./problems";
import { type OverlaySpec, subnetPrefixOf } from "./schema";
import { gatewayEntries } from "./switched/entries";
import { switchedNetwork } from "./switched/slices";
import { directAccessEntry, dockerUserEntry } from "../entries/iptables/iptables";
import { masqueradeEntry, nftEntry } from "../entries/nft/nft";
import { rangeEntry } from "../entries/range/range";
import { underlayEntry } from "../entries/underlay/underlay";

/** All that is decided before any address of a host is known. */
export interface OverlayLayout {
    readonly plan: OverlayPlan;
    readonly backend: ChosenBackend;
    /** Docker's name of the network, the same on every host. */
    readonly network: string;
    /** It is Docker's default network, in place of docker0. */
    readonly isDefault: boolean;
    readonly networks: Readonly<Record<string, HostNetwork>>;
    readonly ids: Readonly<Record<string, number>>;
    /** Of one that travels in another. */
    readonly below?: LocalOverlay;
    /** One subnet over all hosts. */
    readonly isSwitched: boolean;
}

/** Of hosts, by their names. */
export type PublicKeys = Readonly<Record<string, string>>;

const BRIDGE_MAC_ROLE = 0xc0;
/** In place of a host's, for what is the same on all of them. */
const NO_HOST = 0;

export function layOut(
    identity: StackIdentity,
    name: string,
    spec: OverlaySpec,
    hosts: readonly PlannedHost[],
    below?: LocalOverlay,
): { readonly layout: OverlayLayout; readonly problems: readonly Problem[] } {
    const isSwitched = spec.switched === true;
    const backend = chosenBackend(spec.backend, isSwitched);
    const plan: OverlayPlan = {
        identity,
        name,
        cidr: spec.cidr,
        mtu: spec.mtu ?? (below?.mtu ?? leastUnderlayMtu(hosts)) - bytesOf(backend.overhead),
        bridge: linkName("ch", identity, name),
    };
    const isDefault = spec.defaultNetwork === true;
    const problems = [
        ...planProblems(spec, backend, hosts, below),
        ...backend.problems(hosts.map((host) => host.name)),
        ...nameProblems(spec),
    ];
    const members = problems.length > 0 ? [] : hosts;
    const network = networkNameOf(identity, name, spec);
    const networks = members.map(({ name: host, id = 0 }): [string, HostNetwork] => [
        host,
        isSwitched
            ? switchedNetwork(network, spec.cidr, id)
            : routedNetwork(network, subnet(spec.cidr, subnetPrefixOf(spec), id), isDefault),
    ]);
    const layout = {
        plan,
        backend,
        network,
        isDefault,
        networks: Object.fromEntries(networks),
        ids: Object.fromEntries(members.map((host) => [host.name, host.id ?? 0])),
        below,
        isSwitched,
    };
    return { layout, problems };
}

function routedNetwork(network: string, own: string, isDefault: boolean): HostNetwork {
    return hostNetwork(network, own, isDefault ? { ipRange: upperHalf(own) } : {});
}

/** Of a subnet whose addresses are all given out by Docker, but those that some programs take for no host's: x.x.x.0, and the gateway's. */
function upperHalf(own: string): string {
    return subnet(own, prefixOf(own) + 1, 1);
}

/** What the overlay holds on each of its hosts, and nothing else there may have. */
export function claimantOf(component: string, layout: OverlayLayout): Claimant {
    const { plan, backend, isDefault } = layout;
    const claims = [
        knownAsClaim("an Overlay", plan.name),
        ...backend.claims(plan),
        ...defaultClaims(isDefault),
    ];
    const network = isDefault ? undefined : layout.network;
    return { holder: `Overlay "${component}"`, cidr: plan.cidr, path: "cidr", network, claims };
}

/** What it is for an overlay over it, which calls it by the component's name. */
export function asBelow(name: string, layout: OverlayLayout): LocalOverlay {
    const { plan, networks, backend, below, isSwitched } = layout;
    const gateways = Object.entries(networks).map(([host, { gateway }]) => [host, gateway]);
    return {
        name,
        mtu: plan.mtu,
        bridge: plan.bridge,
        isSwitched,
        tunnels: (below?.tunnels ?? 0) + (bytesOf(backend.overhead) > 0 ? 1 : 0),
        gateways: Object.fromEntries(gateways) as Record<string, string>,
        proving: backend.keys(plan)?.devices ?? [],
    };
}

export function planOverlay(
    layout: OverlayLayout,
    host: string,
    underlays: Readonly<Record<string, string>>,
    keys: PublicKeys = {},
): Unit {
    return planMember(layout, host, underlays, keys).unit;
}

interface PlannedUnit {
    readonly unit: Unit;
    readonly flows: readonly Flow[];
}

export interface PlannedMember extends PlannedUnit {
    /** Of a backend that has one. */
    readonly tunnel?: PlannedUnit;
}

/**
 * One host's unit: bridge, Docker network, firewall, and what the backend adds for those with an underlay, and a key where it
 * needs one; and what has to reach that host for it.
 */
export function planMember(
    layout: OverlayLayout,
    host: string,
    underlays: Readonly<Record<string, string>>,
    keys: PublicKeys = {},
): PlannedMember {
    const { plan, backend, below, isDefault, isSwitched } = layout;
    const own = memberOf(layout, host, underlays, keys);
    const peers = Object.keys(layout.networks)
        .filter((other) => other !== host && other in underlays)
        .map((other) => memberOf(layout, other, underlays, keys))
        .sort((one, other) => one.id - other.id);
    const wire = backend.plan(plan, own, peers);
    const holder = isSwitched ? NO_HOST : own.id;
    const mac = macAddress(BRIDGE_MAC_ROLE, plan.identity, plan.name, holder);
    const wanted = unit([
        underlayEntry({
            address: own.underlay,
            mtu: plan.mtu + bytesOf(backend.overhead),
            link: below?.bridge,
        }),
        rangeEntry(plan.cidr),
        ...bridgeEntries({
            link: plan.bridge,
            mac,
            mtu: plan.mtu,
            place: placeOf(layout, host),
            onLink: plan.cidr,
            isDefault,
        }),
        ...wire.entries,
        ...closedEntries(plan.bridge),
        ...(isSwitched ? [] : routedEntries(plan, own, wire, isDefault)),
        ...(isSwitched ? gatewayEntries(wire, { address: own.gateway, mac }) : []),
        ...(below
            ? belowEntries(
                  below,
                  peers.map(({ underlay }) => underlay),
              )
            : []),
        masqueradeEntry(plan.bridge, own.subnet, plan.cidr),
    ]);
    const { tunnel, flows } = wire;
    return {
        unit: wanted,
        flows,
        tunnel: tunnel && {
            unit: unit([...tunnel.entries, ...pastDocker(plan, own, wire, isDefault)]),
            flows: tunnel.flows,
        },
    };
}

/** The host is the way to the other hosts' subnets. */
function routedEntries(plan: OverlayPlan, own: Member, wire: Wire, isDefault: boolean): Entry[] {
    return [
        ...throughHostEntries(plan.bridge),
        ...openToMembers(plan, wire),
        ...(wire.tunnel ? [] : pastDocker(plan, own, wire, isDefault)),
        membersEntry(plan.bridge, plan.cidr),
    ];
}

function openToMembers({ bridge }: OverlayPlan, { arrivals }: Wire): Entry[] {
    return arrivals.map(({ name, match }) =>
        nftEntry("forward", `4-${name}`, `oifname ${bridge} ${match} accept`),
    );
}

/** Docker's own FORWARD policy, DROP, wants an ACCEPT too. */
function pastDocker(
    { bridge, cidr }: OverlayPlan,
    own: Member,
    { device, arrivals }: Wire,
    isDefault: boolean,
): Entry[] {
    if (arrivals.length === 0) {
        return [];
    }
    const name = device ?? bridge;
    const members = `-s ${cidr} -d ${own.subnet}`;
    // Each match takes time for each packet. Out, Docker would let any address; in, the network's own keep strangers out where somebody
    // has flushed our own table.
    const [incoming, outgoing] =
        device === undefined
            ? [`${members} -o ${bridge}`, `-s ${own.subnet} -d ${cidr} -i ${bridge}`]
            : [`-s ${cidr} -i ${device} -o ${bridge}`, `-i ${bridge} -o ${device}`];
    const arriving = device === undefined ? members : `${members} -i ${device}`;
    return [
        dockerUserEntry(name, `${incoming} -j ACCEPT`),
        // Docker would let it out too, but after some ten rules, which take 1 us for each packet.
        dockerUserEntry(`${name}-out`, `${outgoing} -j ACCEPT`),
        // Docker's default network has no mode in which others reach its containers (`gateway_mode_ipv4`).
        ...(isDefault ? [directAccessEntry(name, `${arriving} -j ACCEPT`)] : []),
    ];
}

function memberOf(
    layout: OverlayLayout,
    host: string,
    underlays: Readonly<Record<string, string>>,
    keys: PublicKeys,
): Member {
    const { subnet: hostSubnet, gateway } = placeOf(layout, host);
    const underlay = layout.below?.gateways[host] ?? underlays[host];
    const id = layout.ids[host];
    if (!underlay || id === undefined) {
        throw new Error(`${host} has no address or no id in ${layout.plan.name}`);
    }
    return { host, id, underlay, subnet: hostSubnet, gateway, publicKey: keys[host] };
}

function placeOf({ networks, plan }: OverlayLayout, host: string): HostNetwork {
    const place = networks[host];
    if (!place) {
        throw new Error(`${host} is not a member of ${plan.name}`);
    }
    return place;
}
