import { type z } from "zod";
import { isDeferred } from "./fields";
import { wording } from "./wording";

/** One mistake in what a program asks for. */
export interface Problem {
    /** The field, as written in the program: `backend.vxlan.vni`, `hosts[1]`. */
    readonly path: string;
    /** What is wrong with it and what would be right. Holds the value, unless it may be a secret. */
    readonly message: string;
}

/** Of a login that is written as one text, every part may be secret. */
const SECRET = /((^|\.)(connection|proxy)|registryAuth(\[\d+\])?|password|privateKey(Password)?)$/i;

const LATE_OBJECT =
    "must be an object literal; its fields may be Outputs, the object itself may not";
const LATE_VALUE = "must be a plain value: the plan needs it at once, so it cannot be an Output";

/** All mistakes that a schema finds in the arguments, or its output. */
export function check<T extends z.ZodType>(
    schema: T,
    args: unknown,
    root = "",
): { readonly problems: readonly Problem[]; readonly value?: z.output<T> } {
    const result = schema.safeParse(args);
    return result.success
        ? { problems: [], value: result.data }
        : { problems: result.error.issues.map((issue) => problemOf(issue, args, root)) };
}

/** `Overlay "mesh" cannot be made:` and a line for each mistake. */
export function report(component: string, name: string, problems: readonly Problem[]): string {
    const lines = problems.map(({ path, message }) => (path ? `${path}: ${message}` : message));
    return [`${titleOf(component, name)} cannot be made:`, ...new Set(lines)].join("\n    ");
}

/** A component as messages name it: `Overlay "mesh"`. */
export function titleOf(component: string, name: string): string {
    return `${component} ${quoted(name)}`;
}

function problemOf(issue: z.core.$ZodIssue, args: unknown, root: string): Problem {
    const late = deferredPart(args, issue.path);
    if (late) {
        const whole = issue.path.length > late.length || issue.code === "unrecognized_keys";
        return { path: pathText(late, root), message: whole ? LATE_OBJECT : LATE_VALUE };
    }
    const path = pathText(issue.path, root);
    const value = valueAt(args, issue.path);
    if (value === undefined) {
        const request = issue.code === "custom" && issue.params?.["request"] === true;
        return { path, message: request ? `is missing: ${issue.message}` : "is missing" };
    }
    return { path, message: [shown(value, path), wording(issue)].filter(Boolean).join(" ") };
}

/** The value as the message shows it: short, and never a secret, at whatever place it stands. */
function shown(value: unknown, path: string): string | undefined {
    if (SECRET.test(path) || (value !== null && typeof value === "object")) {
        return undefined;
    }
    const text = typeof value === "string" ? quoted(value) : String(value);
    return text.includes("PRIVATE KEY") || text.includes("://") ? undefined : text;
}

/** In quotes, cut where it is long; nothing in it moves a cursor or passes for another line. */
export function quoted(text: string): string {
    const escaped = (odd: string) => `\\u{${(odd.codePointAt(0) ?? 0).toString(16)}}`;
    const plain = JSON.stringify(text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped);
    return plain.length > 80 ? `${plain.slice(0, 77)}...` : plain;
}

function pathText(path: readonly PropertyKey[], root: string): string {
    return path.reduce<string>((text, step) => {
        if (typeof step === "number") {
            return `${text}[${step}]`;
        }
        return text ? `${text}.${String(step)}` : String(step);
    }, root);
}

/** The path of an output that stands where the fields themselves are wanted. */
function deferredPart(
    args: unknown,
    path: readonly PropertyKey[],
): readonly PropertyKey[] | undefined {
    const steps = [...path.keys(), path.length];
    const length = steps.find((end) => isDeferred(valueAt(args, path.slice(0, end))));
    return length === undefined ? undefined : path.slice(0, length);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
    return path.reduce<unknown>(
        (at, step) => (at !== null && typeof at === "object" ? Reflect.get(at, step) : undefined),
        value,
    );
}
