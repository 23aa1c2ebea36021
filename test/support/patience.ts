import { setTimeout as sleep } from "node:timers/promises";

const EACH_MS = 200;

/** What is still lost after a time, looked for again and again until nothing is. A look that fails found that it failed. */
export async function lostAfter(
    milliseconds: number,
    look: () => readonly string[] | Promise<readonly string[]>,
): Promise<readonly string[]> {
    const deadline = Date.now() + milliseconds;
    for (;;) {
        const lost = await Promise.resolve()
            .then(look)
            .catch((error: unknown) => [String(error)]);
        if (lost.length === 0 || Date.now() > deadline) {
            return lost;
        }
        await sleep(EACH_MS);
    }
}

/** Waits for what is then to be expected, or until time is over. */
export async function until(milliseconds: number, met: () => boolean): Promise<void> {
    await lostAfter(milliseconds, () => (met() ? [] : ["it"]));
}
