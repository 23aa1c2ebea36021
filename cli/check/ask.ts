// One SSH login for a host: the questions go there with the program that asks them, and the answers come back.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bySh, programOf } from "../../components/remote/commands";
import { type Connection, runOverSsh } from "../../components/remote/ssh";
import { CliError } from "../error";
import { type Container, type Lookup, type Pair } from "../reach";
import { type State } from "../state";
import { type Attachment, type HostNode } from "../topology";
import { type Answers, parseAnswers } from "./answers";

const READY = "crosshost-check: ready";
/** A hundred containers on one host, each with a hundred to ask for. */
const TIMEOUT_MS = 180_000;

/** What is asked of one host, and of its containers. */
export interface Questions {
    /** The stack's name on hosts. */
    readonly stack: string;
    readonly containers: readonly Container[];
    readonly pairs: readonly Pair[];
    readonly lookups: readonly Lookup[];
}

/** How a host is logged in to: as the last `up` did. */
export function connectionOf({ resources }: State, host: string): Connection {
    const component = resources.find(
        ({ type, name }) => type === "crosshost:index:Host" && name === host,
    );
    const command = resources.find(
        ({ type, parent }) => type === "command:remote:Command" && parent === component?.urn,
    );
    const connection = command?.inputs["connection"];
    if (!isConnection(connection)) {
        throw new CliError(`the state does not say how ${host} is reached: run \`pulumi up\``);
    }
    return connection;
}

/** Never rejects: that a host gives no answer is an answer too. */
export async function ask(
    { become }: HostNode,
    connection: Connection,
    questions: Questions,
): Promise<Answers> {
    const command = checkCommand(become ? "sudo" : undefined);
    try {
        const { stdout, stderr } = await runOverSsh(
            connection,
            command,
            (said) => (said.includes(`${READY}\n`) ? scriptOf(questions) : undefined),
            undefined,
            TIMEOUT_MS,
        );
        return parseAnswers(stdout) ?? silent(lastLine(stderr) || "the answer was cut short");
    } catch (error) {
        return silent(error instanceof Error ? error.message : String(error));
    }
}

/** The first line is empty: what a start file of the login's shell has printed may have no end. */
export function checkCommand(become: "sudo" | undefined): string {
    return bySh(`echo; echo "${READY}"; eval "$(cat)"`, become);
}

export function scriptOf({ stack, containers, pairs, lookups }: Questions): string {
    const program = readFileSync(join(__dirname, "check.sh"), "utf8");
    const looks = containers.map(({ name }) => `look ${name}`);
    const calls = pairs.flatMap(callOf);
    const names = lookups.map(({ from, name }) => `find ${from.name} ${name}`);
    return `${program}\nmain ${programOf(stack)} ${stack} <<'END'\n${[...looks, ...calls, ...names].join("\n")}\nEND\n`;
}

function callOf({ from, to, should }: Pair): string[] {
    switch (should) {
        case "reach":
            return [`reach ${from.name} ${to.address} ${bytesBetween(from, to)}`];
        case "be kept out":
            return [`avoid ${from.name} ${to.address}`];
        case "not judged":
            return [];
    }
}

function silent(why: string): Answers {
    return {
        problems: [why],
        running: new Map(),
        mtus: new Map(),
        pings: new Map(),
        names: new Map(),
        facts: new Map(),
        rules: [],
    };
}

function lastLine(text: string): string {
    return text.trim().split("\n").at(-1) ?? "";
}

function isConnection(value: unknown): value is Connection {
    return (
        typeof value === "object" &&
        value !== null &&
        "host" in value &&
        typeof value.host === "string"
    );
}

/** The largest packet that both ends take. */
function bytesBetween(from: Container, to: Attachment): number {
    const own = from.attachments.filter(({ network }) => network === to.network);
    return Math.min(to.mtu, ...own.map(({ mtu }) => mtu));
}
