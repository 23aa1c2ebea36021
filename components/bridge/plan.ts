import { type Claimant, knownAsClaim } from "../network/claims";
import { bridgeEntries, closedEntries } from "../network/entries";
import { masqueradeEntry } from "../entries/nft/nft";
import { rangeEntry } from "../entries/range/range";
import { hostNetwork, type HostNetwork } from "../network/hostNetwork";
import { broadcastAddress, contains, networkAddress, prefixOf } from "../wire/address";
import { dockerName, linkName, macAddress, type StackIdentity } from "../wire/identity";
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
    readonly place: HostNetwork;
}

/** From a whole class A down to what still has room for a gateway, Docker's part and ours. */
const PREFIX = { min: 8, max: 28 };
const MAC_ROLE = 0xc2;
/** Where other components put the number of one host of many. */
const ONLY_HOST = 0;

export function planBridge(identity: StackIdentity, name: string, spec: BridgeSpec): BridgePlan {
    const { cidr, mtu = DEFAULT_UNDERLAY_MTU } = spec;
    const network = spec.dockerName ?? dockerName(identity, name);
    return {
        identity,
        name,
        link: linkName("br", identity, name),
        cidr,
        mtu,
        place: hostNetwork(network, cidr, spec),
    };
}

/** The host's unit: bridge, Docker network and firewall. */
export function bridgeUnit({ identity, name, link, cidr, mtu, place }: BridgePlan): Unit {
    const mac = macAddress(MAC_ROLE, identity, name, ONLY_HOST);
    return unit([
        rangeEntry(cidr),
        ...bridgeEntries({ link, mac, mtu, place, onLink: cidr }),
        ...closedEntries(link),
        masqueradeEntry(link, cidr, cidr),
    ]);
}

/** What the bridge holds on its host, and nothing else there may have. */
export function claimantOf(component: string, { name, cidr, place }: BridgePlan): Claimant {
    const claims = [knownAsClaim("a Bridge", name)];
    return { holder: `Bridge "${component}"`, cidr, path: "cidr", network: place.network, claims };
}

/** What is wrong with the parts of the network. */
export function partProblems({ cidr, gateway, ipRange }: BridgeSpec): Problem[] {
    const prefix = prefixOf(cidr);
    if (prefix < PREFIX.min || prefix > PREFIX.max) {
        const message = `"${cidr}" must have a prefix length of ${PREFIX.min} to ${PREFIX.max}`;
        return [{ path: "cidr", message }];
    }
    return [...gatewayProblems(cidr, gateway), ...ipRangeProblems(cidr, ipRange)];
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
