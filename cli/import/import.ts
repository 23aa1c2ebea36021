// crosshost import: the program that makes what another tool's file asks for.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { CliError, messageOf } from "../error";
import { fromCalico } from "./calico";
import { fromCompose } from "./compose";
import { fromFlannel } from "./flannel";
import { misfitsOf } from "./misfits";
import { type Component, programOf, type Span } from "./program";
import { type Left, type Section, sectionsOf } from "./section";

interface Format {
    readonly what: string;
    readonly span: Span;
    readonly componentsOf: (sections: readonly Section[]) => Component[];
}

export const FORMATS = {
    flannel: {
        what: "net-conf.json of flannel, or the manifest that has it",
        span: "hosts",
        componentsOf: fromFlannel,
    },
    calico: { what: "IPPools of Calico", span: "hosts", componentsOf: fromCalico },
    compose: { what: "the networks of a compose file", span: "host", componentsOf: fromCompose },
} as const satisfies Readonly<Record<string, Format>>;

export interface Imported {
    readonly program: string;
    /** What the program does not say, a line each. */
    readonly left: readonly string[];
}

export function importFile(format: Format, file: string): Imported {
    const text = textOf(file);
    try {
        const sections = sectionsOf(text);
        const components = format.componentsOf(sections);
        const left = [
            ...sections.flatMap((section) => section.left()).map((one) => lineOf(file, one)),
            ...misfitsOf(components).map((misfit) => `${file}: ${misfit}`),
        ];
        if (components.length === 0) {
            throw new CliError(["has no network that Crosshost can make", ...left].join("\n"));
        }
        return { program: programOf(components, format.span, basename(file)), left };
    } catch (error) {
        throw error instanceof CliError ? new CliError(`${file}: ${error.message}`) : error;
    }
}

function textOf(file: string): string {
    try {
        return readFileSync(file, "utf8");
    } catch (error) {
        throw new CliError(`cannot read ${file}: ${messageOf(error)}`);
    }
}

function lineOf(file: string, { line, path, why }: Left): string {
    return `${file}:${line}: ${path}: ${why}`;
}
