import { join } from "node:path";
import { allOf, bringUp, labEnvironment, takeDown } from "../../lab/bringup";
import { CommandFailed, show, stopAll } from "../../lab/command";
import { bold, duration, red, say, yellow } from "../../lab/terminal";
import { runJest, WORKERS } from "./jest";
import { labOfWorker } from "./labs";
import { type Resident, RESIDENTS, type Residents, startResident } from "./resident";
import { installation, obstacle } from "./needs";
import { select, type Selection, testFiles, type Tier, TIERS } from "./selection";
import { closingLine, failure, NOTHING, succeeded, sum, type Tally } from "./tally";

const ROOT = join(__dirname, "../..");
const LAB_NAME = process.env["CROSSHOST_LAB"] ?? "e2e";
const LIMIT_MINUTES: Record<Tier, number> = { unit: 5, netns: 20, e2e: 60 };
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
            ? await withLabs(selection, (residents) =>
                  jest(tier, selection, { [RESIDENTS]: JSON.stringify(residents) }),
              )
            : await jest(tier, selection);
    } catch (error) {
        if (!(error instanceof CommandFailed)) {
            throw error;
        }
        say(red(error.message));
        return failure(`${tier} could not run: ${error.message}`);
    }
}

async function jest(
    tier: Tier,
    { files, options }: Selection,
    env: NodeJS.ProcessEnv = {},
): Promise<Tally> {
    const began = Date.now();
    const chosen = files.get(tier) ?? [];
    say(bold(`==> ${tier}: ${chosen.length} ${chosen.length === 1 ? "file" : "files"}`));
    const tally = await runJest({
        root: ROOT,
        tier,
        files: chosen,
        options,
        env: { ...labEnvironment(LAB_NAME), ...env },
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

/** Labs that nothing has used before, taken down afterwards; with `--keep`, the labs as they are. */
async function withLabs(
    { keep, files }: Selection,
    act: (residents: Residents) => Promise<Tally>,
): Promise<Tally> {
    const workers = Math.min(WORKERS.e2e, files.get("e2e")?.length ?? 0);
    const labs = Array.from({ length: workers }, (_, at) => labOfWorker(LAB_NAME, at + 1));
    const residents = new Map<string, Resident>();
    try {
        // What they share is made by one of them; the others wait.
        await allOf(
            labs.map(async (lab) => {
                if (!keep) {
                    await takeDown(labEnvironment(lab), "--purge");
                }
                if (!interrupted) {
                    await bringUp(labEnvironment(lab));
                    residents.set(lab, await startResident(ROOT, lab));
                }
            }),
        );
        return interrupted ? NOTHING : await act(environments(residents));
    } finally {
        residents.forEach(({ stop }) => {
            stop();
        });
        for (const lab of labs) {
            if (keep) {
                say(`the lab stays: CROSSHOST_LAB=${lab} lab/lab status`);
            } else {
                await takeDown(labEnvironment(lab), "--purge");
            }
        }
    }
}

function environments(residents: ReadonlyMap<string, Resident>): Residents {
    return Object.fromEntries(
        [...residents].map(([lab, { environment }]) => [lab, environment] as const),
    );
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
