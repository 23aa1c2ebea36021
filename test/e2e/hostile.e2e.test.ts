import { trialText, type Result } from "../sweep/control/life";
import { controlSweep } from "../sweep/control/sweep";
import { HOSTS } from "../support/hosts";
import { rebootAll } from "../support/lab";

/** `npm run sweep` does 100; where one of these fails, its seed shows it again. */
const TRIALS = 10;
const SEED = Number(process.env["CROSSHOST_SEED"] ?? Date.now() % 1_000_000);

process.stdout.write(`hostile changes of the way that SSH comes by: CROSSHOST_SEED=${SEED}\n`);

describe("changes of the way that SSH comes by, against hostility", () => {
    let results: readonly Result[];

    beforeAll(async () => {
        results = await controlSweep(HOSTS, TRIALS, SEED, () => undefined);
    });

    /** Clocks and iptables' empty chains are as before then. */
    afterAll(() => rebootAll(HOSTS));

    it(`were ${TRIALS}, of an up, an update and a destroy`, () => {
        const hits = results.filter(({ hit }) => hit);
        expect(hits.length).toBeGreaterThanOrEqual(TRIALS);
        expect(new Set(hits.map(({ trial }) => trial.operation)).size).toBe(3);
    });

    it("are whole or as if they had never been, and lock nobody out", () => {
        const failed = results.filter(({ problems }) => problems.length > 0);
        expect(
            failed.map(({ trial, problems }) => [trialText(trial), ...problems].join("\n")),
        ).toEqual([]);
    });
});
