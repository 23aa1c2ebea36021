// What remote.Command of the published plugin 1.2.1 does: a table of facts.
import { remoteCommand } from "../../lab/pulumi/command/remote";
import { goQuoted } from "../../lab/pulumi/command/streams";
import {
    isSecret,
    plain,
    plainMap,
    secret,
    UNKNOWN,
    type ValueMap,
} from "../../lab/pulumi/plugin/values";
import { closeAll, facts, operation } from "./operation";
import { SshHost, stopHosts } from "./sshHost";

afterAll(() => {
    closeAll();
    stopHosts();
});

const NAMED = { name: "it", oldInputs: {} };
const CONNECTION = { host: "192.0.2.1", privateKey: "KEY" };

function checked(inputs: ValueMap): ValueMap {
    return remoteCommand.check(inputs, NAMED).inputs;
}

function failures(inputs: ValueMap): string[] {
    return remoteCommand
        .check(inputs, NAMED)
        .failures.map(({ property, reason }) => `${property}: ${reason}`);
}

function diff(oldInputs: ValueMap, inputs: ValueMap): string[] {
    return remoteCommand
        .diff({ oldInputs, oldOutputs: oldInputs, inputs })
        .map(({ path, kind, replace }) => `${path} ${kind}${replace ? " replace" : ""}`);
}

facts("inputs of remote.Command", [
    [
        "defaults of a connection are filled in, of a proxy too",
        () => {
            const proxy = { host: "192.0.2.2", user: "jump" };
            const { connection } = plainMap(checked({ connection: { ...CONNECTION, proxy } }));
            const filled = { dialErrorLimit: 10, perDialTimeout: 15, port: 22 };
            expect(connection).toEqual({
                ...CONNECTION,
                ...filled,
                user: "root",
                proxy: { ...proxy, ...filled },
            });
        },
    ],
    [
        "the connection is a secret, and password, privateKey, privateKeyPassword are within it",
        () => {
            const { connection } = checked({
                connection: secret({ ...CONNECTION, password: "p", privateKeyPassword: "q" }),
            });
            expect(isSecret(connection)).toBe(true);
            const inner = isSecret(connection) ? (connection.value as ValueMap) : {};
            const wrapped = Object.keys(inner).filter((name) => isSecret(inner[name]));
            expect(wrapped.sort()).toEqual(["password", "privateKey", "privateKeyPassword"]);
        },
    ],
    [
        "what is missing, unknown or of a wrong type is refused, and told by its path (stand-in)",
        () => {
            expect(failures({})).toEqual(["connection: Missing required field 'connection'"]);
            expect(failures({ connection: {} })).toEqual([
                "connection.host: Missing required field 'host'",
            ]);
            expect(failures({ connection: CONNECTION, creat: "x", stdin: 1 })).toEqual([
                "stdin: Field must be a string, but is a number",
                "creat: Unrecognized field 'creat'",
            ]);
        },
    ],
    [
        "a connection that a preview does not know yet is let through",
        () => {
            expect(failures({ connection: UNKNOWN })).toEqual([]);
            expect(failures({ connection: secret({ host: UNKNOWN }) })).toEqual([]);
        },
    ],
]);

facts("differences of remote.Command", [
    [
        "every input but triggers changes in place",
        () => {
            const was = { connection: secret(CONNECTION), create: "a", triggers: [1] };
            const now = {
                connection: secret({ ...CONNECTION, host: "192.0.2.9" }),
                create: "b",
                update: "u",
                delete: "d",
                stdin: "s",
                environment: { A: "1" },
                logging: "none",
                addPreviousOutputInEnv: false,
                triggers: [1],
            };
            expect(diff(was, now).sort()).toEqual([
                "addPreviousOutputInEnv ADD",
                "connection UPDATE",
                "create UPDATE",
                "delete ADD",
                "environment ADD",
                "logging ADD",
                "stdin ADD",
                "update ADD",
            ]);
        },
    ],
    [
        "triggers that come or go replace; of those that change the SDK says so, by replaceOnChanges",
        () => {
            const was = { create: "a", update: "u", triggers: ["1"] };
            expect(diff(was, { ...was, triggers: ["2"] })).toEqual(["triggers[0] UPDATE"]);
            expect(diff(was, { create: "a", update: "u" })).toEqual(["triggers DELETE replace"]);
            expect(diff({ create: "a" }, { create: "a", triggers: [1] })).toEqual([
                "triggers ADD replace",
            ]);
        },
    ],
    [
        "a replacement is created before the old one is deleted",
        () => {
            expect(remoteCommand.deleteBeforeReplace).toBe(false);
        },
    ],
    [
        "a value that becomes a secret has changed",
        () => {
            expect(diff({ stdin: "a" }, { stdin: secret("a") })).toEqual(["stdin UPDATE"]);
            expect(diff({ stdin: secret("a") }, { stdin: secret("a") })).toEqual([]);
        },
    ],
    [
        "inputs of the engine's own do not count",
        () => {
            expect(
                diff({ create: "a" }, { create: "a", __internal: {}, version: "1.2.1" }),
            ).toEqual([]);
        },
    ],
]);

facts("previews and refreshes of remote.Command", [
    [
        "in a preview of create or update stdout and stderr are unknown, and the rest is as given",
        () => {
            const unknown = { stdout: UNKNOWN, stderr: UNKNOWN };
            expect(remoteCommand.preview({ create: "a" }, undefined)).toEqual({
                create: "a",
                ...unknown,
            });
            const old = { create: "a", stdout: "x", stderr: "" };
            expect(remoteCommand.preview({ create: "b" }, old)).toEqual({
                create: "b",
                ...unknown,
            });
        },
    ],
    [
        "a refresh gives back what the state says, and asks no host",
        async () => {
            const known = { inputs: { create: "a" }, outputs: { create: "a", stdout: "x" } };
            const read = await remoteCommand.read("id", known, operation({}));
            expect(read).toEqual({ id: "id", ...known });
        },
    ],
]);

facts("operations of remote.Command", [
    [
        "create runs `create` with stdin; each output loses one newline at its end",
        async () => {
            const { connection } = await SshHost.start();
            const create = "cat; echo; echo oops >&2";
            const made = await remoteCommand.create(
                { connection, create, stdin: "in\n" },
                operation({}),
            );
            expect(made.id).toMatch(/^it[0-9a-f]{8}$/);
            expect(made.outputs).toMatchObject({ stdout: "in\n", stderr: "oops", create });
        },
    ],
    [
        "neither output is a secret, also where stdin is one; stdin stays one",
        async () => {
            const { connection } = await SshHost.start();
            const inputs = { connection: secret(connection), create: "cat", stdin: secret("x") };
            const { outputs } = await remoteCommand.create(inputs, operation({}));
            expect(outputs).toMatchObject({ stdout: "x", stdin: secret("x") });
        },
    ],
    [
        "without a `create` nothing is dialed, and the outputs are empty",
        async () => {
            const host = await SshHost.start();
            const { outputs } = await remoteCommand.create(
                { connection: host.connection },
                operation({}),
            );
            expect(outputs).toMatchObject({ stdout: "", stderr: "" });
            expect(host.connections).toBe(0);
        },
    ],
    [
        "update runs `update`, or `create` where there is none; without either the outputs stay",
        async () => {
            const { connection } = await SshHost.start();
            const old = { stdout: "before", stderr: "too" };
            const run = (inputs: ValueMap) =>
                remoteCommand.update("id", { connection, ...inputs }, old, operation({}));
            expect(await run({ create: "echo c", update: "echo u" })).toMatchObject({
                stdout: "u",
            });
            expect(await run({ create: "echo c" })).toMatchObject({ stdout: "c", stderr: "" });
            expect(await run({ delete: "echo d" })).toMatchObject(old);
        },
    ],
    [
        "delete runs with the stdin and the connection of the state; nothing where there is none",
        async () => {
            const host = await SshHost.start();
            const state = { connection: host.connection, stdin: "exit 3", stdout: "", stderr: "" };
            await remoteCommand.delete("id", state, operation({}));
            expect(host.commands).toEqual([]);
            const remove = remoteCommand.delete("id", { ...state, delete: "sh" }, operation({}));
            await expect(remove).rejects.toThrow('Process exited with status 3: running "sh":\n');
        },
    ],
    [
        "a failure tells the command as Go quotes it, and both outputs in their order",
        async () => {
            const { connection } = await SshHost.start();
            const create = 'echo "one"; sleep 0.1; echo two >&2; exit 7';
            const failed = remoteCommand.create({ connection, create }, operation({}));
            await expect(failed).rejects.toThrow(
                /^Process exited with status 7: running "echo \\"one\\"; .*":\none\ntwo\n$/,
            );
            expect(goQuoted("a\tb\u0001\u007f\u000b")).toBe('"a\\tb\\x01\\x7f\\v"');
        },
    ],
    [
        "a command that a signal ends has status 128 and the signal's number",
        async () => {
            const { connection } = await SshHost.start();
            const failed = remoteCommand.create(
                { connection, create: "kill -9 $$" },
                operation({}),
            );
            await expect(failed).rejects.toThrow(
                "Process exited with status 137 from signal KILL: running",
            );
        },
    ],
    [
        "a command need not read its stdin",
        async () => {
            const { connection } = await SshHost.start();
            const stdin = "x".repeat(300_000);
            const made = await remoteCommand.create(
                { connection, create: "true", stdin },
                operation({}),
            );
            expect(made.outputs).toMatchObject({ stdout: "" });
        },
    ],
    [
        "without stdin the command meets its end at once",
        async () => {
            const { connection } = await SshHost.start();
            const made = await remoteCommand.create({ connection, create: "cat" }, operation({}));
            expect(made.outputs).toMatchObject({ stdout: "" });
        },
    ],
    [
        "neither Ctrl-C nor customTimeouts stop a command that runs",
        async () => {
            const { connection } = await SshHost.start();
            const cancelled = new AbortController();
            const running = remoteCommand.create(
                { connection, create: "sleep 0.4; echo done" },
                operation({}, cancelled.signal),
            );
            setTimeout(() => {
                cancelled.abort();
            }, 150);
            expect((await running).outputs).toMatchObject({ stdout: "done" });
        },
    ],
]);

facts("logging of remote.Command", [
    [
        "each line of both outputs is shown in passing; `stderr` shows that alone; `none` nothing, nor does a word that it does not know",
        async () => {
            const { connection } = await SshHost.start();
            const create = "echo a; echo b >&2; printf c";
            const shown = async (logging?: string) => {
                const doing = operation({});
                await remoteCommand.create(
                    { connection, create, ...(logging && { logging }) },
                    doing,
                );
                expect(doing.messages.every(({ passing }) => passing)).toBe(true);
                return doing.messages.map(({ message }) => message).sort();
            };
            expect(await shown()).toEqual(["a", "b", "c"]);
            expect(await shown("stderr")).toEqual(["b"]);
            expect(await shown("none")).toEqual([]);
            expect(await shown("all")).toEqual([]);
        },
    ],
    [
        "a line of 64 KiB hangs the published plugin while it logs: here that is an error (stand-in)",
        async () => {
            const { connection } = await SshHost.start();
            const create = "head -c 70000 /dev/zero | tr '\\0' x";
            const logged = remoteCommand.create({ connection, create }, operation({}));
            await expect(logged).rejects.toThrow(/hangs for ever\. Set logging: "none"/);
            const quiet = await remoteCommand.create(
                { connection, create, logging: "none" },
                operation({}),
            );
            expect(quiet.outputs["stdout"]).toHaveLength(70_000);
        },
    ],
]);

facts("environment of remote.Command", [
    [
        "a variable that the server's AcceptEnv names arrives",
        async () => {
            const { connection } = await SshHost.start({ acceptEnv: ["GREETING"] });
            const inputs = {
                connection,
                create: "echo $GREETING",
                environment: { GREETING: "hi" },
            };
            const { outputs } = await remoteCommand.create(inputs, operation({}));
            expect(outputs).toMatchObject({ stdout: "hi" });
        },
    ],
    [
        "any other fails the command",
        async () => {
            const host = await SshHost.start();
            const doing = operation({});
            const inputs = {
                connection: host.connection,
                create: "echo run",
                environment: { A: "1" },
            };
            await expect(remoteCommand.create(inputs, doing)).rejects.toThrow(
                'could not set environment variable "A": ssh: setenv failed',
            );
            expect(doing.messages).toMatchObject([{ severity: "ERROR" }]);
            expect(host.commands).not.toContain("echo run");
        },
    ],
    [
        "an earlier output that is not taken is a warning, on each update, and none if switched off",
        async () => {
            const { connection } = await SshHost.start();
            const old = { stdout: "before", stderr: "" };
            const warnings = async (inputs: ValueMap) => {
                const doing = operation({});
                await remoteCommand.update(
                    "id",
                    { connection, create: "true", ...inputs },
                    old,
                    doing,
                );
                return doing.messages;
            };
            expect(await warnings({})).toMatchObject([
                {
                    severity: "WARNING",
                    message: expect.stringContaining("PULUMI_COMMAND_STDOUT") as string,
                },
            ]);
            expect(await warnings({ addPreviousOutputInEnv: false })).toEqual([]);
        },
    ],
]);

test("values of secrets are plain in what is compared only", () => {
    expect(plain(secret({ a: secret(1) }))).toEqual({ a: 1 });
});
