import { convergerProgram } from "../../components/converger/program";
import packageJson from "../../package.json";

test("its version is the package's", () => {
    expect(convergerProgram().version).toBe(packageJson.version);
});

test("it is one script of plain characters, which runs nothing before it is whole", () => {
    const { text, hash } = convergerProgram();
    expect(text.startsWith("#!/bin/sh\n")).toBe(true);
    expect(text.endsWith('main "$@"\nexit\n')).toBe(true);
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(text).toMatch(/^[\t\n -~]*$/);
});

test("its usage, which is the list at its top, has every verb that it takes, and no other", () => {
    const { text } = convergerProgram();
    const told = [...text.matchAll(/^# {3}crosshost (\w+)/gm)].map(([, verb]) => verb);
    const [, taken = ""] = /case \$verb:\$# in([^]*?)\n {4}esac/.exec(text) ?? [];
    const verbs = [...taken.matchAll(/\b([a-z]+):[\d[]/g)].map(([, verb]) => verb);
    expect(told.sort()).toEqual([...new Set(verbs)].sort());
});
