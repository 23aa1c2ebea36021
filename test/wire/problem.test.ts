import { z } from "zod";
import { input, whole } from "../../components/wire/fields";
import { check, report } from "../../components/wire/problem";
import { hostSchema } from "../../components/host/schema";
import { HOST_KEY, PRIVATE_KEY } from "../support/builders";

const schema = z.strictObject({
    size: whole(1, 9),
    mode: z.enum(["a", "b"]).optional(),
    nested: z.strictObject({ list: z.array(z.string()) }).optional(),
    password: input(z.string()).optional(),
    late: input(whole(1, 9)).optional(),
    note: z.string().optional(),
});

function told(args: unknown, root?: string): string[] {
    return check(schema, args, root).problems.map(({ path, message }) => `${path}: ${message}`);
}

test("what is right comes back as the schema gives it", () => {
    expect(check(schema, { size: 3 })).toEqual({ problems: [], value: { size: 3 } });
});

test.each<[string, unknown, string[]]>([
    ["missing", {}, ["size: is missing"]],
    ["wrong type", { size: "3" }, ['size: "3" must be a whole number, 1 to 9']],
    ["not whole", { size: 1.5 }, ["size: 1.5 must be a whole number, 1 to 9"]],
    ["not a number", { size: NaN }, ["size: NaN must be a whole number, 1 to 9"]],
    ["out of range", { size: 10 }, ["size: 10 must be a whole number, 1 to 9"]],
    ["not one of", { size: 1, mode: "c" }, ['mode: "c" must be "a" or "b"']],
    ["unknown", { size: 1, sice: 1 }, [": unknown argument sice"]],
    ["unknown twice", { size: 1, x: 1, y: 1 }, [": unknown arguments x, y"]],
    ["no object", { size: 1, nested: 5 }, ["nested: 5 must be an object, { ... }"]],
    ["no list", { size: 1, nested: { list: {} } }, ["nested.list: must be a list, [ ... ]"]],
    ["in a list", { size: 1, nested: { list: ["a", 1] } }, ["nested.list[1]: 1 must be a string"]],
    ["nothing at all", undefined, [": is missing"]],
    ["null", { size: null }, ["size: null must be a whole number, 1 to 9"]],
    ["late, known now", { size: 1, late: 0 }, ["late: 0 must be a whole number, 1 to 9"]],
])("%s", (_, args, expected) => {
    expect(told(args)).toEqual(expected);
});

test("a path begins at the root given", () => {
    expect(told({ size: 0 }, "connection")).toEqual([
        "connection.size: 0 must be a whole number, 1 to 9",
    ]);
});

test("a long value is cut, so that the message stays one line to read", () => {
    const [message = ""] = told({ size: "x".repeat(500) });
    expect(message.length).toBeLessThan(140);
    expect(message).toContain("xxx...");
});

test("no value that may be a secret is in a message, wherever it stands", () => {
    expect(told({ size: 1, password: 12345 })).toEqual(["password: must be a string"]);
    expect(told({ size: PRIVATE_KEY })).toEqual(["size: must be a whole number, 1 to 9"]);
    expect(told({ size: "ssh://root:hunter2@vm1" })).toEqual([
        "size: must be a whole number, 1 to 9",
    ]);
});

test.each(["connection", "connection.proxy", "registryAuth", "registryAuth[0]"])(
    "a login written as one text is not in a message: %s",
    (path) => {
        const parts = path.split(/[.[\]]+/).filter(Boolean);
        const args = parts.reduceRight<unknown>(
            (inner, part) => (/\d/.test(part) ? [inner] : { [part]: inner }),
            "root:hunter2",
        );
        const { problems } = check(hostSchema, {
            connection: { host: "vm1", hostKey: HOST_KEY },
            ...(args as object),
        });
        expect(problems.find((problem) => problem.path === path)?.message).toMatch(/^must be /);
        expect(JSON.stringify(problems)).not.toContain("hunter2");
    },
);

test("what a terminal would take for more than text is shown as its number", () => {
    expect(told({ size: "a\nb\u001b[2J\u009b31m\u202e\u2028" })).toEqual([
        'size: "a\\nb\\u001b[2J\\u{9b}31m\\u{202e}\\u{2028}" must be a whole number, 1 to 9',
    ]);
});

test("an output or a promise in place of an object is told once, not field by field", () => {
    const late = { then: () => undefined };
    expect(new Set(told({ size: 1, nested: late }))).toEqual(
        new Set([
            "nested: must be an object literal; its fields may be Outputs, the object itself may not",
        ]),
    );
    expect(told({ size: late })).toEqual([
        "size: must be a plain value: the plan needs it at once, so it cannot be an Output",
    ]);
    expect(told({ size: 1, late })).toEqual([]);
});

test("a report names component and logical name, and each mistake once", () => {
    const problems = [
        { path: "cidr", message: "is missing" },
        { path: "", message: "unknown argument x" },
        { path: "cidr", message: "is missing" },
    ];
    expect(report("Overlay", "mesh", problems)).toBe(
        'Overlay "mesh" cannot be made:\n    cidr: is missing\n    unknown argument x',
    );
});
