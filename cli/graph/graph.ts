// `crosshost graph`: a page with the picture, or Mermaid's text.
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { CliError } from "../error";
import { stateFromFile, stateOfStack } from "../state";
import { type Topology, topologyOf } from "../topology";
import { layOut } from "./layout";
import { mermaidOf } from "./mermaid";
import { pageOf } from "./page";

export interface GraphOptions {
    readonly stack?: string;
    readonly state?: string;
    readonly format: "html" | "mermaid";
    readonly output?: string;
}

/** What is to be printed: the text itself, or where it was written. */
export async function graph({ stack, state, format, output }: GraphOptions): Promise<string> {
    const topology = topologyOf(
        state === undefined ? await stateOfStack(stack, "encrypted") : stateFromFile(state),
    );
    const text = format === "html" ? pageOf(topology, layOut(topology)) : mermaidOf(topology);
    const unmade = topology.unmade.map(
        (one) => `not drawn, because \`pulumi up\` has not created it: ${one}\n`,
    );
    process.stderr.write(unmade.join(""));
    const file = output ?? (format === "html" ? fileName(topology) : undefined);
    if (file === undefined) {
        return text;
    }
    write(file, text);
    return `${resolve(file)}\n`;
}

function fileName({ stack }: Topology): string {
    return `crosshost-${stack.replace(/[^A-Za-z0-9_.-]/g, "_")}.html`;
}

function write(file: string, text: string): void {
    try {
        writeFileSync(file, text);
    } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new CliError(`cannot write ${file}: ${why}`);
    }
}
