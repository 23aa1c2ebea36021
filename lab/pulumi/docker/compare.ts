// What the published plugin takes for a difference, and how far it tells one: by element where it can
// find the element again among the program's, else the whole property.
import { differences, type Difference, type Kind } from "../plugin/diff";
import { equal, isMap, text, UNKNOWN, type Value, type ValueMap } from "../plugin/values";
import {
    bare,
    bareMap,
    FILLED,
    filledProperty,
    normalized,
    type Property,
    type Schema,
} from "./property";

type Found = [path: string, kind: Kind];

/** What is to change, from what the state says is there to what the program wants. */
export function changes(schema: Schema, state: ValueMap, inputs: ValueMap): Difference[] {
    const have = bareMap(state);
    const want = bareMap(inputs);
    return Object.entries(schema).flatMap(([name, property]) =>
        compare(property, have[name], want[name], name).map(([path, kind]) => ({
            path,
            kind,
            replace: !property.inPlace,
        })),
    );
}

/** The inputs with what is no longer so on the host; what is so stays as it was written. */
export function drifted(schema: Schema, inputs: ValueMap, live: ValueMap): ValueMap {
    const changed = new Set<string>();
    const values = Object.entries(inputs).flatMap(([name, value]): [string, Value][] => {
        const property = schema[name];
        const now = live[name];
        if (!property || now === undefined || !differs(property, now, value)) {
            return [[name, normalized(value)]];
        }
        changed.add(name);
        return now === null ? [] : [[name, filledProperty(property, now)]];
    });
    const drift = Object.fromEntries(values);
    const marks = drift[FILLED];
    return Array.isArray(marks)
        ? { ...drift, [FILLED]: marks.filter((name) => !changed.has(text(name) ?? "")) }
        : drift;
}

function differs(property: Property, have: Value, want: Value): boolean {
    return compare(property, bare(have), bare(want), "").length > 0;
}

function compare(
    property: Property,
    have: Value | undefined,
    want: Value | undefined,
    path: string,
): Found[] {
    if (want === undefined) {
        return property.computed || isZero(have) ? [] : [[path, "DELETE"]];
    }
    // No blocks at all is as if nothing were said.
    const isLeft = property.computed && property.kind === "blocks" && isZero(want);
    if (isLeft || (isZero(want) && isZero(have))) {
        return [];
    }
    if (have === undefined || isEmpty(have)) {
        return [[path, "ADD"]];
    }
    if (want === UNKNOWN) {
        return [[path, "UPDATE"]];
    }
    if (isEmpty(want)) {
        return [[path, "DELETE"]];
    }
    const fields = property.fields ?? {};
    if (isMap(have) && isMap(want)) {
        return property.kind === "block"
            ? compareFields(fields, have, want, path)
            : differences(have, want, path);
    }
    if (Array.isArray(have) && Array.isArray(want)) {
        return compareItems(property, have, want, path);
    }
    return sameScalar(have, want) ? [] : [[path, "UPDATE"]];
}

function compareItems(
    { kind, fields }: Property,
    have: readonly Value[],
    want: readonly Value[],
    path: string,
): Found[] {
    switch (kind) {
        case "blocks":
            return compareBlocks(fields ?? {}, have, want, path);
        case "blockList":
            return compareInOrder(fields ?? {}, have, want, path);
        case "set":
            return byPlace({}, without(have, want, equal), without(want, have, equal), path);
        default:
            return byPlace({}, ...edits(have, want), path);
    }
}

function compareFields(fields: Schema, have: ValueMap, want: ValueMap, path: string): Found[] {
    return Object.entries(fields).flatMap(([name, field]) =>
        compare(field, have[name], want[name], `${path}.${name}`),
    );
}

/**
 * The plan has a new block with all of its fields. Where the program leaves out one that the plan
 * fills in, the block is not found again among the program's, and the whole is told as changed.
 */
function compareBlocks(
    fields: Schema,
    have: readonly Value[],
    want: readonly Value[],
    path: string,
): Found[] {
    const added = without(want, have, sameBlock(fields));
    if (![...added.values()].every((block) => isMap(block) && isSpelledOut(fields, block))) {
        return [[path, "UPDATE"]];
    }
    return byPlace(fields, without(have, want, sameBlock(fields)), added, path);
}

function isSpelledOut(fields: Schema, block: ValueMap): boolean {
    return Object.entries(fields).every(([name, field]) => {
        const given = block[name];
        return isMap(given) && field.fields
            ? isSpelledOut(field.fields, given)
            : given !== undefined || field.unset === undefined || field.late;
    });
}

/** Another order alone is no difference; any other counts by place. */
function compareInOrder(
    fields: Schema,
    have: readonly Value[],
    want: readonly Value[],
    path: string,
): Found[] {
    const added = without(want, have, sameBlock(fields));
    return have.length === want.length && added.size === 0
        ? []
        : byPlace(fields, new Map(have.entries()), new Map(want.entries()), path);
}

type Placed = ReadonlyMap<number, Value>;

/** What went and what came, by the place that each has or had. */
function byPlace(fields: Schema, gone: Placed, come: Placed, path: string): Found[] {
    const places = [...new Set([...gone.keys(), ...come.keys()])].sort((a, b) => a - b);
    return places.flatMap((place): Found[] => {
        const at = `${path}[${place}]`;
        const had = gone.get(place);
        const wanted = come.get(place);
        if (had === undefined) {
            return [[at, "ADD"]];
        }
        if (wanted === undefined) {
            return [[at, "DELETE"]];
        }
        return isMap(had) && isMap(wanted)
            ? compareFields(fields, had, wanted, at)
            : [[at, "UPDATE"]];
    });
}

function without(
    items: readonly Value[],
    others: readonly Value[],
    same: (a: Value, b: Value) => boolean,
): Placed {
    const left = [...others];
    return new Map(
        [...items.entries()].filter(([, item]) => {
            const at = left.findIndex((other) => same(item, other));
            if (at >= 0) {
                left.splice(at, 1);
            }
            return at < 0;
        }),
    );
}

const sameBlock = (fields: Schema) => (a: Value, b: Value) =>
    isMap(a) && isMap(b) && compareFields(fields, a, b, "").length === 0;

/** The fewest items that have to go from a list, and to come into it, for it to become the other. */
function edits(have: readonly Value[], want: readonly Value[]): [gone: Placed, come: Placed] {
    const common = longestCommon(have, want);
    const rest = (items: readonly Value[], kept: readonly number[]): Placed =>
        new Map([...items.entries()].filter(([place]) => !kept.includes(place)));
    return [
        rest(
            have,
            common.map(([at]) => at),
        ),
        rest(
            want,
            common.map(([, at]) => at),
        ),
    ];
}

function longestCommon(a: readonly Value[], b: readonly Value[]): [number, number][] {
    const lengths = Array.from({ length: a.length + 1 }, () =>
        Array.from({ length: b.length + 1 }, () => 0),
    );
    const length = (i: number, j: number) => lengths[i]?.[j] ?? 0;
    for (let i = a.length - 1; i >= 0; i--) {
        for (let j = b.length - 1; j >= 0; j--) {
            const row = lengths[i] ?? [];
            row[j] = equal(a[i], b[j])
                ? length(i + 1, j + 1) + 1
                : Math.max(length(i + 1, j), length(i, j + 1));
        }
    }
    const pairs: [number, number][] = [];
    for (let i = 0, j = 0; i < a.length && j < b.length;) {
        if (equal(a[i], b[j])) {
            pairs.push([i++, j++]);
        } else if (length(i + 1, j) >= length(i, j + 1)) {
            i++;
        } else {
            j++;
        }
    }
    return pairs;
}

/** The published plugin takes "80" for 80. */
function sameScalar(have: Value, want: Value): boolean {
    const written = (value: Value) => text(value) ?? JSON.stringify(value);
    return written(have) === written(want);
}

function isEmpty(value: Value): boolean {
    return Array.isArray(value)
        ? value.length === 0
        : isMap(value) && Object.keys(value).length === 0;
}

/** What Terraform, which the published plugin stands on, takes for nothing. */
function isZero(value: Value | undefined): boolean {
    return (
        value === undefined ||
        value === null ||
        value === "" ||
        value === 0 ||
        value === false ||
        isEmpty(value)
    );
}
