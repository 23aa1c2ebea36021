// local.Command of the published plugin 1.2.1: a table of facts. What it has in common with
// remote.Command stands in ./command.test.ts.
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localCommand } from "../../lab/pulumi/command/local";
import { type ValueMap } from "../../lab/pulumi/plugin/values";
import { facts, operation } from "./operation";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "crosshost-local-")));

afterAll(() => {
    rmSync(folder, { recursive: true });
});

async function create(inputs: ValueMap, doing = operation({})): Promise<ValueMap> {
    return (await localCommand.create(inputs, doing)).outputs;
}

facts("inputs and differences of local.Command", [
    [
        "`dir` and `interpreter` are known, a connection is not, and nothing is required",
        () => {
            const failures = (inputs: ValueMap) =>
                localCommand
                    .check(inputs, { name: "it", oldInputs: {} })
                    .failures.map(({ property, reason }) => `${property}: ${reason}`);
            expect(failures({})).toEqual([]);
            expect(failures({ dir: "/", interpreter: ["sh", "-c"], delete: "true" })).toEqual([]);
            expect(failures({ connection: {} })).toEqual([
                "connection: Unrecognized field 'connection'",
            ]);
        },
    ],
    [
        "all changes in place; of triggers that change the SDK says that they replace",
        () => {
            const was = { create: "a", dir: "/", interpreter: ["sh", "-c"], triggers: [1] };
            const now = { create: "b", dir: "/tmp", interpreter: ["bash", "-c"], triggers: [2] };
            const replaced = localCommand
                .diff({ oldInputs: was, oldOutputs: was, inputs: now })
                .map(({ path, replace }) => `${path}${replace ? " replace" : ""}`);
            expect(replaced).toEqual(["create", "dir", "interpreter[0]", "triggers[0]"]);
        },
    ],
]);

facts("operations of local.Command", [
    [
        "`create` runs in /bin/sh with stdin; each output loses one newline at its end",
        async () => {
            const outputs = await create({ create: 'cat; echo "$0" >&2', stdin: "in\n\n" });
            expect(outputs).toMatchObject({ stdout: "in\n", stderr: "/bin/sh" });
        },
    ],
    [
        "a text goes to it as it is written, whatever its Unicode form",
        async () => {
            const inputs = { create: "cat", stdin: "e\u0301" };
            expect(await create(inputs)).toMatchObject({ ...inputs, stdout: "e\u0301" });
        },
    ],
    [
        "`interpreter` runs it instead, as its last argument",
        async () => {
            const outputs = await create({ create: "a  b", interpreter: ["printf", "<%s>", "x"] });
            expect(outputs).toMatchObject({ stdout: "<x><a  b>" });
        },
    ],
    [
        "it runs in `dir`, else where the plugin does",
        async () => {
            expect(await create({ create: "pwd", dir: folder })).toMatchObject({ stdout: folder });
            expect(await create({ create: "pwd" })).toMatchObject({ stdout: process.cwd() });
        },
    ],
    [
        "`environment` is put over the plugin's own",
        async () => {
            const environment = { GREETING: "hi" };
            const outputs = await create({ create: 'echo "$GREETING $HOME"', environment });
            expect(outputs).toMatchObject({ stdout: `hi ${process.env["HOME"] ?? ""}` });
        },
    ],
    [
        "without a `create` nothing runs, and a `delete` runs at the end with the state's inputs",
        async () => {
            const inputs = { delete: "cat >gone", stdin: "x", dir: folder };
            const outputs = await create(inputs);
            expect(outputs).toEqual({ ...inputs, stdout: "", stderr: "" });
            await localCommand.delete("id", outputs, operation({}));
            expect(await create({ create: "cat gone", dir: folder })).toMatchObject({
                stdout: "x",
            });
        },
    ],
    [
        "update and delete find the earlier outputs in the environment, unless told otherwise",
        async () => {
            const old = { stdout: "before", stderr: "too" };
            const inputs = { update: 'echo "$PULUMI_COMMAND_STDOUT $PULUMI_COMMAND_STDERR"' };
            const update = (more: ValueMap) =>
                localCommand.update("id", { ...inputs, ...more }, old, operation({}));
            expect(await update({})).toMatchObject({ stdout: "before too" });
            expect(await update({ addPreviousOutputInEnv: false })).toMatchObject({ stdout: " " });
        },
    ],
    [
        "a failure tells Go's words, the command as Go quotes it, and both outputs in their order",
        async () => {
            await expect(create({ create: 'echo "a"; exit 3' })).rejects.toThrow(
                'exit status 3: running "echo \\"a\\"; exit 3":\na\n',
            );
            await expect(create({ create: "kill -9 $$" })).rejects.toThrow(
                'signal: killed: running "kill -9 $$":\n',
            );
        },
    ],
    [
        "what cannot be started is told: a folder, a program by its path, a program by its name",
        async () => {
            await expect(create({ create: "x", dir: "/none" })).rejects.toThrow(
                'chdir /none: no such file or directory: running "x":\n',
            );
            await expect(create({ create: "x", interpreter: ["/none"] })).rejects.toThrow(
                'fork/exec /none: no such file or directory: running "x":\n',
            );
            await expect(create({ create: "x", interpreter: ["none-such"] })).rejects.toThrow(
                'exec: "none-such": executable file not found in $PATH: running "x":\n',
            );
        },
    ],
    [
        "Ctrl-C kills a command that runs, unlike one on a host",
        async () => {
            const cancelled = new AbortController();
            const doing = {
                ...operation({}, cancelled.signal),
                log: () => {
                    cancelled.abort();
                },
            };
            await expect(create({ create: "echo here; exec sleep 60" }, doing)).rejects.toThrow(
                'signal: killed: running "echo here; exec sleep 60":\nhere\n',
            );
        },
    ],
    [
        "each line is shown in passing, of the outputs that `logging` names",
        async () => {
            const doing = operation({});
            await create({ create: "echo a; echo b >&2", logging: "stderr" }, doing);
            expect(doing.messages).toEqual([{ severity: "INFO", message: "b", passing: true }]);
        },
    ],
]);
