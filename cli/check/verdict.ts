// What the hosts found, held against what should be.
import { type Container, type Lookup, type Pair } from "../reach";
import { type Attachment } from "../topology";
import { type Answers, key } from "./answers";

export type Finding =
    | "reached"
    | "kept out"
    | "not judged"
    /** Differences, from here on. */
    | "not reached"
    | "small packets only"
    | "not kept out"
    | "not asked";

export interface Judged extends Pair {
    readonly finding: Finding;
}

export interface Verdict {
    readonly judged: readonly Judged[];
    /** A line each; none where all is as it should be. */
    readonly differences: readonly string[];
}

export type AnswersByHost = ReadonlyMap<string, Answers>;

export function judge(
    containers: readonly Container[],
    pairs: readonly Pair[],
    lookups: readonly Lookup[],
    answers: AnswersByHost,
): Verdict {
    const judged = pairs.map((pair) => ({ ...pair, finding: findingOf(pair, answers) }));
    const differences = [
        ...[...answers].flatMap(([host, { problems }]) => problems.map((why) => `${host}: ${why}`)),
        ...containers.flatMap((container) => containerDifferences(container, answers)),
        ...targetDifferences(judged),
        ...lookups.flatMap((lookup) => lookupDifferences(lookup, answers)),
    ];
    return { judged, differences };
}

export function nameOf({ name, host }: Pick<Container, "name" | "host">): string {
    return `${name} on ${host}`;
}

function findingOf({ from, to, should }: Pair, answers: AnswersByHost): Finding {
    if (should === "not judged") {
        return "not judged";
    }
    const heard = answers.get(from.host)?.pings.get(key(from.name, to.address));
    if (heard === undefined) {
        return "not asked";
    }
    if (should === "be kept out") {
        return heard === "none" ? "kept out" : "not kept out";
    }
    return ({ full: "reached", small: "small packets only", none: "not reached" } as const)[heard];
}

function containerDifferences(container: Container, answers: AnswersByHost): string[] {
    const said = answers.get(container.host);
    if (!said || said.problems.length > 0) {
        return [];
    }
    const running = said.running.get(container.name);
    if (running === undefined) {
        return [`${container.host} has no container ${container.name}`];
    }
    return running
        ? container.attachments.flatMap((one) => interfaceDifferences(container, one, said))
        : [`${nameOf(container)} is not running`];
}

function interfaceDifferences(
    container: Container,
    { address, network, mtu: wanted }: Attachment,
    { mtus }: Answers,
): string[] {
    const mtu = mtus.get(key(container.name, address));
    if (mtu === undefined) {
        return [`${nameOf(container)} has no interface with ${address}, of ${network.name}`];
    }
    const should = wanted === network.mtu ? `${network.name} has` : "it should have";
    return mtu === wanted
        ? []
        : [
              `${nameOf(container)} has MTU ${mtu} on the interface with ${address}: ${should} ${wanted}`,
          ];
}

/** One line for a target and what is wrong with it, as one fault is often seen by many. */
function targetDifferences(judged: readonly Judged[]): string[] {
    const byTarget = new Map<Attachment, Judged[]>();
    for (const one of judged) {
        byTarget.set(one.to, [...(byTarget.get(one.to) ?? []), one]);
    }
    return [...byTarget].flatMap(([to, all]) =>
        WRONG.flatMap(([finding, saying]) => {
            const from = all.filter((one) => one.finding === finding).map((one) => one.from);
            const target = nameOf({ name: to.container, host: to.host });
            return from.length > 0
                ? [`${target} ${saying(to)} ${from.map(nameOf).join(", ")}`]
                : [];
        }),
    );
}

const WRONG: readonly [Finding, (to: Attachment) => string][] = [
    ["not reached", ({ address }) => `is not reached at ${address} from`],
    [
        "small packets only",
        ({ address, mtu }) =>
            `is reached at ${address} with small packets, but not with ${mtu} bytes, from`,
    ],
    ["not kept out", ({ address }) => `is reached at ${address}, with no network in common, from`],
];

function lookupDifferences({ from, name, addresses }: Lookup, answers: AnswersByHost): string[] {
    const said = answers.get(from.host);
    if (!said?.running.get(from.name)) {
        return [];
    }
    const found = said.names.get(key(from.name, name)) ?? [];
    const right = found.length > 0 && found.every((address) => addresses.includes(address));
    const what = found.length > 0 ? found.join(", ") : "nothing";
    return right
        ? []
        : [
              `${nameOf(from)} finds ${what} by the name ${name}: should be ${addresses.join(" or ")}`,
          ];
}
