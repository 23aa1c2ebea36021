import { spawn } from "node:child_process";

/** Packets seen by a tcpdump that was listening before the traffic began. */
export interface Capture {
    /** Resolves with what it saw when it has seen enough, or after its time is over. */
    readonly seen: Promise<string>;
}

/** Starts a command line that ends in tcpdump's own options and waits until it listens. */
export function capture(command: string, args: readonly string[]): Promise<Capture> {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let errors = "";
    child.stdout.on("data", (data: Buffer) => {
        output += data.toString();
    });
    const seen = new Promise<string>((resolve) => {
        child.on("close", () => {
            resolve(output);
        });
    });
    return new Promise((resolve, reject) => {
        child.stderr.on("data", (data: Buffer) => {
            errors += data.toString();
            if (errors.includes("listening on")) {
                resolve({ seen });
            }
        });
        child.on("close", () => {
            reject(new Error(`tcpdump ended before it listened: ${errors}`));
        });
    });
}

/** tcpdump for at most 10 s or `count` packets that match. */
export function tcpdump(count: number, filter: string): string[] {
    return ["timeout", "10", "tcpdump", "-lnc", String(count), "-i", "any", filter];
}
