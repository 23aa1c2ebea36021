// Properties of Docker's resources: what the published plugin fills in, compares and replaces for.
import { differences, type Difference, type Kind } from "../plugin/diff";
import { type Failure } from "../plugin/resource";
import {
    equal,
    isMap,
    isSecret,
    mapValues,
    plain,
    secret,
    text,
    UNKNOWN,
    type Value,
    type ValueMap,
} from "../plugin/values";

export interface Property {
    /** `set` and `blocks` have no order; a `block` is one object, `blocks` are many. */
    readonly kind: "scalar" | "list" | "set" | "map" | "block" | "blocks";
    /** Changed without replacing the resource. */
    readonly inPlace?: boolean;
    /** Left to the engine, and not compared, where the program says nothing of it. */
    readonly computed?: boolean;
    /** Filled into the inputs where the program says nothing of it. */
    readonly preset?: Value;
    readonly pattern?: RegExp;
    readonly fields?: Schema;
}

export type Schema = Readonly<Record<string, Property>>;

/** The list, in inputs, of the properties that the plugin filled in; every object has one. */
const FILLED = "__defaults";

/** The inputs as the state keeps them, and what is wrong with them. */
export function checked(
    schema: Schema,
    resource: string,
    inputs: ValueMap,
): { inputs: ValueMap; failures: Failure[] } {
    const failures: Failure[] = [];
    for (const [name, value] of Object.entries(inputs)) {
        const property = schema[name];
        const given = plain(value);
        if (!property && !name.startsWith("__")) {
            const reason = `the lab's docker plugin does not support ${name} of a ${resource}`;
            failures.push({ property: name, reason });
        }
        if (property?.pattern && given !== UNKNOWN && !property.pattern.test(text(given) ?? "")) {
            failures.push({
                property: name,
                reason: `expected to match ${String(property.pattern)}`,
            });
        }
    }
    return { inputs: filled(schema, inputs), failures };
}

export function filled(schema: Schema, inputs: ValueMap): ValueMap {
    const presets = Object.entries(schema).flatMap(([name, { preset }]): [string, Value][] =>
        preset === undefined || inputs[name] !== undefined ? [] : [[name, preset]],
    );
    const own = mapValues(inputs, (value, name) => filledProperty(schema[name], value));
    return {
        [FILLED]: presets.map(([name]) => name).sort(),
        ...own,
        ...Object.fromEntries(presets),
    };
}

function filledProperty(property: Property | undefined, value: Value): Value {
    const fields = property?.fields;
    if (!fields) {
        return value;
    }
    if (isSecret(value)) {
        return secret(filledProperty(property, value.value));
    }
    if (Array.isArray(value)) {
        return value.map((item) => filledProperty(property, item));
    }
    return isMap(value) ? filled(fields, value) : value;
}

/** The value as a program would write it: without secrets' wrapping, marks, and empty fields. */
export function bare(value: Value): Value {
    const inner = plain(value);
    if (Array.isArray(inner)) {
        return inner.map(bare);
    }
    return isMap(inner) ? bareMap(inner) : inner;
}

export function bareMap(map: ValueMap): ValueMap {
    const said = Object.entries(map).filter(([key, value]) => key !== FILLED && value !== null);
    return Object.fromEntries(said.map(([key, value]) => [key, bare(value)]));
}

/** The inputs as outputs: without the marks of what was filled in, secrets as they are. */
export function unmarked(inputs: ValueMap): ValueMap {
    const own = Object.entries(inputs).filter(([name]) => name !== FILLED);
    return Object.fromEntries(own.map(([name, value]) => [name, unmarkedValue(value)]));
}

function unmarkedValue(value: Value): Value {
    if (Array.isArray(value)) {
        return value.map(unmarkedValue);
    }
    return isMap(value) ? unmarked(value) : value;
}

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
    const changed = Object.entries(inputs).flatMap(([name, value]): [string, Value][] => {
        const property = schema[name];
        const now = live[name];
        if (!property || now === undefined || !differs(property, now, bare(value))) {
            return [[name, value]];
        }
        const isEmpty = now === null || (Array.isArray(now) && now.length === 0);
        return isEmpty ? [] : [[name, filledProperty(property, now)]];
    });
    return Object.fromEntries(changed);
}

/** The state with those properties secret that were so before. */
export function withSecrets(state: ValueMap, before: ValueMap): ValueMap {
    return mapValues(state, (value, name) => {
        const old = before[name];
        const wasSecret = old !== undefined && !equal(old, plain(old));
        return wasSecret && equal(value, plain(value)) && value !== null ? secret(value) : value;
    });
}

function differs(property: Property, have: Value, want: Value): boolean {
    return compare(property, bare(have), want, "").length > 0;
}

function compare(
    property: Property,
    have: Value | undefined,
    want: Value | undefined,
    path: string,
): [string, Kind][] {
    if (want === undefined) {
        return property.computed || isZero(have) ? [] : [[path, "DELETE"]];
    }
    if (isZero(want) && isZero(have)) {
        return [];
    }
    if (have === undefined) {
        return [[path, "ADD"]];
    }
    if (want === UNKNOWN) {
        return [[path, "UPDATE"]];
    }
    switch (property.kind) {
        case "scalar":
            return sameScalar(have, want) ? [] : [[path, "UPDATE"]];
        case "set":
            return sameSet(have, want) ? [] : differences(have, want, path);
        case "block":
            return isMap(have) && isMap(want)
                ? compareFields(property.fields ?? {}, have, want, path)
                : [[path, "UPDATE"]];
        case "blocks":
            return Array.isArray(have) && Array.isArray(want)
                ? compareBlocks(property.fields ?? {}, have, want, path)
                : [[path, "UPDATE"]];
        case "list":
        case "map":
            return differences(have, want, path);
    }
}

function compareFields(
    fields: Schema,
    have: ValueMap,
    want: ValueMap,
    path: string,
): [string, Kind][] {
    return Object.entries(fields).flatMap(([name, field]) =>
        compare(field, have[name], want[name], `${path}.${name}`),
    );
}

/** Equal ones are left out, wherever they stand; of the others, the first stands for the first. */
function compareBlocks(
    fields: Schema,
    have: readonly Value[],
    want: readonly Value[],
    path: string,
): [string, Kind][] {
    const same = (a: Value, b: Value) =>
        isMap(a) && isMap(b) && compareFields(fields, a, b, "").length === 0;
    const left = [...have.entries()];
    const unmatched = [...want.entries()].filter(([, wanted]) => {
        const at = left.findIndex(([, held]) => same(held, wanted));
        if (at >= 0) {
            left.splice(at, 1);
        }
        return at < 0;
    });
    const found: [string, Kind][] = [];
    for (const [index, wanted] of unmatched) {
        const held = left.shift()?.[1];
        const at = `${path}[${index}]`;
        if (held === undefined) {
            found.push([at, "ADD"]);
        } else if (isMap(held) && isMap(wanted)) {
            found.push(...compareFields(fields, held, wanted, at));
        } else {
            found.push([at, "UPDATE"]);
        }
    }
    return [...found, ...left.map(([index]): [string, Kind] => [`${path}[${index}]`, "DELETE"])];
}

function sameSet(have: Value, want: Value): boolean {
    return Array.isArray(have) && Array.isArray(want) && equal(sorted(have), sorted(want));
}

function sorted(list: readonly Value[]): string[] {
    return list.map((value) => JSON.stringify(value)).sort();
}

/** The published plugin takes "80" for 80. */
function sameScalar(have: Value, want: Value): boolean {
    const written = (value: Value) => text(value) ?? JSON.stringify(value);
    return written(have) === written(want);
}

/** What Terraform, which the published plugin stands on, takes for nothing. */
function isZero(value: Value | undefined): boolean {
    if (Array.isArray(value)) {
        return value.length === 0;
    }
    if (isMap(value)) {
        return Object.keys(value).length === 0;
    }
    return value === undefined || value === null || value === "" || value === 0 || value === false;
}
