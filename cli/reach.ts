// Who should reach whom, by address and by name: a table made from the topology alone.
import { type Apart, type Attachment, type Topology } from "./topology";

export interface Container {
    readonly host: string;
    readonly name: string;
    readonly attachments: readonly Attachment[];
    /** What it has instead of a network of its own, in words. */
    readonly mode?: string;
}

/** One container, and one address of another. */
export interface Pair {
    readonly from: Container;
    readonly to: Attachment;
    readonly should: "reach" | "be kept out" | "not judged";
}

/** What a container finds by a name: one of these addresses and no other. */
export interface Lookup {
    readonly from: Container;
    readonly name: string;
    readonly addresses: readonly string[];
}

/** Those on machines that are no more are left out. */
export function containersOf(topology: Topology): Container[] {
    const gone = goneHosts(topology);
    const living = topology.attachments.filter(({ host }) => !gone.has(host));
    const same = (one: Attachment) => (other: Attachment) =>
        other.host === one.host && other.container === one.container;
    return living
        .filter((one, at) => living.findIndex(same(one)) === at)
        .map((one) => ({
            host: one.host,
            name: one.container,
            attachments: living.filter(same(one)),
        }));
}

function goneHosts({ hosts }: Topology): ReadonlySet<string> {
    return new Set(hosts.filter((host) => host.gone).map(({ name }) => name));
}

/** For pictures: those too that have no address of ours. */
export function allContainersOf(topology: Topology): Container[] {
    const inNetworks = containersOf(topology);
    const gone = goneHosts(topology);
    const modeOf = (one: Container) =>
        topology.apart.find(({ host, container }) => host === one.host && container === one.name);
    const alone = topology.apart
        .filter(({ host }) => !gone.has(host))
        .map(({ host, container }): Container => ({ host, name: container, attachments: [] }))
        .filter(
            (one) => !inNetworks.some(({ host, name }) => host === one.host && name === one.name),
        );
    return [...inNetworks, ...alone].map((one) => {
        const apart = modeOf(one);
        return apart ? { ...one, mode: MODES[apart.mode] + (apart.joins ?? "") } : one;
    });
}

const MODES: Readonly<Record<Apart["mode"], string>> = {
    none: "no network",
    host: "the host's network",
    bridge: "Docker's own bridge",
    container: "the network of ",
};

export function pairsOf(containers: readonly Container[]): Pair[] {
    const targets = containers.flatMap(({ attachments }) => attachments).filter(isOwn);
    return containers.flatMap((from) =>
        targets
            .filter((to) => !from.attachments.includes(to))
            .map((to) => ({ from, to, should: shouldBe(from, to, targets) })),
    );
}

export function lookupsOf(containers: readonly Container[]): Lookup[] {
    const all = containers.flatMap(({ attachments }) => attachments);
    return containers.flatMap((from) => {
        const fellows = all.filter((to) => isNamedFellow(from, to) && isNamed(from, to));
        const names = new Set(
            fellows.filter((to) => !from.attachments.includes(to)).flatMap(namesOf),
        );
        return [...names].map((name) => ({
            from,
            name,
            addresses: nearest(
                from,
                fellows.filter((to) => namesOf(to).includes(name)),
            ).map(addressOf),
        }));
    });
}

function shouldBe(from: Container, to: Attachment, all: readonly Attachment[]): Pair["should"] {
    if (isFellow(from, to)) {
        return betweenFellows(from, to);
    }
    // Where two networks use one range, a ping stays on the container's own.
    const own = all.some((other) => other.address === to.address && isFellow(from, other));
    return own ? "not judged" : strangersOf(to);
}

function isFellow(from: Container, to: Attachment): boolean {
    return from.attachments.some(({ network }) => network === to.network);
}

/** Docker tells names to those alone whom it has put on the network, and theirs alone. */
function isNamedFellow(from: Container, to: Attachment): boolean {
    return (
        to.named && from.attachments.some(({ network, named }) => named && network === to.network)
    );
}

function betweenFellows(from: Container, { host, network }: Attachment): Pair["should"] {
    const apart = network.kind.modes?.[network.mode ?? ""];
    const where = from.host === host ? "on one host" : "between hosts";
    return apart?.where === where ? apart.should : "reach";
}

function strangersOf({ network }: Attachment): Pair["should"] {
    return network.kind.strangers === "kept out" ? "be kept out" : "not judged";
}

function isNamed(from: Container, to: Attachment): boolean {
    const { names } = to.network.kind;
    return names === "all hosts" || (names === "own host" && to.host === from.host);
}

/** A name that a container of the own host has is that one's alone. */
function nearest(from: Container, found: readonly Attachment[]): readonly Attachment[] {
    const own = found.filter(({ host }) => host === from.host);
    return own.length > 0 ? own : found;
}

/** Docker answers for the container's own name too, but not for that of one that has another's network. */
function namesOf({ container, aliases, joins }: Attachment): readonly string[] {
    return joins === undefined ? [container, ...aliases] : [];
}

/** Not that of another container, of which it is asked already. */
function isOwn({ joins }: Attachment): boolean {
    return joins === undefined;
}

function addressOf({ address }: Attachment): string {
    return address;
}
