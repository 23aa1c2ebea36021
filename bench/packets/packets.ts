import { bringUp, labEnvironment, takeDown } from "../../lab/bringup";
import { step, table } from "../../lab/terminal";
import { LAB_NAME } from "../../test/support/lab";
import { type Bench } from "../bench";
import { median, type Ratio, ratio, ratioText } from "../figures";
import { serve, shoot, type Shot } from "./shots";
import { endsOf, pairsFor, upOurs, type Way, waysOn } from "./ways";

/** With Docker's rules in iptables, which the ways by hand write to. */
const ENGINES = ["20.10", "26", "28", "29"];
const ROUNDS = 11;

/** One figure of a shot. */
interface Column {
    readonly title: string;
    readonly of: (shot: Shot) => number;
    readonly digits: number;
}

const COLUMNS: readonly Column[] = [
    { title: "1 TCP stream, Gbit/s", of: ({ one }) => one.gigabits, digits: 1 },
    { title: "8 streams, Gbit/s", of: ({ eight }) => eight.gigabits, digits: 1 },
    { title: "64-byte UDP, 1000/s", of: ({ packets: udp }) => udp.arrived / 1000, digits: 0 },
    { title: "CPU us each", of: ({ packets: udp }) => udp.cost, digits: 1 },
    { title: "round trip, ms", of: ({ trip }) => trip.median, digits: 3 },
    { title: "99th, ms", of: ({ trip }) => trip.p99, digits: 3 },
    { title: "99.9th, ms", of: ({ trip }) => trip.p999, digits: 3 },
    { title: "CPU ms/Gbit, sender", of: ({ one }) => 1000 * one.sender, digits: 0 },
    { title: "receiver", of: ({ one }) => 1000 * one.receiver, digits: 0 },
    { title: "both", of: ({ one }) => 1000 * (one.sender + one.receiver), digits: 0 },
];

/** How fast packets of containers on two hosts travel, by each way and beside the same made by hand. */
export const packets: Bench = {
    misuse: (words) =>
        words.every((word) => ENGINES.includes(word))
            ? undefined
            : `not engines of ${ENGINES.join(", ")}: ${words.join(" ")}`,
    async run(words) {
        const engines = words.length > 0 ? words : ENGINES;
        const measured: Measured[] = [];
        for (const engine of engines) {
            measured.push(await measureOn(engine));
        }
        return {
            tables: measured.flatMap((one) => [figureTable(one), ratioTable(one)]),
            figures: { rounds: ROUNDS, engines: measured.map(figuresOf) },
        };
    },
};

/** Shots of each way, in the order of rounds. */
interface Measured {
    readonly engine: string;
    readonly shots: ReadonlyMap<Way, readonly Shot[]>;
}

async function measureOn(engine: string): Promise<Measured> {
    const ways = waysOn(engine);
    const env = { ...labEnvironment(LAB_NAME), CROSSHOST_LAB_ENGINES: engine };
    await takeDown(env, "--purge");
    await bringUp(env, 2 * ways.length);
    const pairs = pairsFor(ways);
    await step(`Docker ${engine}: each way between two hosts of its own`, async () => {
        upOurs(pairs);
        pairs.forEach((pair, way) => way.setUp?.(pair));
        return Promise.resolve();
    });
    const ends = new Map([...pairs].map(([way, pair]) => [way, endsOf(way, pair)]));
    const servers = [...ends.values()].flatMap(serve);
    const stopServers = () => {
        servers.forEach((server) => server.kill());
    };
    process.once("exit", stopServers);
    const shots = new Map<Way, Shot[]>(ways.map((way) => [way, []]));
    try {
        await step(`Docker ${engine}: ${ways.length} ways in turn, ${ROUNDS} rounds`, async () => {
            for (let round = 0; round < ROUNDS; round += 1) {
                for (const [way, between] of inTurn([...ends], round)) {
                    shots.get(way)?.push(await shoot(between));
                }
            }
        });
    } finally {
        stopServers();
    }
    return { engine, shots };
}

/** Each round begins with another, and every second one goes the other way round: none is always the one after the same. */
function inTurn<T>(all: readonly T[], round: number): readonly T[] {
    const start = round % all.length;
    const turned = [...all.slice(start), ...all.slice(0, start)];
    return round % 2 === 0 ? turned : turned.reverse();
}

function figureTable({ engine, shots }: Measured): string {
    return table(
        [`Docker ${engine}`, ...COLUMNS.map(({ title }) => title)],
        [...shots].map(([{ name }, all]) => [
            name,
            ...COLUMNS.map(({ of, digits }) => median(all.map(of)).toFixed(digits)),
        ]),
    );
}

function ratioTable({ engine, shots }: Measured): string {
    return table(
        [`Docker ${engine}, ratios`, ...COLUMNS.map(({ title }) => title.replace(/, .*/, ""))],
        comparisons(shots).map(({ way, against, ratios }) => [
            `${way} : ${against}`,
            ...ratios.map(ratioText),
        ]),
    );
}

interface Comparison {
    readonly way: string;
    readonly against: string;
    /** One for each column. */
    readonly ratios: readonly Ratio[];
}

function comparisons(shots: Measured["shots"]): Comparison[] {
    const byName = new Map([...shots].map(([{ name }, all]) => [name, all]));
    return [...shots].flatMap(([{ name, against }, all]) =>
        against.map((other) => ({
            way: name,
            against: other,
            ratios: COLUMNS.map(({ of }) => ratio(all.map(of), (byName.get(other) ?? []).map(of))),
        })),
    );
}

function figuresOf({ engine, shots }: Measured) {
    return {
        engine,
        ways: Object.fromEntries([...shots].map(([{ name }, all]) => [name, all])),
        ratios: comparisons(shots).map(({ way, against, ratios }) => ({
            way,
            against,
            ...Object.fromEntries(COLUMNS.map(({ title }, at) => [title, ratios[at]])),
        })),
    };
}
