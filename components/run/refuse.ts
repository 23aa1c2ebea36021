import { inspect } from "node:util";
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
 * The one error that users see: its text, however it is printed. Of a RunError Pulumi shows the message;
 * but it shows the stack, if the program has ended by then. It also inspects each with colours, which
 * takes Node 20 up to 30 s where a line of the stack is in `node_modules/@pulumi/output.ts`. Where it
 * is thrown at run time, Pulumi would put `error serializing property "stdin":` before the message,
 * once for each resource on the way.
 */
export class Refusal extends pulumi.RunError {
    constructor(text: string) {
        super(text);
        Object.defineProperties(this, {
            message: { get: () => text, set: () => undefined },
            stack: { value: text },
            [inspect.custom]: { value: () => text },
        });
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
