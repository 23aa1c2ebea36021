// Needs gawk, which the tier of namespaces installs, and unit tests do not have.
import { spawnSync } from "node:child_process";
import { convergerProgram } from "../../components/converger/program";

test("every function of its awk is called, so a kind's are the engine's hooks or used by themselves", () => {
    const [, awk = ""] = /\nawk_program='\n([^]*)'\n\nmain/.exec(convergerProgram().text) ?? [];
    const { stderr } = spawnSync("gawk", ["--lint", "-f", "/dev/stdin", "/dev/null"], {
        input: awk.replaceAll("'\\''", "'"),
        encoding: "utf8",
    });
    expect(stderr).toContain("warning"); // gawk has read it
    expect(stderr.split("\n").filter((line) => line.includes("defined but never called"))).toEqual(
        [],
    );
});
