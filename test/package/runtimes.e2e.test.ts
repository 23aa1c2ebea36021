// A user's project with the packed package, on what users run: `npm run sweep` does all, this a few.
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { baseline } from "../support/hosts";
import { problemsOn } from "./life";
import { packed } from "./project";
import { runtimeText, sampleOf } from "./runtimes";

/** Another seed than the printed one: `RUNTIMES_SEED=7 npm test -- e2e runtimes`. */
const SEED = Number(process.env["RUNTIMES_SEED"] ?? Date.now() % 1_000_000);

describe(`the demo's stack by the packed package, runtimes drawn by seed ${SEED}`, () => {
    let tarball: string;
    let before: string[];

    beforeAll(async () => {
        tarball = packed();
        before = await baseline();
    });

    afterAll(() => {
        rmSync(dirname(tarball), { recursive: true });
    });

    it.each(sampleOf(SEED).map((runtime) => [runtimeText(runtime), runtime] as const))(
        "is made, in step and gone again without a warning: %s",
        async (_text, runtime) => {
            expect(await problemsOn(runtime, tarball, before)).toEqual([]);
        },
    );
});
