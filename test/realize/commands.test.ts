import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
    applyCommand,
    deleteCommand,
    installCommand,
    observeCommand,
    SEND_PROGRAM,
    uninstallCommand,
    vacateCommand,
} from "../../components/realize/commands";
import { packProgram } from "../../components/realize/pack";

const STACK = "crosshost-demo-79f8e4";
const HASH = "abababababababab";
const ways = ["sudo", undefined] as const;

const all = ways.flatMap((become) => [
    applyCommand(STACK, "overlay-mesh", become),
    deleteCommand(STACK, "overlay-mesh", become),
    installCommand(STACK, become),
    uninstallCommand(STACK, become),
    observeCommand(STACK, HASH, become),
    vacateCommand(STACK, "attachment-api", ["api"], become),
]);

/** Runs a command line as sshd does, by a shell, with `sudo` played by a function of its name. */
function shell(command: string, input = "", lines: readonly string[] = []) {
    const sudo = 'sudo() { [ "$1" = -n ] && shift && "$@"; }';
    return spawnSync("sh", ["-c", [sudo, ...lines, command].join("\n")], {
        input,
        encoding: "utf8",
    });
}

describe("command lines", () => {
    test("are constant: a change of this text would run every command again", () => {
        expect(applyCommand(STACK, "overlay-mesh", undefined)).toBe(
            `timeout -k 5 120 /var/lib/crosshost/${STACK}/crosshost apply ${STACK} overlay-mesh`,
        );
        expect(applyCommand(STACK, "overlay-mesh", "sudo")).toBe(
            `sudo -n env SSH_CONNECTION="$SSH_CONNECTION" timeout -k 5 120 /var/lib/crosshost/${STACK}/crosshost apply ${STACK} overlay-mesh`,
        );
        expect(deleteCommand(STACK, "overlay-mesh", undefined)).toBe(
            `if [ -x /var/lib/crosshost/${STACK}/crosshost ]; then timeout -k 5 120 /var/lib/crosshost/${STACK}/crosshost delete ${STACK} overlay-mesh; else cat >/dev/null; fi`,
        );
    });

    test.each(all)("a shell reads %s", (command) => {
        const read = spawnSync("sh", ["-n", "-c", command], { encoding: "utf8" });
        expect(read.stderr).toBe("");
        expect(read.status).toBe(0);
    });

    test.each(all.filter((command) => command.startsWith("sudo")))(
        "nothing is left to the user without rights in %s",
        (command) => {
            expect(command).toMatch(
                /^sudo -n env SSH_CONNECTION="\$SSH_CONNECTION" (CROSSHOST_SOCKET="\$\(test -w \/run\/docker.sock && echo yes \|\| echo no\)" )?(timeout -k 5 120 (\/\S+ \S+ \S+ \S+( \S+)?|sh -c '[^']*')|sh -c '[^']*'( [\w -]+)?)$/,
            );
        },
    );

    test("a unit's deletion succeeds where its program is gone, whatever it is sent", () => {
        for (const become of ways) {
            const done = shell(deleteCommand("no-such-stack", "u", become), "x".repeat(200_000));
            expect(done).toMatchObject({ status: 0, stdout: "", stderr: "" });
        }
    });
});

describe("a Host's program", () => {
    const UNIT = "boot crosshost-links.service: before docker.service\nconverger: 0.1.0 abab\n";
    const program = [
        "#!/bin/sh",
        'echo "$# $1 $2"',
        "cat",
        '# a comment, it\'s $HOME `and` "quotes" é',
        "",
    ].join("\n");
    const stdin = UNIT + packProgram({ text: program });

    test("is unpacked and run with the unit on its standard input", () => {
        for (const become of ways) {
            const done = shell(installCommand(STACK, become), stdin);
            expect(done).toMatchObject({ status: 0, stderr: "" });
            expect(done.stdout).toBe(`2 install ${STACK}\n${UNIT}`);
        }
    });

    test("is unpacked and run to take everything away, with the unit on its standard input", () => {
        for (const become of ways) {
            const done = shell(uninstallCommand(STACK, become), stdin);
            expect(done).toMatchObject({ status: 0, stderr: "" });
            expect(done.stdout).toBe(`2 uninstall ${STACK}\n${UNIT}`);
        }
    });

    test("leaves no temporary file, also when it fails, and its status is the command's", () => {
        const folder = mkdtempSync(join(tmpdir(), "crosshost-test-"));
        const failing = UNIT + packProgram({ text: "exit 3\n" });
        for (const input of [stdin, failing]) {
            const done = shell(installCommand(STACK, undefined), input, [
                `export TMPDIR=${folder}`,
            ]);
            expect(done.status).toBe(input === failing ? 3 : 0);
        }
        expect(spawnSync("ls", [folder], { encoding: "utf8" }).stdout).toBe("");
        rmSync(folder, { recursive: true });
    });

    test("packs to the same text every time, in comments that YAML and the CLI pass over", () => {
        const text = "x".repeat(10_000) + "é\n";
        expect(packProgram({ text })).toBe(packProgram({ text }));
        expect(packProgram({ text })).toMatch(/^(# [A-Za-z0-9+/=]{1,76}\n)+$/);
        expect(packProgram({ text: "echo hello\n" })).toBe(
            "# H4sIAAAAAAACA0tNzshXyEjNycnnAgBRDeHWCwAAAA==\n",
        );
    });
});

describe("the probe's command", () => {
    const SENT = 'echo "sent $# $1 $2"; exit 0\n';

    test("asks for the program where there is none, and runs what it is sent", () => {
        for (const become of ways) {
            const done = shell(observeCommand("no-such-stack", HASH, become), SENT);
            expect(done).toMatchObject({ status: 0, stderr: "" });
            expect(done.stdout).toBe(`${SEND_PROGRAM}\nsent 2 observe no-such-stack\n`);
        }
    });

    test("runs the host's own program where it is of this version only", () => {
        const folder = mkdtempSync(join(tmpdir(), "crosshost-test-"));
        const path = join(folder, "crosshost");
        writeFileSync(path, '#!/bin/sh\necho "own $*"\n', { mode: 0o755 });
        const sum = spawnSync("sha256sum", [path], { encoding: "utf8" }).stdout.slice(0, 16);
        const commandFor = (hash: string) =>
            observeCommand(STACK, hash, undefined).replaceAll(
                `/var/lib/crosshost/${STACK}/crosshost`,
                path,
            );
        expect(shell(commandFor(sum), SENT).stdout).toBe(`own observe ${STACK}\n`);
        expect(shell(commandFor(HASH), SENT).stdout).toMatch(/^crosshost: send\nsent 2 observe/);
        rmSync(folder, { recursive: true });
    });
});
