// One host as a card:
//
//   |  |                        lines of networks that span hosts come in from above
//   |  |  vm1
//   |  |  192.168.40.11
//   o--|--mesh 10.42.1.0/24
//   |  o--lan1 10.60.0.0/24     lines of the host's own networks begin here
//   |  |  +-----------------+
//   |  |  | web             |
//   o--|--| 10.42.1.200     |
//   |  o--| 10.60.0.200     |
//         +-----------------+
import { type Attachment, type HostNode, type Network } from "../topology";
import { type Container } from "../reach";
import {
    cut,
    type Dot,
    type Frame,
    type Label,
    labelAt,
    type Scene,
    type Stretch,
    type Style,
} from "./scene";

/** Drawn at its own origin, to be moved to its place. */
export interface Card extends Scene {
    /** Where lines come in from above, with their networks. */
    readonly inlets: readonly { readonly network: Network; readonly x: number }[];
}

export interface HostContents {
    readonly host: HostNode;
    /** Those that span hosts come first. */
    readonly networks: readonly Network[];
    readonly containers: readonly Container[];
}

export type Colours = ReadonlyMap<Network, number>;

const PADDING = 12;
const LANE = 14;
const GAP = 8;
const INSET = 8;
const LONGEST = 50;
const LONGEST_NETWORK = 20;

export function drawCard({ host, networks, containers }: HostContents, colours: Colours): Card {
    const left = PADDING + networks.length * LANE + (networks.length > 0 ? GAP / 2 : 0);
    const lanes = networks.map((network, at) => new Lane(network, PADDING + at * LANE, colours));
    const labels: Label[] = [];
    const boxes: Frame[] = [];
    let y = PADDING;
    const write = (x: number, text: string, how: Style = {}) => {
        const label = labelAt({ x, y }, text, { most: LONGEST, ...how });
        labels.push(label);
        y += label.height;
        return label.y + label.height / 2;
    };

    write(left, host.name, { size: "name" });
    write(left, host.gone ? "gone" : host.address, { faint: true });
    y += GAP;
    for (const lane of lanes) {
        const [text, whole] = placeLine(lane.network, host);
        lane.branch(write(left, text, { faint: true, whole }), left);
    }
    for (const { name, attachments, mode } of containers) {
        y += GAP;
        const top = y;
        y += INSET;
        write(left + INSET, name);
        if (mode !== undefined) {
            write(left + INSET, mode, { faint: true });
        }
        for (const one of attachments) {
            const [text, whole] = addressLine(one);
            const middle = write(left + INSET, text, { faint: true, whole });
            lanes.find(({ network }) => network === one.network)?.branch(middle, left);
        }
        y += INSET;
        boxes.push({
            role: "container",
            gone: host.gone,
            x: left,
            y: top,
            width: 0,
            height: y - top,
        });
    }

    const right = Math.max(...labels.map((label) => label.x + label.width)) + INSET;
    const width = right + PADDING;
    const height = y + PADDING;
    return {
        width,
        height,
        frames: [
            { role: "host", gone: host.gone, x: 0, y: 0, width, height },
            ...boxes.map((box) => ({ ...box, width: right - box.x })),
        ],
        stretches: lanes.flatMap((lane) => lane.stretches()),
        dots: lanes.flatMap(({ dots }) => dots),
        labels,
        inlets: networks
            .filter(({ kind }) => kind.spans)
            .map((network, at) => ({ network, x: PADDING + at * LANE })),
    };
}

/** A network's way down through the card, with a branch for each thing that is on it. */
class Lane {
    readonly dots: Dot[] = [];
    readonly #branches: Stretch[] = [];

    constructor(
        readonly network: Network,
        private readonly x: number,
        private readonly colours: Colours,
    ) {}

    branch(y: number, to: number): void {
        const { x } = this;
        this.dots.push({ x, y, colour: this.#colour });
        this.#branches.push({ ...this.#style, x1: x, y1: y, x2: to - GAP / 2, y2: y });
    }

    stretches(): Stretch[] {
        const ys = this.dots.map(({ y }) => y);
        const top = this.network.kind.spans ? 0 : Math.min(...ys);
        const down = { ...this.#style, x1: this.x, y1: top, x2: this.x, y2: Math.max(...ys) };
        return [down, ...this.#branches];
    }

    get #colour(): number {
        return this.colours.get(this.network) ?? 0;
    }

    get #style() {
        return {
            colour: this.#colour,
            dashed: !this.network.kind.spans,
            on: "host" as const,
        };
    }
}

/** What is shown, and the whole of it; the MTU of a network that spans hosts stands in its title. */
function placeLine({ name, kind, cidr, mtu, places }: Network, host: HostNode): [string, string] {
    const subnet = places[host.name]?.subnet ?? cidr;
    const rest = kind.spans ? subnet : `${subnet} MTU ${mtu}`;
    return [`${cut(name, LONGEST_NETWORK)} ${rest}`, `${name} ${rest}`];
}

function addressLine({ address, network }: Attachment): [string, string] {
    const begin = address.padEnd(ADDRESS_LENGTH);
    return [`${begin} ${cut(network.name, LONGEST_NETWORK)}`, `${begin} ${network.name}`];
}

const ADDRESS_LENGTH = "255.255.255.255".length;

export function moved(card: Card, dx: number, dy: number): Card {
    const shift = <T extends { x: number; y: number }>(one: T) => ({
        ...one,
        x: one.x + dx,
        y: one.y + dy,
    });
    return {
        ...card,
        frames: card.frames.map(shift),
        dots: card.dots.map(shift),
        labels: card.labels.map(shift),
        stretches: card.stretches.map((one) => ({
            ...one,
            x1: one.x1 + dx,
            y1: one.y1 + dy,
            x2: one.x2 + dx,
            y2: one.y2 + dy,
        })),
        inlets: card.inlets.map(({ network, x }) => ({ network, x: x + dx })),
    };
}
