/** Of an even number the lower of the two in the middle. */
export function median(values: readonly number[]): number {
    return quantile(values, 0.5);
}

export function quantile(values: readonly number[], part: number): number {
    const sorted = [...values].sort((one, other) => one - other);
    return sorted[Math.floor(part * (sorted.length - 1))] ?? NaN;
}

/** A ratio of two ways of doing the same, measured in turn: of each round's pair, not of two medians. */
export interface Ratio {
    readonly median: number;
    /** A quarter of the rounds lies below the first, a quarter above the second. */
    readonly quartiles: readonly [number, number];
}

export function ratio(ones: readonly number[], others: readonly number[]): Ratio {
    if (ones.length !== others.length) {
        throw new Error(`${ones.length} figures cannot be paired with ${others.length}`);
    }
    const pairs = ones.map((one, round) => one / (others[round] ?? NaN));
    return { median: median(pairs), quartiles: [quantile(pairs, 0.25), quantile(pairs, 0.75)] };
}

/** `0.98 (0.95-1.01)`: the median, and between what half of the rounds lie. */
export function ratioText({ median: middle, quartiles }: Ratio): string {
    return `${middle.toFixed(2)} (${quartiles.map((value) => value.toFixed(2)).join("-")})`;
}

/** `9`, or the least and the greatest where they differ: `6 to 9`. */
export function span(counts: readonly number[]): string {
    const least = Math.min(...counts);
    const greatest = Math.max(...counts);
    return least === greatest ? String(greatest) : `${least} to ${greatest}`;
}
