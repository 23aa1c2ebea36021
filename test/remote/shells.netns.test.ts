import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkCommand } from "../../cli/check/ask";
import * as commands from "../../components/remote/commands";

const STACK = "crosshost-demo-79f8e4";
const HASH = "abababababababab";
const SHELLS = ["dash", "bash", "rbash", "zsh", "fish", "tcsh", "bsd-csh"] as const;

const made: Readonly<Record<string, (become: "sudo" | undefined) => string>> = {
    applyCommand: (become) => commands.applyCommand(STACK, "overlay-mesh", become),
    askCommand: (become) => commands.askCommand(STACK, HASH, become, "eth0", ["192.168.40.9"]),
    commitCommand: (become) => commands.commitCommand(STACK, "overlay-mesh", become),
    deleteCommand: (become) => commands.deleteCommand(STACK, "overlay-mesh", become),
    exposesCommand: (become) =>
        commands.exposesCommand(STACK, HASH, become, "lan-registry:5000/a/b:1.4@sha256:ab"),
    foretellCommand: (become) => commands.foretellCommand(STACK, become),
    installCommand: (become) => commands.installCommand(STACK, become),
    observeCommand: (become) => commands.observeCommand(STACK, HASH, become),
    uninstallCommand: (become) => commands.uninstallCommand(STACK, become),
    vacateCommand: (become) =>
        commands.vacateCommand(STACK, "attachment-api", ["api", "x"], become),
};
const texts = [...Object.values(made), checkCommand].flatMap((make) => [
    make(undefined),
    make("sudo"),
]);

/** `env` of this folder says what it was called with. */
const bin = mkdtempSync(join(tmpdir(), "crosshost-test-"));

beforeAll(() => {
    const said = `#!/bin/sh\nfor word; do printf '[%s]\\n' "$word"; done\n`;
    writeFileSync(join(bin, "env"), said, { mode: 0o755 });
});

afterAll(() => {
    rmSync(bin, { recursive: true });
});

/** Runs a command line as sshd does for a user with this login shell. */
function login(shell: string, command: string, path: string) {
    const env = { PATH: path, HOME: bin, SSH_CONNECTION: "192.168.40.1 50000 192.168.40.11 22" };
    const { stdout, stderr } = spawnSync(shell, ["-c", command], {
        env,
        input: "",
        encoding: "utf8",
    });
    return { stdout, stderr };
}

test("all command lines are tried", () => {
    const names = Object.keys(commands).filter((name) => name.endsWith("Command"));
    expect(names.sort()).toEqual(Object.keys(made).sort());
});

describe.each(SHELLS)("a login with %s", (shell) => {
    test("hands every command line to sh as it is", () => {
        for (const text of texts) {
            const [, start = "", script = "", args = ""] =
                /^env sh -c '([^']*)' sh '([^']*)' crosshost(.*)$/.exec(text) ?? [];
            const words = [
                "sh",
                "-c",
                start,
                "sh",
                script,
                "crosshost",
                ...args.split(" ").filter(Boolean),
            ];
            expect(login(shell, text, `${bin}:/usr/bin:/bin`)).toEqual({
                stdout: words.map((word) => `[${word}]\n`).join(""),
                stderr: "",
            });
        }
    });

    test("runs what it is handed, whatever functions and aliases it has", () => {
        for (const file of [
            ".bashrc",
            ".zshenv",
            ".config/fish/config.fish",
            ".cshrc",
            ".tcshrc",
        ]) {
            const alias = file.endsWith("cshrc") ? "alias sh false" : "alias sh=false";
            spawnSync("install", ["-D", "/dev/stdin", join(bin, file)], { input: `${alias}\n` });
        }
        const { stdout } = login(shell, made["observeCommand"]?.(undefined) ?? "", "/usr/bin:/bin");
        expect(stdout).toBe(`\n${commands.SEND_PROGRAM}\n`);
    });
});
