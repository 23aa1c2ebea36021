import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Stack } from "../test/support/stack";
import { lab, on } from "../test/support/lab";
import { median } from "./figures";
import { type Ours, oursOf } from "./ours/ours";
import {
    cpuOf,
    loginsSince,
    markJournals,
    openConnections,
    programsOfNoOp,
    resourcesByHost,
} from "./counts";

/** One operation of the CLI. */
export interface Operation {
    readonly milliseconds: number;
    /** SSH logins on each host. */
    readonly logins: readonly number[];
    /** Milliseconds of CPU of each host. */
    readonly cpu: readonly number[];
}

export interface Measured {
    readonly hosts: number;
    readonly up: Operation;
    /** Without a change, several times. */
    readonly previews: readonly Operation[];
    /** One route was deleted on one host. */
    readonly repair: Operation;
    /** The program gives one host one entry more. */
    readonly edit: Operation;
    readonly destroy: Operation;
    /** The names of each host's resources: a Host, an Overlay's part and a ContainerAttachment. */
    readonly resources: readonly (readonly string[])[];
    readonly programsOfNoOp: readonly number[];
    readonly openConnections: readonly number[];
    readonly ours: Ours;
}

const PROGRAM = join(__dirname, "program");

/** Brings the benchmark's stack up on the first hosts of the lab, counts, and takes it away again. */
export async function measure(labFile: string, count: number, previews: number): Promise<Measured> {
    const hosts = Object.keys(lab().hosts).slice(0, count);
    const stack = new Stack("bench", PROGRAM);
    stack.configure({ lab: labFile, hosts: count });
    const operation = (act: () => void) => timed(hosts, act);
    try {
        const up = await operation(() => stack.up());
        const idle = await idleCpu(hosts);
        const unchanged: Operation[] = [];
        for (let run = 0; run < previews; run += 1) {
            unchanged.push(await operation(() => stack.nothingToDo("preview")));
        }
        const ours = await oursOf(stack, hosts, computedFor(unchanged, idle));
        on(hosts[0] ?? "", "ip route del $(ip route show proto 201 | head -n 1)");
        const repair = await operation(() => stack.up());
        stack.configure({ lab: labFile, hosts: count, leaving: hosts[0] ?? "" });
        const edit = await operation(() => stack.up());
        const found = resourcesByHost(stack.state(), hosts);
        const noOp = await programsOfNoOp(hosts, "overlay-mesh");
        const open = await openConnections(hosts);
        const destroy = await operation(() => stack.destroy());
        return {
            hosts: count,
            up,
            previews: unchanged,
            repair,
            edit,
            destroy,
            resources: hosts.map((host) => found.get(host) ?? []),
            programsOfNoOp: noOp,
            openConnections: open,
            ours,
        };
    } catch (error) {
        stack.cleanUp();
        throw error;
    } finally {
        stack.remove();
    }
}

const IDLE = 3000;

/** Milliseconds of CPU of each host while nobody asks it, for each millisecond. */
export async function idleCpu(hosts: readonly string[]): Promise<number[]> {
    const before = cpuOf(hosts);
    await setTimeout(IDLE);
    return cpuOf(hosts).map((used, at) => (used - (before[at] ?? NaN)) / IDLE);
}

/** Milliseconds of CPU that an operation takes of a host, without what the host uses anyway. */
export function computedFor(operations: readonly Operation[], idle: readonly number[]): number {
    return median(
        operations.flatMap(({ cpu, milliseconds }) =>
            cpu.map((used, at) => used - (idle[at] ?? NaN) * milliseconds),
        ),
    );
}

/** Its time, and what each host had of it. */
export async function timed(hosts: readonly string[], act: () => void): Promise<Operation> {
    const marks = await markJournals(hosts);
    const used = cpuOf(hosts);
    const began = performance.now();
    act();
    const milliseconds = performance.now() - began;
    const cpu = cpuOf(hosts).map((now, at) => now - (used[at] ?? NaN));
    return { milliseconds, logins: await loginsSince(marks), cpu };
}
