import { readdirSync } from "node:fs";
import { join } from "node:path";
import { CONVERGER_PARTS, convergerProgram } from "../../components/converger/program";
import packageJson from "../../package.json";

const FOLDER = join(__dirname, "../../components/converger");

test("the program holds all parts that lie beside it", () => {
    const parts = readdirSync(FOLDER).filter((name) => !name.endsWith(".ts"));
    expect([...CONVERGER_PARTS].sort()).toEqual(parts.sort());
});

test("its version is the package's", () => {
    expect(convergerProgram().version).toBe(packageJson.version);
});

test("it fits where it has to go: awk takes its part as one argument of at most 128 KiB", () => {
    const { text, hash } = convergerProgram();
    const [, awk = text] = text.split("awk_program='");
    expect(Buffer.byteLength(awk)).toBeLessThan(120_000);
    expect(text.startsWith("#!/bin/sh\n")).toBe(true);
    expect(text.endsWith('main "$@"\nexit\n')).toBe(true);
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(text).toMatch(/^[\t\n -~]*$/);
});
