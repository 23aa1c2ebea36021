// Properties of Docker's resources: what the published plugin fills in, in the inputs and the state.
import { type Failure } from "../plugin/resource";
import {
    equal,
    isMap,
    isSecret,
    mapValues,
    plain,
    secret,
    UNKNOWN,
    type Value,
    type ValueMap,
} from "../plugin/values";

export interface Property {
    /** A `block` is one object, `blocks` are many. These and a `set` have no order; a `blockList` has. */
    readonly kind: "scalar" | "list" | "set" | "map" | "block" | "blocks" | "blockList";
    /** Changed without replacing the resource. */
    readonly inPlace?: boolean;
    /** Left to the engine, and not compared, where the program says nothing of it. */
    readonly computed?: boolean;
    /** Filled into the inputs where the program says nothing of it. */
    readonly preset?: Value;
    /** What the state has where the program says nothing of it; null, unless this says otherwise. */
    readonly unset?: "" | 0 | false;
    /** Null until the first refresh or update, and `unset` from then on. */
    readonly late?: true;
    readonly pattern?: RegExp;
    readonly fields?: Schema;
}

export type Schema = Readonly<Record<string, Property>>;

/** The list, in inputs, of the properties that the plugin filled in; every object has one. */
export const FILLED = "__defaults";

/** The inputs as the state keeps them, and what is wrong with them. */
export function checked(
    schema: Schema,
    resource: string,
    inputs: ValueMap,
): { inputs: ValueMap; failures: Failure[] } {
    const failures = given(inputs).flatMap(([name, value]) =>
        failuresAt(schema[name], plain(value), `${resource}.${name}`),
    );
    return { inputs: filled(schema, inputs), failures };
}

/** Without the note of what was filled in, which comes back with old inputs where changes are ignored. */
function given(values: ValueMap): [string, Value][] {
    return Object.entries(values).filter(([name]) => name !== FILLED);
}

function failuresAt(property: Property | undefined, value: Value, place: string): Failure[] {
    if (!property) {
        return [failure("Invalid or unknown key", place)];
    }
    const { kind, pattern, fields } = property;
    if (pattern && typeof value === "string" && value !== UNKNOWN && !pattern.test(value)) {
        const reason = `'${value}' doesn't match the pattern '${pattern.source}'`;
        return [failure(`${reason}. ${reason}`, place)];
    }
    const blocks = Array.isArray(value) ? value : [value];
    return !fields
        ? []
        : blocks.flatMap((block, at) =>
              given(isMap(block) ? block : {}).flatMap(([name, inner]) =>
                  failuresAt(fields[name], inner, within(kind, place, at, name)),
              ),
          );
}

/** Where an element of a set stands is not told, nor what is within it. */
function within(kind: Property["kind"], place: string, at: number, name: string): string {
    switch (kind) {
        case "blocks":
            return place;
        case "blockList":
            return `${place}[${at}].${name}`;
        default:
            return `${place}.${name}`;
    }
}

function failure(what: string, place: string): Failure {
    return { property: "", reason: `${what}. Examine values at '${place}'.` };
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

export function filledProperty(property: Property | undefined, value: Value): Value {
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

/**
 * The value as the engine gets it, and as it is compared: without secrets' wrapping, marks and empty
 * fields, and with texts in Unicode's normal form C, as the bridge to Terraform passes them on.
 */
export function bare(value: Value): Value {
    const inner = plain(value);
    if (Array.isArray(inner)) {
        return inner.map(bare);
    }
    return isMap(inner) ? bareMap(inner) : normal(inner);
}

export function bareMap(map: ValueMap): ValueMap {
    const said = Object.entries(map).filter(([key, value]) => key !== FILLED && value !== null);
    return Object.fromEntries(said.map(([key, value]) => [key.normalize(), bare(value)]));
}

/** The inputs as outputs: without the marks of what was filled in, secrets as they are. */
export function unmarked(inputs: ValueMap): ValueMap {
    const own = given(inputs);
    return Object.fromEntries(own.map(([name, value]) => [name.normalize(), unmarkedValue(value)]));
}

function unmarkedValue(value: Value): Value {
    if (Array.isArray(value)) {
        return value.map(unmarkedValue);
    }
    return isMap(value) ? unmarked(value) : normal(value);
}

function normal(value: Value): Value {
    return typeof value === "string" ? value.normalize() : value;
}

/** The texts of inputs as they come back from the state; all else as it was. */
export function normalized(value: Value): Value {
    if (Array.isArray(value)) {
        return value.map(normalized);
    }
    if (!isMap(value)) {
        return normal(value);
    }
    return Object.fromEntries(
        Object.entries(value).map(([name, inner]) => [name.normalize(), normalized(inner)]),
    );
}

/** What the program said of a property as the state has it, with all of its blocks' fields. */
export function completed(
    property: Property | undefined,
    value: Value | undefined,
    refreshed: boolean,
): Value {
    if (value === undefined || value === null) {
        const isEmptyList = property?.kind === "set" && property.computed;
        return isEmptyList || property?.kind === "blocks" || property?.kind === "blockList"
            ? []
            : unset(property, refreshed);
    }
    if (isSecret(value)) {
        return secret(completed(property, value.value, refreshed));
    }
    if (property?.kind === "set" && Array.isArray(value)) {
        return sorted(value);
    }
    const fields = property?.fields;
    if (!fields) {
        return value;
    }
    const whole = (item: Value): Value =>
        isMap(item) && !isSecret(item)
            ? mapOf(fields, (field, name) => completedField(field, item[name], refreshed))
            : item;
    return Array.isArray(value) ? value.map(whole) : whole(value);
}

function completedField(field: Property, value: Value | undefined, refreshed: boolean): Value {
    const isEmptyList = field.kind === "set" || field.kind === "list";
    return isEmptyList && (value === undefined || value === null)
        ? []
        : completed(field, value, refreshed);
}

function unset(property: Property | undefined, refreshed: boolean): Value {
    return property?.late && !refreshed ? null : (property?.unset ?? null);
}

function mapOf(fields: Schema, of: (field: Property, name: string) => Value): ValueMap {
    return Object.fromEntries(
        Object.entries(fields).map(([name, field]) => [name, of(field, name)]),
    );
}

/** As the state keeps a set. */
function sorted(set: readonly Value[]): Value[] {
    const key = (value: Value) => JSON.stringify(plain(value));
    return [...set].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

/** The state with those properties secret that were so before. */
export function withSecrets(state: ValueMap, before: ValueMap): ValueMap {
    return mapValues(state, (value, name) => {
        const old = before[name];
        const wasSecret = old !== undefined && !equal(old, plain(old));
        return wasSecret && equal(value, plain(value)) && value !== null ? secret(value) : value;
    });
}
