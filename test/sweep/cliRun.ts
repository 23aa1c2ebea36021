import { spawn } from "node:child_process";
import { readdirSync, watch } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LAB_JSON } from "../support/lab";
import { type Invocation, type Outcome } from "../support/stack";
import { isOnHost, type Point, type Step } from "./point";
import { find, kill, TAG } from "./processes";

/** The longest that an operation may take, disturbed or not. */
const LIMIT_MILLISECONDS = 180_000;
const POLL_MILLISECONDS = 10;

export interface Run {
    readonly outcome: Promise<Outcome>;
    /** Calls back for each line that the CLI prints, as it prints it. */
    readonly onLine: (listener: (line: string) => void) => void;
    readonly ended: () => boolean;
}

/** Starts the CLI; the tag is by whom its processes are found. */
export function begin({ command, args, options }: Invocation, tag: string): Run {
    const env = { ...options.env, [TAG]: tag };
    const child = spawn(command, args, { ...options, env, stdio: ["ignore", "pipe", "pipe"] });
    const listeners: ((line: string) => void)[] = [];
    let output = "";
    let over = false;
    const take = (data: string) => {
        const from = output.lastIndexOf("\n") + 1;
        output += data;
        for (const line of output.slice(from).split("\n").slice(0, -1)) {
            listeners.forEach((listener) => {
                listener(line);
            });
        }
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    const limit = setTimeout(() => {
        output += `\nnot done after ${LIMIT_MILLISECONDS / 1000} s\n`;
        kill("client", tag, []);
    }, LIMIT_MILLISECONDS);
    const outcome = new Promise<Outcome>((resolve) => {
        // `exit`, as plugins that outlive the client keep its pipes open.
        child.on("exit", (status) => {
            clearTimeout(limit);
            over = true;
            setTimeout(() => {
                child.stdout.destroy();
                child.stderr.destroy();
                resolve({ status, output });
            }, 20);
        });
    });
    return {
        outcome,
        onLine: (listener) => listeners.push(listener),
        ended: () => over,
    };
}

/** `app0-container creating`, of a line that tells a resource's step; components have none. */
export function stepOf(line: string): { name: string; began: boolean } | undefined {
    const told = /^ \S+ +(?:command|docker):\S* (\S+) (.+?) \([\d.]+m?s\)/.exec(line);
    const [, resource, words] = told ?? [];
    if (!resource || !words) {
        return undefined;
    }
    const doing = words.replace(/\b(creat|delet|updat|replac)ed\b/, "$1ing");
    return { name: `${resource} ${doing}`, began: doing === words };
}

/** The steps of an undisturbed operation, and how long each took. */
export function recordSteps(run: Run): Step[] {
    const began = new Map<string, number>();
    const steps: Step[] = [];
    run.onLine((line) => {
        const step = stepOf(line);
        if (step?.began) {
            began.set(step.name, Date.now());
        } else if (step) {
            const milliseconds = Date.now() - (began.get(step.name) ?? Date.now());
            steps.push({ name: step.name, milliseconds });
        }
    });
    return steps;
}

/** Kills at the point; false if nobody was there to be killed before the operation ended. */
export async function disturb(
    run: Run,
    point: Point,
    tag: string,
    hosts: readonly string[],
): Promise<boolean> {
    const { victim, delay } = point;
    await Promise.race([reached(run, point, hosts), run.outcome]);
    while (isOnHost(victim) && !run.ended() && find(victim, tag, hosts).length === 0) {
        await sleep(POLL_MILLISECONDS);
    }
    if (delay > 0) {
        await Promise.race([sleep(delay), run.outcome]);
    }
    while (!run.ended()) {
        if (kill(victim, tag, hosts)) {
            return true;
        }
        await sleep(POLL_MILLISECONDS);
    }
    return false;
}

function reached(run: Run, { step, moment }: Point, hosts: readonly string[]): Promise<void> {
    if (moment === "made") {
        return containerMade(hosts);
    }
    return new Promise((resolve) => {
        run.onLine((line) => {
            const told = stepOf(line);
            if (told?.name === step && told.began === (moment !== "after")) {
                resolve();
            }
        });
    });
}

/** Docker makes a folder for each container, on a disk that lies on this machine. */
function containerMade(hosts: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
        const watchers = hosts.map((host) => {
            const folder = join(dirname(LAB_JSON), host, "docker/containers");
            const there = new Set(readdirSync(folder));
            return watch(folder, (_, name) => {
                if (name !== null && !there.has(name)) {
                    watchers.forEach((watcher) => {
                        watcher.close();
                    });
                    resolve();
                }
            });
        });
    });
}
