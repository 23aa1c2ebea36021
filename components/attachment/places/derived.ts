// What hosts know of an address that the program does not say, and whose turn it is to choose one.
import { type HostNetwork } from "../../network/hostNetwork";
import { type Facts } from "../../facts/clouds";
import { heldAddresses, type Named, namedAddresses } from "../../facts/held";
import { listed } from "../../facts/words";
import { refuse } from "../../run/refuse";
import { type HostSession } from "../../run/session";
import { stackId, unitName } from "../../wire/identity";
import { derive } from "./derive";
import { COMPONENT, type Wanted } from "./place";
import { holderOf, isPlanned } from "../plan";

/** A host of the network, as far as addresses go. */
export type Member = Pick<HostSession, "stack" | "machine" | "probe" | "addresses">;

export type Asking = Pick<Wanted, "name" | "knownAs" | "created" | "containerName"> & {
    readonly session: Member;
};

/** Known once the host has answered; for one that is new there, once all hosts of the network have. */
export async function derivedAddress(
    asking: Asking,
    network: HostNetwork,
    members: readonly Member[],
): Promise<string> {
    const { name, knownAs, session } = asking;
    const own = await factsOf(session);
    const isThere = givenBy([own], asking).some((address) => isPlanned(address, network));
    const all = isThere ? [own] : [own, ...(await factsOfOthers(session, members))];
    if (!isThere) {
        await turnOf(knownAs);
    }
    const claims = members.map(({ addresses }) => addresses);
    const held = heldByOthers(all, asking);
    const { address = "", problems } = derive(session.stack, knownAs, network, {
        before: [...givenBy(all, asking), ...namedBy(all, asking, network)],
        claimed: (one) => holderOf(claims, one),
        isHeld: (one) => held.has(one),
    });
    refuse(COMPONENT, name, problems);
    claims.forEach((one) => one.claim(address, name));
    return address;
}

/** Nothing of a host that does not answer, or is still to be made. */
async function factsOf({ probe }: Member): Promise<Facts> {
    const probed = await probe;
    return probed.status === "answered" ? probed.observation.facts : new Map();
}

/** Not of a machine that the program makes: it may wait for what is decided here. */
function factsOfOthers(own: Member, members: readonly Member[]): Promise<Facts[]> {
    const others = members.filter((one) => one !== own && one.machine === undefined);
    return Promise.all(others.map(factsOf));
}

function ownerOf({ session, knownAs }: Asking): string {
    return `${stackId(session.stack)}:${unitName("attachment", knownAs)}`;
}

/** By the unit that is on a host; a container of a LAN may have moved there from another. */
function givenBy(all: readonly Facts[], asking: Asking): string[] {
    return all
        .flatMap(heldAddresses)
        .filter(({ owner }) => owner === ownerOf(asking))
        .map(({ address }) => address);
}

/**
 * By what containers of other hosts are told, where most are told the same: a host that was down may tell what was, and containers of
 * several hosts may be called the same.
 */
function namedBy(all: readonly Facts[], asking: Asking, network: HostNetwork): string[] {
    const held = heldByUnits(all, asking);
    const told = all
        .flatMap(namedAddresses)
        .filter((one) => isOfContainer(one, asking) && !held.has(one.address))
        .map(({ address }) => address)
        .filter((address) => isPlanned(address, network));
    const times = (address: string) => told.filter((one) => one === address).length;
    const [first, second] = [...new Set(told)].sort((a, b) => times(b) - times(a));
    const isSure = first !== undefined && (second === undefined || times(second) < times(first));
    return isSure ? [first] : [];
}

function isOfContainer({ owner, names }: Named, asking: Asking): boolean {
    const { created, containerName, session } = asking;
    const container = created ?? containerName;
    return (
        typeof container === "string" &&
        names.includes(container) &&
        owner.startsWith(`${stackId(session.stack)}:`)
    );
}

function heldByOthers(all: readonly Facts[], asking: Asking): ReadonlySet<string> {
    const elsewhere = all.flatMap(namedAddresses).filter((one) => !isOfContainer(one, asking));
    return new Set([...heldByUnits(all, asking), ...elsewhere.map(({ address }) => address)]);
}

/** `address eth0 192.168.40.11/24 1500` is a fact of each address of the host itself. */
function heldByUnits(all: readonly Facts[], asking: Asking): ReadonlySet<string> {
    const own = ownerOf(asking);
    const others = all.flatMap(heldAddresses).filter(({ owner }) => owner !== own);
    const hosts = all.flatMap((facts) => listed(facts, "address"));
    return new Set([
        ...others.map(({ address }) => address),
        ...hosts.map(([, address = ""]) => address.replace(/\/.*/, "")),
    ]);
}

interface Turn {
    readonly name: string;
    readonly take: () => void;
}

const waiting: Turn[] = [];

/**
 * Those that wait for the same answers choose in the order of their names, whatever the program's: all that it registers at once
 * are there by then.
 */
function turnOf(name: string): Promise<void> {
    if (waiting.length === 0) {
        setImmediate(() => {
            const turns = waiting.splice(0).sort((a, b) => (a.name < b.name ? -1 : 1));
            turns.forEach(({ take }) => {
                take();
            });
        });
    }
    return new Promise((take) => {
        waiting.push({ name, take });
    });
}
