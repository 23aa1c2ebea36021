// npm run sweep [-- --points N --wireguard N --controls N --seed S --restarts N --switchings N --runtimes N]: kills clients, plugins, sshd and the program on hosts, each
// in the middle of an up, an update or a destroy, and looks whether one more run heals it. Then does all that is hostile to changes of the way that SSH
// comes by, and looks whether the host answers in time, as it was or as it is to be. Then restarts containers and
// Docker under attachments of every kind, and looks how soon they are back. Then puts each host's NIC into a bridge and
// takes it out again, under connections that must not break. Then makes the demo's stack on every Node,
// SDK, kind of module, language and package manager that users have.
import { parseArgs } from "node:util";
import { bringUp, labEnvironment, takeDown } from "../../lab/bringup";
import { bold, duration, red, say } from "../../lab/terminal";
import { allRuntimes } from "../package/runtimes";
import { LAB_NAME } from "../support/lab";
import { controls } from "./control/told";
import { pointText } from "./point";
import { type Pair, type Result } from "./life";
import { restartSweep } from "./restartSweep";
import { runtimeSweep } from "./runtimeSweep";
import { sweep } from "./sweep";
import { switchSweep } from "./switchSweep";

/** Of all five engines. */
const HOSTS = 7;
/** Nobody sets the clock of a kernel that others use. */
const KERNELS = "shared,shared,shared,shared,shared,shared,own";
const PAIRS = [
    ["vm1", "vm2"],
    ["vm3", "vm4"],
    ["vm5", "vm6"],
] as const;

void main().then((status) => process.exit(status));

async function main(): Promise<number> {
    const { values } = parseArgs({
        options: {
            points: { type: "string", default: "200" },
            wireguard: { type: "string", default: "40" },
            controls: { type: "string", default: "100" },
            restarts: { type: "string", default: "100" },
            switchings: { type: "string", default: "20" },
            runtimes: { type: "string", default: String(allRuntimes().length) },
            seed: { type: "string", default: String(Date.now() % 1_000_000) },
        },
    });
    const [points, seed] = [Number(values.points), Number(values.seed)];
    const encrypted = Number(values.wireguard);
    process.env["CROSSHOST_LAB_KERNELS"] ??= KERNELS;
    const env = labEnvironment(LAB_NAME);
    await bringUp(env, HOSTS);
    const healed =
        (points === 0 || (await crashes("vxlan", points, seed))) &&
        (encrypted === 0 || (await crashes("wireguard", encrypted, seed)));
    const answered = values.controls === "0" || (await controls(Number(values.controls), seed));
    const back = values.restarts === "0" || (await restartSweep(Number(values.restarts)));
    const stayed = values.switchings === "0" || (await switchSweep(Number(values.switchings)));
    const ran = values.runtimes === "0" || (await runtimeSweep(Number(values.runtimes), seed));
    const allWell = healed && answered && back && stayed && ran;
    if (allWell) {
        await takeDown(env, "--purge");
    }
    return allWell ? 0 : 1;
}

async function crashes(backend: Pair["backend"], points: number, seed: number): Promise<boolean> {
    const began = Date.now();
    say(bold(`==> ${points} crash points of ${backend}, seed ${seed}`));
    const results = await sweep(PAIRS, points, seed, tellResult, backend);
    const failures = results.filter(({ problems }) => problems.length > 0);
    say(table(results));
    say(`${results.filter(({ hit }) => hit).length} points hit, ${failures.length} not healed`);
    say(`seed ${seed}, ${duration(Date.now() - began)}`);
    return failures.length === 0;
}

function tellResult({ point, hit, unknownContainer, survivors, problems }: Result): void {
    const notes = [
        ...(hit ? [] : ["missed"]),
        ...(unknownContainer ? ["a container that the state did not know"] : []),
        ...(survivors > 0 ? [`${survivors} processes lived on`] : []),
    ];
    say(
        `${problems.length > 0 ? red("not healed") : "healed"}: ${pointText(point)}${notes.map((note) => `; ${note}`).join("")}`,
    );
    problems.forEach((problem) => {
        say(red(problem));
    });
}

function table(results: readonly Result[]): string {
    const hits = results.filter(({ hit }) => hit);
    const count = (keyOf: (result: Result) => string) => {
        const counts = new Map<string, number>();
        hits.forEach((result) => counts.set(keyOf(result), (counts.get(keyOf(result)) ?? 0) + 1));
        return [...counts].map(([key, number]) => `${key} ${number}`).join(", ");
    };
    const where = (holds: (result: Result) => boolean) => hits.filter(holds).length;
    return [
        `by operation: ${count(({ point }) => point.operation)}`,
        `by moment: ${count(({ point }) => point.moment)}`,
        `by victim: ${count(({ point }) => point.victim)}`,
        `with a container that the state did not know: ${where((one) => one.unknownContainer)}`,
        `with processes that lived on: ${where((one) => one.survivors > 0)}`,
    ].join("\n");
}
