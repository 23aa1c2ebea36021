import type { KindRoom } from "./index";

/** What the engine asks one kind, by a function KIND_HOOK of its awk. */
interface Hook {
    readonly params: readonly string[];
    /** What one has to say that has no such function. */
    readonly otherwise: string;
}

const NOTHING = '""';

const OF_ONE_KIND: Readonly<Record<string, Hook>> = {
    // ---- the words of an entry
    check: { params: ["key", "value"], otherwise: NOTHING }, // refuses words that it does not know
    key: { params: ["key"], otherwise: "key" }, // as the host writes it
    canonical: { params: ["key", "value"], otherwise: "value" },
    note: { params: ["key", "value", "id", "role"], otherwise: NOTHING }, // an entry is read; without an id, one of before
    device: { params: ["key", "value"], otherwise: NOTHING }, // the link that it goes with
    container: { params: ["key"], otherwise: NOTHING }, // that it is about
    asks: { params: ["key", "value"], otherwise: NOTHING }, // ask_network, ask_container: whom Docker is to tell of
    // ---- against the host
    actual: { params: ["id"], otherwise: NOTHING }, // what the host has, in the words of the entry; nothing: it is missing
    lacks: { params: ["id"], otherwise: NOTHING }, // what is amiss where these are right
    differs: { params: ["want", "have"], otherwise: "plain(have)" }, // in words for drift
    owner: { params: ["id"], otherwise: NOTHING }, // refuses to touch what somebody else made
    waits: { params: ["id"], otherwise: NOTHING }, // its time has not come
    before_docker: { params: ["id"], otherwise: NOTHING }, // made at boot before Docker starts
    touches: { params: ["key"], otherwise: NOTHING }, // links of the host whose addresses, routes or ports its steps change, as words: plan/guard.awk
    rebuilt: { params: ["id"], otherwise: NOTHING }, // must be made again, as the link under it is
    make: { params: ["id"], otherwise: NOTHING },
    unmake: { params: ["key"], otherwise: NOTHING },
};

/** What it asks all kinds, one after the other. */
const OF_ALL_KINDS: Readonly<Record<string, readonly string[]>> = {
    observe: [], // reads what the host has
    prepare: [], // marks what goes, before anything is planned
    extras: [], // what bears our mark and is in no unit; in a look it is told
    sweep: [], // uninstalling: what bears no mark but its name or a record, as the units that told of it may be gone
    finish: [], // what is done, or told, for all entries together
    state: ["path"], // what has to be as before when a change is undone
    facts: [], // what plans are checked with
};

/** The awk that leads from the engine to the kinds: of each hook to those that have it, so that a kind is its folder and nothing else. */
export function dispatch(kinds: readonly (KindRoom & { readonly awk: string })[]): string {
    const withHook = (hook: string) =>
        kinds.filter(({ name, awk }) => awk.includes(`\nfunction ${prefix(name)}_${hook}(`));
    const set = kinds.map(({ name }) => `    KINDS["${name}"] = 1\n`).join("");
    const ofOne = Object.entries(OF_ONE_KIND).map(([hook, { params, otherwise }]) => {
        const cases = withHook(hook).map(
            ({ name }) =>
                `    if (kind == "${name}")\n        return ${prefix(name)}_${hook}(${params.join(", ")})\n`,
        );
        return awkFunction(
            `kind_${hook}`,
            ["kind", ...params],
            `${cases.join("")}    return ${otherwise}\n`,
        );
    });
    const ofAll = Object.entries(OF_ALL_KINDS).map(([hook, params]) =>
        awkFunction(
            `kinds_${hook}`,
            params,
            withHook(hook)
                .map(({ name }) => `    ${prefix(name)}_${hook}(${params.join(", ")})\n`)
                .join(""),
        ),
    );
    // of the kinds that `ip` shows: what it is asked for, and whose a line is
    const dumped = withHook("dump");
    const dump = `    return ${dumped.map(({ name }) => `${prefix(name)}_dump() "\\n"`).join(" ")}\n`;
    const take = `    return ${dumped.map(({ name }) => `${prefix(name)}_take(line, words)`).join(" || ")}\n`;
    return [
        `BEGIN {\n${set}}\n`,
        ...ofOne,
        ...ofAll,
        awkFunction("kinds_dump", [], dump),
        awkFunction("kinds_take", ["line", "words"], take),
    ].join("\n");
}

function awkFunction(name: string, params: readonly string[], body: string): string {
    return `function ${name}(${params.join(", ")}) {\n${body}}\n`;
}

function prefix(kind: string): string {
    return kind.replaceAll("-", "_");
}
