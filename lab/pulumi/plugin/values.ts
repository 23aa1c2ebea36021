// Property values as they go over the wire between the engine and its plugins.
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";

export type Value = null | boolean | number | string | Value[] | ValueMap;
export interface ValueMap {
    [key: string]: Value;
}

/** How the protocol writes a value that a preview cannot know yet. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

interface Secret extends ValueMap {
    value: Value;
}

export function isMap(value: Value | undefined): value is ValueMap {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSecret(value: Value | undefined): value is Secret {
    return isMap(value) && value[SIGNATURE] === SECRET;
}

export function secret(value: Value): Value {
    return isSecret(value) ? value : { [SIGNATURE]: SECRET, value };
}

/** The value without the wrapping of secrets, at every depth. */
export function plain(value: Value): Value {
    if (isSecret(value)) {
        return plain(value.value);
    }
    if (Array.isArray(value)) {
        return value.map(plain);
    }
    return isMap(value) ? mapValues(value, plain) : value;
}

export function plainMap(map: ValueMap): ValueMap {
    return mapValues(map, plain);
}

export function mapValues(map: ValueMap, change: (value: Value, key: string) => Value): ValueMap {
    return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)]));
}

/** Whether any part of the value is yet unknown. */
export function hasUnknown(value: Value): boolean {
    if (Array.isArray(value)) {
        return value.some(hasUnknown);
    }
    return isMap(value) ? Object.values(value).some(hasUnknown) : value === UNKNOWN;
}

export function equal(a: Value | undefined, b: Value | undefined): boolean {
    if (Array.isArray(a) && Array.isArray(b)) {
        return a.length === b.length && a.every((value, i) => equal(value, b[i]));
    }
    if (isMap(a) && isMap(b)) {
        const keys = Object.keys(a);
        return (
            keys.length === Object.keys(b).length &&
            keys.every((key) => key in b && equal(a[key], b[key]))
        );
    }
    return a === b;
}

/** A map without the keys that have no value. */
export function defined(map: Record<string, Value | undefined>): ValueMap {
    const present = Object.entries(map).filter((pair): pair is [string, Value] => {
        return pair[1] !== undefined;
    });
    return Object.fromEntries(present);
}

export function toStruct(map: ValueMap): Struct {
    return Struct.fromJavaScript(map);
}

export function fromStruct(struct: Struct | undefined): ValueMap {
    return struct ? mapOf(struct.toJavaScript()) : {};
}

function mapOf(map: Record<string, JavaScriptValue>): ValueMap {
    return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, valueOf(value)]));
}

/** What comes from outside as the types here know it; anything but data becomes null. */
export function valueOf(value: unknown): Value {
    if (Array.isArray(value)) {
        return value.map(valueOf);
    }
    switch (typeof value) {
        case "boolean":
        case "number":
        case "string":
            return value;
        case "object":
            return value === null ? null : mapOf(Object.fromEntries(Object.entries(value)));
        default:
            return null;
    }
}

export function parseJson(text: string): Value {
    const value: unknown = JSON.parse(text);
    return valueOf(value);
}

// What a property is where it has the type that its schema gives it; undefined where it has not.

export function text(value: Value | undefined): string | undefined {
    return typeof value === "string" ? value : undefined;
}

export function number(value: Value | undefined): number | undefined {
    return typeof value === "number" ? value : undefined;
}

export function bool(value: Value | undefined): boolean | undefined {
    return typeof value === "boolean" ? value : undefined;
}

export function texts(value: Value | undefined): string[] | undefined {
    return Array.isArray(value) ? value.map((item) => text(item) ?? "") : undefined;
}

export function maps(value: Value | undefined): ValueMap[] | undefined {
    return Array.isArray(value) ? value.filter(isMap) : undefined;
}

export function map(value: Value | undefined): ValueMap | undefined {
    return isMap(value) ? value : undefined;
}
