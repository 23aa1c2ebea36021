// Durations as Go writes and reads them: "1m30s", in nanoseconds.

const UNITS: Readonly<Record<string, number>> = {
    h: 3_600e9,
    m: 60e9,
    s: 1e9,
    ms: 1e6,
    us: 1e3,
    µs: 1e3,
    ns: 1,
};

/** 0 for what is no duration, as the published plugin takes it. */
export function parseDuration(duration: string): number {
    const parts = [...duration.matchAll(/([\d.]+)(ms|us|µs|ns|h|m|s)/g)];
    if (parts.map(([part]) => part).join("") !== duration) {
        return 0;
    }
    return parts.reduce(
        (sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ""] ?? 0),
        0,
    );
}

/** Always in full: a minute is "1m0s", so that what was written "1m" differs when read back. */
export function formatDuration(nanoseconds: number): string {
    if (nanoseconds === 0) {
        return "0s";
    }
    if (nanoseconds < 1e9) {
        const [unit, size] =
            nanoseconds < 1e3 ? ["ns", 1] : nanoseconds < 1e6 ? ["µs", 1e3] : ["ms", 1e6];
        return `${nanoseconds / size}${unit}`;
    }
    const seconds = nanoseconds / 1e9;
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor((seconds % 3600) / 60);
    const rest = Number((seconds % 60).toFixed(9));
    return `${hours ? `${hours}h` : ""}${hours || minutes ? `${minutes}m` : ""}${rest}s`;
}
