import { cpus, release } from "node:os";

/** What a run has found: tables for people, figures for programs. */
export interface Report {
    readonly tables: readonly string[];
    readonly figures: Readonly<Record<string, unknown>>;
}

/** One kind of measurement: `npm run bench -- NAME WORDS...`. */
export interface Bench {
    /** Why it cannot be run with these words, if so. */
    misuse(words: readonly string[]): string | undefined;
    run(words: readonly string[]): Promise<Report>;
}

export function machine(): string {
    const [cpu] = cpus();
    return `${cpus().length} x ${cpu?.model ?? "?"}, Linux ${release()}, Node ${process.version}`;
}
