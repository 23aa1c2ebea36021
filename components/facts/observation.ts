// facts/: what a host told, read into values. Pure.
import { textDigest } from "../wire/identity";
import { type Unit, unitText } from "../wire/unit";

const OWNER = "owner: ";
const MADE = "made: ";
const GUARD = "guard: ";

/** What the host said of one unit that lies on it. */
export interface ObservedUnit {
    /** Of the entries last applied. */
    readonly hash: string;
    /** The `drift` and `seen` lines of the stdin last applied, verbatim. */
    readonly said: readonly string[];
    /** What differs now, as lines for the next stdin. */
    readonly drift: readonly string[];
    /** Token to send along with new drift, so that the same drift a second time is a change too. */
    readonly fresh?: string;
}

/** What a host answered to the probe. */
export interface Observation {
    readonly units: ReadonlyMap<string, ObservedUnit>;
    /** Token for a unit that is not on the host: differs after each apply and each loss. */
    readonly absent: string;
    readonly facts: ReadonlyMap<string, readonly string[]>;
    /** The host's own packet filters, as lines of `nft list ruleset`. */
    readonly rules: readonly string[];
    /** With the unit that wants it. */
    readonly goneContainers: readonly { readonly name: string; readonly unit: string }[];
    readonly stoppedContainers: readonly string[];
    /** Changes that were under guard and not committed, by their units: Pulumi's state holds them for done. */
    readonly takenBack: ReadonlyMap<string, { readonly token: string; readonly why: string }>;
}

export type ProbeResult =
    | {
          readonly status: "answered";
          readonly observation: Observation;
          /** What the login printed before anything was run there: a start file of its shell does. */
          readonly printed?: string;
      }
    /** Nobody answers: a warning in a preview, since a machine may be down for a while. */
    | { readonly status: "unreachable"; readonly reason: string }
    /** The host answers and does not let us in, or cannot be used: an error. */
    | { readonly status: "refused"; readonly reason: string }
    /** The connection is not known yet: the machine itself is still to be made. */
    | { readonly status: "unknown" };

/** Reads the answer of `crosshost observe`, whatever stands around it; undefined where it was cut short or is something else. */
export function parseObservation(answer: string): Observation | undefined {
    const said = answer.split("\n").filter((line) => line !== "");
    const begun = said.slice(said.indexOf("crosshost 1"));
    const lines = begun.slice(0, begun.indexOf("end") + 1);
    if (lines[0] !== "crosshost 1") {
        return undefined;
    }
    const facts = new Map<string, string[]>();
    const units = new Map<string, Mutable>();
    const rules: string[] = [];
    const goneContainers: { name: string; unit: string }[] = [];
    const stoppedContainers: string[] = [];
    const takenBack = new Map<string, { token: string; why: string }>();
    let absent = "";
    let current: Mutable | undefined;
    for (const line of lines.slice(1, -1)) {
        const [word, rest] = cut(line);
        if (word === "fact") {
            const [name, value] = cut(rest);
            facts.set(name, [...(facts.get(name) ?? []), value]);
        } else if (word === "rule") {
            rules.push(rest);
        } else if (word === "unit") {
            const [name, hash] = cut(rest);
            current = { hash, said: [], drift: [] };
            units.set(name, current);
        } else if (word === "absent") {
            absent = rest;
        } else if (word === "said") {
            current?.said.push(rest);
        } else if (word === "drift") {
            current?.drift.push(line);
        } else if (word === "fresh" && current) {
            current.fresh = rest;
        } else if (word === "gone") {
            goneContainers.push({ name: rest, unit: [...units.keys()].at(-1) ?? "" });
        } else if (word === "stopped") {
            stoppedContainers.push(rest);
        } else if (word === "taken") {
            const [unit, said] = cut(rest);
            const [token, why] = cut(said);
            takenBack.set(unit, { token, why });
        }
    }
    return { units, absent, facts, rules, goneContainers, stoppedContainers, takenBack };
}

/** What is said of a unit beside its entries and its drift. */
export interface Trailer {
    /** Whose it is: who deletes it later has to say the same. */
    readonly owner: string;
    /** By what its container was made. */
    readonly made?: string;
    /** How many seconds a change that touches the way of SSH waits for its commit. */
    readonly guard?: number;
}

/** The lines that follow a unit's entries on stdin. */
export function trailer(
    probe: ProbeResult,
    unitName: string,
    wanted: string,
    { owner, made, guard }: Trailer,
): readonly string[] {
    const own = [
        `${OWNER}${owner}`,
        ...(made ? [`${MADE}${made}`] : []),
        ...(guard ? [`${GUARD}${guard}`] : []),
    ];
    const seen =
        probe.status === "answered" ? seenLines(probe.observation, unitName, wanted, owner) : [];
    return [...seen, ...own];
}

/**
 * In step: those that the host gave back, so that nothing changes. Drifted, absent or another's: what differs, and a
 * token never used before. Entries about to change anyway: drift repaired long ago is not carried on. That a unit is
 * absent is no line, as none is there before the first `up`.
 */
function seenLines(
    { units, absent, takenBack }: Observation,
    unitName: string,
    wanted: string,
    owner: string,
): readonly string[] {
    const observed = units.get(unitName);
    const taken = takenBack.get(unitName);
    const drift = [...(taken ? [`drift guard: ${taken.why}`] : []), ...(observed?.drift ?? [])];
    if (drift.length > 0) {
        return [...drift, `seen: ${taken?.token ?? ""}${observed?.fresh ?? ""}`];
    }
    if (!observed) {
        return [`seen: ${absent}`];
    }
    const holder = ownerOnHost(observed);
    if (holder !== undefined && holder !== owner) {
        return [`seen: o${entriesHash([...observed.said, owner].join("\n"))}`];
    }
    const told = observed.said.filter(
        (line) => ![OWNER, MADE, GUARD].some((own) => line.startsWith(own)),
    );
    return observed.hash === entriesHash(wanted)
        ? told
        : told.filter((line) => line.startsWith("seen: "));
}

/** Undefined of one that was applied by a version that said no owners. */
export function ownerOnHost({ said }: ObservedUnit): string | undefined {
    return said.find((line) => line.startsWith(OWNER))?.slice(OWNER.length);
}

/** Whether the host has a unit as it is wanted, drift aside. */
export function holds({ units }: Pick<Observation, "units">, name: string, wanted: Unit): boolean {
    return units.get(name)?.hash === entriesHash(unitText(wanted));
}

export function entriesHash(wanted: string): string {
    return textDigest(wanted);
}

interface Mutable {
    hash: string;
    said: string[];
    drift: string[];
    fresh?: string;
}

function cut(text: string): [string, string] {
    const blank = text.indexOf(" ");
    return blank < 0 ? [text, ""] : [text.slice(0, blank), text.slice(blank + 1)];
}
