import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { say } from "./terminal";

/** A command that did not succeed, told in one line; `output` is what it said where it was not shown. */
export class CommandFailed extends Error {
    constructor(
        command: readonly string[],
        how: string,
        readonly output: string,
    ) {
        super(`${command.join(" ")}: ${how}`);
    }
}

interface Options {
    readonly env?: NodeJS.ProcessEnv;
    readonly cwd?: string;
    /** Shown in front of each line, for commands that run side by side. */
    readonly prefix?: string;
}

const running = new Set<ChildProcess>();

/** Runs a command whose output a person wants to see while it works. */
export async function show(command: readonly string[], options: Options = {}): Promise<void> {
    const prefix = options.prefix;
    if (prefix === undefined) {
        await finished(command, launch(command, options, "inherit"), () => "");
        return;
    }
    const child = launch(command, options, "pipe");
    for (const stream of [child.stdout, child.stderr]) {
        if (stream) {
            createInterface({ input: stream }).on("line", (line) => {
                say(`${prefix}${line}`);
            });
        }
    }
    await finished(command, child, () => "");
}

/** Runs a command for its standard output; what else it says is seen only where it fails. */
export async function answer(command: readonly string[], options: Options = {}): Promise<string> {
    const child = launch(command, options, "pipe");
    let output = "";
    let errors = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text));
    await finished(command, child, () => `${output}${errors}`);
    return output;
}

/** Ends what runs, each with all that it started. */
export function stopAll(signal: NodeJS.Signals): void {
    for (const { pid } of running) {
        if (pid !== undefined) {
            stopGroup(pid, signal);
        }
    }
}

function stopGroup(leader: number, signal: NodeJS.Signals): void {
    try {
        process.kill(-leader, signal);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
            throw error;
        }
    }
}

/** A process group of its own, so that an interrupt reaches it once, from us, and as a whole. */
function launch(command: readonly string[], options: Options, output: "inherit" | "pipe") {
    const [program = "", ...args] = command;
    const child = spawn(program, args, {
        cwd: options.cwd,
        env: { ...process.env, ...options.env },
        stdio: ["ignore", output, output],
        detached: true,
    });
    running.add(child);
    return child;
}

/** Settles when the command has ended, even where a service that it started still holds its output. */
function finished(
    command: readonly string[],
    child: ChildProcess,
    output: () => string,
): Promise<void> {
    return new Promise((resolve, reject) => {
        const settle = (failure?: string) => {
            running.delete(child);
            child.stdout?.destroy();
            child.stderr?.destroy();
            if (failure === undefined) {
                resolve();
            } else {
                reject(new CommandFailed(command, failure, output()));
            }
        };
        child.on("error", (error) => {
            settle(error.message);
        });
        child.on("exit", (status, signal) => {
            const failure = signal ? `ended by ${signal}` : `ended with status ${status ?? "?"}`;
            const outcome = status === 0 ? undefined : failure;
            const late = setTimeout(settle, 500, outcome);
            child.on("close", () => {
                clearTimeout(late);
                settle(outcome);
            });
        });
    });
}
