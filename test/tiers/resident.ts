import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { labEnvironment } from "../../lab/bringup";

/** By a lab's name, the environment that makes the CLI attach itself to the lab's resident process. */
export type Residents = Readonly<Record<string, NodeJS.ProcessEnv>>;

/** Holds them as JSON, for the processes that run tests. */
export const RESIDENTS = "CROSSHOST_RESIDENTS";

export interface Resident {
    readonly environment: NodeJS.ProcessEnv;
    readonly stop: () => void;
}

/** Of the default, 16 MB, a third of what these processes do is to collect garbage. */
const YOUNG_GENERATION = "--max-semi-space-size=128";

/** There is nothing to attach to beside an installed Pulumi: its plugins are the published ones. */
export async function startResident(root: string, lab: string): Promise<Resident> {
    if (hasInstalledPulumi(root)) {
        return { environment: {}, stop: () => undefined };
    }
    const parts = await Promise.all(
        ["programs", "plugins"].map((part) => startPart(root, lab, part)),
    );
    return {
        environment: Object.assign(
            {},
            ...parts.map(({ environment }) => environment),
        ) as NodeJS.ProcessEnv,
        stop: () => {
            parts.forEach(({ stop }) => {
                stop();
            });
        },
    };
}

async function startPart(root: string, lab: string, part: string): Promise<Resident> {
    const main = join(root, `lab/pulumi/resident/${part}.ts`);
    const words = [YOUNG_GENERATION, "-r", "ts-node/register/transpile-only", main];
    const child = spawn(process.execPath, words, {
        cwd: root,
        env: { ...process.env, ...labEnvironment(lab) },
        stdio: ["pipe", "pipe", "inherit"],
    });
    const failed = once(child, "exit").then(() => {
        throw new Error("the process that the CLI is to attach itself to ended before it served");
    });
    const said = once(createInterface({ input: child.stdout }), "line");
    const [line] = (await Promise.race([said, failed])) as [string];
    failed.catch(() => undefined);
    return {
        environment: JSON.parse(line) as NodeJS.ProcessEnv,
        stop: () => {
            child.stdin.end();
        },
    };
}

function hasInstalledPulumi(root: string): boolean {
    const here = join(root, "lab/pulumi");
    const script = `here=${here}; . "$here/paths"; installed_pulumi`;
    return spawnSync("sh", ["-c", script], { stdio: "ignore" }).status === 0;
}
