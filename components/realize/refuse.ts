import * as pulumi from "@pulumi/pulumi";
import { type z } from "zod";
import { check, type Problem, report } from "../wire/problem";

/** Stops the program with all mistakes of one call. */
export function refuse(component: string, name: string, problems: readonly Problem[]): void {
    if (problems.length > 0) {
        throw new Refusal(report(component, name, problems));
    }
}

/**
 * Shown without a stack trace, as any RunError. Where it is thrown at run time, Pulumi would put
 * `error serializing property "stdin":` before the message, once for each resource on the way.
 */
export class Refusal extends pulumi.RunError {
    constructor(text: string) {
        super(text);
        Object.defineProperty(this, "message", { get: () => text, set: () => undefined });
    }
}

/** The arguments as the schema gives them back, or the end of the program with all mistakes. */
export function parsed<T extends z.ZodType>(
    schema: T,
    component: string,
    name: string,
    args: unknown,
): z.output<T> {
    const { problems, value } = check(schema, args ?? {});
    refuse(component, name, problems);
    if (value === undefined) {
        throw new Refusal(report(component, name, [{ path: "", message: "no arguments" }]));
    }
    return value;
}
