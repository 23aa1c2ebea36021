// What is measured of one way, once: by iperf3 and sockperf, which run in the network of a container (or of a host) with this machine's
// programs, so that they are the same whatever a host's release is. Client and server have a processor each, where there are two.
//
// CPU is what the kernel charges the two programs with. Links of one machine hand packets over in the sender's context, so most of what
// both hosts do with a packet is charged to the sender here; on two machines the receiving host would bear its part.
import { type ChildProcess, spawn } from "node:child_process";
import { cpus } from "node:os";
import { answer } from "../../lab/command";

/** Where a program runs, and how others reach it there. */
export interface End {
    /** A file of a network namespace, as this machine sees it. */
    readonly namespace: string;
    readonly address: string;
}

export interface Ends {
    readonly client: End;
    readonly server: End;
}

export interface Transfer {
    /** In a second. */
    readonly gigabits: number;
    /** Seconds of a processor, for a gigabit. */
    readonly sender: number;
    readonly receiver: number;
}

export interface Shot {
    readonly one: Transfer;
    readonly eight: Transfer;
    /** UDP packets of 64 bytes: those that arrive in a second, and microseconds of a processor for each that is sent. */
    readonly packets: { readonly arrived: number; readonly cost: number };
    /** Round trips of 64 bytes by UDP, in milliseconds. */
    readonly trip: { readonly median: number; readonly p99: number; readonly p999: number };
}

const SECONDS = 1;
const BYTES = 64;
const IPERF_PORT = 5201;
const SOCKPERF_PORT = 11_111;
const [CLIENT, SERVER] = cpus().length > 1 ? ["0", "1"] : ["0", "0"];

/** They cost nothing while nobody asks them. */
export function serve({ server }: Ends): ChildProcess[] {
    const programs = [
        ["iperf3", "-s", "-p", String(IPERF_PORT)],
        ["sockperf", "server", "-i", server.address, "-p", String(SOCKPERF_PORT)],
    ];
    return programs.map((words) => {
        const [program = "", ...args] = inNetwork(server, SERVER, words);
        return spawn(program, args, { stdio: "ignore" });
    });
}

export async function shoot(ends: Ends): Promise<Shot> {
    return {
        one: transfer(await iperf(ends)),
        eight: transfer(await iperf(ends, "-P", "8")),
        packets: packetsIn(await iperf(ends, "-u", "-b", "0", "-l", String(BYTES))),
        trip: tripIn(await sockperf(ends)),
    };
}

/** What it prints with `-J`, as far as it is read here. */
interface IperfResult {
    readonly end: {
        readonly sum_received?: { readonly bits_per_second: number };
        readonly sum?: {
            readonly packets: number;
            readonly lost_packets: number;
            readonly seconds: number;
        };
        readonly cpu_utilization_percent: {
            readonly host_total: number;
            readonly remote_total: number;
        };
    };
}

async function iperf({ client, server }: Ends, ...options: string[]): Promise<IperfResult> {
    const words = ["iperf3", "-J", "-c", server.address, "-p", String(IPERF_PORT)];
    const run = [...words, "-t", String(SECONDS), ...options];
    return JSON.parse(await answer(inNetwork(client, CLIENT, run))) as IperfResult;
}

function transfer({ end }: IperfResult): Transfer {
    const gigabits = (end.sum_received?.bits_per_second ?? NaN) / 1e9;
    const { host_total, remote_total } = end.cpu_utilization_percent;
    return {
        gigabits,
        sender: host_total / 100 / gigabits,
        receiver: remote_total / 100 / gigabits,
    };
}

function packetsIn({ end }: IperfResult): Shot["packets"] {
    const { packets = NaN, lost_packets = NaN, seconds = NaN } = end.sum ?? {};
    return {
        arrived: (packets - lost_packets) / seconds,
        cost: ((end.cpu_utilization_percent.host_total / 100) * seconds * 1e6) / packets,
    };
}

async function sockperf({ client, server }: Ends): Promise<string> {
    const words = ["sockperf", "ping-pong", "-i", server.address, "-p", String(SOCKPERF_PORT)];
    const options = ["-t", String(SECONDS), "-m", String(BYTES), "--full-rtt"];
    return answer(inNetwork(client, CLIENT, [...words, ...options]));
}

/** It says microseconds. */
function tripIn(said: string): Shot["trip"] {
    const percentile = (which: string) =>
        Number(new RegExp(`percentile ${which} = +([0-9.]+)`).exec(said)?.[1] ?? NaN) / 1000;
    return { median: percentile("50.000"), p99: percentile("99.000"), p999: percentile("99.900") };
}

function inNetwork(
    { namespace }: End,
    processor: string,
    words: readonly string[],
): readonly string[] {
    return ["nsenter", `--net=${namespace}`, "taskset", "-c", processor, ...words];
}
