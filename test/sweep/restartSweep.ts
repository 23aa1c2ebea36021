import { join } from "node:path";
import { bold, duration, red, say } from "../../lab/terminal";
import { baseline, difference, dumps, HOSTS } from "../support/hosts";
import { onAll, watchersRest } from "../support/lab";
import { Stack } from "../support/stack";
import { EVENTS, leftOver, removeByHand, restarts, type Return, runByHand } from "./restarts";

/** From the start of a container until all of its attachments are back. */
const WITHIN_MS = 1000;

/** So many restarts of containers, and a fifth as many containers made anew and restarts of Docker. */
export async function restartSweep(count: number): Promise<boolean> {
    const began = Date.now();
    const fifth = Math.ceil(count / 5);
    const counts = {
        "docker restart": count,
        "made anew": fifth,
        "systemctl restart docker": fifth,
    };
    say(
        bold(
            `==> restarts: ${EVENTS.map((event) => `${counts[event]} times ${event}`).join(", ")}`,
        ),
    );
    await runByHand();
    const before = await baseline();
    const stack = new Stack("restarts", join(__dirname, "programs/restarts"));
    stack.up();
    await settled();
    const returns = [...restarts(counts)];
    EVENTS.forEach((event) => {
        say(
            summary(
                event,
                returns.filter((one) => one.event === event),
            ),
        );
    });
    const problems = [...returns.filter(isLate).map(late), ...(await leftOver())];
    stack.nothingToDo("preview");
    stack.destroy();
    problems.push(...difference(before, await dumps()));
    await removeByHand();
    problems.forEach((problem) => {
        say(red(problem));
    });
    say(`${problems.length} problems, ${duration(Date.now() - began)}`);
    return problems.length === 0;
}

/** What `up` has left to do: the watchers hear of its containers, and what it wrote goes to the disk, for which Docker waits too. */
async function settled(): Promise<void> {
    await watchersRest(HOSTS);
    await onAll(HOSTS, "sync");
}

function summary(event: string, returns: readonly Return[]): string {
    const times = returns.flatMap(({ milliseconds }) => milliseconds ?? []).sort((a, b) => a - b);
    const middle = times[Math.floor(times.length / 2)] ?? "-";
    return `${event}: ${returns.length} containers back, half of them within ${middle} ms, all within ${times.at(-1) ?? "-"} ms`;
}

function isLate({ milliseconds }: Return): boolean {
    return milliseconds === undefined || milliseconds > WITHIN_MS;
}

function late({ event, host, container, milliseconds }: Return): string {
    return `${event}: ${container} on ${host} ${milliseconds === undefined ? "is not back" : `is back after ${milliseconds} ms`}`;
}
