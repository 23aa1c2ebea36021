/** What a person reads while a command works; in colour only where a terminal shows it. */
export const coloured = process.stdout.isTTY && !process.env["NO_COLOR"];

const paint = (code: number) => (text: string) =>
    coloured ? `\u001b[${code}m${text}\u001b[0m` : text;
export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);
export const yellow = paint(33);

export function say(text = ""): void {
    process.stdout.write(`${text}\n`);
}

/** `340 ms`, `12.3 s`, `3 min 04 s`. */
export function duration(milliseconds: number): string {
    if (milliseconds < 1000) {
        return `${Math.round(milliseconds)} ms`;
    }
    const seconds = milliseconds / 1000;
    if (seconds < 59.95) {
        return `${seconds.toFixed(1)} s`;
    }
    const whole = Math.round(seconds);
    return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** Says what begins and, when it has ended, how and in what time. */
export async function step<T>(what: string, act: () => Promise<T>): Promise<T> {
    const began = Date.now();
    say(bold(`==> ${what}`));
    try {
        const result = await act();
        say(`    ${green("ok")} (${duration(Date.now() - began)})`);
        return result;
    } catch (error) {
        say(`    ${red("failed")} (${duration(Date.now() - began)})`);
        throw error;
    }
}

/** Rows in columns as wide as their widest cell, under a row of titles. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
    const widths = titles.map((title, column) =>
        Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)),
    );
    const line = (cells: readonly string[]) =>
        cells
            .map((cell, column) => cell.padEnd(widths[column] ?? 0))
            .join("  ")
            .trimEnd();
    return [bold(line(titles)), ...rows.map(line)].join("\n");
}
