import { readFileSync } from "node:fs";
import { LAB_NAME, onAll } from "../test/support/lab";

/** A place in each host's journal, to count from. */
export type Marks = ReadonlyMap<string, string>;

const CURSOR = "journalctl --sync; journalctl -q -n 0 --show-cursor | sed -n 's/^-- cursor: //p'";

export async function markJournals(hosts: readonly string[]): Promise<Marks> {
    const cursors = await onAll(hosts, CURSOR);
    return new Map(hosts.map((host, at) => [host, cursors[at]?.trim() ?? ""]));
}

/** SSH logins on each host since then, as its sshd has logged them. */
export async function loginsSince(marks: Marks): Promise<number[]> {
    const counts = await Promise.all(
        [...marks].map(([host, cursor]) => onAll([host], acceptedAfter(cursor))),
    );
    return counts.map(([count]) => Number(count));
}

function acceptedAfter(cursor: string): string {
    const accepted = "grep -E 'sshd[^ ]*: Accepted ' | wc -l";
    return `journalctl --sync; journalctl -q --after-cursor='${cursor}' | ${accepted}`;
}

/** Programs that the converger executes to find that a unit is as it should be; itself is one. */
export async function programsOfNoOp(hosts: readonly string[], unit: string): Promise<number[]> {
    const counts = await onAll(
        hosts,
        `cd /var/lib/crosshost/*/units && stack=$(basename "$(dirname "$PWD")") &&
         strace -f -qq -e trace=execve -e status=successful -o /tmp/programs \
             ../crosshost apply "$stack" ${unit} <${unit} >/dev/null && grep -c execve /tmp/programs`,
    );
    return counts.map(Number);
}

/** Of version 2, where the lab has a group for each host. */
const [, CGROUPS = ""] = /^\S+ (\S+) cgroup2 /m.exec(readFileSync("/proc/mounts", "utf8")) ?? [];

/** Milliseconds of CPU that each host has used so far, by its control group: sshd, Docker and all else that runs there. */
export function cpuOf(hosts: readonly string[]): number[] {
    return hosts.map((host) => {
        const file = `${CGROUPS}/crosshost-lab/${LAB_NAME}/${host}/cpu.stat`;
        const [, microseconds] = /^usage_usec (\d+)$/m.exec(readFileSync(file, "utf8")) ?? [];
        return Number(microseconds) / 1000;
    });
}

/** SSH connections that are still open. */
export async function openConnections(hosts: readonly string[]): Promise<number[]> {
    const counts = await onAll(hosts, "ss -Htn state established sport = :22 | wc -l");
    return counts.map(Number);
}

interface Export {
    readonly deployment: { readonly resources: readonly { readonly urn: string }[] };
}

/** Resources of a stack by the host they belong to; those of no one host under "". */
export function resourcesByHost(
    exported: string,
    hosts: readonly string[],
): ReadonlyMap<string, readonly string[]> {
    const { deployment } = JSON.parse(exported) as Export;
    const found = new Map<string, string[]>();
    for (const { urn } of deployment.resources) {
        const name = urn.split("::").at(-1) ?? "";
        const owner = hosts.find((host) => new RegExp(`(^|-)${host}(-|$)`).test(name)) ?? "";
        found.set(owner, [...(found.get(owner) ?? []), name]);
    }
    return found;
}
