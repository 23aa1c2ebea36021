// lab/pulumi/pulumi and lab/pulumi/env where a pulumi is installed: nothing is built.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { facts } from "./operation";

const SCRIPTS = join(__dirname, "../../lab/pulumi");
const folder = mkdtempSync(join(tmpdir(), "crosshost-cli-"));
const cache = join(folder, "cache");
const bin = join(folder, "bin");

beforeAll(() => {
    mkdirSync(bin);
    const pulumi = join(bin, "pulumi");
    const named = ["HOME", "BACKEND_URL", "CONFIG_PASSPHRASE", "SKIP_UPDATE_CHECK"];
    const said = named.map((name) => `echo "${name}=$PULUMI_${name}"`).join("\n");
    writeFileSync(pulumi, `#!/bin/sh\necho "installed $*"\n${said}\n`);
    chmodSync(pulumi, 0o755);
});

afterAll(() => {
    rmSync(folder, { recursive: true });
});

function run(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
    const { stdout, stderr } = spawnSync(script, args, {
        encoding: "utf8",
        env: {
            HOME: folder,
            PATH: `${bin}:/usr/bin:/bin`,
            CROSSHOST_CACHE: cache,
            CROSSHOST_LAB: "trial",
            ...env,
        },
    });
    return stdout + stderr;
}

facts("an installed pulumi", [
    [
        "is what runs, with the lab's state, and its own home and plugins",
        () => {
            expect(run(join(SCRIPTS, "pulumi"), ["preview", "--diff"]).split("\n")).toEqual([
                "installed preview --diff",
                "HOME=",
                `BACKEND_URL=file://${cache}/labs/trial/state?metadata=skip`,
                "CONFIG_PASSPHRASE=crosshost-lab",
                "SKIP_UPDATE_CHECK=true",
                "",
            ]);
            expect(existsSync(join(cache, "labs/trial/state"))).toBe(true);
            expect(existsSync(join(cache, "engine"))).toBe(false);
        },
    ],
    [
        "leaves nothing to build",
        () => {
            expect(run(join(SCRIPTS, "build"), [])).toBe("");
            expect(existsSync(join(cache, "engine"))).toBe(false);
        },
    ],
    [
        "keeps a backend and a passphrase that the environment names",
        () => {
            const said = run(join(SCRIPTS, "pulumi"), ["whoami"], {
                PULUMI_BACKEND_URL: "file:///elsewhere",
                PULUMI_CONFIG_PASSPHRASE_FILE: "/run/passphrase",
            });
            expect(said).toContain("BACKEND_URL=file:///elsewhere\nCONFIG_PASSPHRASE=\n");
        },
    ],
    [
        "is what a shell gets that takes the lines of `env`",
        () => {
            const script = 'eval "$("$0")" && command -v pulumi && pulumi up';
            const said = run("sh", ["-c", script, join(SCRIPTS, "env")]);
            expect(said).toContain(`${bin}/pulumi\ninstalled up\n`);
            expect(said).toContain(`BACKEND_URL=file://${cache}/labs/trial/state?metadata=skip`);
        },
    ],
]);

test("the scripts beside it do not run themselves where their folder is on PATH", () => {
    const said = run(join(SCRIPTS, "pulumi"), ["up"], { PATH: `${SCRIPTS}:${bin}:/usr/bin:/bin` });
    expect(said).toContain("installed up");
});

test("build says what it would make (stand-in)", () => {
    expect(run(join(SCRIPTS, "build"), ["--help"])).toContain("usage: lab/pulumi/build [--force]");
});
