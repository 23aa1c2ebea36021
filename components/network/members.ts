import { DEFAULT_UNDERLAY_MTU } from "../wire/mtu";
import { type Problem } from "../wire/problem";

/** A host as the plan of a network over many hosts sees it; its address may come later. */
export interface PlannedHost {
    readonly name: string;
    readonly id: number | undefined;
    /** MTU of the NIC below, as the program says. */
    readonly mtu: number | undefined;
    /** Where the program says it outright; empty where it says none. */
    readonly addressNow: string | undefined;
}

/** The numbered parts that a network has for its hosts. */
export interface Parts {
    /** The highest number that a host may have; 1 is the lowest. */
    readonly last: number;
    /** What there is: `10.42.0.0/16 has subnets 1 to 255 of /24`. */
    readonly parts: string;
    /** What to write to get more. */
    readonly larger: string;
}

export function leastUnderlayMtu(hosts: readonly PlannedHost[]): number {
    return Math.min(...hosts.map((host) => host.mtu ?? DEFAULT_UNDERLAY_MTU));
}

/** Hosts without a part of their own, each told with a number that is free. */
export function hostIdProblems(hosts: readonly PlannedHost[], parts: Parts): Problem[] {
    const free = freeIds(hosts, parts.last);
    return hosts.flatMap((host, at) => {
        const path = `hosts[${at}]`;
        const before = hosts.slice(0, at);
        if (before.some((other) => other.name === host.name)) {
            return [{ path, message: `${host.name} is listed twice` }];
        }
        const what = idProblem(parts, host, before);
        if (what === undefined) {
            return [];
        }
        const id = free();
        const way = id ? `write new Host("${host.name}", { id: ${id}, ... })` : parts.larger;
        return [{ path, message: `${host.name} ${what}: ${way}` }];
    });
}

function idProblem(
    { last, parts }: Parts,
    { id }: PlannedHost,
    before: readonly PlannedHost[],
): string | undefined {
    if (id === undefined) {
        return "has no id and no number at the end of its name";
    }
    if (id > last) {
        return `has the id ${id}, but ${parts}`;
    }
    const twin = before.find((other) => other.id === id);
    return twin && `has the same id as ${twin.name}, ${id}`;
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
