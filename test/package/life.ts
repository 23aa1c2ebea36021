import { rmSync } from "node:fs";
import { installedPackages } from "../../lab/pulumi/language/packages";
import { unreached } from "../support/demo";
import { difference, dumps } from "../support/hosts";
import { Stack } from "../support/stack";
import { newProject, type Project } from "./project";
import { NODES, type Runtime, SDKS } from "./runtimes";

/** The demo's stack from `up` to `destroy`, on one runtime: what was not as it should be. */
export async function problemsOn(
    runtime: Runtime,
    tarball: string,
    before: readonly string[],
): Promise<string[]> {
    const project = newProject(runtime, tarball);
    const stack = new Stack("demo", project.folder, ["env", `PATH=${project.path}`]);
    try {
        const problems = [
            ...otherSdks(project, runtime),
            ...told(stack.up()),
            ...otherNode(stack, runtime),
            ...unreached(stack),
            ...told(stack.preview("--expect-no-changes")),
            ...told(stack.destroy()),
        ];
        return [...problems, ...difference(before, await dumps())];
    } finally {
        stack.cleanUp();
        rmSync(project.folder, { recursive: true });
    }
}

/** What the program and its runtime print, the CLI shows as diagnostics. */
function told(output: string): string[] {
    const [, diagnostics] = output.split(/^Diagnostics:$/m);
    const warnings = output
        .split("\n")
        .filter((line) => /warn|deprecat|experimental|^\(node:/i.test(line));
    return diagnostics === undefined ? warnings : [diagnostics];
}

function otherSdks({ folder }: Project, { sdk }: Runtime): string[] {
    const found = installedPackages(folder).filter(({ name }) => name === "@pulumi/pulumi");
    const versions = found.map(({ version }) => version).join();
    return versions === SDKS[sdk] ? [] : [`SDKs that were installed: ${versions}`];
}

function otherNode(stack: Stack, { node }: Runtime): string[] {
    const version = String(stack.outputs()["runsOn"]);
    return version === `v${NODES[node]}` ? [] : [`the program ran on ${version}`];
}
