import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { labEnvironment, takeDown } from "../lab/bringup";
import { stopAll } from "../lab/command";
import { red, say } from "../lab/terminal";
import { LAB_JSON, LAB_NAME } from "../test/support/lab";
import { type Bench, machine, type Report } from "./bench";
import { packets } from "./packets/packets";
import { scale } from "./scale/scale";
import { times } from "./times";

const BENCHES: Readonly<Record<string, Bench>> = { times, packets, scale };

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
        stopAll("SIGTERM");
        process.exit(130);
    });
}

void main().then((status) => process.exit(status));

async function main(): Promise<number> {
    const [first = "", ...others] = process.argv.slice(2);
    const name = first in BENCHES ? first : "times";
    const words = first in BENCHES || first === "" ? others : [first, ...others];
    const bench = BENCHES[name] ?? times;
    const misuse = bench.misuse(words);
    if (misuse !== undefined) {
        say(red(misuse));
        return 2;
    }
    try {
        const report = await bench.run(words);
        const file = write(name, report);
        say(`\n${report.tables.join("\n\n")}\n`);
        say(`machine: ${machine()}; figures as JSON: ${file}`);
        return 0;
    } catch (error) {
        say(red(error instanceof Error ? error.message : String(error)));
        return 1;
    } finally {
        stopAll("SIGTERM");
        await takeDown(labEnvironment(LAB_NAME), "--purge");
    }
}

function write(name: string, { figures }: Report): string {
    const file = join(dirname(LAB_JSON), "../../bench", `${LAB_NAME}-${name}.json`);
    mkdirSync(dirname(file), { recursive: true });
    const date = new Date().toISOString();
    const text = JSON.stringify({ date, machine: machine(), ...figures }, undefined, 2);
    writeFileSync(file, `${text}\n`);
    return file;
}
