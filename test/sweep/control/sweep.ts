import { join } from "node:path";
import { baseline } from "../../support/hosts";
import { lab, on, onAll, startLabCommand } from "../../support/lab";
import { Stack } from "../../support/stack";
import { begin, recordSteps } from "../cliRun";
import {
    dealer,
    type Operation,
    OPERATIONS,
    randomFrom,
    shuffled,
    type Step,
    type Steps,
} from "../point";
import { lives } from "../lives";
import { HOSTILITIES } from "./hostility";
import {
    configure,
    disturbed,
    INPUT_CHAIN,
    lookAt,
    operate,
    type Result,
    settle,
    type Subject,
    type Trial,
    withoutVarying,
} from "./life";

const PROGRAM = join(__dirname, "../programs/control");

/** Lives on all hosts side by side until so many trials were made; tells each as it is done. */
export async function controlSweep(
    hosts: readonly string[],
    trials: number,
    seed: number,
    tell: (result: Result) => void,
): Promise<Result[]> {
    const subjects = await Promise.all(hosts.map(subjectOn));
    const dealt = new Map(
        (["shared", "own"] as const).map((kernel) => {
            const steps = subjects.find(({ host }) => kernelOf(host) === kernel)?.steps;
            return [kernel, steps && trialDealer(steps, kernel, seed)];
        }),
    );
    const settled = subjects.flatMap((subject: Subject) => {
        const next = dealt.get(kernelOf(subject.host));
        return next ? [{ subject, next }] : [];
    });
    return lives(settled, trials, {
        begin: ({ subject }) => settle(subject),
        disturb: ({ subject, next }, tag, operation) => disturbed(subject, tag, next(operation)),
        anew: async ({ subject, next }) => ({ subject: await anew(subject), next }),
        tell,
    });
}

function kernelOf(host: string): "shared" | "own" {
    return lab().hosts[host]?.kernel ?? "shared";
}

/** Each hostility and each step of an operation, before one comes again. */
function trialDealer(
    steps: Steps,
    kernel: "shared" | "own",
    seed: number,
): (operation: Operation) => Trial {
    const random = randomFrom(seed);
    const kills = dealer(steps, random);
    const decks = new Map<Operation, Trial[]>();
    const deck = (operation: Operation): Trial[] => {
        const hostilities = HOSTILITIES.filter(
            ({ operations, own }) =>
                operations.includes(operation) && (own === true) === (kernel === "own"),
        ).map((hostility): Trial => ({ operation, hostility }));
        // nobody sees the processes of a kernel that is another
        const count = kernel === "own" ? 0 : 3 * steps[operation].length;
        const kill = () => ({ operation, kill: kills(operation) });
        return shuffled([...hostilities, ...Array.from({ length: count }, kill)], random);
    };
    return (operation) => {
        const left = decks.get(operation) ?? [];
        const [trial, ...rest] = left.length > 0 ? left : deck(operation);
        if (!trial) {
            throw new Error(`${operation} has nothing that could be done to it`);
        }
        decks.set(operation, rest);
        return trial;
    };
}

// ---- what a host is like when nobody disturbs

export async function subjectOn(host: string): Promise<Subject & { readonly steps: Steps }> {
    const way = ["ip", "netns", "exec", lab().internet.namespace]; // the client comes through the gateway
    const stack = new Stack(`control-${host}`, PROGRAM, way);
    const rival = new Stack(`rival-${host}`, PROGRAM, way);
    on(host, INPUT_CHAIN);
    const untouched = withoutVarying((await baseline([host]))[0] ?? "");
    const of = { host, stack, rival };
    await settle(of);
    const looks = { untouched, host: await lookAt(host), up: "", update: "", destroy: untouched };
    const steps: Record<Operation, Step[]> = { up: [], update: [], destroy: [] };
    for (const operation of OPERATIONS) {
        configure(of, operation);
        const run = begin(operate(stack, operation), "none");
        steps[operation] = recordSteps(run);
        const { status, output } = await run.outcome;
        looks[operation] = await lookAt(host);
        if (status !== 0) {
            throw new Error(`${operation} without hostility: ${output}`);
        }
    }
    if (looks.destroy !== untouched) {
        throw new Error(`destroy without hostility leaves a trace on ${host}`);
    }
    return { ...of, looks, steps };
}

/** After a failure: a host that nothing has touched yet, and an empty stack. */
async function anew({ host, stack, rival }: Subject): Promise<Subject> {
    const all = Object.keys(lab().hosts).length;
    stack.remove("--force");
    rival.remove("--force");
    await startLabCommand("down", host, "--purge");
    // others may be cut off just now
    await startLabCommand("up", String(all)).catch(() => onAll([host], "docker info"));
    return subjectOn(host);
}
