import { join } from "node:path";
import { labEnvironment } from "../../lab/bringup";
import { CommandFailed, show, stopAll } from "../../lab/command";
import { bold, duration, red, say, yellow } from "../../lab/terminal";
import { runJest, WORKERS } from "./jest";
import { labOfWorker } from "./labs";
import { RunLabs } from "./runLabs";
import { installation, obstacle } from "./needs";
import { select, type Selection, testFiles, type Tier, TIERS } from "./selection";
import { closingLine, failure, NOTHING, succeeded, sum, type Tally } from "./tally";

const ROOT = join(__dirname, "../..");
const LAB_NAME = process.env["CROSSHOST_LAB"] ?? "e2e";
const LIMIT_MINUTES: Record<Tier, number> = { unit: 5, netns: 20, e2e: 60 };
/** The share of files of the tier before that are done; much sooner, and a machine may have forgotten what it has read. */
const LABS_BEGIN = 0.5;
const INTERRUPTED = 130;

let stopTier = (): void => undefined;
let interrupted = false;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
        if (interrupted) {
            process.exit(INTERRUPTED);
        }
        interrupted = true;
        say(yellow("\ninterrupted: cleaning up (once more to leave at once)"));
        stopTier();
        stopAll("SIGTERM");
    });
}

void main().then((status) => process.exit(status));

async function main(): Promise<number> {
    const files = testFiles(ROOT);
    const words = process.argv.slice(2);
    const selection = select(words, files);
    if (selection.files.size === 0) {
        say(red(`no test file matches: ${words.join(" ")}`));
        say(`Tiers: ${TIERS.join(", ")}. Files:\n${files.map((file) => `    ${file}`).join("\n")}`);
    }
    const labs = labsOf(selection);
    const tallies: Tally[] = [];
    try {
        for (const tier of selection.files.keys()) {
            if (!interrupted) {
                tallies.push(await runTier(tier, selection, labs));
            }
        }
    } finally {
        tallies.push(await labs.end().then(() => NOTHING, told("labs stay")));
    }
    return close(sum(tallies));
}

function labsOf({ files, keep }: Selection): RunLabs {
    const workers = Math.min(WORKERS.e2e, files.get("e2e")?.length ?? 0);
    const names = Array.from({ length: workers }, (_, at) => labOfWorker(LAB_NAME, at + 1));
    return new RunLabs(ROOT, names, keep, () => interrupted);
}

async function runTier(tier: Tier, selection: Selection, labs: RunLabs): Promise<Tally> {
    const why = obstacle(tier);
    if (why) {
        say(yellow(bold(`SKIPPED ${tier}: ${why}`)));
        // A machine that tests for others must not be green over what it left out.
        return process.env["CI"] ? failure(`${tier} could not run: ${why}`) : NOTHING;
    }
    try {
        if (tier === "e2e") {
            await labs.up();
            return interrupted ? NOTHING : await jest(tier, selection);
        }
        await show(installation(ROOT, tier));
        return await jest(tier, selection, (share) => {
            if (tier === "netns" && share >= LABS_BEGIN && selection.files.has("e2e")) {
                labs.begin();
            }
        });
    } catch (error) {
        return told(`${tier} could not run`)(error);
    }
}

function told(what: string): (error: unknown) => Tally {
    return (error) => {
        if (!(error instanceof CommandFailed)) {
            throw error;
        }
        say(red(error.message));
        return failure(`${what}: ${error.message}`);
    };
}

async function jest(
    tier: Tier,
    { files, options }: Selection,
    onShare: (share: number) => void = () => undefined,
): Promise<Tally> {
    const began = Date.now();
    const chosen = files.get(tier) ?? [];
    say(bold(`==> ${tier}: ${chosen.length} ${chosen.length === 1 ? "file" : "files"}`));
    const tally = await runJest({
        root: ROOT,
        tier,
        files: chosen,
        options,
        env: labEnvironment(LAB_NAME),
        limitMinutes: LIMIT_MINUTES[tier],
        onStart: (stop) => {
            stopTier = stop;
        },
        onShare,
    });
    stopTier = () => undefined;
    const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : "";
    say(`    ${tier}: ${closingLine(tally)}${skipped} (${duration(Date.now() - began)})`);
    return tally;
}

function close(total: Tally): number {
    if (total.failures.length > 0) {
        say(red(bold("\nfailed:")));
        for (const name of total.failures) {
            say(red(`    ${name}`));
        }
    }
    say();
    say(closingLine(total));
    return interrupted ? INTERRUPTED : succeeded(total) ? 0 : 1;
}
