// A scene as SVG, in a page that needs nothing but itself and follows the reader's choice of light or dark.
import { count, printable } from "../text";
import { type Topology } from "../topology";
import { FONT_SIZE, type Frame, type Label, type Scene, type Stretch } from "./scene";

/** Told apart by those who see fewer colours too (after Okabe and Ito), on white and on near black. */
const LIGHT = [
    "#0072b2",
    "#c04d00",
    "#00835f",
    "#a8478a",
    "#7a5c00",
    "#5b4bb7",
    "#b3263c",
    "#4f6370",
];
const DARK = [
    "#4da6ff",
    "#ff9152",
    "#3ddc97",
    "#f08fc0",
    "#e8c34a",
    "#a99bff",
    "#ff7d88",
    "#a9bcc9",
];

const LINE = 2.5;
/** A line that passes behind another leaves it this much room. */
const CLEARING = 8;

export function pageOf(topology: Topology, scene: Scene): string {
    const title = escaped(`${topology.project} / ${topology.stack}`);
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>
${STYLE}
</style>
</head>
<body>
<header><h1>${title}</h1><p>${escaped(countsOf(topology))}</p></header>
${svgOf(scene, title)}
</body>
</html>
`;
}

function svgOf({ width, height, frames, stretches, dots, labels }: Scene, title: string): string {
    const down = stretches.filter(({ x1, x2 }) => x1 === x2);
    const across = stretches.filter(({ x1, x2 }) => x1 !== x2);
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">`,
        ...frames.map(frameOf),
        ...down.map(stretchOf),
        ...across.flatMap((one) => [clearingOf(one), stretchOf(one)]),
        ...dots.map(
            ({ x, y, colour }) => `<circle class="dot c${colour}" cx="${x}" cy="${y}" r="4"/>`,
        ),
        ...labels.map(labelOf),
        "</svg>",
    ].join("\n");
}

function frameOf({ role, gone, x, y, width, height }: Frame): string {
    const radius = role === "host" ? 10 : 6;
    return `<rect class="${role}${gone ? " gone" : ""}" x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}"/>`;
}

function stretchOf({ x1, y1, x2, y2, colour, dashed }: Stretch): string {
    return `<line class="wire c${colour}${dashed ? " dashed" : ""}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

function clearingOf({ x1, y1, x2, y2, on }: Stretch): string {
    return `<line class="clearing on-${on}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

function labelOf({ x, y, height, text, whole, size, faint }: Label): string {
    const baseline = y + height / 2 + FONT_SIZE[size] * 0.35;
    const hint = text === whole ? "" : `<title>${escaped(whole)}</title>`;
    return `<text class="${size}${faint ? " faint" : ""}" x="${x}" y="${baseline}">${hint}${escaped(text)}</text>`;
}

function countsOf({ hosts, networks, attachments, apart }: Topology): string {
    const all = [...attachments, ...apart];
    const containers = new Set(all.map(({ host, container }) => `${host} ${container}`));
    return [
        count(hosts.length, "host"),
        count(networks.length, "network"),
        count(containers.size, "container"),
    ].join(", ");
}

function escaped(text: string): string {
    return printable(text)
        .replace(/&/g, "&amp;")
        .replace(/</g, "&lt;")
        .replace(/>/g, "&gt;")
        .replace(/"/g, "&quot;");
}

function colourRules(colours: readonly string[]): string {
    return colours.map((colour, at) => `.c${at} { stroke: ${colour}; fill: ${colour} }`).join("\n");
}

const STYLE = `:root { --page: #ffffff; --card: #f5f7f9; --box: #ffffff; --edge: #c6ced6; --text: #17212b; --faint: #4c5a67 }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.4 system-ui, sans-serif }
header { padding: 20px 24px 0 }
h1 { font-size: 20px; margin: 0 }
p { margin: 2px 0 0; color: var(--faint) }
svg { display: block }
text { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: ${FONT_SIZE.text}px; fill: var(--text); white-space: pre; text-rendering: geometricPrecision }
.name { font-size: ${FONT_SIZE.name}px; font-weight: 600 }
.faint { fill: var(--faint) }
.host { fill: var(--card); stroke: var(--edge) }
.container { fill: var(--box); stroke: var(--edge) }
.gone { stroke-dasharray: 4 4; opacity: 0.6 }
.wire { stroke-width: ${LINE} }
.dashed { stroke-dasharray: 5 3 }
.clearing { stroke-width: ${CLEARING} }
.on-page { stroke: var(--page) }
.on-host { stroke: var(--card) }
${colourRules(LIGHT)}
@media (prefers-color-scheme: dark) {
:root { --page: #11161b; --card: #1a2128; --box: #232c35; --edge: #3b4753; --text: #e6edf3; --faint: #a3b1be }
${colourRules(DARK)}
}`;
