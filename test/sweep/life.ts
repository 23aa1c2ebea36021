import { type Stack } from "../support/stack";
import { difference, dumps } from "../support/hosts";
import { containersOf, detailsOf, networksOf } from "../support/docker";
import { inside, onAll, RESTS } from "../support/lab";
import { saved } from "../support/saved";
import { type Operation, OPERATIONS, type Point, type Step, type Steps } from "./point";
import { killOne, ofOperation } from "./processes";
import { leaks } from "./leaks";
import { begin, disturb, recordSteps } from "./cliRun";

/** Two hosts, and a stack that lives on them. */
export interface Pair {
    readonly hosts: readonly [string, string];
    readonly stack: Stack;
    readonly backend: "vxlan" | "wireguard";
    /** Private keys that the hosts have had. */
    readonly secrets: Set<string>;
    /** What the hosts were like before. */
    readonly before: readonly string[];
}

export interface Result {
    readonly point: Point;
    /** Somebody was killed; else the operation ended first. */
    readonly hit: boolean;
    /** A host had a container of the stack's that the state did not know. */
    readonly unknownContainer: boolean;
    /** Processes of the disturbed operation that were still there when it was healed. */
    readonly survivors: number;
    readonly problems: readonly string[];
}

const YES = ["--yes", "--skip-preview"];
const MTU: Record<Operation, number> = { up: 1440, update: 1400, destroy: 1400 };
const VERSION: Record<Operation, number> = { up: 1, update: 2, destroy: 2 };

/** One life of the stack with nobody killed: what steps there are, and that all is well without. */
export async function undisturbed(pair: Pair): Promise<Steps> {
    const steps: Record<Operation, Step[]> = { up: [], update: [], destroy: [] };
    for (const operation of OPERATIONS) {
        configure(pair, operation);
        const run = begin(pair.stack.operation(verbOf(operation), ...YES), "none");
        steps[operation] = recordSteps(run);
        const { status, output } = await run.outcome;
        const problems = status === 0 ? await stateOf(pair, operation) : [output];
        if (problems.length > 0) {
            throw new Error(`${operation} without a crash: ${problems.join("\n")}`);
        }
    }
    return steps;
}

/** An operation in which somebody is killed, and what one more run makes of it. */
export async function crashAndHeal(pair: Pair, tag: string, point: Point): Promise<Result> {
    const { stack, hosts } = pair;
    const { operation } = point;
    configure(pair, operation);
    const run = begin(stack.operation(verbOf(operation), ...YES), tag);
    const hit = await disturb(run, point, tag, hosts);
    const crashed = await run.outcome;
    const unknownContainer = await hasUnknownContainer(pair);
    const survivors = ofOperation(tag);
    const problems = [
        ...(await leaks(pair, crashed.output)),
        ...(await heal(pair, operation)),
        ...(await stateOf(pair, operation)),
        ...(await leaks(pair, "")),
    ];
    ofOperation(tag).forEach(({ pid }) => {
        killOne(pid);
    });
    return {
        point,
        hit,
        unknownContainer,
        survivors: survivors.length,
        problems: problems.length > 0 ? [...problems, `the crash:\n${crashed.output}`] : [],
    };
}

/** `pulumi cancel` where the engine's lock asks for it, then the same operation once more. */
async function heal({ stack }: Pair, operation: Operation): Promise<string[]> {
    const again = () => begin(stack.operation(verbOf(operation), ...YES), "heal").outcome;
    let { status, output } = await again();
    if (output.includes("currently locked")) {
        await begin(stack.command("cancel", "--yes"), "heal").outcome;
        ({ status, output } = await again());
    }
    // No trace of the crash, but of a machine with too much to do.
    if (output.includes("does not answer within")) {
        ({ status, output } = await again());
    }
    return status === 0 ? [] : [`${verbOf(operation)} does not heal:\n${output}`];
}

async function stateOf(pair: Pair, operation: Operation): Promise<string[]> {
    const there = operation === "destroy" ? leftOvers(pair) : wiring(pair, operation);
    return [...(await there), ...(await pendingOperations(pair))];
}

async function leftOvers({ hosts, before }: Pair): Promise<string[]> {
    return difference(before, await dumps(hosts));
}

/** With other eyes: the containers reach each other, over what was asked for, and nothing else is there. */
async function wiring({ hosts }: Pair, operation: Operation): Promise<string[]> {
    const answers = await Promise.all(
        hosts.map(async (host, at) => {
            const peer = `10.70.${2 - at}.200`;
            const [answer] = await onAll(
                [host],
                LOOK.replaceAll("APP", `app${at}`).replace("PEER", peer),
            );
            return [host, `${await dockerHas(host)}\n${answer?.trim() ?? ""}`] as const;
        }),
    );
    const wanted = `running VERSION=${VERSION[operation]}, 1 networks\n${MTU[operation]}\nreached`;
    return answers.flatMap(([host, answer]) =>
        answer === wanted ? [] : [`${host}: wanted\n${wanted}\nfound\n${answer}`],
    );
}

/** The watcher attaches containers that have started by itself; nothing of that is to stay. */
const QUIET = `(${RESTS})`;
const LOOK = `
${QUIET}
cat /sys/class/net/ch-mesh-*/mtu 2>&1
${inside("APP", "ping -c 1 -W 3 PEER")} >/dev/null 2>&1 && echo reached
${QUIET}
ls /run/crosshost/journal 2>/dev/null || true
`;

/** All containers, and the count of networks of ours. */
async function dockerHas(host: string): Promise<string> {
    const told = await Promise.all(
        (await containersOf(host, "all")).map(async ({ Id }) => {
            const { State, Config } = await detailsOf(host, Id);
            return `${State.Status} ${Config.Env[0] ?? ""}`;
        }),
    );
    const networks = await networksOf(host, "ours");
    return `${told.join("; ")}, ${networks.length} networks`;
}

/** Those that a refresh which clears them leaves. */
async function pendingOperations({ stack }: Pair): Promise<string[]> {
    if (saved(stack.name).pending.length === 0) {
        return [];
    }
    const refresh = stack.operation("refresh", "--clear-pending-creates", ...YES);
    const { status, output } = await begin(refresh, "look").outcome;
    const { pending } = saved(stack.name);
    return [
        ...(status === 0 ? [] : [`refresh fails:\n${output}`]),
        ...(pending.length === 0 ? [] : [`pending after a refresh: ${pending.join(", ")}`]),
    ];
}

async function hasUnknownContainer({ stack, hosts }: Pair): Promise<boolean> {
    const found = await Promise.all(hosts.map((host) => containersOf(host, "ours")));
    const ids = saved(stack.name).resources.map(({ id }) => id);
    return found.flat().some(({ Id }) => !ids.includes(Id));
}

function configure({ stack, hosts, backend }: Pair, operation: Operation): void {
    stack.configure({
        hosts: hosts.join(" "),
        backend: JSON.stringify({ [backend]: {} }),
        mtu: MTU[operation],
        version: VERSION[operation],
    });
}

function verbOf(operation: Operation): "up" | "destroy" {
    return operation === "destroy" ? "destroy" : "up";
}
