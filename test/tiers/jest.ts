import { spawn } from "node:child_process";
import { join } from "node:path";
import { stopGroup } from "../../lab/command";
import { red, say, yellow } from "../../lab/terminal";
import type { Tier } from "./selection";
import { failure, type Message, sum, type Tally } from "./tally";

/** One jest of one tier; it ends, whatever its tests do. */
export interface JestRun {
    readonly root: string;
    readonly tier: Tier;
    readonly files: readonly string[];
    readonly options: readonly string[];
    readonly env: NodeJS.ProcessEnv;
    readonly limitMinutes: number;
    /** Called with what stops it. */
    readonly onStart: (stop: () => void) => void;
    /** Called with the share of files that are done. */
    readonly onShare: (share: number) => void;
}

/** As many as keep two cores busy. */
export const WORKERS: Readonly<Record<Tier, number>> = { unit: 3, netns: 4, e2e: 3 };

/** After the last test a test file's own left-overs get this long to end. */
const GRACE = 5_000;

export function runJest(run: JestRun): Promise<Tally> {
    const jest = spawn(process.execPath, commandLine(run), {
        cwd: run.root,
        env: { ...process.env, ...run.env },
        stdio: ["ignore", "inherit", "inherit", "ipc"],
        detached: true,
    });
    const files: Tally[] = [];
    let complete = false;
    let overdue = false;
    const end = (signal: NodeJS.Signals) => {
        if (jest.pid !== undefined) {
            stopGroup(jest.pid, signal);
        }
    };
    run.onStart(() => {
        end("SIGTERM");
    });
    const limit = setTimeout(() => {
        overdue = true;
        say(red(`${run.tier}: not done after ${run.limitMinutes} minutes, stopped`));
        end("SIGKILL");
    }, run.limitMinutes * 60_000);
    let left: NodeJS.Timeout | undefined;
    jest.on("message", (message: Message) => {
        if (message.kind === "file") {
            files.push(message.result);
            run.onShare(files.length / run.files.length);
        } else {
            complete = true;
            left = setTimeout(() => {
                say(yellow(`${run.tier}: something that a test started was still open, stopped`));
                end("SIGKILL");
            }, GRACE);
        }
    });
    return new Promise((resolve) => {
        const settle = (how: string) => {
            clearTimeout(limit);
            clearTimeout(left);
            const why = overdue ? `took over ${run.limitMinutes} minutes` : how;
            const unfinished = complete && !overdue ? [] : [failure(`${run.tier}: jest ${why}`)];
            resolve(sum([...files, ...unfinished]));
        };
        jest.on("error", (error) => {
            settle(`did not start: ${error.message}`);
        });
        jest.on("exit", (status, signal) => {
            settle(`ended before its tests did, ${signal ?? `status ${status ?? "?"}`}`);
        });
    });
}

/** Files of the end-to-end tier take turns on the lab of their worker; others share nothing. */
function commandLine({ root, tier, files, options }: JestRun): string[] {
    return [
        "--require",
        "ts-node/register/transpile-only",
        join(root, "node_modules/jest/bin/jest.js"),
        ...["--selectProjects", tier],
        ...["--reporters", join(root, "test/tiers/reporter.ts")],
        `--maxWorkers=${WORKERS[tier]}`,
        ...["--testSequencer", join(root, "test/tiers/sequencer.ts")],
        ...options,
        "--runTestsByPath",
        ...files,
    ];
}
