// command:remote:Command: a shell command on a host, run on create, update and delete.
import { randomBytes } from "node:crypto";
import { type Client } from "ssh2";
import { differences } from "../plugin/diff";
import { type Operation, type ResourceType } from "../plugin/resource";
import { map, plainMap, text, UNKNOWN, type ValueMap } from "../plugin/values";
import { connect, endpointOf } from "./connection";
import { exec, isTooLong, type Result, type Stream } from "./exec";
import { complete, failuresOf } from "./inputs";

type Outputs = Readonly<Record<Stream, string>>;
type CommandOperation = Operation<object>;

export const remoteCommand: ResourceType<object> = {
    check: (inputs) => ({ inputs: complete(inputs), failures: failuresOf(inputs) }),

    diff: ({ oldInputs, inputs }) =>
        differences(withoutInternals(oldInputs), withoutInternals(inputs)).map(([path, kind]) => ({
            path,
            kind,
            replace: /^triggers\b/.test(path),
        })),

    deleteBeforeReplace: false,

    preview: (inputs) => ({ ...inputs, stdout: UNKNOWN, stderr: UNKNOWN }),

    async create(inputs, operation) {
        const id = operation.name + randomBytes(4).toString("hex");
        const command = text(plainMap(inputs)["create"]);
        const outputs =
            command === undefined ? NOTHING : await run(command, inputs, NOTHING, operation);
        return { id, outputs: { ...inputs, ...outputs } };
    },

    async update(_id, inputs, old, operation) {
        const { update, create } = plainMap(inputs);
        const command = text(update) ?? text(create);
        const previous = outputsOf(old);
        const outputs =
            command === undefined ? previous : await run(command, inputs, previous, operation);
        return { ...inputs, ...outputs };
    },

    /** There is no way to look: what the state says is taken to be so. */
    read: (id, known) => Promise.resolve({ id, ...known }),

    async delete(_id, outputs, operation) {
        const command = text(plainMap(outputs)["delete"]);
        if (command !== undefined) {
            await run(command, outputs, outputsOf(outputs), operation);
        }
    },
};

const NOTHING: Outputs = { stdout: "", stderr: "" };

function outputsOf(outputs: ValueMap): Outputs {
    const { stdout, stderr } = plainMap(outputs);
    return { stdout: text(stdout) ?? "", stderr: text(stderr) ?? "" };
}

function withoutInternals(inputs: ValueMap): ValueMap {
    const named = Object.entries(inputs).filter(
        ([key]) => key !== "version" && !key.startsWith("__"),
    );
    return Object.fromEntries(named);
}

async function run(
    command: string,
    properties: ValueMap,
    previous: Outputs,
    operation: CommandOperation,
): Promise<Outputs> {
    const inputs = plainMap(properties);
    const client = await connect(endpointOf(map(inputs["connection"]) ?? {}), {
        signal: operation.signal,
        retrying: (message) => {
            operation.log("INFO", message, { passing: true });
        },
    });
    const result = await exec(client, {
        command,
        stdin: text(inputs["stdin"]) ?? "",
        env: await acceptedEnvironment(client, inputs, previous, operation),
        onLine: lineLogger(text(inputs["logging"]) ?? "stdoutAndStderr", operation),
    });
    if (result.failure !== undefined) {
        throw new Error(`${result.failure}: running ${goQuoted(command)}:\n${result.output}`);
    }
    return { stdout: withoutNewline(result.stdout), stderr: withoutNewline(result.stderr) };
}

function lineLogger(logging: string, operation: CommandOperation) {
    const logged: Readonly<Record<Stream, boolean>> = {
        stdout: logging === "stdout" || logging === "stdoutAndStderr",
        stderr: logging === "stderr" || logging === "stdoutAndStderr",
    };
    return (stream: Stream, line: string) => {
        if (!logged[stream]) {
            return;
        }
        if (isTooLong(line)) {
            throw new Error(
                `a line of 64 KiB or more on ${stream}: with it the published plugin hangs for ever. Set logging: "none", or break the line`,
            );
        }
        operation.log("INFO", line, { passing: true });
    };
}

/**
 * The variables to send. A server takes those alone that its AcceptEnv names: one of the program's
 * that it does not take is an error, an earlier output only a warning. ssh2 asks for no answer, so
 * a look at the host says which were taken.
 */
async function acceptedEnvironment(
    client: Client,
    { environment, addPreviousOutputInEnv }: ValueMap,
    previous: Outputs,
    operation: CommandOperation,
): Promise<Record<string, string>> {
    const own = Object.fromEntries(
        Object.entries(map(environment) ?? {}).map(([name, value]) => [name, text(value) ?? ""]),
    );
    const earlier: Record<string, string> = {};
    if (addPreviousOutputInEnv !== false) {
        if (previous.stdout) {
            earlier["PULUMI_COMMAND_STDOUT"] = previous.stdout;
        }
        if (previous.stderr) {
            earlier["PULUMI_COMMAND_STDERR"] = previous.stderr;
        }
    }
    const env = { ...own, ...earlier };
    for (const name of await refused(client, env)) {
        const advice = `Unable to set '${name}': the SSH server takes only what its AcceptEnv names. In a shell, write 'VAR=value command' instead`;
        operation.log(name in own ? "ERROR" : "WARNING", advice);
        if (name in own) {
            throw new Error(
                `could not set environment variable ${goQuoted(name)}: ssh: setenv failed`,
            );
        }
    }
    return env;
}

async function refused(client: Client, env: Record<string, string>): Promise<string[]> {
    const names = Object.keys(env);
    if (names.length === 0) {
        return [];
    }
    const quoted = names.map((name) => `'${name.replaceAll("'", "'\\''")}'`).join(" ");
    const command = `for v in ${quoted}; do printenv "$v" >/dev/null || printf '%s\\n' "$v"; done`;
    const { stdout }: Result = await exec(client, {
        command,
        stdin: "",
        env,
        onLine: () => undefined,
    });
    return stdout.split("\n").filter(Boolean);
}

function withoutNewline(output: string): string {
    return output.replace(/\n$/, "");
}

/** As Go's %q prints a string. */
export function goQuoted(value: string): string {
    return JSON.stringify(value)
        .replaceAll("\\u0007", "\\a")
        .replaceAll("\\u000b", "\\v")
        .replace(/\\u00([01][0-9a-f])/g, "\\x$1")
        .replaceAll("\u007f", "\\x7f");
}
