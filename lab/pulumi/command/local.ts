// command:local:Command: a command on the machine that runs the CLI, on create, update and delete.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { type Operation } from "../plugin/resource";
import { text, texts, type ValueMap } from "../plugin/values";
import { checkLocal } from "./inputs";
import { commandType, earlierEnvironment, environmentOf } from "./lifecycle";
import { lineLogger, type OnLine, type Outputs, outputsOf, take, type Taken } from "./streams";

export const localCommand = commandType(checkLocal, run);

interface Invocation {
    readonly program: string;
    readonly args: readonly string[];
    readonly stdin: string;
    readonly dir: string;
    readonly env: NodeJS.ProcessEnv;
    readonly signal: AbortSignal;
    readonly onLine: OnLine;
}

interface Ended extends Taken {
    /** What went wrong, in Go's words. */
    readonly failure: string | undefined;
}

async function run(
    command: string,
    inputs: ValueMap,
    previous: Outputs,
    operation: Operation<object>,
): Promise<Outputs> {
    const interpreter = texts(inputs["interpreter"]) ?? [];
    const [program = "/bin/sh", ...args] = interpreter.length > 0 ? interpreter : SHELL;
    const { failure, ...taken } = await execute({
        program,
        args: [...args, command],
        stdin: text(inputs["stdin"]) ?? "",
        dir: text(inputs["dir"]) ?? process.cwd(),
        env: {
            ...process.env,
            ...environmentOf(inputs),
            ...earlierEnvironment(inputs, previous),
        },
        signal: operation.signal,
        onLine: lineLogger(inputs, operation),
    });
    return outputsOf(command, taken, failure);
}

const SHELL = ["/bin/sh", "-c"];

function execute({ program, args, stdin, dir, env, signal, onLine }: Invocation): Promise<Ended> {
    return new Promise((resolve, reject) => {
        const child = spawn(program, args, { cwd: dir, env });
        const taken = take(child, onLine, reject);
        const kill = () => child.kill("SIGKILL");
        signal.addEventListener("abort", kill, { once: true });
        child.on("error", () => {
            resolve({ ...NOTHING, failure: startFailure(program, dir) });
        });
        child.on("close", (code, how) => {
            signal.removeEventListener("abort", kill);
            resolve({ ...taken(), failure: failureOf(code, how) });
        });
        // A command need not read all of its standard input.
        child.stdin.on("error", () => undefined);
        child.stdin.end(stdin);
    });
}

const NOTHING: Taken = { stdout: "", stderr: "", output: "" };

function startFailure(program: string, dir: string): string {
    if (!existsSync(dir)) {
        return `chdir ${dir}: no such file or directory`;
    }
    return program.includes("/")
        ? `fork/exec ${program}: no such file or directory`
        : `exec: "${program}": executable file not found in $PATH`;
}

const SIGNALS: Readonly<Record<string, string>> = {
    SIGHUP: "hangup",
    SIGINT: "interrupt",
    SIGKILL: "killed",
    SIGTERM: "terminated",
};

function failureOf(code: number | null, signal: NodeJS.Signals | null): string | undefined {
    if (code === 0) {
        return undefined;
    }
    return signal === null ? `exit status ${code}` : `signal: ${SIGNALS[signal] ?? signal}`;
}
