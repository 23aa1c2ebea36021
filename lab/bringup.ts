import { homedir } from "node:os";
import { join } from "node:path";
import { show } from "./command";
import { dim, step } from "./terminal";

const ROOT = join(__dirname, "..");
const LAB_COMMAND = join(ROOT, "lab/lab");
const LAB_LINES = dim("    lab    | ");

/** The environment that names a lab to all commands, and to the programs of stacks. */
export function labEnvironment(name: string): NodeJS.ProcessEnv {
    return {
        CROSSHOST_LAB: name,
        CROSSHOST_LAB_JSON: join(cacheFolder(), "labs", name, "lab.json"),
    };
}

/** The engine and the hosts; minutes the first time on a machine, seconds later. */
export async function bringUp(env: NodeJS.ProcessEnv, hosts = 3): Promise<void> {
    await step("engine and lab, side by side (minutes the first time, seconds later)", () =>
        allOf([
            show([join(ROOT, "lab/pulumi/build")], { env, prefix: dim("    engine | ") }),
            show([LAB_COMMAND, "up", String(hosts)], { env, prefix: LAB_LINES }),
        ]),
    );
}

export async function takeDown(env: NodeJS.ProcessEnv, ...options: "--purge"[]): Promise<void> {
    await step(["lab down", ...options].join(" "), () =>
        show([LAB_COMMAND, "down", ...options], { env, prefix: LAB_LINES }),
    );
}

function cacheFolder(): string {
    return process.env["CROSSHOST_CACHE"] ?? join(homedir(), ".cache/crosshost");
}

/** Waits for all, so that none goes on unseen when another has failed. */
async function allOf(acts: readonly Promise<void>[]): Promise<void> {
    for (const outcome of await Promise.allSettled(acts)) {
        if (outcome.status === "rejected") {
            throw outcome.reason;
        }
    }
}
