import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LAB_NAME } from "./lab";
import { until } from "./patience";

/** What became of the connections to a host: a login by SSH, and one over which bytes go back and forth. */
export interface Stream {
    readonly host: string;
    /** What ended, or brought other bytes than were sent. */
    readonly broken: readonly string[];
    /** That came back. */
    readonly bytes: number;
    /** The longest wait for what comes all the time, in ms. */
    readonly silence: number;
    /** TCP segments that were sent anew: by the host, over all of its connections, and to it over the second. */
    readonly retransmitted: { readonly byHost: number; readonly toHost: number };
}

const BEGIN_WITHIN_MS = 30_000;

/** The connections stay while something is done; another process has them, as this one may be kept busy. */
export async function streaming(
    hosts: readonly string[],
    act: () => unknown,
): Promise<readonly Stream[]> {
    const file = join(tmpdir(), `crosshost-streams-${LAB_NAME}`);
    rmSync(file, { force: true });
    const program = join(__dirname, "streamer.ts");
    const words = ["-r", "ts-node/register/transpile-only", program, file, ...hosts];
    const env = { ...process.env, CROSSHOST_LAB: LAB_NAME, JEST_WORKER_ID: undefined };
    const child = spawn(process.execPath, words, { env, stdio: ["ignore", "ignore", "inherit"] });
    const ended = new Promise((resolve) => child.on("exit", resolve));
    try {
        await until(BEGIN_WITHIN_MS, () => existsSync(file));
        if (!existsSync(file)) {
            throw new Error(`no connections to ${hosts.join(", ")} within ${BEGIN_WITHIN_MS} ms`);
        }
        await act();
    } finally {
        child.kill("SIGTERM");
        await ended;
    }
    const streams = JSON.parse(readFileSync(file, "utf8")) as readonly Stream[];
    rmSync(file);
    return streams;
}

export function streamText({ host, broken, bytes, silence, retransmitted }: Stream): string {
    const sent = `${(bytes / 1e6).toFixed(1)} MB`;
    const again = `${retransmitted.byHost} segments sent anew by it, ${retransmitted.toHost} to it`;
    const told = broken.length > 0 ? `broken: ${broken.join(", ")}` : "unbroken";
    return `${host}: ${told}, ${sent}, ${again}, longest silence ${silence} ms`;
}
