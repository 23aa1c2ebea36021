import { type Facts } from "./clouds";

/** Why a unit does not fit a host, and what may be a surprise there. */
export interface Misfits {
    readonly errors: readonly string[];
    readonly warnings: readonly string[];
}

/** `id` in `vxlan id 42 local 192.168.40.11` is `42`. */
export function wordAfter(text: string, name: string): string {
    const words = text.split(" ");
    const at = words.indexOf(name);
    return at < 0 ? "" : (words[at + 1] ?? "");
}

export function word(text: string, at: number): string {
    return text.split(" ")[at] ?? "";
}

/** The facts of a name, each in its words. */
export function listed(facts: Facts, name: string): string[][] {
    return (facts.get(name) ?? []).map((fact) => fact.split(" "));
}

/** What a route leads to, as a network. */
export function targetOf(route: string): string {
    const target = word(route, 0);
    return target.includes("/") ? target : `${target}/32`;
}

/** `engine` as Docker says it, such as 28.5.2; of a word in its place nothing is known. */
export function isOlder(engine: string, [major, minor]: readonly [number, number]): boolean {
    const [own = 0, ownMinor = 0] = engine.split(".").map(Number);
    return own < major || (own === major && ownMinor < minor);
}

/**
 * Whether an owner is another than the stack of a unit, `STACK:UNIT`. What another unit of the stack holds is taken over: no
 * two of a program want the same.
 */
export function isStranger(owner: string, unit: string): boolean {
    const [stack = ""] = unit.split(":");
    return !owner.replace(/^crosshost:/, "").startsWith(`${stack}:`);
}

/** `crosshost:STACK:UNIT` as a reader knows it; anything else is not of ours. */
export function ownerText(owner: string): string {
    const [, stack, unit] = /^(?:crosshost:)?([^:]+):([^:]+)$/.exec(owner) ?? [];
    return stack && unit ? `${unit} of stack ${stack}` : "not made by Crosshost";
}
