import { setTimeout as sleep } from "node:timers/promises";
import { difference, dumps } from "../../support/hosts";
import { lab, on, onAll, programOn, rebootAll, start, succeeds } from "../../support/lab";
import { type Invocation, type Outcome, type Stack } from "../../support/stack";
import { begin, disturb } from "../cliRun";
import { type Operation, type Point, pointText } from "../point";
import { killOne, ofOperation } from "../processes";
import { type Act, type Hostility, OVER, WORDS } from "./hostility";
import { Logins } from "./logins";

/** How long a change waits for its commit; how much later the host answers at the latest, and after a start of its own. */
export const SECONDS = 8;
const LATER_MS = 5_000;
/** As seen from afar: a try that fails takes 2 s, and the next comes 1.5 s later. */
const SEEN_LATER_MS = 3_500;
const START_MS = 30_000;

/** A host and a stack that lives on it, and what it is like: never touched, with the Host alone, with a Bridge, and another. */
export interface Subject {
    readonly host: string;
    readonly stack: Stack;
    readonly rival: Stack;
    readonly looks: Readonly<Record<Look, string>>;
}

export type Look = "untouched" | "host" | Operation;

export type Trial = { readonly operation: Operation } & (
    { readonly hostility: Hostility } | { readonly kill: Point }
);

export interface Result {
    readonly trial: Trial;
    /** It came to be. */
    readonly hit: boolean;
    readonly silence: number;
    readonly became: string;
    readonly problems: readonly string[];
}

const YES = ["--yes", "--skip-preview"];
const BRIDGES: Readonly<Record<Operation, string>> = { up: "lan", update: "lan2", destroy: "lan2" };
const BEFORE: Readonly<Record<Operation, Look>> = { up: "host", update: "up", destroy: "update" };

export function trialText(trial: Trial): string {
    return "kill" in trial ? pointText(trial.kill) : `${trial.operation}: ${trial.hostility.name}`;
}

/** The Host alone: a stack's life begins with it. */
export async function settle(subject: Omit<Subject, "looks">): Promise<void> {
    configure(subject, undefined);
    await must(subject.stack, "up");
}

/** An operation to which something is hostile, and what one more run makes of it. */
export async function disturbed(subject: Subject, tag: string, trial: Trial): Promise<Result> {
    const { host } = subject;
    const hostility = "hostility" in trial ? trial.hostility : undefined;
    const words = wordsOf(subject);
    if (hostility?.before !== undefined) {
        await onAll([host], `${words}\n${hostility.before}`);
    }
    const logins = new Logins(host);
    const { outcome, hit } = await run(subject, tag, trial, words);
    await outcomeOnHost(host);
    const silence = await logins.longestSilence();
    ofOperation(tag).forEach(({ pid }) => {
        killOne(pid);
    });
    if (hostility?.mend !== undefined) {
        await onAll([host], `${words}\n${hostility.mend}`);
    }
    const { became, problems } = await judge(subject, trial, outcome);
    const late = silence > limitOf(hostility) ? [`no SSH for ${silence} ms`] : [];
    const healed = await heal(subject, trial.operation, became, outcome);
    const found = hit ? [...problems, ...late, ...healed] : healed;
    return {
        trial,
        hit,
        silence,
        became,
        problems: found.length > 0 ? [...found, `the run:\n${outcome.output}`] : [],
    };
}

function limitOf(hostility: Hostility | undefined): number {
    const starts = hostility?.act === "power cut" || hostility?.act === "reboot";
    return starts ? START_MS : SECONDS * 1000 + LATER_MS + SEEN_LATER_MS;
}

// ---- the run, and what is done to it

async function run(
    subject: Subject,
    tag: string,
    trial: Trial,
    words: string,
): Promise<{ outcome: Outcome; hit: boolean }> {
    const { stack, host } = subject;
    const { operation } = trial;
    const hostility = "hostility" in trial ? trial.hostility : undefined;
    configure(subject, operation, hostility?.asks?.config);
    if (hostility?.end === "refused") {
        const outcome = await begin(stack.operation("preview"), tag).outcome;
        return { outcome, hit: true };
    }
    await onAll([host], `rm -f ${OVER}`);
    const going = begin(operate(stack, operation), tag);
    const hit =
        "kill" in trial
            ? disturb(going, trial.kill, tag, [host])
            : meddle(subject, trial.hostility, words);
    const outcome = await going.outcome;
    await onAll([host], `: >${OVER}`).catch(() => undefined); // one that is being started has forgotten it
    return { outcome, hit: await hit };
}

async function meddle(
    subject: Subject,
    { meanwhile, of = "armed", act }: Hostility,
    words: string,
): Promise<boolean> {
    if (meanwhile === undefined && act === undefined) {
        return true;
    }
    const script = `${words}
until [ -e /run/crosshost/journal/${of} ]; do ! over || exit 1; sleep 0.01; done
now=$(holder)\n${meanwhile ?? ":"}`;
    const watching = start(...programOn(subject.host, "bash", "--norc", "-c", script));
    const hit = await watching.then(
        () => true,
        () => false,
    );
    if (hit && act !== undefined) {
        await ACTS[act](subject);
    }
    return hit;
}

const ACTS: Readonly<Record<Act, (subject: Subject) => Promise<unknown>>> = {
    "power cut": ({ host }) => rebootAll([host], "--hard"),
    reboot: ({ host }) => rebootAll([host]),
    cable: async ({ host }) => {
        const { namespace } = lab().lan;
        await start("ip", ["-n", namespace, "link", "set", host, "down"]);
        await takenBack(host);
        await start("ip", ["-n", namespace, "link", "set", host, "up"]);
    },
    hole: async ({ host }) => {
        const { namespace } = lab().lan;
        const address = lab().hosts[host]?.address ?? "";
        const table = `hole-${host}`;
        const rule = `ip daddr ${address} tcp dport 22 tcp flags & (syn | ack) == syn drop`;
        const text = `table inet ${table} { chain c { type filter hook forward priority 0; ${rule}; }; }`;
        await start("ip", ["netns", "exec", namespace, "nft", text]);
        await takenBack(host);
        await start("ip", ["netns", "exec", namespace, "nft", "delete", "table", "inet", table]);
    },
    "same stack": ({ stack }) => begin(stack.operation("up", ...YES), "rival").outcome,
    "another stack": async (subject) => rivals(subject, {}),
    "the NIC for another stack": async (subject) =>
        rivals(subject, { bridge: "theirs", uplink: "eth0" }),
};

/** Its own change, beside ours, and away again. */
async function rivals({ host, rival }: Subject, config: Settings): Promise<void> {
    rival.configure({ host, seconds: SECONDS, ...config });
    await begin(rival.operation("up", ...YES), "rival").outcome;
    await must(rival, "destroy");
}

async function takenBack(host: string): Promise<void> {
    await start(
        ...programOn(
            host,
            "timeout",
            "90",
            "sh",
            "-c",
            "while [ -e /run/crosshost/journal ]; do sleep 0.1; done",
        ),
    );
}

/** Neither is anything under way, nor a guard about to look once more, or to end. */
const ENDED =
    "! [ -e /run/crosshost/journal ] && ! [ -e /run/crosshost/guard ] && ! systemctl list-units --all --no-legend 'crosshost-guard*' | grep -q .";

async function outcomeOnHost(host: string): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!succeeds(() => on(host, ENDED)) && Date.now() < deadline) {
        await sleep(200);
    }
}

// ---- what became of it

async function judge(
    subject: Subject,
    trial: Trial,
    { status, output }: Outcome,
): Promise<{ became: string; problems: string[] }> {
    const { operation } = trial;
    const { end, asks }: Pick<Hostility, "end" | "asks"> =
        "kill" in trial ? { end: "whole or not" } : trial.hostility;
    const now = await lookAt(subject.host);
    const became = nameOf(subject, now, operation);
    const wanted: readonly string[] = {
        "taken back": [BEFORE[operation]],
        refused: [BEFORE[operation]],
        committed: [operation === "destroy" ? "untouched" : operation],
        "whole or not": [
            BEFORE[operation],
            operation,
            ...(operation === "destroy" ? ["host", "untouched"] : []),
            ...(operation === "update" ? ["update, and a bridge without a port"] : []),
        ],
    }[end];
    const problems: string[] = [];
    if (!wanted.includes(became)) {
        const unlike = difference([subject.looks[BEFORE[operation]]], [now]);
        problems.push(`${end} was to be expected, and it is ${became}: ${unlike.join("\n")}`);
    }
    if ((end === "committed") !== (status === 0) && end !== "whole or not") {
        problems.push(`ended with ${status}`);
    }
    if (end === "taken back" && !/taken back|not done within/.test(output)) {
        problems.push("does not say that it was taken back");
    }
    if (asks && !asks.says.test(output)) {
        problems.push(`does not say ${asks.says.source}`);
    }
    return { became, problems };
}

function nameOf({ looks }: Subject, now: string, operation: Operation): string {
    const found = Object.entries(looks).find(([, look]) => look === now)?.[0];
    if (found !== undefined) {
        return found;
    }
    const more = difference([looks.update], [now]);
    return operation === "update" &&
        more.every((line) => /br-lan-|bridge-lan\b|ipv[46]\/(conf|neigh)$/.test(line))
        ? "update, and a bridge without a port"
        : "neither";
}

/** iptables makes the chain for the first rule, and leaves it until a boot. */
export const INPUT_CHAIN =
    "! command -v iptables || { iptables -I INPUT -j ACCEPT; iptables -D INPUT -j ACCEPT; }";

export async function lookAt(host: string): Promise<string> {
    on(host, INPUT_CHAIN);
    const [text = ""] = await dumps([host]);
    return withoutVarying(text);
}

/**
 * What a unit has from its preview, and marks, are another text each time; services of ours have run if Docker has begun anew meanwhile.
 * What was killed while it planned leaves a journal of which nothing was done, and which the next run clears.
 */
export function withoutVarying(text: string): string {
    const isBegun = text.includes("/run/crosshost/journal/1/ready");
    return text
        .split("\n")
        .filter((line) => !/\/var\/lib\/crosshost\/.*\/(units\/|guarded)/.test(line))
        .filter((line) => isBegun || !line.includes("/run/crosshost/journal"))
        .map((line) => line.replace(/(crosshost-\S+\.service)\s+loaded\s.*/, "$1"))
        .join("\n");
}

// ---- healing

async function heal(
    subject: Subject,
    operation: Operation,
    became: string,
    { output }: Outcome,
): Promise<string[]> {
    const { stack, host, looks } = subject;
    configure(subject, operation);
    // a removal that was taken back has left the state
    const isTakenBack = became === "update" || output.includes("was taken back");
    const first = operation === "destroy" && isTakenBack ? ["up"] : [];
    for (const verb of [...first, verbOf(operation)] as const) {
        const said = await again(stack, verb as "up" | "destroy");
        if (said !== undefined) {
            return [`${verb} does not heal:\n${said}`];
        }
    }
    const look = looks[operation === "destroy" ? "untouched" : operation];
    const unlike = difference([look], [await lookAt(host)]);
    if (operation === "update") {
        const { status, output } = await begin(
            stack.operation("preview", "--diff", "--expect-no-changes"),
            "look",
        ).outcome;
        return [...unlike, ...(status === 0 ? [] : [output])];
    }
    return unlike;
}

async function again(stack: Stack, verb: "up" | "destroy"): Promise<string | undefined> {
    const attempt = () => begin(stack.operation(verb, ...YES), "heal").outcome;
    let { status, output } = await attempt();
    if (output.includes("currently locked")) {
        await begin(stack.command("cancel", "--yes"), "heal").outcome;
        ({ status, output } = await attempt());
    }
    return status === 0 ? undefined : output;
}

export async function must(stack: Stack, verb: "up" | "destroy"): Promise<void> {
    const said = await again(stack, verb);
    if (said !== undefined) {
        throw new Error(said);
    }
}

// ---- words

type Settings = Readonly<Record<string, string>>;

/** `undefined`: the Host alone. */
export function configure(
    { stack, host }: Omit<Subject, "looks">,
    operation: Operation | undefined,
    asked: Settings = {},
): void {
    const bridge: Settings = operation ? { bridge: BRIDGES[operation], uplink: "eth0" } : {};
    stack.configure({ host, seconds: SECONDS, ...bridge, ...asked });
}

export function operate(stack: Stack, operation: Operation): Invocation {
    return stack.operation(verbOf(operation), ...YES);
}

function verbOf(operation: Operation): "up" | "destroy" {
    return operation === "destroy" ? "destroy" : "up";
}

function wordsOf({ host }: Subject): string {
    const { lan, internet, hosts } = lab();
    const address = hosts[host]?.address ?? "";
    const wrong = `${lan.cidr.replace(/\.0\/24$/, "")}.24${host.slice(-1)}`;
    const values = { address, wrong, gateway: lan.address, client: internet.address };
    const lines = Object.entries(values).map(([name, value]) => `${name}=${value}`);
    return [...lines, WORDS, "was=$(holder)"].join("\n");
}
