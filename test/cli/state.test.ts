import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseState, SECRET, stateFromFile, stateOfStack } from "../../cli/state";
import { attachment, bridge, encrypted, exportOf, host, shown, stateOf, URN } from "./states";

const lan = bridge("lan", "vm1", "10.60.0.0/24");

describe("a state", () => {
    test("is that of a project and stack, with each resource's type, logical name and parent", () => {
        const { project, stack, resources } = stateOf([...host("vm1", 11), lan]);
        expect([project, stack]).toEqual(["crosshost", "demo"]);
        expect(resources.map(({ type, name, parent }) => [type, name, parent])).toEqual([
            ["crosshost:index:Host", "vm1", undefined],
            ["command:remote:Command", "vm1-converger", `${URN}::crosshost:index:Host::vm1`],
            ["crosshost:index:Bridge", "lan", undefined],
        ]);
    });

    test("has logical names with :: in them", () => {
        const odd = attachment("a::b", "vm1", lan, "10.60.0.9");
        expect(stateOf([odd]).resources[0]?.name).toBe("a::b");
    });

    test("shows secrets where Pulumi shows them, at any depth, and else that there is one", () => {
        const outputs = {
            connection: shown({ host: "vm1", proxy: shown({ host: "jump" }) }),
            logins: [encrypted()],
        };
        const [resource] = stateOf([{ type: "a:b:C", name: "c", outputs }]).resources;
        expect(resource?.outputs).toEqual({
            connection: { host: "vm1", proxy: { host: "jump" } },
            logins: [SECRET],
        });
    });

    test("is without what is only there to be deleted", () => {
        const text = exportOf([lan]).replace('"custom"', '"delete":true,"custom"');
        expect(parseState(text, "it").resources).toEqual([]);
    });

    test.each(["", "{", "[]", '{"checkpoint":{}}', '{"deployment":{"resources":[{}]}}'])(
        "is refused where it is %j",
        (text) => {
            expect(() => parseState(text, "demo.json")).toThrow(
                "demo.json is not a stack's state, as `pulumi stack export` prints it",
            );
        },
    );

    test("of a file that is not there is refused with its name", () => {
        expect(() => stateFromFile("/nowhere/demo.json")).toThrow(
            /^cannot read \/nowhere\/demo.json: .*ENOENT: no such file or directory/,
        );
    });
});

describe("of the Pulumi CLI", () => {
    const folder = mkdtempSync(join(tmpdir(), "crosshost-cli-"));
    const path = process.env["PATH"];

    afterAll(() => {
        process.env["PATH"] = path;
        rmSync(folder, { recursive: true });
    });

    function pulumiIs(script: string): void {
        writeFileSync(join(folder, "pulumi"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
        process.env["PATH"] = `${folder}:${path ?? ""}`;
    }

    test("the stack is asked for, with secrets only where they are wanted", async () => {
        pulumiIs(`echo "$@" >>${folder}/said; echo '{"deployment":{}}'`);
        await stateOfStack("demo", "shown");
        await stateOfStack(undefined, "encrypted");
        expect(readFileSync(join(folder, "said"), "utf8").trim().split("\n")).toEqual([
            "stack export --non-interactive --stack demo --show-secrets",
            "stack export --non-interactive",
        ]);
    });

    test("the line that names the error is told, in one line", async () => {
        pulumiIs("echo 'warning: old' >&2; echo 'error: no stack named x found' >&2; exit 255");
        await expect(stateOfStack("x", "encrypted")).rejects.toThrow(
            /^`pulumi stack export` failed: no stack named x found$/,
        );
    });

    test("it is told where there is none", async () => {
        process.env["PATH"] = "/nowhere";
        await expect(stateOfStack("x", "encrypted")).rejects.toThrow("no `pulumi` in PATH");
    });
});
