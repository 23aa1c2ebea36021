import { bold, duration, red, say } from "../../../lab/terminal";
import { lab } from "../../support/lab";
import { type Result, trialText } from "./life";
import { controlSweep } from "./sweep";

/** On all hosts of the lab; true if all is well. */
export async function controls(trials: number, seed: number): Promise<boolean> {
    const began = Date.now();
    say(bold(`==> ${trials} hostile changes of the way that SSH comes by, seed ${seed}`));
    const results = await controlSweep(Object.keys(lab().hosts), trials, seed, tell);
    const hits = results.filter(({ hit }) => hit);
    const failures = results.filter(({ problems }) => problems.length > 0);
    const silence = Math.max(...hits.map((one) => one.silence));
    say(`${hits.length} trials, ${failures.length} not well; no SSH for ${silence} ms at most`);
    say(`seed ${seed}, ${duration(Date.now() - began)}`);
    return failures.length === 0;
}

function tell({ trial, hit, silence, became, problems }: Result): void {
    const how = hit ? `became ${became}; no SSH for ${silence} ms` : "missed";
    say(`${problems.length > 0 ? red("not well") : "well"}: ${trialText(trial)}: ${how}`);
    problems.forEach((problem) => {
        say(red(problem));
    });
}
