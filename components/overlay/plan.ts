import { addressAt, networkAddress, prefixOf, subnet } from "../wire/address";
import { dockerName, linkName, macAddress, type StackIdentity } from "../wire/identity";
import { type Problem } from "../wire/problem";
import { entry, type Entry, unit, type Unit } from "../wire/unit";
import { type Member, type OverlayPlan } from "./backends/backend";
import { chosenBackend } from "./backends";
import { leastUnderlayMtu, overheadOf, type PlannedHost, planProblems } from "./problems";
import { type HostNetwork } from "./hostNetwork";
import { type OverlaySpec } from "./schema";

/** All that is decided before any address of a host is known. */
export interface OverlayLayout {
    readonly plan: OverlayPlan;
    readonly spec: OverlaySpec;
    /** Docker's name of the network, the same on every host. */
    readonly network: string;
    readonly networks: Readonly<Record<string, HostNetwork>>;
    readonly ids: Readonly<Record<string, number>>;
}

const BRIDGE_MAC_ROLE = 0xc0;

export function layOut(
    identity: StackIdentity,
    name: string,
    spec: OverlaySpec,
    hosts: readonly PlannedHost[],
): { readonly layout: OverlayLayout; readonly problems: readonly Problem[] } {
    const plan: OverlayPlan = {
        identity,
        name,
        cidr: spec.cidr,
        mtu: spec.mtu ?? leastUnderlayMtu(hosts) - overheadOf(spec),
        bridge: linkName("ch", identity, name),
    };
    const problems = planProblems(spec, hosts);
    const members = problems.length > 0 ? [] : hosts;
    const network = spec.dockerName ?? dockerName(identity, name);
    const networks = members.map(({ name: host, id }): [string, HostNetwork] => [
        host,
        hostNetwork(network, subnet(spec.cidr, spec.subnetPrefix, id ?? 0)),
    ]);
    const layout = {
        plan,
        spec,
        network,
        networks: Object.fromEntries(networks),
        ids: Object.fromEntries(members.map((host) => [host.name, host.id ?? 0])),
    };
    return { layout, problems };
}

/** One host's unit: bridge, Docker network, firewall, and what the backend adds. */
export function planOverlay(
    layout: OverlayLayout,
    host: string,
    underlays: Readonly<Record<string, string>>,
): Unit {
    const { plan, spec } = layout;
    const own = memberOf(layout, host, underlays);
    const peers = Object.keys(layout.networks)
        .filter((other) => other !== host)
        .map((other) => memberOf(layout, other, underlays));
    const wire = chosenBackend(spec.backend).plan(plan, own, peers);
    return unit([
        entry(`underlay ${own.underlay}`, `mtu ${plan.mtu + overheadOf(spec)}`),
        ...bridge(plan, own),
        ...dockerNetwork(plan, own, placeOf(layout, host)),
        ...wire.entries,
        ...firewall(plan, own, wire.device),
        entry("sysctl net.ipv4.ip_forward", 1),
    ]);
}

function bridge({ identity, name, mtu, bridge: link }: OverlayPlan, own: Member): Entry[] {
    const mac = macAddress(BRIDGE_MAC_ROLE, identity, name, own.id);
    return [
        entry(`link ${link}`, `bridge mtu ${mtu} address ${mac}`),
        entry(`addr ${link} ${own.gateway}/${prefixOf(own.subnet)}`, "scope global"),
    ];
}

function dockerNetwork(plan: OverlayPlan, own: Member, { network, ipRange }: HostNetwork): Entry[] {
    return [
        entry(
            `docker network ${network}`,
            `bridge ${plan.bridge} subnet ${own.subnet} gateway ${own.gateway} ` +
                `ip-range ${ipRange} mtu ${plan.mtu} masquerade false`,
        ),
    ];
}

/**
 * Closed by default: what enters the bridge is a reply, meant for a published port, from the bridge
 * itself or from the overlay. Rules run in the order of their names. Docker's own FORWARD policy,
 * DROP, still wants the one ACCEPT. Only what leaves the overlay is masqueraded.
 */
function firewall({ bridge: link, cidr }: OverlayPlan, own: Member, device: string): Entry[] {
    return [
        entry("nft forward 1-replies", `oifname ${link} ct state established,related accept`),
        entry("nft forward 2-published", `oifname ${link} ct status dnat accept`),
        entry("nft forward 3-bridge", `oifname ${link} iifname ${link} accept`),
        entry("nft forward 4-overlay", `oifname ${link} iifname ${device} ip saddr ${cidr} accept`),
        entry("nft forward 5-closed", `oifname ${link} drop`),
        entry(
            "nft postrouting masquerade",
            `ip saddr ${own.subnet} ip daddr != ${cidr} oifname != ${link} masquerade`,
        ),
        entry(
            `iptables DOCKER-USER ${device}`,
            `-s ${cidr} -d ${own.subnet} -i ${device} -o ${link} -j ACCEPT`,
        ),
    ];
}

/** Docker's automatic addresses: the first quarter, where the gateway is. The rest is planned. */
function hostNetwork(network: string, hostSubnet: string): HostNetwork {
    return {
        network,
        subnet: hostSubnet,
        gateway: addressAt(hostSubnet, 1),
        ipRange: `${networkAddress(hostSubnet)}/${prefixOf(hostSubnet) + 2}`,
    };
}

function memberOf(
    layout: OverlayLayout,
    host: string,
    underlays: Readonly<Record<string, string>>,
): Member {
    const { subnet: hostSubnet, gateway } = placeOf(layout, host);
    const underlay = underlays[host];
    const id = layout.ids[host];
    if (!underlay || id === undefined) {
        throw new Error(`${host} has no address or no id in ${layout.plan.name}`);
    }
    return { host, id, underlay, subnet: hostSubnet, gateway };
}

function placeOf({ networks, plan }: OverlayLayout, host: string): HostNetwork {
    const place = networks[host];
    if (!place) {
        throw new Error(`${host} is no member of ${plan.name}`);
    }
    return place;
}
