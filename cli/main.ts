#!/usr/bin/env node
import { Command, CommanderError, Option } from "commander";
import { check, type CheckOptions } from "./check/check";
import { CliError } from "./error";
import { printable } from "./text";
import { graph, type GraphOptions } from "./graph/graph";
import { importHost } from "./import/host/host";
import { FORMATS, importFile, type Imported } from "./import/import";

/** 1 is for a check that found a difference. */
const USAGE = 2;

export async function main(words: readonly string[]): Promise<number> {
    let status = 0;
    const stack = ["-s, --stack <name>", "the stack; default: the one selected here"] as const;
    const program = new Command("crosshost")
        .description(
            "Show what a stack of Crosshost looks like, check whether it works, and begin one.",
        )
        .exitOverride()
        .showSuggestionAfterError();
    program
        .command("graph")
        .description("draw the hosts, networks and containers in the stack's state")
        .option(...stack)
        .addOption(
            new Option(
                "--state <file>",
                "a saved output of `pulumi stack export`, instead of running it",
            ).conflicts("stack"),
        )
        .addOption(
            new Option("--format <format>", "an HTML page, or Mermaid text for Markdown")
                .choices(["html", "mermaid"])
                .default("html"),
        )
        .option(
            "-o, --output <file>",
            "where to write; default: crosshost-STACK.html for a page, standard output for text",
        )
        .action(async (options: GraphOptions) => {
            process.stdout.write(await graph(options));
        });
    program
        .command("check")
        .description(
            "ping and look up, over SSH, all that should be reached and all that should not",
        )
        .option(...stack)
        .action(async (options: CheckOptions) => {
            const { text, right } = await check(options, paint);
            process.stdout.write(text);
            status = right ? 0 : 1;
        });
    const importing = program
        .command("import")
        .description(
            "print the program that makes what another tool's file asks for, or what a host has",
        );
    for (const [name, format] of Object.entries(FORMATS)) {
        importing
            .command(name)
            .description(format.what)
            .argument("<file>")
            .action((file: string) => {
                print(importFile(format, file));
            });
    }
    importing
        .command("host")
        .description(
            "bridges, vxlan devices, Docker's networks and daemon.json of a host, read over SSH",
        )
        .argument("<destination>", "as `ssh` takes it")
        .option("--become", "ask the host as root, by sudo without a password")
        .action((destination: string, { become }: { become?: true }) => {
            print(importHost(destination, become && "sudo"));
        });
    try {
        await program.parseAsync(words, { from: "user" });
        return status;
    } catch (error) {
        if (error instanceof CommanderError) {
            // It has said what is wrong already; help and version are no mistakes.
            return error.exitCode === 0 ? 0 : USAGE;
        }
        if (error instanceof CliError) {
            process.stderr.write(`error: ${error.message.split("\n").map(printable).join("\n")}\n`);
            return USAGE;
        }
        throw error;
    }
}

function print({ program, left }: Imported): void {
    left.forEach((line) => process.stderr.write(`${printable(line)}\n`));
    process.stdout.write(program);
}

function paint(text: string, how: "good" | "bad"): string {
    const coloured = process.stdout.isTTY && !process.env["NO_COLOR"];
    return coloured ? `\u001b[${how === "good" ? 32 : 31}m${text}\u001b[0m` : text;
}

if (require.main === module) {
    void main(process.argv.slice(2)).then((status) => {
        process.exitCode = status;
    });
}
