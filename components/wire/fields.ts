import { z } from "zod";
import { cidrProblem, isAddress } from "./address";
import { isHostName } from "./hostname";
import { MAX_MTU, MIN_MTU } from "./mtu";
import { wording } from "./wording";

/** Text that is safe as it is in a unit, on a command line and in YAML. */
const DOCKER_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

export const address = z
    .string()
    .refine(isAddress, { error: "is not an IPv4 address, such as 192.168.40.11" });

/** A text, of which it is said what is wrong with it. */
export function explained(problemOf: (text: string) => string | undefined) {
    return z.string().check((context) => {
        const problem = problemOf(context.value);
        if (problem) {
            context.issues.push({ code: "custom", message: problem, input: context.value });
        }
    });
}

export const cidr = explained(cidrProblem);

/** A whole number in a range; one message says all that it must be. */
export function whole(from: number, to: number) {
    const error = `must be a whole number, ${from} to ${to}`;
    return z.int({ error }).refine((value) => value >= from && value <= to, { error });
}

export const mtu = whole(MIN_MTU, MAX_MTU);

export const port = whole(1, 65_535);

export const dockerObjectName = z.string().regex(DOCKER_NAME, {
    error: "is not a Docker name: letters, digits, _ . and -, starting with a letter or digit",
});

/** IFNAMSIZ is 16 with the final NUL; `@` and `:` mean something else to ip. */
const LINK_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/;

export const link = z.string().regex(LINK_NAME, {
    error: "is not the name of a network interface, such as eth0: at most 15 letters, digits, _ . and -",
});

export const alias = z.string().refine(isHostName, {
    error: "is not a host name: letters, digits, _ and -, with dots in between",
});

/**
 * A value that Pulumi may know only at run time: checked now where it is known now. Outputs are let
 * through as they are, and checked by the same schema when they arrive.
 */
export function input(schema: z.ZodType) {
    return z.unknown().check(({ value, issues }) => {
        // A check, not a transform: zod would wait for a promise that a transform returns.
        const wrong = isDeferred(value) ? [] : (schema.safeParse(value).error?.issues ?? []);
        for (const issue of wrong) {
            const path = [...issue.path];
            issues.push({ code: "custom", message: wording(issue), path, input: value });
        }
    });
}

/** Another component, or what one hands out: which one it is shows when it is used. */
export function handle(error: string) {
    return z.custom<object>((value) => typeof value === "object" && value !== null, { error });
}

/** For checks of a whole object: made even where fields of it are wrong, to tell all mistakes. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
    return typeof value === "object" && value !== null && !isDeferred(value);
}

/** A `pulumi.Output` or a promise, recognised without Pulumi, which schemas do not import. */
export function isDeferred(value: unknown): value is object {
    return (
        typeof value === "object" &&
        value !== null &&
        ("__pulumiOutput" in value || ("then" in value && typeof value.then === "function"))
    );
}
