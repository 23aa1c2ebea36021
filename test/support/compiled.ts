import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildSync } from "esbuild";
import { CONVERGER_PARTS } from "../../components/converger/program";
import { dependencies, peerDependencies } from "../../package.json";
import { LAB_JSON, ROOT } from "./lab";

/**
 * A Pulumi program in plain JavaScript, in a folder beside the lab's description: no run of it spends
 * time on TypeScript. The folder's path.
 */
export function compiledProgram(entryPoint: string, name: string): string {
    const folder = join(dirname(LAB_JSON), name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    buildSync({
        entryPoints: [entryPoint],
        bundle: true,
        platform: "node",
        target: "node20",
        packages: "external",
        outfile: join(folder, "index.js"),
    });
    for (const part of CONVERGER_PARTS) {
        copyFileSync(join(ROOT, "components/converger", part), join(folder, part));
    }
    // Of which the language host reads all, at each run.
    for (const dependency of Object.keys({ ...dependencies, ...peerDependencies })) {
        const installed = join(folder, "node_modules", dependency);
        mkdirSync(dirname(installed), { recursive: true });
        symlinkSync(join(ROOT, "node_modules", dependency), installed);
    }
    writeFileSync(join(folder, "package.json"), '{ "main": "index.js" }\n');
    writeFileSync(
        join(folder, "Pulumi.yaml"),
        "name: crosshost\nruntime: { name: nodejs, options: { typescript: false } }\n",
    );
    return folder;
}

/** As many packages beside it as a user has, for what is timed. */
export function withAllPackages(program: string): string {
    const installed = join(program, "node_modules");
    rmSync(installed, { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), installed);
    return program;
}
