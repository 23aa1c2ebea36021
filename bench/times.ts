import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bringUp, labEnvironment, takeDown } from "../lab/bringup";
import { answer } from "../lab/command";
import { duration, step, table } from "../lab/terminal";
import { LAB_JSON, LAB_NAME, ROOT } from "../test/support/lab";
import { type Bench } from "./bench";
import { median, span } from "./figures";
import { measure, type Measured, type Operation } from "./measure";

const SIZES = [2, 4, 8];
const PREVIEWS = 5;
const ENV = labEnvironment(LAB_NAME);

/** Times and exact counts of a stack on some hosts. */
export const times: Bench = {
    misuse: (words) =>
        words.map(Number).every((size) => Number.isInteger(size) && size >= 1 && size <= 9)
            ? undefined
            : `not numbers of hosts from 1 to 9: ${words.join(" ")}`,
    async run(words) {
        const results = await measureAll(words.length > 0 ? words.map(Number) : SIZES);
        const plugins = await pluginsUsed();
        return {
            tables: [resultTable(results), `plugins: ${plugins}`],
            figures: { plugins, results },
        };
    },
};

async function measureAll(sizes: readonly number[]): Promise<Measured[]> {
    const results: Measured[] = [];
    for (const size of sizes) {
        await takeDown(ENV, "--purge");
        await bringUp(ENV, size);
        const what = `${size} hosts: up, ${PREVIEWS} previews, up after a change, destroy`;
        results.push(await step(what, () => measure(LAB_JSON, size, PREVIEWS)));
    }
    return results;
}

function resultTable(results: readonly Measured[]): string {
    const row = (what: string, cell: (measured: Measured) => string) => [
        what,
        ...results.map(cell),
    ];
    const ofOneHost = (what: string, of: (measured: Measured) => Operation) => [
        row(what, (measured) => duration(of(measured).milliseconds)),
        row("  SSH logins of that host", (measured) => span(of(measured).logins.slice(0, 1))),
        row("  SSH logins of each other", (measured) => span(of(measured).logins.slice(1))),
    ];
    const previewTime = ({ previews }: Measured) =>
        median(previews.map(({ milliseconds }) => milliseconds));
    return table(
        ["", ...results.map(({ hosts }) => `${hosts} hosts`)],
        [
            row("preview without change", (measured) => duration(previewTime(measured))),
            row("  SSH logins of each host", ({ previews }) => span(previews.flatMap(logins))),
            row("  CPU of each host", ({ ours }) => duration(ours.computed)),
            row("  with hosts asleep", ({ ours }) => duration(ours.asleep)),
            row("  of an empty program", ({ ours }) => duration(ours.empty)),
            row("  of ours", ({ ours }) => duration(ours.ours)),
            row("up, from nothing", ({ up }) => duration(up.milliseconds)),
            row("  SSH logins of each host", ({ up }) => span(up.logins)),
            ...ofOneHost("up, one entry drifted", ({ repair }) => repair),
            ...ofOneHost("up, one entry changed", ({ edit }) => edit),
            row("destroy", ({ destroy }) => duration(destroy.milliseconds)),
            row("resources of each host", ({ resources }) =>
                span(resources.map((all) => all.length)),
            ),
            row("programs run by a no-op", (measured) => span(measured.programsOfNoOp)),
            row("SSH connections left open", (measured) => span(measured.openConnections)),
        ],
    );
}

function logins(operation: Operation): readonly number[] {
    return operation.logins;
}

/** By the rule of lab/pulumi/pulumi: those of the CLI on PATH, or the lab's stand-ins. */
export async function pluginsUsed(): Promise<string> {
    const folder = join(ROOT, "lab/pulumi");
    const rule = `here=${folder}; . ${folder}/paths; installed_pulumi || echo stand-ins`;
    const found = (await answer(["sh", "-c", rule])).trim();
    const origin = found === "stand-ins" ? "the lab's stand-ins" : `the published ones, ${found}`;
    const versions = ["command", "docker"].map((name) => `${name} ${versionOf(name)}`);
    return `${versions.join(", ")}: ${origin}`;
}

function versionOf(plugin: string): string {
    const file = join(ROOT, "node_modules/@pulumi", plugin, "package.json");
    return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
