import { hostIdProblems, type PlannedHost } from "../network/members";
import {
    broadcastAddress,
    contains,
    networkAddress,
    offsetOf,
    overlap,
    prefixOf,
} from "../wire/address";
import { type Problem } from "../wire/problem";
import { hostPrefixOf, parentOf, partCount, spanOf, wayOf, type Way } from "./plan";
import { type MacvlanSpec } from "./schema";

/** From a whole class A down to what has room for a router, hosts and a few containers. */
export const PREFIX = { min: 8, max: 29 };
const LINK_NAME_MAX = 15;
/** In mode l3 a host's part is a network of its own, with a quarter for Docker's automatic addresses. */
const L3_PREFIX_MAX = 28;

const MODES = {
    macvlan: ["bridge", "private", "vepa", "passthru"],
    ipvlan: ["l2", "l3"],
} as const;

/** What is wrong with the plan, as far as it is known before anything is registered. */
export function planProblems(spec: MacvlanSpec, hosts: readonly PlannedHost[]): Problem[] {
    const sized = sizeProblems(spec);
    return [
        ...sized,
        ...modeProblems(spec),
        ...gatewayProblems(spec),
        ...parentProblems(spec, hosts),
        ...reservedProblems(spec),
        ...(sized.length > 0 ? [] : [...idProblems(spec, hosts), ...holderProblems(spec, hosts)]),
    ];
}

function sizeProblems(spec: MacvlanSpec): Problem[] {
    const { subnet, ipRange, hostPrefix } = spec;
    const [whole, part] = [prefixOf(subnet), prefixOf(ipRange)];
    if (whole < PREFIX.min || whole > PREFIX.max) {
        const message = `"${subnet}" must have a prefix length of ${PREFIX.min} to ${PREFIX.max}`;
        return [{ path: "subnet", message }];
    }
    const range = rangeProblem(spec);
    if (range) {
        return [{ path: "ipRange", message: `"${ipRange}" ${range}` }];
    }
    if (hostPrefix !== undefined && hostPrefix < part) {
        const message = `${hostPrefix} is wider than ipRange, ${ipRange}: set one of ${part} to 30`;
        return [{ path: "hostPrefix", message }];
    }
    const l3 = wayOf(spec).mode === "l3" && hostPrefixOf(spec) > L3_PREFIX_MAX;
    const message = `${hostPrefixOf(spec)} leaves no room for a host's own network in mode "l3": set one of ${part} to ${L3_PREFIX_MAX}, or choose a larger ipRange`;
    return l3 ? [{ path: "hostPrefix", message }] : [];
}

function rangeProblem({ subnet, ipRange }: MacvlanSpec): string | undefined {
    if (!contains(subnet, ipRange)) {
        return `lies outside ${subnet}: choose a part of it that nobody else gives out`;
    }
    if (prefixOf(ipRange) === prefixOf(subnet)) {
        return `covers the whole LAN: choose a part of ${subnet} that nobody else gives out`;
    }
    return prefixOf(ipRange) > 30
        ? "has no room for a host's part: choose a /30 or larger"
        : undefined;
}

function modeProblems(spec: MacvlanSpec): Problem[] {
    const { driver, mode } = wayOf(spec);
    const known: readonly string[] = MODES[driver];
    if (!known.includes(mode)) {
        const message = `"${mode}" is not a mode of the driver "${driver}", which has ${known.join(", ")}`;
        return [{ path: "mode", message }];
    }
    const why = spec.hostAccess === true ? accessProblem({ driver, mode }) : undefined;
    return why === undefined ? [] : [{ path: "hostAccess", message: why }];
}

function accessProblem({ mode }: Way): string | undefined {
    const reasons: Partial<Record<Way["mode"], string>> = {
        private: "isolates containers from everything on their host",
        vepa: "reaches the host through the LAN's switch, if at all",
        passthru: "gives the parent to a single container",
    };
    const reason = reasons[mode];
    return (
        reason && `true is not possible with mode "${mode}", which ${reason}: choose mode "bridge"`
    );
}

function gatewayProblems(spec: MacvlanSpec): Problem[] {
    const { subnet, gateway } = spec;
    const path = "gateway";
    if (wayOf(spec).mode === "l3") {
        const message = `"${gateway ?? ""}" has no use in mode "l3", where the host is the router: leave it out`;
        return gateway === undefined ? [] : [{ path, message }];
    }
    if (gateway === undefined) {
        const message = "is missing: the LAN's router, for the containers' default route";
        return [{ path, message }];
    }
    const ends = [networkAddress(subnet), broadcastAddress(subnet)];
    return contains(subnet, gateway) && !ends.includes(gateway)
        ? []
        : [{ path, message: `"${gateway}" is not a host address of ${subnet}` }];
}

function parentProblems(spec: MacvlanSpec, hosts: readonly PlannedHost[]): Problem[] {
    const names = hosts.map(({ name }) => name);
    const strangers = Object.keys(spec.parents ?? {}).filter((name) => !names.includes(name));
    const long = hosts.filter(({ name }) => parentOf(spec, name).length > LINK_NAME_MAX);
    return [
        ...strangers.map((name) => ({
            path: `parents.${name}`,
            message: `${name} is not one of the hosts, ${names.join(", ")}`,
        })),
        ...long.map(({ name }) => ({
            path: "vlan",
            message: `${spec.vlan ?? ""} gives the name ${parentOf(spec, name)}, which is longer than ${LINK_NAME_MAX} characters: create the VLAN there by hand with a shorter name, and use that as parent`,
        })),
    ];
}

function reservedProblems({ subnet, ipRange, reserved = [] }: MacvlanSpec): Problem[] {
    return reserved.flatMap((text, at) => {
        const { from, to } = spanOf(text);
        const path = `reserved[${at}]`;
        if (!contains(subnet, from) || !contains(subnet, to)) {
            return [{ path, message: `"${text}" lies outside ${subnet}` }];
        }
        if (offsetOf(subnet, from) > offsetOf(subnet, to)) {
            return [
                { path, message: `"${text}" must start with the lower address: "${to}-${from}"` },
            ];
        }
        const apart =
            offsetOf(subnet, to) < offsetOf(subnet, networkAddress(ipRange)) ||
            offsetOf(subnet, from) > offsetOf(subnet, broadcastAddress(ipRange));
        const message = `"${text}" overlaps ipRange, ${ipRange}, whose addresses Docker gives out: choose another ipRange`;
        return apart ? [] : [{ path, message }];
    });
}

function idProblems(spec: MacvlanSpec, hosts: readonly PlannedHost[]): Problem[] {
    const last = partCount(spec);
    const parts = `${spec.ipRange} has parts 1 to ${last} of /${hostPrefixOf(spec)}`;
    return hostIdProblems(hosts, { last, parts, larger: "choose a larger ipRange or hostPrefix" });
}

/** Docker would give out, or the host's own link lead away, an address that somebody has. */
function holderProblems(
    { ipRange, gateway }: MacvlanSpec,
    hosts: readonly PlannedHost[],
): Problem[] {
    const held = hosts.flatMap(({ name, addressNow }) =>
        addressNow ? [[addressNow, `the address at which ${name} is reached`]] : [],
    );
    const router = gateway === undefined ? [] : [[gateway, "the gateway"]];
    return [...router, ...held]
        .filter(([address = ""]) => overlap(ipRange, address))
        .map(([address = "", what = ""]) => ({
            path: "ipRange",
            message: `"${ipRange}" contains ${address}, ${what}: choose a free part of the LAN`,
        }));
}
