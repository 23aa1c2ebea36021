import { type z } from "zod";

/** Our own messages read on from the value, which stands before them. */
const OURS = /^(is|has|holds|needs|lies|must|unknown) /;

const TYPES: Readonly<Record<string, string>> = {
    string: "a string",
    number: "a number",
    boolean: "true or false",
    object: "an object, { ... }",
    array: "a list, [ ... ]",
};

/** What a schema found, in words for a person. */
export function wording(issue: z.core.$ZodIssue): string {
    if (OURS.test(issue.message)) {
        return issue.message;
    }
    switch (issue.code) {
        case "invalid_type":
            return `must be ${TYPES[issue.expected] ?? issue.expected}`;
        case "invalid_value":
            return `must be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
        case "unrecognized_keys":
            return `unknown ${issue.keys.length === 1 ? "argument" : "arguments"} ${issue.keys.join(", ")}`;
        default:
            return `is not accepted: ${issue.message}`;
    }
}
