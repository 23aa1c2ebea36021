// Where and whom to kill: a point is drawn from the steps that an undisturbed run has shown.

export const OPERATIONS = ["up", "update", "destroy"] as const;
export type Operation = (typeof OPERATIONS)[number];

/** One step of an operation, as the CLI prints it: `app0-container creating`. */
export interface Step {
    readonly name: string;
    readonly milliseconds: number;
}

export type Steps = Readonly<Record<Operation, readonly Step[]>>;

export const VICTIMS = [
    "client",
    "language host",
    "command plugin",
    "docker plugin",
    "sshd",
    "converger",
    "converger with its children",
    "all",
] as const;
export type Victim = (typeof VICTIMS)[number];

/** `made`: Docker has just begun to make a container, so the state cannot know it yet. */
export type Moment = "before" | "during" | "after" | "made";

export interface Point {
    readonly operation: Operation;
    readonly step: string;
    readonly moment: Moment;
    /** From the moment to the kill. */
    readonly delay: number;
    readonly victim: Victim;
}

/** On the host, so there only while a step of that host is under way. */
const ON_HOST: readonly Victim[] = ["sshd", "converger", "converger with its children"];
/** Those whose death leaves a container that the state does not know. */
const KNOWS_THE_CONTAINER: readonly Victim[] = ["client", "docker plugin", "all"];
/** A kill after this long still finds most convergers at work. */
const WORK_MILLISECONDS = 150;

/** Numbers in [0, 1), the same for the same seed. */
export function randomFrom(seed: number): () => number {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
}

/**
 * Deals the points of an operation, one after the other: all of its steps and moments, shuffled, so
 * that none comes twice before each has come once.
 */
export function dealer(steps: Steps, random: () => number): (operation: Operation) => Point {
    const decks = new Map<Operation, Point[]>();
    return (operation) => {
        const left = decks.get(operation) ?? [];
        const [point, ...rest] = left.length > 0 ? left : deck(operation, steps[operation], random);
        if (!point) {
            throw new Error(`${operation} has no step: nothing to disturb`);
        }
        decks.set(operation, rest);
        return point;
    };
}

/** Every step and moment with one victim; the next deck draws others. */
function deck(operation: Operation, steps: readonly Step[], random: () => number): Point[] {
    return shuffled(
        steps.flatMap((step) =>
            momentsOf(step).map((moment) => {
                const victims = victimsAt(step, moment);
                const victim = victims[Math.floor(random() * victims.length)] ?? "all";
                const delay = delayOf(step, moment, victim, random);
                return { operation, step: step.name, moment, delay, victim };
            }),
        ),
        random,
    );
}

function momentsOf({ name }: Step): Moment[] {
    const makes = name.includes("-container creat");
    return ["before", "during", "after", ...(makes ? (["made", "made"] as const) : [])];
}

function victimsAt({ name }: Step, moment: Moment): readonly Victim[] {
    if (moment === "made") {
        return KNOWS_THE_CONTAINER;
    }
    if (moment !== "during") {
        return VICTIMS.filter((victim) => !ON_HOST.includes(victim));
    }
    return name.includes("-container ")
        ? VICTIMS.filter((victim) => !victim.startsWith("converger"))
        : VICTIMS;
}

function delayOf(step: Step, moment: Moment, victim: Victim, random: () => number): number {
    switch (moment) {
        case "before":
        case "after":
            return 0;
        case "made":
            return Math.floor(random() * 60);
        case "during":
            return Math.floor(
                random() * (ON_HOST.includes(victim) ? WORK_MILLISECONDS : step.milliseconds),
            );
    }
}

export function shuffled<T>(all: readonly T[], random: () => number): T[] {
    return all
        .map((one): [number, T] => [random(), one])
        .sort(([a], [b]) => a - b)
        .map(([, one]) => one);
}

export function isOnHost(victim: Victim): boolean {
    return ON_HOST.includes(victim);
}

export function pointText({ operation, step, moment, delay, victim }: Point): string {
    const when = delay > 0 ? `${moment}, after ${delay} ms` : moment;
    return `${operation}: ${step}: ${when}: kill ${victim}`;
}
