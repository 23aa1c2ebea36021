// What a person reads: the matrix, what differs, and a line that says how it went.
import { type Container } from "../reach";
import { count, printable } from "../text";
import { type Attachment } from "../topology";
import { type Finding, type Verdict } from "./verdict";

export type Paint = (text: string, how: "good" | "bad") => string;

interface Sign {
    readonly text: string;
    readonly meaning: string;
    readonly how?: "good" | "bad";
}

const SIGNS: Readonly<Record<Finding, Sign>> = {
    reached: { text: "ok", meaning: "reached, at the full MTU", how: "good" },
    "kept out": { text: ".", meaning: "kept out, as it should be" },
    "not judged": { text: "~", meaning: "may be either" },
    "not reached": { text: "NO", meaning: "not reached", how: "bad" },
    "small packets only": { text: "MTU", meaning: "reached with small packets only", how: "bad" },
    "not kept out": { text: "IN", meaning: "reached, and should not be", how: "bad" },
    "not asked": { text: "?", meaning: "not asked", how: "bad" },
};
/** As wide as the longest sign, and a blank. */
const CELL = 4;

export function report(
    containers: readonly Container[],
    names: number,
    { judged, differences }: Verdict,
    paint: Paint,
): string {
    const findings = new Set(judged.map(({ finding }) => finding));
    return [
        ...matrix(containers, judged, paint),
        "",
        ...keyOf(findings),
        "",
        ...differences.flatMap((text) =>
            text.split("\n").map((line) => paint(printable(line), "bad")),
        ),
        conclusion(judged.length, names, differences.length, paint),
        "",
    ].join("\n");
}

/** A row for each attachment; what its container reaches stands in the container's first. */
function matrix(
    containers: readonly Container[],
    judged: Verdict["judged"],
    paint: Paint,
): string[] {
    const targets = containers.flatMap(({ attachments }) => attachments);
    const found = new Map<Container, Map<Attachment, Finding>>();
    for (const { from, to, finding } of judged) {
        found.set(from, (found.get(from) ?? new Map<Attachment, Finding>()).set(to, finding));
    }
    const numbers = new Map(targets.map((to, at) => [to, String(at + 1)]));
    const words = ["", "container", "host", "network", "address", "MTU"];
    const rows = targets.map((to) => wordsOf(to, numbers.get(to) ?? ""));
    const widths = words.map((title, column) =>
        Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
    );
    const line = (row: readonly string[], cells: readonly string[]) =>
        [...row.map((word, column) => word.padEnd(widths[column] ?? 0)), cells.join("")]
            .join("  ")
            .trimEnd();
    const body = containers.flatMap((from) =>
        from.attachments.map((one, at) => {
            const cells = targets.map((to) => cell(found.get(from)?.get(to), paint));
            return line(wordsOf(one, numbers.get(one) ?? ""), at === 0 ? cells : []);
        }),
    );
    return [
        line(
            words,
            [...numbers.values()].map((number) => number.padStart(CELL)),
        ),
        ...body,
    ];
}

function wordsOf({ container, host, network, address }: Attachment, number: string): string[] {
    return [number, container, host, network.name, address, String(network.mtu)].map(printable);
}

function cell(finding: Finding | undefined, paint: Paint): string {
    const { text, how }: Sign = finding ? SIGNS[finding] : { text: "", meaning: "" };
    const padded = text.padStart(CELL);
    return how ? paint(padded, how) : padded;
}

/** Only of the signs that are there to be read. */
function keyOf(findings: ReadonlySet<Finding>): string[] {
    return (Object.keys(SIGNS) as Finding[])
        .filter((finding) => findings.has(finding))
        .map((finding) => `${SIGNS[finding].text.padStart(CELL)}  ${SIGNS[finding].meaning}`);
}

function conclusion(pairs: number, names: number, differences: number, paint: Paint): string {
    const asked = `${count(pairs, "pair")} by address, ${count(names, "name")}`;
    return differences === 0
        ? paint(`${asked}: all as it should be`, "good")
        : paint(`${asked}: ${count(differences, "difference")}`, "bad");
}
