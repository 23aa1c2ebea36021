import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { parsed, Refusal, refuse } from "../../components/run/refuse";

const PROBLEM = { path: "cidr", message: "is missing" };

test("nothing wrong, nothing refused", () => {
    expect(() => {
        refuse("Overlay", "mesh", []);
    }).not.toThrow();
    expect(parsed(z.strictObject({ a: z.number() }), "X", "x", { a: 1 })).toEqual({ a: 1 });
});

test("a refusal is one that Pulumi shows without a stack trace", () => {
    const refused = () => {
        refuse("Overlay", "mesh", [PROBLEM]);
    };
    expect(refused).toThrow('Overlay "mesh" cannot be made:\n    cidr: is missing');
    expect(refused).toThrow(Refusal);
    expect(pulumi.RunError.isInstance(new Refusal("x"))).toBe(true);
});

test("its text stays as it is, though Pulumi writes before it what it was serializing", () => {
    const late = new Refusal("cidr: is missing");
    late.message = `error serializing property "stdin": ${late.message}`;
    expect(late.message).toBe("cidr: is missing");
});

test("nothing of a stack trace is in it, whatever prints it", () => {
    const late = new Refusal("cidr: is missing\n    at: is none");
    expect(late.stack).toBe("cidr: is missing\n    at: is none");
    expect(inspect(late, { colors: true })).toBe("cidr: is missing\n    at: is none");
});
