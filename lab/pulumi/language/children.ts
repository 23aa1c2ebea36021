// The processes that the host runs for the CLI: programs, and npm.
import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";

export interface Ended {
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
}

const running = new Set<ChildProcess>();

/** Hands the output on as it comes. */
export function runToEnd(
    command: string,
    args: readonly string[],
    options: SpawnOptions,
    on: {
        readonly stdout: (data: Buffer) => void;
        readonly stderr: (data: Buffer) => void;
        /** Takes what ends the process early. */
        readonly stoppable: (stop: () => void) => void;
    },
): Promise<Ended> {
    return new Promise((resolve, reject) => {
        const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
        running.add(child);
        child.stdout.on("data", on.stdout);
        child.stderr.on("data", on.stderr);
        on.stoppable(() => {
            child.kill("SIGTERM");
        });
        child.on("error", (error) => {
            running.delete(child);
            reject(error);
        });
        child.on("close", (code, signal) => {
            running.delete(child);
            resolve({ code, signal });
        });
    });
}

export function endAll(signal: NodeJS.Signals): void {
    for (const child of running) {
        child.kill(signal);
    }
}
