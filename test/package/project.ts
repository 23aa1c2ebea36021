// A user's project on this machine: Node, a package manager, and what that installs.
import { existsSync, mkdirSync, mkdtempSync, renameSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { CACHE, LAB_JSON, ROOT, run } from "../support/lab";
import { projectFiles } from "./program";
import { NODES, type Runtime } from "./runtimes";

const PNPM = "12.21.0";
/** What is downloaded is kept for the next run. */
const KEPT = join(CACHE, "runtimes");
const NPM = ["--cache", join(KEPT, "npm"), "--prefer-offline", "--no-audit", "--no-fund"];
const PNPM_FOLDERS = ["--store-dir", join(KEPT, "store"), "--cache-dir", join(KEPT, "pnpm")];

export interface Project {
    readonly folder: string;
    /** The project's Node comes first. */
    readonly path: string;
}

/** The package as `npm pack` makes it of what was built. */
export function packed(): string {
    mkdirSync(KEPT, { recursive: true });
    const folder = mkdtempSync(join(dirname(LAB_JSON), "package-"));
    const options = ["--silent", "--ignore-scripts", "--pack-destination", folder];
    return join(folder, run("npm", ["pack", ...options, ROOT], OUTSIDE_NPM).trim());
}

/** A new project, with all that its manager installs. Nothing has to be built, so no scripts are run. */
export function newProject(runtime: Runtime, tarball: string): Project {
    const folder = mkdtempSync(join(dirname(LAB_JSON), "project-"));
    Object.entries(projectFiles(runtime, tarball)).forEach(([name, text]) => {
        writeFileSync(join(folder, name), text);
    });
    const path = [dirname(node(runtime)), process.env["PATH"]].join(delimiter);
    const env = { ...OUTSIDE_NPM, PATH: path };
    if (runtime.manager === "npm") {
        run("npm", ["install", "--prefix", folder, "--ignore-scripts", ...NPM], env);
    } else {
        run(pnpm(), ["-C", folder, "install", "--prefer-offline", ...PNPM_FOLDERS], env);
    }
    return { folder, path };
}

/** Node's own release for this machine, which is what npm's `node` installs. */
function node(runtime: Runtime): string {
    const name = `node-${process.platform}-${process.arch}`;
    return join(kept(name, NODES[runtime.node]), "bin/node");
}

function pnpm(): string {
    return join(kept("pnpm", PNPM), "pnpm");
}

/** A package's folder, in a project of its own that npm makes once. */
function kept(name: string, version: string): string {
    const folder = join(KEPT, `${name}-${version}`);
    if (!existsSync(folder)) {
        const made = mkdtempSync(`${folder}.`);
        run("npm", ["install", "--prefix", made, ...NPM, `${name}@${version}`], OUTSIDE_NPM);
        renameSync(made, folder);
    }
    return join(folder, "node_modules", name);
}

/** `npm test` tells the commands that it runs about the project that it runs in. */
const OUTSIDE_NPM = Object.fromEntries(
    Object.keys(process.env)
        .filter((name) => name.toLowerCase().startsWith("npm_"))
        .map((name) => [name, undefined]),
);
