import { lockOutProblems } from "../network/claims";
import { prefixOf } from "../wire/address";
import { bytesOf, DEFAULT_UNDERLAY_MTU, MIN_MTU, sumOf } from "../wire/mtu";
import { type Problem } from "../wire/problem";
import { chosenBackend } from "./backends";
import { type OverlaySpec } from "./schema";

/** A host as the plan sees it; its address may come later. */
export interface PlannedHost {
    readonly name: string;
    readonly id: number | undefined;
    /** MTU of the NIC below, as the program says. */
    readonly mtu: number | undefined;
    /** Where the program says it outright; empty where it says none. */
    readonly addressNow: string | undefined;
}

export function overheadOf(spec: OverlaySpec): number {
    return bytesOf(chosenBackend(spec.backend).overhead);
}

export function leastUnderlayMtu(hosts: readonly PlannedHost[]): number {
    return Math.min(...hosts.map((host) => host.mtu ?? DEFAULT_UNDERLAY_MTU));
}

/** What is wrong with the plan, as far as it is known before anything is registered. */
export function planProblems(spec: OverlaySpec, hosts: readonly PlannedHost[]): Problem[] {
    const sized = sizeProblems(spec);
    const known = hosts.flatMap(({ name, addressNow }): [string, string][] =>
        addressNow === undefined ? [] : [[name, addressNow]],
    );
    return [
        ...sized,
        ...(sized.length > 0 ? [] : idProblems(spec, hosts)),
        ...mtuProblems(spec, hosts),
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
            const message = `${host} is reached by name: write the address that the other hosts reach it by, as in ${write}`;
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

function sizeProblems({ cidr, subnetPrefix }: OverlaySpec): Problem[] {
    const message = `${subnetPrefix} leaves no room for one subnet a host in ${cidr}: set one above ${prefixOf(cidr)}, or take a larger cidr`;
    return subnetPrefix > prefixOf(cidr) ? [] : [{ path: "subnetPrefix", message }];
}

function idProblems(spec: OverlaySpec, hosts: readonly PlannedHost[]): Problem[] {
    const last = 2 ** (spec.subnetPrefix - prefixOf(spec.cidr)) - 1;
    const free = freeIds(hosts, last);
    return hosts.flatMap((host, at) => {
        const path = `hosts[${at}]`;
        const before = hosts.slice(0, at);
        if (before.some((other) => other.name === host.name)) {
            return [{ path, message: `${host.name} is in the list twice` }];
        }
        const what = idProblem(spec, host, before, last);
        if (what === undefined) {
            return [];
        }
        const id = free();
        const way = id
            ? `write new Host("${host.name}", { id: ${id}, ... })`
            : "take a larger cidr";
        return [{ path, message: `${host.name} ${what}: ${way}` }];
    });
}

function idProblem(
    { cidr, subnetPrefix }: OverlaySpec,
    { id }: PlannedHost,
    before: readonly PlannedHost[],
    last: number,
): string | undefined {
    if (id === undefined) {
        return "has no id and no number at the end of its name";
    }
    if (id > last) {
        return `has the id ${id}, but ${cidr} has subnets 1 to ${last} of /${subnetPrefix}`;
    }
    const twin = before.find((other) => other.id === id);
    return twin && `has the id ${id} of ${twin.name}`;
}

/** Numbers that no host of the list has, each given out once. */
function freeIds(hosts: readonly PlannedHost[], last: number): () => number | undefined {
    const taken = new Set(hosts.map((host) => host.id));
    let next = 0;
    return () => {
        do {
            next += 1;
        } while (taken.has(next));
        return next <= last ? next : undefined;
    };
}

function mtuProblems(spec: OverlaySpec, hosts: readonly PlannedHost[]): Problem[] {
    const carried = leastUnderlayMtu(hosts);
    const most = carried - overheadOf(spec);
    const sum = `the hosts carry ${carried} (Host's mtu), less ${sumOf(chosenBackend(spec.backend).overhead)} is ${most}`;
    if (most < MIN_MTU) {
        return [{ path: "mtu", message: `${sum}, and containers need ${MIN_MTU}` }];
    }
    return spec.mtu === undefined || spec.mtu <= most
        ? []
        : [{ path: "mtu", message: `${spec.mtu} does not fit: ${sum}` }];
}
