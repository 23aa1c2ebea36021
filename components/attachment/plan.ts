import {
    addressAt,
    broadcastAddress,
    contains,
    networkAddress,
    offsetOf,
    sizeOf,
} from "../wire/address";
import { isHostName } from "../wire/hostname";
import { type Claims, type HostPort, type WishedPort } from "../wire/claims";
import { derivedNumber, type StackIdentity } from "../wire/identity";
import { type Problem, quoted } from "../wire/problem";
import { unit, type Unit } from "../wire/unit";
import { type HostNetwork, type Shim } from "../network/hostNetwork";
import { containerEntry, type Mode } from "../entries/container/container";
import { defaultRouteEntry } from "../entries/default-route/default-route";
import { endpointEntry } from "../entries/endpoint/endpoint";
import { routeEntry } from "../entries/route/route";
import { WATCH_CONTAINERS } from "../entries/watch/watch";

/** The container's place on a network, as the host is to hold it. */
export interface Endpoint {
    readonly container: string;
    readonly network: string;
    readonly ipv4Address: string;
    readonly aliases: readonly string[];
    /** Somebody else makes it, and may make it anew at any time. */
    readonly existing: boolean;
    /** The way that the host itself has to the address, where there is no other. */
    readonly shim?: Shim;
    /** The container's default route goes through the network's gateway, whatever others it is on. */
    readonly defaultRoute?: boolean;
}

export function planAttachment(endpoint: Endpoint): Unit {
    const { container, network, ipv4Address, aliases, existing, shim, defaultRoute } = endpoint;
    const way = shim && routeEntry(ipv4Address, { dev: shim.link, src: shim.address });
    return unit([
        endpointEntry({ container, network, ipv4Address }, aliases),
        ...(way ? [way] : []),
        ...(defaultRoute ? [defaultRouteEntry(container, network)] : []),
        ...(existing || defaultRoute ? [WATCH_CONTAINERS] : []),
    ]);
}

/** The mode of a created container; `other`: whose namespace it has. */
export function planMode({
    container,
    mode,
    other,
}: {
    readonly container: string;
    readonly mode: Mode;
    readonly other?: string;
}): Unit {
    const wanted = containerEntry(container, mode, other);
    return unit(other === undefined ? [wanted] : [wanted, WATCH_CONTAINERS]);
}

/** An address that the program says is from the part of the subnet that Docker does not give out by itself. */
export function staticProblems(given: string, network: HostNetwork): Problem[] {
    const problem = staticAddressProblem(given, network);
    return problem ? [{ path: "ipv4Address", message: `"${given}" ${problem}` }] : [];
}

export function isPlanned(address: string, network: HostNetwork): boolean {
    return staticAddressProblem(address, network) === undefined;
}

/** Two claims to one address on any of the network's hosts, told with one that is free. */
export function claimAddress(
    addresses: readonly Claims[],
    name: string,
    address: string,
    network: HostNetwork,
): Problem[] {
    const holder = holderOf(addresses, address);
    if (holder === undefined) {
        addresses.forEach((claims) => claims.claim(address, name));
        return [];
    }
    const free = firstFree(addresses, network);
    const way = free ? `write ipv4Address: "${free}", which is free` : "the subnet is full";
    return [{ path: "ipv4Address", message: `${address} is the address of "${holder}": ${way}` }];
}

/** Docker publishes no port of a container that is a machine of a LAN, and does not say so. */
export function portProblems({ lan }: HostNetwork, ports: unknown): Problem[] {
    const message =
        "publish nothing on a LAN, where the container is reached at its own address, on every port: leave them out";
    return lan && ports !== undefined ? [{ path: "container.ports", message }] : [];
}

/** In mode l3 each host is its containers' router, and there is no address to send to. */
export function wayProblems({ lan }: HostNetwork, defaultRoute: boolean | undefined): Problem[] {
    const message = "needs a gateway, and a network of mode l3 has none: leave it out";
    return defaultRoute && lan && !lan.link ? [{ path: "defaultRoute", message }] : [];
}

/** Where none are given, the logical name is the alias, if it can be one. */
export function aliasProblems(name: string, given: readonly string[] | undefined): Problem[] {
    const message = `${quoted(name)}, the logical name, is not a host name: set aliases: ["..."], or []`;
    return given !== undefined || isHostName(name) ? [] : [{ path: "aliases", message }];
}

export function claimName(names: Claims, name: string, container: string, host: string): Problem[] {
    const holder = names.claim(container, name);
    const message = `"${container}" is already the container of "${holder ?? ""}" on ${host}`;
    return holder === undefined ? [] : [{ path: "container.name", message }];
}

/** The host has a unit for each, called so: an alias, or another parent, may bring the name of another. */
export function claimKnownAs(things: Claims, name: string, known: string): Problem[] {
    const holder = things.claim(`the attachment ${known}`, name);
    const message = `the host already knows "${holder ?? ""}" by the name "${known}": choose another`;
    return holder === undefined ? [] : [{ path: "", message }];
}

/** A container has one place on a network. */
export function claimEndpoint(
    things: Claims,
    name: string,
    container: string,
    network: string,
): Problem[] {
    const holder = things.claim(`"${container}" on the network ${network}`, name);
    const message = `"${container}" is already attached to ${network} by "${holder ?? ""}"`;
    return holder === undefined ? [] : [{ path: "containerName", message }];
}

/** A container has one default route. */
export function claimDefault(
    things: Claims,
    name: string,
    container: string,
    path: string,
): Problem[] {
    const holder = things.claim(`the default route of "${container}"`, name);
    const message = `the default route of "${container}" is already set by "${holder ?? ""}": leave one of them out`;
    return holder === undefined ? [] : [{ path, message }];
}

export function claimPorts(
    claims: Claims<HostPort>,
    name: string,
    host: string,
    ports: readonly WishedPort[],
): Problem[] {
    return ports.flatMap(({ path, ...port }) => {
        const holder = claims.claim(port, name);
        const clash = `${port.port}/${port.protocol} of ${host} is already used by "${holder ?? ""}"`;
        return holder === undefined ? [] : [{ path, message: `${clash}: choose another` }];
    });
}

function staticAddressProblem(given: string, network: HostNetwork): string | undefined {
    const { subnet, gateway, ipRange } = network;
    const range = `use ${spansOf(network).map(spanText(network)).join(" or ")}`;
    if (!contains(subnet, given)) {
        return `lies outside ${subnet}, the host's part of the network: ${range}`;
    }
    if (given === gateway) {
        return `is the gateway of ${subnet}: ${range}`;
    }
    if (given === networkAddress(subnet) || given === broadcastAddress(subnet)) {
        return `is not a host address of ${subnet}: ${range}`;
    }
    if (contains(ipRange, given)) {
        return `lies in ${ipRange}, which Docker gives out by itself: ${range}`;
    }
    const why = reservedFor(given, network);
    return why && `${why}: ${range}`;
}

function reservedFor(given: string, { subnet, reserved = [], lan }: HostNetwork) {
    const at = offsetOf(subnet, given);
    const part = reserved.find(
        ({ from, to }) => offsetOf(subnet, from) <= at && at <= offsetOf(subnet, to),
    );
    const host = hostAt(given, lan);
    return part?.why ?? (host && `is the address of ${host}`);
}

function hostAt(address: string, lan: HostNetwork["lan"]): string | undefined {
    return Object.entries(lan?.hosts ?? {}).find(([, held]) => held === address)?.[0];
}

/**
 * The addresses that an attachment may have, by its name alone, the first choice first. Numbered over all that is not reserved,
 * hosts among it: a host that joins moves no address but its own.
 */
export function choices(
    { project, stack }: StackIdentity,
    name: string,
    network: HostNetwork,
): Generator<string, undefined> {
    const { count } = plannedOffsets(network);
    return candidates(network, derivedNumber(0, count - 1, "address", project, stack, name));
}

function firstFree(addresses: readonly Claims[], network: HostNetwork): string | undefined {
    for (const candidate of candidates(network, 0)) {
        if (holderOf(addresses, candidate) === undefined) {
            return candidate;
        }
    }
    return undefined;
}

/** All planned addresses that are no host's, from a number on and around. */
function* candidates(network: HostNetwork, first: number): Generator<string, undefined> {
    const free = plannedOffsets(network);
    for (let step = 0; step < free.count; step += 1) {
        const address = addressAt(network.subnet, free.offset((first + step) % free.count));
        if (hostAt(address, network.lan) === undefined) {
            yield address;
        }
    }
    return undefined;
}

export function holderOf(addresses: readonly Claims[], address: string): string | undefined {
    return addresses.map((claims) => claims.holder(address)).find((one) => one !== undefined);
}

/** Neighbouring addresses, as distances from the subnet's own. */
interface Span {
    readonly from: number;
    readonly to: number;
}

/** What Docker gives out by itself is not planned, nor are gateway, network and broadcast address. */
function spansOf({ subnet, gateway, ipRange, reserved = [] }: HostNetwork): readonly Span[] {
    const range = offsetOf(subnet, networkAddress(ipRange));
    const own = offsetOf(subnet, gateway);
    const holes = [
        { from: range, to: range + sizeOf(ipRange) - 1 },
        { from: own, to: own },
        ...reserved.map(({ from, to }) => ({
            from: offsetOf(subnet, from),
            to: offsetOf(subnet, to),
        })),
    ];
    return holes.reduce<readonly Span[]>(without, [{ from: 1, to: sizeOf(subnet) - 2 }]);
}

function without(spans: readonly Span[], hole: Span): readonly Span[] {
    return spans
        .flatMap(({ from, to }) => [
            { from, to: Math.min(to, hole.from - 1) },
            { from: Math.max(from, hole.to + 1), to },
        ])
        .filter(({ from, to }) => from <= to);
}

/** The addresses of all spans, numbered. */
function plannedOffsets(network: HostNetwork) {
    const spans = spansOf(network);
    const sizes = spans.map(({ from, to }) => to - from + 1);
    const offset = (at: number): number => {
        let left = at;
        for (const { from, to } of spans) {
            if (left <= to - from) {
                return from + left;
            }
            left -= to - from + 1;
        }
        throw new Error(`${network.subnet} has no planned address number ${at}`);
    };
    return { count: sizes.reduce((sum, size) => sum + size, 0), offset };
}

function spanText({ subnet }: HostNetwork) {
    return ({ from, to }: Span) =>
        from === to
            ? addressAt(subnet, from)
            : `${addressAt(subnet, from)} to ${addressAt(subnet, to)}`;
}
