// What Pulumi knows of a stack, as `pulumi stack export` prints it.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { CliError, messageOf } from "./error";

export interface StateResource {
    readonly urn: string;
    readonly type: string;
    /** Logical name. */
    readonly name: string;
    readonly parent: string | undefined;
    readonly inputs: Readonly<Record<string, unknown>>;
    readonly outputs: Readonly<Record<string, unknown>>;
}

export interface State {
    readonly project: string;
    readonly stack: string;
    readonly resources: readonly StateResource[];
}

/** Stands where a value is encrypted and was not asked for. */
export const SECRET = "[secret]";

/** Pulumi's marks of a value that is more than it looks, and of a secret among those. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

const values = z.record(z.string(), z.unknown());
const exported = z.looseObject({
    deployment: z.looseObject({
        resources: z
            .array(
                z.looseObject({
                    urn: z.string(),
                    type: z.string(),
                    parent: z.string().optional(),
                    delete: z.boolean().optional(),
                    inputs: values.optional(),
                    outputs: values.optional(),
                }),
            )
            .optional(),
    }),
});

export function stateFromFile(path: string): State {
    try {
        return parseState(readFileSync(path, "utf8"), path);
    } catch (error) {
        if (error instanceof CliError) {
            throw error;
        }
        throw new CliError(`cannot read ${path}: ${messageOf(error)}`);
    }
}

/** Asks the Pulumi CLI in the working directory; a state with secrets is never put into a file. */
export async function stateOfStack(
    stack: string | undefined,
    secrets: "encrypted" | "shown",
): Promise<State> {
    const chosen = stack === undefined ? [] : ["--stack", stack];
    const shown = secrets === "shown" ? ["--show-secrets"] : [];
    const text = await pulumi(["stack", "export", "--non-interactive", ...chosen, ...shown]);
    return parseState(text, "the answer of `pulumi stack export`");
}

export function parseState(text: string, source: string): State {
    const { success, data } = exported.safeParse(json(text));
    if (!success) {
        throw new CliError(
            `${source} is not a stack's state, as \`pulumi stack export\` prints it`,
        );
    }
    const living = (data.deployment.resources ?? []).filter((resource) => !resource.delete);
    const [first] = living;
    const [prefix = "", project = ""] = (first?.urn ?? "").split("::");
    return {
        project,
        stack: prefix.replace(/^urn:pulumi:/, ""),
        resources: living.map(({ urn, type, parent, inputs, outputs }) => ({
            urn,
            type,
            name: urn.split("::").slice(3).join("::"),
            parent,
            inputs: revealed(inputs ?? {}),
            outputs: revealed(outputs ?? {}),
        })),
    };
}

function pulumi(words: readonly string[]): Promise<string> {
    const options = { env: process.env, maxBuffer: 1024 * 1024 * 1024 };
    return new Promise((resolve, reject) => {
        execFile("pulumi", words, options, (error, stdout, stderr) => {
            if (!error) {
                resolve(stdout);
            } else if (error.code === "ENOENT") {
                reject(new CliError("there is no `pulumi` in PATH to ask for the stack's state"));
            } else {
                reject(new CliError(`\`pulumi stack export\` failed: ${complaint(stderr)}`));
            }
        });
    });
}

/** Of all that Pulumi says, the line that names the error. */
function complaint(stderr: string): string {
    const lines = stderr.split("\n").filter((line) => line.trim() !== "");
    const error = lines.find((line) => line.startsWith("error: ")) ?? lines.at(-1);
    return error?.replace(/^error: /, "") ?? "it printed nothing";
}

function revealed(inputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, plain(value)]));
}

function plain(value: unknown): unknown {
    if (Array.isArray(value)) {
        return value.map(plain);
    }
    if (typeof value !== "object" || value === null) {
        return value;
    }
    const record: Readonly<Record<string, unknown>> = { ...value };
    if (record[SIGNATURE] !== SECRET_SIGNATURE) {
        return revealed(record);
    }
    const { plaintext } = record;
    return typeof plaintext === "string" ? plain(json(plaintext)) : SECRET;
}

function json(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return undefined;
    }
}
