import { addressAt, broadcastAddress, contains, networkAddress, sizeOf } from "../wire/address";
import { isHostName } from "../wire/hostname";
import { type Claims, type HostPort } from "../wire/claims";
import { derivedNumber, type StackIdentity } from "../wire/identity";
import { type Problem } from "../wire/problem";
import { entry, unit, type Unit } from "../wire/unit";
import { type HostNetwork } from "../network/hostNetwork";

/** The container's place on a network, as the host is to hold it. */
export interface Endpoint {
    readonly container: string;
    readonly network: string;
    readonly ipv4Address: string;
    readonly aliases: readonly string[];
}

export function planAttachment({ container, network, ipv4Address, aliases }: Endpoint): Unit {
    const names = [...new Set(aliases)].sort().map((name) => ` alias ${name}`);
    return unit([
        entry(`docker endpoint ${container} ${network}`, `ipv4 ${ipv4Address}${names.join("")}`),
    ]);
}

/**
 * An address from the part of the subnet that Docker does not give out by itself: the one given, or
 * one derived from the attachment's name alone, so that no other attachment ever moves it.
 */
export function placeAttachment(
    identity: StackIdentity,
    name: string,
    network: HostNetwork,
    given: string | undefined,
): { readonly address: string; readonly problems: readonly Problem[] } {
    if (given === undefined) {
        return { address: derivedAddress(identity, name, network), problems: [] };
    }
    const problem = staticAddressProblem(given, network);
    const problems = problem ? [{ path: "ipv4Address", message: `"${given}" ${problem}` }] : [];
    return { address: given, problems };
}

/** Two claims to one address, told with one that is free. */
export function claimAddress(
    addresses: Claims,
    name: string,
    address: string,
    network: HostNetwork,
): Problem[] {
    const holder = addresses.claim(address, name);
    if (holder === undefined) {
        return [];
    }
    const free = firstFree(addresses, network);
    const way = free ? `write ipv4Address: "${free}", which is free` : "the subnet is full";
    return [{ path: "ipv4Address", message: `${address} is the address of "${holder}": ${way}` }];
}

/** Where none are given, the logical name is the alias, if it can be one. */
export function aliasProblems(name: string, given: readonly string[] | undefined): Problem[] {
    const message = `"${name}", the logical name, is no host name: write aliases: ["..."], or []`;
    return given !== undefined || isHostName(name) ? [] : [{ path: "aliases", message }];
}

export function claimPorts(
    claims: Claims<HostPort>,
    name: string,
    host: string,
    ports: readonly HostPort[],
): Problem[] {
    return ports.flatMap((port, at) => {
        const holder = claims.claim(port, name);
        const clash = `${port.port}/${port.protocol} of ${host} is published by "${holder}" already`;
        const path = `container.ports[${at}].external`;
        return holder === undefined ? [] : [{ path, message: `${clash}: choose another` }];
    });
}

function staticAddressProblem(given: string, network: HostNetwork): string | undefined {
    const { subnet, gateway, ipRange } = network;
    const range = `use ${planned(network).first} to ${planned(network).last}`;
    if (!contains(subnet, given)) {
        return `lies outside ${subnet}, the host's part of the network: ${range}`;
    }
    if (given === gateway) {
        return `is the gateway of ${subnet}: ${range}`;
    }
    if (given === networkAddress(subnet) || given === broadcastAddress(subnet)) {
        return `is no host address of ${subnet}: ${range}`;
    }
    return contains(ipRange, given)
        ? `lies in ${ipRange}, which Docker gives out by itself: ${range}`
        : undefined;
}

function derivedAddress(identity: StackIdentity, name: string, network: HostNetwork): string {
    const { from, to } = planned(network);
    const offset = derivedNumber(from, to, "address", identity.project, identity.stack, name);
    return addressAt(network.subnet, offset);
}

function firstFree(addresses: Claims, network: HostNetwork): string | undefined {
    const { from, to } = planned(network);
    for (let offset = from; offset <= to; offset += 1) {
        const candidate = addressAt(network.subnet, offset);
        if (addresses.holder(candidate) === undefined) {
            return candidate;
        }
    }
    return undefined;
}

/** What lies between Docker's automatic range, which starts the subnet, and the broadcast address. */
function planned({ subnet, ipRange }: HostNetwork) {
    const from = sizeOf(ipRange);
    const to = sizeOf(subnet) - 2;
    return { from, to, first: addressAt(subnet, from), last: addressAt(subnet, to) };
}
