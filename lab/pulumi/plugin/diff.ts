// Differences by property path, as the engine's detailed diff wants them.
import { equal, isMap, isSecret, plain, UNKNOWN, type Value } from "./values";

export type Kind = "ADD" | "DELETE" | "UPDATE";

export interface Difference {
    /** As the engine writes property paths: `connection.host`, `ports[0].external`. */
    readonly path: string;
    readonly kind: Kind;
    readonly replace: boolean;
}

/** The paths at which two values differ. A secret is one thing: nothing is told of its inside. */
export function differences(
    old: Value | undefined,
    wanted: Value | undefined,
    path = "",
): [string, Kind][] {
    if (equal(old, wanted)) {
        return [];
    }
    if (old === undefined) {
        return [[path, "ADD"]];
    }
    if (wanted === undefined) {
        return [[path, "DELETE"]];
    }
    if (isSecret(old) || isSecret(wanted) || wanted === UNKNOWN) {
        const same = isSecret(old) && isSecret(wanted) && equal(plain(old), plain(wanted));
        return same ? [] : [[path, "UPDATE"]];
    }
    if (isMap(old) && isMap(wanted)) {
        const keys = new Set([...Object.keys(old), ...Object.keys(wanted)]);
        return [...keys].flatMap((key) => differences(old[key], wanted[key], step(path, key)));
    }
    if (Array.isArray(old) && Array.isArray(wanted)) {
        const length = Math.max(old.length, wanted.length);
        return Array.from({ length }, (_, i) =>
            differences(old[i], wanted[i], `${path}[${i}]`),
        ).flat();
    }
    return [[path, "UPDATE"]];
}

/** The property that a path begins with. */
export function topOf(path: string): string {
    return /^[^.[]+/.exec(path)?.[0] ?? path;
}

function step(path: string, key: string): string {
    if (/^[A-Za-z_$][\w$]*$/.test(key)) {
        return path ? `${path}.${key}` : key;
    }
    return `${path}[${JSON.stringify(key)}]`;
}
