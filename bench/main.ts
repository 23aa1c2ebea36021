import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { dirname, join } from "node:path";
import { bringUp, labEnvironment, takeDown } from "../lab/bringup";
import { answer, stopAll } from "../lab/command";
import { duration, red, say, step, table } from "../lab/terminal";
import { LAB_JSON, LAB_NAME, ROOT } from "../test/support/lab";
import { measure, type Measured, type Operation } from "./measure";

const SIZES = [2, 4, 8];
const PREVIEWS = 5;
const ENV = labEnvironment(LAB_NAME);
const RESULT = join(dirname(LAB_JSON), "../../bench", `${LAB_NAME}.json`);

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
        stopAll("SIGTERM");
        process.exit(130);
    });
}

void main().then((status) => process.exit(status));

async function main(): Promise<number> {
    const words = process.argv.slice(2);
    const sizes = words.length > 0 ? words.map(Number) : SIZES;
    if (!sizes.every((size) => Number.isInteger(size) && size >= 1 && size <= 9)) {
        say(red(`not numbers of hosts from 1 to 9: ${words.join(" ")}`));
        return 2;
    }
    try {
        const results = await measureAll(sizes);
        const plugins = await pluginsUsed();
        write(plugins, results);
        say(`\n${resultTable(results)}\n`);
        say(`plugins: ${plugins}`);
        say(`machine: ${machine()}; figures as JSON: ${RESULT}`);
        return 0;
    } catch (error) {
        say(red(error instanceof Error ? error.message : String(error)));
        return 1;
    } finally {
        await takeDown(ENV, "--purge");
    }
}

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
    return table(
        ["", ...results.map(({ hosts }) => `${hosts} hosts`)],
        [
            row("preview without change", ({ previews }) => duration(median(previews))),
            row("  SSH logins of each host", ({ previews }) => most(previews.flatMap(logins))),
            row("up, from nothing", ({ up }) => duration(up.milliseconds)),
            row("  SSH logins of each host", ({ up }) => most(up.logins)),
            row("up, one entry of one host", ({ repair }) => duration(repair.milliseconds)),
            row("  SSH logins of that host", ({ repair }) => most(repair.logins.slice(0, 1))),
            row("  SSH logins of each other", ({ repair }) => most(repair.logins.slice(1))),
            row("destroy", ({ destroy }) => duration(destroy.milliseconds)),
            row("resources of each host", ({ resources }) =>
                most(resources.map((all) => all.length)),
            ),
            row("programs run by a no-op", (measured) => most(measured.programsOfNoOp)),
            row("SSH connections left open", (measured) => most(measured.openConnections)),
        ],
    );
}

function logins(operation: Operation): readonly number[] {
    return operation.logins;
}

/** The greatest; where hosts differ, the least as well. */
function most(counts: readonly number[]): string {
    const least = Math.min(...counts);
    const greatest = Math.max(...counts);
    return least === greatest ? String(greatest) : `${least} to ${greatest}`;
}

function median(operations: readonly Operation[]): number {
    const times = operations.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
    return times[Math.floor(times.length / 2)] ?? NaN;
}

/** By the rule of lab/pulumi/pulumi: those of the CLI on PATH, or the lab's stand-ins. */
async function pluginsUsed(): Promise<string> {
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

function machine(): string {
    const [cpu] = cpus();
    return `${cpus().length} x ${cpu?.model ?? "?"}, Linux ${release()}, Node ${process.version}`;
}

function write(plugins: string, results: readonly Measured[]): void {
    mkdirSync(dirname(RESULT), { recursive: true });
    const date = new Date().toISOString();
    const text = JSON.stringify({ date, machine: machine(), plugins, results }, undefined, 2);
    writeFileSync(RESULT, `${text}\n`);
}
