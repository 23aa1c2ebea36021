import { LAB_NAME, ROOT, run } from "./lab";

/** The Pulumi CLI of this lab, and what it wants in its environment. */
export interface Engine {
    readonly command: string;
    readonly env: NodeJS.ProcessEnv;
}

let known: Engine | undefined;

/** As `lab/pulumi/pulumi` runs it, which looks each time whether the engine has to be built. */
export function engine(): Engine {
    known ??= asked();
    return known;
}

function asked(): Engine {
    const script = `eval "$('${ROOT}/lab/pulumi/env')" && command -v pulumi && env -0`;
    const said = run("sh", ["-c", script], { CROSSHOST_LAB: LAB_NAME });
    const end = said.indexOf("\n");
    const words = said
        .slice(end + 1)
        .split("\0")
        .map((word): [string, string] => {
            const at = word.indexOf("=");
            return [word.slice(0, at), word.slice(at + 1)];
        });
    const own = words.filter(([name]) => name === "PATH" || name.startsWith("PULUMI_"));
    return { command: said.slice(0, end), env: Object.fromEntries(own) };
}
