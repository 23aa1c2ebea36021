/** What the reporter tells of each test file, and at the end of a tier. */
export type Message =
    { readonly kind: "file"; readonly result: Tally } | { readonly kind: "complete" };

export interface Tally {
    readonly passed: number;
    readonly failed: number;
    readonly skipped: number;
    /** What failed, by name. */
    readonly failures: readonly string[];
}

export const NOTHING: Tally = { passed: 0, failed: 0, skipped: 0, failures: [] };

export function failure(name: string): Tally {
    return { ...NOTHING, failed: 1, failures: [name] };
}

export function sum(tallies: readonly Tally[]): Tally {
    return tallies.reduce(
        (total, tally) => ({
            passed: total.passed + tally.passed,
            failed: total.failed + tally.failed,
            skipped: total.skipped + tally.skipped,
            failures: [...total.failures, ...tally.failures],
        }),
        NOTHING,
    );
}

/** The line that ends a run; a test that was skipped has neither passed nor failed. */
export function closingLine({ passed, failed }: Tally): string {
    return `${passed} passed, ${failed} failed`;
}

/** A run in which nothing ran has shown nothing. */
export function succeeded({ passed, failed }: Tally): boolean {
    return failed === 0 && passed > 0;
}
