// command:remote:Command: a shell command on a host, run on create, update and delete.
import { type Client } from "ssh2";
import { type Operation } from "../plugin/resource";
import { map, text, type ValueMap } from "../plugin/values";
import { connect, endpointOf } from "./connection";
import { exec } from "./exec";
import { checkRemote } from "./inputs";
import { commandType, earlierEnvironment, environmentOf } from "./lifecycle";
import { goQuoted, lineLogger, type Outputs, outputsOf } from "./streams";

export const remoteCommand = commandType(checkRemote, run);

async function run(
    command: string,
    inputs: ValueMap,
    previous: Outputs,
    operation: Operation<object>,
): Promise<Outputs> {
    const client = await connect(endpointOf(map(inputs["connection"]) ?? {}), {
        signal: operation.signal,
        retrying: (message) => {
            operation.log("INFO", message, { passing: true });
        },
    });
    const { failure, ...taken } = await exec(client, {
        command,
        stdin: text(inputs["stdin"]) ?? "",
        env: await acceptedEnvironment(client, inputs, previous, operation),
        onLine: lineLogger(inputs, operation),
    });
    return outputsOf(command, taken, failure);
}

/**
 * The variables to send. A server takes those alone that its AcceptEnv names: one of the program's
 * that it does not take is an error, an earlier output only a warning. ssh2 asks for no answer, so
 * a look at the host says which were taken.
 */
async function acceptedEnvironment(
    client: Client,
    inputs: ValueMap,
    previous: Outputs,
    operation: Operation<object>,
): Promise<Record<string, string>> {
    const own = environmentOf(inputs);
    const env = { ...own, ...earlierEnvironment(inputs, previous) };
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
    const { stdout } = await exec(client, {
        command,
        stdin: "",
        env,
        onLine: () => undefined,
    });
    return stdout.split("\n").filter(Boolean);
}
