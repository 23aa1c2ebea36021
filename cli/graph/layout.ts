// The whole picture: networks that span hosts are lines that go down at the left, each from its label, and
// across above each row of hosts:
//
//   o-- mesh, overlay
//   | o-- lan, macvlan
//   | |
//   o-|--------o-----------o
//   | o--------|-o---------|-o
//   | |      vm1 |       vm2 |
//   | |
import { allContainersOf } from "../reach";
import { type HostNode, type Network, type Topology } from "../topology";
import { type Card, type Colours, drawCard, moved } from "./card";
import { type Box, type Dot, labelAt, type Scene, type Stretch } from "./scene";

/** As many as there are colours that are told apart. */
export const COLOURS = 8;

const MARGIN = 24;
const TRUNK = 14;
const TITLE_GAP = 8;
const BUS = 12;
const CARD_GAP = 28;
const ROW_GAP = 20;
const MOST_COLUMNS = 6;

/** A line across, above a row of hosts, down to those that are on the network. */
interface Bus {
    readonly network: Network;
    readonly y: number;
    readonly drops: readonly { readonly x: number; readonly y: number }[];
}

interface Rows {
    readonly cards: readonly Card[];
    readonly buses: readonly Bus[];
    readonly bottom: number;
}

export function layOut(topology: Topology): Scene {
    const spanning = topology.networks.filter(({ kind }) => kind.spans);
    const colours = coloursOf(topology);
    const left = MARGIN + spanning.length * TRUNK + TITLE_GAP;
    const titles = titlesOf(spanning, left);
    const cards = contentsOf(topology).map((contents) => drawCard(contents, colours));
    const rows = placed(cards, spanning, { left, top: bottomOf(titles) });
    const wires = spanning.map((network, at) =>
        wire(
            { x: MARGIN + at * TRUNK, colour: colours.get(network) ?? 0 },
            titles[at] ?? { x: left, y: MARGIN, width: 0, height: 0 },
            rows.buses.filter((bus) => bus.network === network),
        ),
    );
    const parts = [...wires, ...rows.cards];
    const labels = [...titles, ...rows.cards.flatMap((card) => card.labels)];
    const frames = rows.cards.flatMap((card) => card.frames);
    return {
        width: Math.max(...[...labels, ...frames].map(({ x, width }) => x + width)) + MARGIN,
        height: rows.bottom + MARGIN,
        frames,
        stretches: parts.flatMap(({ stretches }) => stretches),
        dots: parts.flatMap(({ dots }) => dots),
        labels,
    };
}

export function titleOf({ name, kind, backend, mode, mtu, cidr }: Network): string {
    return [name, [kind.word, backend, mode].filter(Boolean).join(" "), cidr, `MTU ${mtu}`].join(
        ", ",
    );
}

/** Networks that span hosts are told apart in the whole picture, others on their host. */
function coloursOf({ hosts, networks }: Topology): Colours {
    const spanning = networks.filter(({ kind }) => kind.spans);
    const own = hosts.flatMap(({ name }) =>
        networks
            .filter(({ kind, places }) => !kind.spans && name in places)
            .map((network, at): [Network, number] => [network, (spanning.length + at) % COLOURS]),
    );
    return new Map([
        ...spanning.map((network, at): [Network, number] => [network, at % COLOURS]),
        ...own,
    ]);
}

function contentsOf(topology: Topology) {
    const containers = allContainersOf(topology);
    return topology.hosts.map((host: HostNode) => {
        const here = topology.networks.filter(({ places }) => host.name in places);
        return {
            host,
            networks: [
                ...here.filter(({ kind }) => kind.spans),
                ...here.filter(({ kind }) => !kind.spans),
            ],
            containers: containers.filter((container) => container.host === host.name),
        };
    });
}

function titlesOf(networks: readonly Network[], x: number) {
    const titles = networks.map((network) =>
        labelAt({ x, y: 0 }, titleOf(network), { size: "name", most: 100 }),
    );
    return titles.map((title, at) => ({ ...title, y: MARGIN + at * (title.height + TITLE_GAP) }));
}

/** Hosts in rows of equal columns; above each row the lines of its networks. */
function placed(
    cards: readonly Card[],
    spanning: readonly Network[],
    { left, top }: { readonly left: number; readonly top: number },
): Rows {
    const column = Math.max(...cards.map(({ width }) => width)) + CARD_GAP;
    const done: Card[] = [];
    const buses: Bus[] = [];
    let y = top;
    for (const row of rowsOf(cards)) {
        y += ROW_GAP;
        const here = spanning.filter((network) =>
            row.some((card) => inletsOf(card, network).length > 0),
        );
        const under = y + here.length * BUS + (here.length > 0 ? ROW_GAP / 2 : 0);
        const inRow = row.map((card, at) => moved(card, left + at * column, under));
        const drops = (network: Network) => inRow.flatMap((card) => inletsOf(card, network));
        buses.push(
            ...here.map((network, at) => ({
                network,
                y: y + at * BUS,
                drops: drops(network).map(({ x }) => ({ x, y: under })),
            })),
        );
        done.push(...inRow);
        y = under + Math.max(...row.map(({ height }) => height));
    }
    return { cards: done, buses, bottom: y };
}

function rowsOf(cards: readonly Card[]): Card[][] {
    const square = Math.ceil(Math.sqrt(cards.length));
    const columns = cards.length <= 4 ? cards.length : Math.min(MOST_COLUMNS, square);
    const rows = Math.ceil(cards.length / columns);
    return Array.from({ length: rows }, (_, at) => cards.slice(at * columns, (at + 1) * columns));
}

function inletsOf({ inlets }: Card, network: Network) {
    return inlets.filter((inlet) => inlet.network === network);
}

function bottomOf(boxes: readonly Box[]): number {
    return Math.max(MARGIN, ...boxes.map(({ y, height }) => y + height));
}

/** A network's line: from its title down, across above each row, and down to its hosts. */
function wire(
    { x, colour }: { readonly x: number; readonly colour: number },
    title: Box,
    buses: readonly Bus[],
): { readonly stretches: readonly Stretch[]; readonly dots: readonly Dot[] } {
    const begin = title.y + title.height / 2;
    const style = { colour, dashed: false, on: "page" as const };
    const down = (at: number, from: number, to: number) => ({
        ...style,
        x1: at,
        y1: from,
        x2: at,
        y2: to,
    });
    const across = (y: number, to: number) => ({ ...style, x1: x, y1: y, x2: to, y2: y });
    return {
        stretches: [
            down(x, begin, Math.max(begin, ...buses.map(({ y }) => y))),
            across(begin, title.x - TITLE_GAP / 2),
            ...buses.flatMap(({ y, drops }) => [
                across(y, Math.max(...drops.map((drop) => drop.x))),
                ...drops.map((drop) => down(drop.x, y, drop.y)),
            ]),
        ],
        dots: [
            { x, y: begin, colour },
            ...buses.flatMap(({ y, drops }) =>
                [x, ...drops.map((drop) => drop.x)].map((at) => ({ x: at, y, colour })),
            ),
        ],
    };
}
