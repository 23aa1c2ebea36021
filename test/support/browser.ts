import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, run } from "./lab";

export type Scheme = "light" | "dark";

/** What a browser made of a page, by its own measure and with its own fonts. */
export interface Seen {
    readonly texts: number;
    /** Pairs of texts that lie on one another. */
    readonly overlaps: readonly string[];
    /** Texts that stick out of the picture, or of the frame that they begin in. */
    readonly outside: readonly string[];
    readonly background: string;
}

const MEASURE = `
const boxes = (kind) => [...document.querySelectorAll(kind)].map((one) => ({ box: one.getBoundingClientRect(), text: one.textContent }));
const texts = boxes("svg text");
const frames = boxes("svg, svg rect").map(({ box }) => box);
const overlaps = texts.flatMap((a, at) => texts.slice(at + 1).filter((b) =>
    a.box.left < b.box.right && b.box.left < a.box.right && a.box.top + 1 < b.box.bottom && b.box.top + 1 < a.box.bottom
).map((b) => a.text + " / " + b.text));
const begins = (frame, box) => frame.left <= box.left && box.left <= frame.right && frame.top <= box.top && box.top <= frame.bottom;
const outside = texts.filter(({ box }) => frames.some((frame) => begins(frame, box) && (box.right > frame.right || box.bottom > frame.bottom)));
const background = getComputedStyle(document.body).backgroundColor;
const seen = { texts: texts.length, overlaps, outside: outside.map(({ text }) => text), background };
document.body.innerHTML = "<pre></pre>";
document.querySelector("pre").textContent = JSON.stringify(seen);
`;

/** The browser, fetched where the machine has none; tells why there is none. */
export function browser(): string | undefined {
    try {
        return run(join(ROOT, "test/support/chromium"), []).trim();
    } catch (error) {
        if (process.env["CI"]) {
            throw error;
        }
        process.stderr.write(`SKIPPED: no Chromium to look at pages with: ${String(error)}\n`);
        return undefined;
    }
}

export function look(chromium: string, page: string, scheme: Scheme): Seen {
    const measured = page.replace("</body>", `<script>${MEASURE}</script></body>`);
    // Read from a cold disk for the first time, it may give up on its own processes, and say nothing.
    const ask = () => headless(chromium, measured, scheme, ["--dump-dom"]);
    const said = ask() || ask();
    const json = /<pre>(.*)<\/pre>/.exec(said)?.[1];
    if (json === undefined) {
        throw new Error(`the browser said: ${said}`);
    }
    const text = json.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
    return JSON.parse(text) as Seen;
}

export function screenshot(
    chromium: string,
    page: string,
    scheme: Scheme,
    { width, height, file }: { width: number; height: number; file: string },
): Buffer {
    const size = `--window-size=${width},${height}`;
    headless(chromium, page, scheme, [size, `--screenshot=${file}`]);
    return readFileSync(file);
}

function headless(chromium: string, page: string, scheme: Scheme, more: readonly string[]): string {
    const folder = mkdtempSync(join(tmpdir(), "crosshost-browser-"));
    try {
        const file = join(folder, "page.html");
        writeFileSync(file, page);
        const { status, stdout, stderr } = spawnSync(
            chromium,
            [
                "--headless",
                "--no-sandbox", // which root has none of
                "--disable-gpu",
                "--hide-scrollbars",
                `--user-data-dir=${folder}`,
                `--blink-settings=preferredColorScheme=${scheme === "dark" ? 0 : 1}`,
                ...more,
                `file://${file}`,
            ],
            { encoding: "utf8", timeout: 180_000, env: { ...process.env, HOME: folder } },
        );
        if (status !== 0) {
            throw new Error(`${chromium} ended with ${String(status)}:\n${stderr}`);
        }
        return stdout;
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}
