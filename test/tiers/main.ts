import { join } from "node:path";
import { bringUp, labEnvironment, takeDown } from "../../lab/bringup";
import { CommandFailed, show, stopAll } from "../../lab/command";
import { bold, duration, red, say, yellow } from "../../lab/terminal";
import { runJest } from "./jest";
import { installation, obstacle } from "./needs";
import { select, type Selection, testFiles, type Tier, TIERS } from "./selection";
import { closingLine, failure, NOTHING, succeeded, sum, type Tally } from "./tally";

const ROOT = join(__dirname, "../..");
const LAB_NAME = process.env["CROSSHOST_LAB"] ?? "e2e";
const LAB = labEnvironment(LAB_NAME);
const LIMIT_MINUTES: Record<Tier, number> = { unit: 5, netns: 10, e2e: 45 };
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
    const tallies: Tally[] = [];
    for (const tier of selection.files.keys()) {
        if (!interrupted) {
            tallies.push(await runTier(tier, selection));
        }
    }
    return close(sum(tallies));
}

async function runTier(tier: Tier, selection: Selection): Promise<Tally> {
    const why = obstacle(tier);
    if (why) {
        say(yellow(bold(`SKIPPED ${tier}: ${why}`)));
        // A machine that tests for others must not be green over what it left out.
        return process.env["CI"] ? failure(`${tier} could not run: ${why}`) : NOTHING;
    }
    try {
        await show(installation(ROOT, tier));
        return tier === "e2e"
            ? await withLab(selection, () => jest(tier, selection))
            : await jest(tier, selection);
    } catch (error) {
        if (!(error instanceof CommandFailed)) {
            throw error;
        }
        say(red(error.message));
        return failure(`${tier} could not run: ${error.message}`);
    }
}

async function jest(tier: Tier, { files, options }: Selection): Promise<Tally> {
    const began = Date.now();
    const chosen = files.get(tier) ?? [];
    say(bold(`==> ${tier}: ${chosen.length} ${chosen.length === 1 ? "file" : "files"}`));
    const tally = await runJest({
        root: ROOT,
        tier,
        files: chosen,
        options,
        env: LAB,
        limitMinutes: LIMIT_MINUTES[tier],
        onStart: (stop) => {
            stopTier = stop;
        },
    });
    stopTier = () => undefined;
    const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : "";
    say(`    ${tier}: ${closingLine(tally)}${skipped} (${duration(Date.now() - began)})`);
    return tally;
}

/** A lab that nothing has used before, taken down afterwards; with `--keep`, the lab as it is. */
async function withLab({ keep }: Selection, act: () => Promise<Tally>): Promise<Tally> {
    try {
        if (!keep) {
            await takeDown(LAB, "--purge");
        }
        await bringUp(LAB);
        return interrupted ? NOTHING : await act();
    } finally {
        if (keep) {
            say(`the lab stays: CROSSHOST_LAB=${LAB_NAME} lab/lab status`);
        } else {
            await takeDown(LAB, "--purge");
        }
    }
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
