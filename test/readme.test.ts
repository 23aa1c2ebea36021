import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(__dirname, "..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const README = read("README.md");

test("the README shows the demo's program as it is", () => {
    expect(README).toContain(read("stacks/demo.ts"));
});

test("the README names only commands that there are", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const code = [...README.matchAll(/```[^]*?```|`[^`\n]+`/g)].join("\n");
    const named = [...code.matchAll(/\bnpm (?:run )?([a-z]+)\b/g)]
        .map(([, script]) => script ?? "")
        .filter((script) => !["ci", "pack", "install"].includes(script));
    expect(named).toEqual(expect.arrayContaining(["demo", "test"]));
    for (const script of named) {
        expect(Object.keys(scripts)).toContain(script);
    }
});

test("nothing in the README waits to be filled in", () => {
    expect(README).not.toMatch(/^(PREVIEW|TESTED|TODO)$/m);
});
