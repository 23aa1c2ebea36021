import { lockOutProblems } from "../network/claims";
import { type LocalOverlay } from "../network/handle";
import { hostIdProblems, leastUnderlayMtu, type Parts, type PlannedHost } from "../network/members";
import { prefixOf } from "../wire/address";
import { bytesOf, MIN_MTU, type Overhead, sumOf } from "../wire/mtu";
import { type Problem } from "../wire/problem";
import { type ChosenBackend } from "./backends/choice";
import { belowProblems } from "./over";
import { type OverlaySpec, subnetPrefixOf } from "./schema";
import { switchedProblems, switchedSizeProblems } from "./switched/problems";
import { slicesOf } from "./switched/slices";

/** What is wrong with the plan, as far as it is known before anything is registered. */
export function planProblems(
    spec: OverlaySpec,
    backend: ChosenBackend,
    hosts: readonly PlannedHost[],
    below: LocalOverlay | undefined,
): Problem[] {
    const sized = spec.switched ? switchedSizeProblems(spec) : sizeProblems(spec);
    const known = hosts.flatMap(({ name, addressNow }): [string, string][] =>
        addressNow === undefined ? [] : [[name, addressNow]],
    );
    return [
        ...(spec.switched ? switchedProblems(spec, backend.name) : []),
        ...sized,
        ...(sized.length > 0 ? [] : idProblems(spec, hosts)),
        ...(below ? belowProblems(below, backend, hosts) : []),
        ...mtuProblems(spec, backend.overhead, carriedBy(hosts, below)),
        ...underlayProblems(spec.cidr, Object.fromEntries(known)),
    ];
}

/** Mistakes that show only when the hosts' addresses are known. */
export function underlayProblems(
    cidr: string,
    underlays: Readonly<Record<string, string>>,
): Problem[] {
    const named = Object.entries(underlays);
    return named.flatMap(([host, address], at) => {
        if (address === "") {
            const write = `new Host("${host}", { address: "192.0.2.1", ... })`;
            const message = `${host} is reached by name: set the address at which the other hosts reach it, as in ${write}`;
            return [{ path: "hosts", message }];
        }
        const twin = named.slice(0, at).find(([, other]) => other === address);
        if (twin) {
            const message = `${twin[0]} and ${host} have the same address, ${address}: each host needs its own`;
            return [{ path: "hosts", message }];
        }
        return lockOutProblems(cidr, host, address);
    });
}

function sizeProblems(spec: OverlaySpec): Problem[] {
    const { cidr } = spec;
    const subnetPrefix = subnetPrefixOf(spec);
    const message = `${subnetPrefix} leaves no room for one subnet per host in ${cidr}: set one above ${prefixOf(cidr)}, or choose a larger cidr`;
    return subnetPrefix > prefixOf(cidr) ? [] : [{ path: "subnetPrefix", message }];
}

function idProblems(spec: OverlaySpec, hosts: readonly PlannedHost[]): Problem[] {
    return hostIdProblems(hosts, spec.switched ? slicesOf(spec.cidr) : subnetsOf(spec));
}

function subnetsOf(spec: OverlaySpec): Parts {
    const prefix = subnetPrefixOf(spec);
    const last = 2 ** (prefix - prefixOf(spec.cidr)) - 1;
    const parts = `${spec.cidr} has subnets 1 to ${last} of /${prefix}`;
    return { last, parts, larger: "choose a larger cidr" };
}

/** What a packet on the network below may have at most, and who says so. */
interface Carried {
    readonly bytes: number;
    readonly told: string;
}

function carriedBy(hosts: readonly PlannedHost[], below: LocalOverlay | undefined): Carried {
    const bytes = below?.mtu ?? leastUnderlayMtu(hosts);
    const told = below
        ? `Overlay "${below.name}" carries ${bytes} (its mtu)`
        : `the hosts carry ${bytes} (Host's mtu)`;
    return { bytes, told };
}

function mtuProblems(spec: OverlaySpec, overhead: Overhead, { bytes, told }: Carried): Problem[] {
    const most = bytes - bytesOf(overhead);
    const sum = `${told}, minus ${sumOf(overhead)} is ${most}`;
    if (most < MIN_MTU) {
        return [{ path: "mtu", message: `${sum}, and containers need ${MIN_MTU}` }];
    }
    return spec.mtu === undefined || spec.mtu <= most
        ? []
        : [{ path: "mtu", message: `${spec.mtu} does not fit: ${sum}` }];
}
