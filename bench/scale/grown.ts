// One mesh of many hosts, through all that is done with it.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { lab, LAB_JSON, onAll, ROOT } from "../../test/support/lab";
import { engine } from "../../test/support/engine";
import { Stack } from "../../test/support/stack";
import { openConnections, resourcesByHost } from "../counts";
import { computedFor, idleCpu, type Operation, timed } from "../measure";
import { type Ours, oursOf } from "../ours/ours";

export interface Step extends Operation {
    readonly what: string;
    /** MiB that the largest process on this side had at most: the CLI, or Node. */
    readonly memory: number;
}

export interface Grown {
    readonly hosts: number;
    readonly steps: readonly Step[];
    readonly resourcesOfEachHost: readonly number[];
    readonly openConnections: readonly number[];
    /** Bytes of the stack's state for each host. */
    readonly state: number;
    readonly pairsOfContainers: number;
    readonly ours: Ours;
}

const CONTAINERS = 2;
const DRIFTED = 3;
const PREVIEW = "preview without change";
const MEMORY = join(dirname(LAB_JSON), "memory");
const BY_TIME = ["/usr/bin/time", "-f", "%M", "-o", MEMORY];

/** `count` hosts of a lab that has one more. */
export async function grow(count: number): Promise<Grown> {
    const all = Object.keys(lab().hosts);
    const hosts = all.slice(0, count);
    const withOneMore = all.slice(0, count + 1);
    const stack = new Stack("scale", join(__dirname, "../program"), BY_TIME);
    const steps: Step[] = [];
    const step = async (what: string, act: () => void, asked = hosts) => {
        const done = await timed(asked, act);
        steps.push({ what, ...done, memory: Number(readFileSync(MEMORY, "utf8")) / 1024 });
    };
    const size = (now: number) => {
        stack.configure({ lab: LAB_JSON, hosts: now, containers: CONTAINERS });
    };
    const nothing = (operation: "preview" | "up", ...flags: string[]) => {
        stack.nothingToDo(operation, ...flags);
    };
    try {
        size(count);
        await step("up, from nothing", () => stack.up());
        await step(PREVIEW, () => nothing("preview"));
        await step("the same, --parallel 4", () => nothing("preview", "--parallel", "4"));
        await step("up without change, --parallel 4", () => nothing("up", "--parallel", "4"));
        const exported = stack.state();
        const open = await openConnections(hosts);
        const preview = steps.filter(({ what }) => what === PREVIEW);
        const ours = await oursOf(stack, hosts, computedFor(preview, await idleCpu(hosts)));
        await step("check", () => check(stack.name));
        await onAll(hosts.slice(0, DRIFTED), "ip route del $(ip route show proto 201 | head -n 1)");
        await step(`up after a route was lost on ${DRIFTED} hosts`, () => stack.up());
        size(count + 1);
        await step("up with a host more", () => stack.up(), withOneMore);
        size(count);
        await step("up with a host less", () => stack.up(), withOneMore);
        await step("destroy", () => stack.destroy());
        const byHost = resourcesByHost(exported, hosts);
        return {
            hosts: count,
            steps,
            resourcesOfEachHost: hosts.map((host) => byHost.get(host)?.length ?? 0),
            openConnections: open,
            state: Math.round(exported.length / count),
            ours,
            pairsOfContainers: CONTAINERS * count * (CONTAINERS * count - 1),
        };
    } catch (error) {
        stack.cleanUp();
        throw error;
    } finally {
        stack.remove();
    }
}

function check(stack: string): void {
    const cli = engine();
    const program = ["-r", "ts-node/register/transpile-only", join(ROOT, "cli/main.ts")];
    const words = [...BY_TIME, process.execPath, ...program, "check", "--stack", stack];
    const [command = "", ...args] = words;
    const done = spawnSync(command, args, {
        cwd: join(__dirname, "../program"),
        env: { ...process.env, ...cli.env },
        encoding: "utf8",
    });
    if (done.status !== 0) {
        throw new Error(`crosshost check ended with ${done.status}:\n${done.stdout}${done.stderr}`);
    }
}
