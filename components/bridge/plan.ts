import { type Claimant, knownAsClaim, lanBehind } from "../network/claims";
import { defaultClaims, nameProblems, networkNameOf } from "../network/defaultNetwork";
import { bridgeEntries, closedEntries, uplinkEntries } from "../network/entries";
import { masqueradeEntry } from "../entries/nft/nft";
import { rangeEntry } from "../entries/range/range";
import { hostNetwork, type HostNetwork } from "../network/hostNetwork";
import { broadcastAddress, contains, networkAddress, prefixOf } from "../wire/address";
import { linkName, macAddress, type StackIdentity } from "../wire/identity";
import { DEFAULT_UNDERLAY_MTU } from "../wire/mtu";
import { type Problem } from "../wire/problem";
import { unit, type Unit } from "../wire/unit";
import { type BridgeSpec } from "./schema";

/** All that is decided of a bridge, before its host is touched. */
export interface BridgePlan {
    readonly identity: StackIdentity;
    /** By which hosts know it. */
    readonly name: string;
    readonly link: string;
    readonly cidr: string;
    readonly mtu: number;
    /** Docker's network on it; none where it has an uplink. */
    readonly place?: HostNetwork;
    /** That is its default network, in place of docker0. */
    readonly isDefault: boolean;
    readonly uplink?: string;
}

/** From a whole class A down to what still has room for a gateway, Docker's part and ours. */
const PREFIX = { min: 8, max: 28 };
const MAC_ROLE = 0xc2;
/** Where other components put the number of one host of many. */
const ONLY_HOST = 0;

export function planBridge(identity: StackIdentity, name: string, spec: BridgeSpec): BridgePlan {
    const { cidr, uplink, mtu = DEFAULT_UNDERLAY_MTU } = spec;
    const isDefault = spec.defaultNetwork === true;
    const network = networkNameOf(identity, name, spec);
    return {
        identity,
        name,
        link: linkName("br", identity, name),
        cidr,
        mtu,
        uplink,
        isDefault,
        place: uplink === undefined ? hostNetwork(network, cidr, spec) : undefined,
    };
}

/** The host's unit: bridge, Docker network and firewall, or the NIC in it. */
export function bridgeUnit(plan: BridgePlan): Unit {
    const { identity, name, link, cidr, mtu, place, uplink, isDefault } = plan;
    if (uplink !== undefined || !place) {
        return unit(uplinkEntries(link, uplink ?? ""));
    }
    const mac = macAddress(MAC_ROLE, identity, name, ONLY_HOST);
    return unit([
        rangeEntry(cidr),
        ...bridgeEntries({ link, mac, mtu, place, onLink: cidr, isDefault }),
        ...closedEntries(link),
        masqueradeEntry(link, cidr, cidr),
    ]);
}

/** What the bridge holds on its host, and nothing else there may have. */
export function claimantOf(component: string, plan: BridgePlan): Claimant {
    const { name, cidr, place, uplink, isDefault } = plan;
    const lan = uplink === undefined ? [] : [{ path: "uplink", thing: lanBehind(uplink) }];
    const claims = [knownAsClaim("a Bridge", name), ...lan, ...defaultClaims(isDefault)];
    const network = isDefault ? undefined : place?.network;
    return { holder: `Bridge "${component}"`, cidr, path: "cidr", network, claims };
}

/** What is wrong with the parts of the network. */
export function partProblems(spec: BridgeSpec): Problem[] {
    const { cidr, gateway, ipRange } = spec;
    const prefix = prefixOf(cidr);
    if (prefix < PREFIX.min || prefix > PREFIX.max) {
        const message = `"${cidr}" must have a prefix length of ${PREFIX.min} to ${PREFIX.max}`;
        return [{ path: "cidr", message }];
    }
    return spec.uplink === undefined
        ? [
              ...gatewayProblems(cidr, gateway),
              ...ipRangeProblems(cidr, ipRange),
              ...nameProblems(spec),
          ]
        : uplinkProblems(spec);
}

/** Docker isolates its networks from each other, so one on the LAN's bridge would cut off all its others from the LAN. */
const WITHOUT_DOCKER: Readonly<Partial<Record<keyof BridgeSpec, string>>> = {
    gateway:
        "is the LAN's own with an uplink: leave it out, and write gateway in the interfaces of containers",
    ipRange: "has no use with an uplink, where Docker gives out no addresses: leave it out",
    mtu: "is that of the NIC with an uplink: leave it out",
    dockerName: "has no use with an uplink, as there is no Docker network: leave it out",
    defaultNetwork: "is not for a Bridge with an uplink: leave one of them out",
};

function uplinkProblems(spec: BridgeSpec): Problem[] {
    const without = ["gateway", "ipRange", "mtu", "dockerName", "defaultNetwork"] as const;
    return without.flatMap((path) =>
        spec[path] === undefined
            ? []
            : [{ path, message: `${shown(spec[path])} ${WITHOUT_DOCKER[path] ?? ""}` }],
    );
}

function shown(value: string | number | boolean): string {
    return typeof value === "string" ? `"${value}"` : String(value);
}

function gatewayProblems(cidr: string, gateway: string | undefined): Problem[] {
    const reserved = [networkAddress(cidr), broadcastAddress(cidr)];
    return gateway === undefined || (contains(cidr, gateway) && !reserved.includes(gateway))
        ? []
        : [{ path: "gateway", message: `"${gateway}" is not a host address of ${cidr}` }];
}

function ipRangeProblems(cidr: string, ipRange: string | undefined): Problem[] {
    if (ipRange === undefined) {
        return [];
    }
    const example = hostNetwork("", cidr).ipRange;
    if (!contains(cidr, ipRange)) {
        const message = `"${ipRange}" lies outside ${cidr}: choose a part of it, such as ${example}`;
        return [{ path: "ipRange", message }];
    }
    const message = `"${ipRange}" leaves no address for attachments: choose a part of ${cidr}, such as ${example}`;
    return prefixOf(ipRange) === prefixOf(cidr) ? [{ path: "ipRange", message }] : [];
}
