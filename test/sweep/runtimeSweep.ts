import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { bold, duration, red, say } from "../../lab/terminal";
import { problemsOn } from "../package/life";
import { packed } from "../package/project";
import { allRuntimes, runtimeText } from "../package/runtimes";
import { baseline } from "../support/hosts";
import { shuffled, randomFrom } from "./point";

/** The demo's stack by the packed package, on so many of the runtimes that users may have; all of them by default. */
export async function runtimeSweep(count: number, seed: number): Promise<boolean> {
    const began = Date.now();
    const runtimes = shuffled(allRuntimes(), randomFrom(seed)).slice(0, count);
    say(bold(`==> ${runtimes.length} runtimes, seed ${seed}`));
    const tarball = packed();
    const before = await baseline();
    let failures = 0;
    for (const runtime of runtimes) {
        const problems = await problemsOn(runtime, tarball, before).catch((error: unknown) => [
            String(error),
        ]);
        failures += problems.length > 0 ? 1 : 0;
        say(
            problems.length > 0
                ? red(`${runtimeText(runtime)}: ${problems.join("\n")}`)
                : runtimeText(runtime),
        );
    }
    rmSync(dirname(tarball), { recursive: true });
    say(
        `${failures} of ${runtimes.length} runtimes with problems, ${duration(Date.now() - began)}`,
    );
    return failures === 0;
}
