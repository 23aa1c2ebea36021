import { readdirSync } from "node:fs";
import { join, relative } from "node:path";

/** Cheapest first; a file's tier is the suffix of its name. */
export const TIERS = ["unit", "netns", "e2e"] as const;
export type Tier = (typeof TIERS)[number];

/** What `npm test -- ...` asked for. */
export interface Selection {
    /** The files to run of each tier that has any, as paths from the root. */
    readonly files: ReadonlyMap<Tier, readonly string[]>;
    /** Leave the lab as it is, before and after. */
    readonly keep: boolean;
    /** Passed on to jest, as `-t PATTERN`. */
    readonly options: readonly string[];
}

/**
 * Words that name tiers choose these tiers, other words choose the files whose path contains one of
 * them, and what comes from the first other option on is jest's.
 */
export function select(words: readonly string[], files: readonly string[]): Selection {
    const keep = words.includes("--keep");
    const rest = words.filter((word) => word !== "--keep");
    const firstOption = rest.findIndex((word) => word.startsWith("-"));
    const names = firstOption < 0 ? rest : rest.slice(0, firstOption);
    const options = firstOption < 0 ? [] : rest.slice(firstOption);

    const named = TIERS.filter((tier) => names.includes(tier));
    const parts = names.filter((name) => !TIERS.some((tier) => tier === name));
    const chosen = files.filter(
        (file) => !parts.length || parts.some((part) => file.includes(part)),
    );
    const byTier = (named.length ? named : TIERS).map(
        (tier) => [tier, chosen.filter((file) => tierOf(file) === tier)] as const,
    );
    return { files: new Map(byTier.filter(([, found]) => found.length > 0)), keep, options };
}

export function tierOf(file: string): Tier {
    return TIERS.find((tier) => file.endsWith(`.${tier}.test.ts`)) ?? "unit";
}

export function testFiles(root: string): string[] {
    return readdirSync(join(root, "test"), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts"))
        .map((entry) => relative(root, join(entry.parentPath, entry.name)))
        .sort();
}
