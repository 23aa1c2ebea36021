import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./lab";
import { type Stack } from "./stack";

/** As `npx crosshost` runs it, with the lab's Pulumi in PATH. */
export function crosshost(stack: Stack, ...words: string[]) {
    const { options } = stack.command();
    const path = `${join(ROOT, "lab/pulumi")}:${process.env["PATH"] ?? ""}`;
    const program = ["-r", "ts-node/register/transpile-only", join(ROOT, "cli/main.ts")];
    const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [...program, ...words, "--stack", stack.name],
        { cwd: options.cwd, env: { ...options.env, PATH: path }, encoding: "utf8" },
    );
    return { status, stdout, stderr };
}
