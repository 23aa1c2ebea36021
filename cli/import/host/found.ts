import { type Component } from "../program";

/** What a part of a host becomes, and what no program can say of it, a line each. */
export interface Found {
    readonly components: readonly Component[];
    readonly left: readonly string[];
}

export const NOTHING: Found = { components: [], left: [] };

export function together(all: readonly Found[]): Found {
    return {
        components: all.flatMap(({ components }) => components),
        left: all.flatMap(({ left }) => left),
    };
}
