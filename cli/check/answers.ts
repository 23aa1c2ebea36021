import { type Facts } from "../../components/facts/clouds";

/** What a host found; keys are words of the question, as `web 10.42.1.5`. */
export interface Answers {
    /** Why nothing, or not all, was asked. */
    readonly problems: readonly string[];
    /** Containers that are there, and whether they run. */
    readonly running: ReadonlyMap<string, boolean>;
    /** MTU of the interface that has a container's address. */
    readonly mtus: ReadonlyMap<string, number>;
    /** `small`: packets of the full size were lost, or not asked for. */
    readonly pings: ReadonlyMap<string, Heard>;
    readonly names: ReadonlyMap<string, readonly string[]>;
    /** What the host tells a preview of. */
    readonly facts: Facts;
    /** Of its packet filters. */
    readonly rules: readonly string[];
}

export type Heard = "full" | "small" | "none";

/** Undefined where the answer was cut short or is something else. */
export function parseAnswers(text: string): Answers | undefined {
    const lines = text.split("\n");
    const from = lines.indexOf("crosshost-check 1");
    const to = lines.lastIndexOf("end");
    if (from < 0 || to < from) {
        return undefined;
    }
    const said = lines.slice(from + 1, to).map((line) => line.trim().split(/ +/));
    const of = (kind: string) => said.filter(([word]) => word === kind);
    return {
        problems: of("lacks").map((words) => words.join(" ")),
        running: new Map(of("container").map(([, name = "", pid]) => [name, Number(pid) > 0])),
        mtus: new Map(
            of("address").map(([, name, address, mtu]) => [key(name, address), Number(mtu)]),
        ),
        pings: new Map(
            of("ping").map(([, name, address, heard]) => [key(name, address), heardOf(heard)]),
        ),
        names: new Map(of("name").map(([, name, wanted, ...found]) => [key(name, wanted), found])),
        rules: lines
            .slice(from + 1, to)
            .filter((line) => line.startsWith("rule "))
            .map((line) => line.slice("rule ".length)),
        facts: factsOf(of("fact").map(([, name = "", ...words]) => [name, words.join(" ")])),
    };
}

function factsOf(said: readonly (readonly [string, string])[]): Facts {
    const names = new Set(said.map(([name]) => name));
    return new Map(
        [...names].map((name) => [
            name,
            said.filter(([other]) => other === name).map(([, value]) => value),
        ]),
    );
}

export function key(...words: readonly (string | undefined)[]): string {
    return words.join(" ");
}

function heardOf(word: string | undefined): Heard {
    return word === "full" || word === "small" ? word : "none";
}
