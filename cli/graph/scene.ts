// A drawing as plain data: what stands where. Widths of texts are those of a fixed-width font, so that they
// are known before any browser has seen them.

export interface Box {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
}

export type Size = "name" | "text";

export interface Label extends Box {
    readonly text: string;
    /** The whole of it, where `text` was cut. */
    readonly whole: string;
    readonly size: Size;
    readonly faint: boolean;
}

export interface Frame extends Box {
    readonly role: "host" | "container";
    /** Drawn as a thing that is no more. */
    readonly gone: boolean;
}

/** A straight stretch of a network's line: down, or across whatever goes down there. */
export interface Stretch {
    readonly x1: number;
    readonly y1: number;
    readonly x2: number;
    readonly y2: number;
    readonly colour: number;
    /** Of one host alone. */
    readonly dashed: boolean;
    readonly on: "page" | "host";
}

export interface Dot {
    readonly x: number;
    readonly y: number;
    readonly colour: number;
}

export interface Scene {
    readonly width: number;
    readonly height: number;
    readonly frames: readonly Frame[];
    readonly stretches: readonly Stretch[];
    readonly dots: readonly Dot[];
    readonly labels: readonly Label[];
}

export const FONT_SIZE: Readonly<Record<Size, number>> = { name: 15, text: 13 };
/** Of common fixed-width fonts none is wider, where browsers round to whole pixels neither. */
const ADVANCE = 0.62;
const LINE = 1.3;

export interface Style {
    readonly size?: Size;
    readonly faint?: boolean;
    /** Letters that there is room for; more are cut out. */
    readonly most?: number;
    /** The whole of a text that comes cut. */
    readonly whole?: string;
}

export function labelAt(
    { x, y }: { readonly x: number; readonly y: number },
    given: string,
    { size = "text", faint = false, most = 60, whole = given }: Style = {},
): Label {
    const text = cut(given, most);
    const width = textWidth(text, size);
    return { x, y, width, height: lineHeight(size), text, whole, size, faint };
}

export function lineHeight(size: Size): number {
    return Math.ceil(FONT_SIZE[size] * LINE);
}

export function textWidth(text: string, size: Size): number {
    return Math.ceil(cellsOf(text) * FONT_SIZE[size] * ADVANCE);
}

/** Shortened in the middle of nothing: what tells names apart is at their ends as often as not. */
export function cut(text: string, most: number): string {
    const letters = Array.from(text);
    const half = Math.floor((most - 1) / 2);
    return letters.length <= most
        ? text
        : [...letters.slice(0, most - 1 - half), "…", ...letters.slice(-half)].join("");
}

/** Letters of East Asian scripts and pictures take two places. */
function cellsOf(text: string): number {
    return Array.from(text).reduce(
        (sum, letter) => sum + ((letter.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1),
        0,
    );
}
