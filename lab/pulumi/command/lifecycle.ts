// What remote.Command and local.Command have in common: which command runs when.
import { randomBytes } from "node:crypto";
import { differences } from "../plugin/diff";
import { type Checked, type Operation, type ResourceType } from "../plugin/resource";
import { map, plainMap, text, UNKNOWN, type ValueMap } from "../plugin/values";
import { type Outputs } from "./streams";

/** Runs one command with the inputs of its resource, which are plain, and its earlier outputs. */
export type Run = (
    command: string,
    inputs: ValueMap,
    previous: Outputs,
    operation: Operation<object>,
) => Promise<Outputs>;

export function commandType(check: (inputs: ValueMap) => Checked, run: Run): ResourceType<object> {
    return {
        check,

        diff: ({ oldInputs, inputs }) =>
            differences(withoutInternals(oldInputs), withoutInternals(inputs)).map(
                ([path, kind]) => ({ path, kind, replace: path === "triggers" }),
            ),

        deleteBeforeReplace: false,

        preview: (inputs) => ({ ...inputs, stdout: UNKNOWN, stderr: UNKNOWN }),

        async create(inputs, operation) {
            const id = operation.name + randomBytes(4).toString("hex");
            const plain = plainMap(inputs);
            const command = text(plain["create"]);
            const outputs =
                command === undefined ? NOTHING : await run(command, plain, NOTHING, operation);
            return { id, outputs: { ...inputs, ...outputs } };
        },

        async update(_id, inputs, old, operation) {
            const plain = plainMap(inputs);
            const command = text(plain["update"]) ?? text(plain["create"]);
            const previous = earlierOf(old);
            const outputs =
                command === undefined ? previous : await run(command, plain, previous, operation);
            return { ...inputs, ...outputs };
        },

        /** There is no way to look: what the state says is taken to be so. */
        read: (id, known) => Promise.resolve({ id, ...known }),

        async delete(_id, outputs, operation) {
            const plain = plainMap(outputs);
            const command = text(plain["delete"]);
            if (command !== undefined) {
                await run(command, plain, earlierOf(outputs), operation);
            }
        },
    };
}

const NOTHING: Outputs = { stdout: "", stderr: "" };

function earlierOf(outputs: ValueMap): Outputs {
    const { stdout, stderr } = plainMap(outputs);
    return { stdout: text(stdout) ?? "", stderr: text(stderr) ?? "" };
}

/** Earlier outputs as variables of the command, unless `addPreviousOutputInEnv` says no. */
export function earlierEnvironment(
    { addPreviousOutputInEnv }: ValueMap,
    { stdout, stderr }: Outputs,
): Record<string, string> {
    if (addPreviousOutputInEnv === false) {
        return {};
    }
    return {
        ...(stdout && { PULUMI_COMMAND_STDOUT: stdout }),
        ...(stderr && { PULUMI_COMMAND_STDERR: stderr }),
    };
}

export function environmentOf({ environment }: ValueMap): Record<string, string> {
    return Object.fromEntries(
        Object.entries(map(environment) ?? {}).map(([name, value]) => [name, text(value) ?? ""]),
    );
}

function withoutInternals(inputs: ValueMap): ValueMap {
    const named = Object.entries(inputs).filter(
        ([key]) => key !== "version" && !key.startsWith("__"),
    );
    return Object.fromEntries(named);
}
