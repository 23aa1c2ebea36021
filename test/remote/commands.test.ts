import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
    applyCommand,
    bySh,
    deleteCommand,
    installCommand,
    observeCommand,
    SEND_PROGRAM,
    uninstallCommand,
    vacateCommand,
} from "../../components/remote/commands";
import { packProgram } from "../../components/converger/pack";

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

/** Where `sudo` is played by a script that takes away the environment, as it does by itself. */
const BIN = mkdtempSync(join(tmpdir(), "crosshost-test-"));
const PATH = `${BIN}:/usr/bin:/bin`;

beforeAll(() => {
    const sudo = '#!/bin/sh\n[ "$1" = -n ] && shift && exec env -i PATH="$PATH" IS_ROOT=1 "$@"\n';
    writeFileSync(join(BIN, "sudo"), sudo, { mode: 0o755 });
});

afterAll(() => {
    rmSync(BIN, { recursive: true });
});

/** Runs a command line as sshd does, by a shell. */
function shell(command: string, input = "", environment: NodeJS.ProcessEnv = {}) {
    const env = { PATH, SSH_CONNECTION: "192.168.40.1 50000 192.168.40.11 22", ...environment };
    return spawnSync("sh", ["-c", command], { input, encoding: "utf8", env });
}

describe("command lines", () => {
    test("are constant: a change of this text would run every command again", () => {
        const path = `/var/lib/crosshost/${STACK}/crosshost`;
        const ask = 'sh -c "$@"';
        const kept = 'PATH=/usr/sbin:/usr/bin:/sbin:/bin SSH_CONNECTION="$SSH_CONNECTION"';
        expect(applyCommand(STACK, "overlay-mesh", undefined)).toBe(
            `env sh -c 'exec env -i ${kept} ${ask}' sh 'exec timeout -k 5 120 sh ${path} apply ${STACK} overlay-mesh' crosshost`,
        );
        expect(applyCommand(STACK, "overlay-mesh", "sudo")).toBe(
            `env sh -c 'exec sudo -n env -i ${kept} ${ask}' sh 'exec timeout -k 5 120 sh ${path} apply ${STACK} overlay-mesh' crosshost`,
        );
        expect(deleteCommand(STACK, "overlay-mesh", undefined)).toBe(
            `env sh -c 'exec env -i ${kept} ${ask}' sh 'if [ -r ${path} ]; then exec timeout -k 5 120 sh ${path} delete ${STACK} overlay-mesh; fi; cat >/dev/null' crosshost`,
        );
    });

    test("what not every shell reads the same is no command line", () => {
        for (const text of ["it's", "a\\b", "wow!", "a\nb"]) {
            expect(() => bySh(`echo ${text}`, undefined)).toThrow("not every shell");
        }
    });

    test.each(ways)("of an environment only where the login came from is kept (%s)", (become) => {
        const hostile = {
            DOCKER_HOST: "tcp://192.0.2.1:2375",
            POSIXLY_CORRECT: "1",
            TZ: "Asia/Tokyo",
        };
        const done = shell(bySh("env", become), "", hostile);
        const names = done.stdout.split("\n").map((line) => line.split("=")[0]);
        const ofShell = ["PWD", "SHLVL", "_", "OLDPWD", ""];
        expect(names.filter((name = "") => !ofShell.includes(name)).sort()).toEqual([
            "PATH",
            "SSH_CONNECTION",
        ]);
    });

    test.each(all)("a shell reads %s", (command) => {
        const read = spawnSync("sh", ["-n", "-c", command], { encoding: "utf8" });
        expect(read.stderr).toBe("");
        expect(read.status).toBe(0);
    });

    test("nothing is left to the user without rights but to say whether it may talk to Docker", () => {
        const asSudo = all.filter((command) => command.includes("sudo"));
        expect(asSudo).toHaveLength(all.length / 2);
        for (const command of asSudo) {
            expect(command).toMatch(
                /^env sh -c 'exec sudo -n env -i PATH=[a-z:/]+ SSH_CONNECTION="\$SSH_CONNECTION"( CROSSHOST_TLS="\$DOCKER_TLS\$DOCKER_TLS_VERIFY" CROSSHOST_SOCKET="\$\(test -w \/run\/docker.sock && echo yes \|\| echo no\)" timeout -k 1 31)? sh -c "\$@"' sh '[^']*' crosshost( [\w -]+)?$/,
            );
        }
    });

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
    let stdin: string;

    beforeAll(async () => {
        stdin = UNIT + (await packProgram({ text: program }));
    });

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

    test("leaves no temporary file, also when it fails, and its status is the command's", async () => {
        const folder = mkdtempSync(join(tmpdir(), "crosshost-test-"));
        const failing = UNIT + (await packProgram({ text: "exit 3\n" }));
        for (const input of [stdin, failing]) {
            const command = installCommand(STACK, undefined).replace(
                "mktemp",
                `mktemp -p ${folder}`,
            );
            const done = shell(command, input);
            expect(done.status).toBe(input === failing ? 3 : 0);
        }
        expect(readdirSync(folder)).toEqual([]);
        rmSync(folder, { recursive: true });
    });

    test("packs to the same text every time, in comments that YAML and the CLI pass over", async () => {
        const text = "x".repeat(10_000) + "é\n";
        const packed = await packProgram({ text });
        expect(await packProgram({ text })).toBe(packed);
        expect(packed).toMatch(/^(# [A-Za-z0-9+/=]{1,76}\n)+$/);
        expect(await packProgram({ text: "echo hello\n" })).toBe(
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
            expect(done.stdout).toBe(`\n${SEND_PROGRAM}\nsent 2 observe no-such-stack\n`);
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
        expect(shell(commandFor(sum), SENT).stdout).toBe(`\nown observe ${STACK}\n`);
        expect(shell(commandFor(HASH), SENT).stdout).toMatch(/^\ncrosshost: send\nsent 2 observe/);
        rmSync(folder, { recursive: true });
    });
});
