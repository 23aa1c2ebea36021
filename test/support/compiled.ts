import {
    copyFileSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { buildSync } from "esbuild";
import { parse, stringify } from "yaml";
import { CONVERGER_PARTS } from "../../components/converger/program";

/**
 * A program of this repo, compiled with the components beside it, as one would before `pulumi up` in
 * CI: Node loads plain JavaScript instead of compiling TypeScript at every run. The new folder's path.
 */
export function compiled(root: string, program: string, into: string): string {
    rmSync(into, { recursive: true, force: true });
    buildSync({
        entryPoints: ["components", program].flatMap((folder) => sourcesIn(root, folder)),
        absWorkingDir: root,
        outbase: ".",
        outdir: into,
        format: "cjs",
        platform: "node",
        target: "node20",
        logLevel: "warning",
    });
    for (const part of CONVERGER_PARTS) {
        const path = join("components/converger", part);
        copyFileSync(join(root, path), join(into, path));
    }
    symlinkSync(join(root, "node_modules"), join(into, "node_modules"));
    describe(join(root, program), join(into, program));
    return join(into, program);
}

function sourcesIn(root: string, folder: string): string[] {
    return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts"))
        .map((file) => join(folder, file));
}

/** The same project, of JavaScript. */
function describe(source: string, target: string): void {
    mkdirSync(target, { recursive: true });
    const project = parse(readFileSync(join(source, "Pulumi.yaml"), "utf8")) as object;
    const runtime = { name: "nodejs", options: { typescript: false } };
    writeFileSync(join(target, "Pulumi.yaml"), stringify({ ...project, runtime }));
    const manifest = { name: basename(source), private: true, main: "index.js" };
    writeFileSync(join(target, "package.json"), JSON.stringify(manifest));
}
