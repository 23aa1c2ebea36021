// Names across hosts:
//
//   attachments --names, addresses--> HOST-names, one command for a host --> lines in /etc/hosts of its containers
//
// Docker knows the names of one host. A line for each container elsewhere, kept by the host's watch.
import * as pulumi from "@pulumi/pulumi";
import { known } from "../wire/known";
import { tellNameless } from "../preview/nameless";
import { after } from "../remote/patience";
import { programEnd } from "../run/programEnd";
import { type HostSession } from "../run/session";
import { lastUnitCommand } from "../resources/command";
import { unitText } from "../wire/unit";
import { type HostNetwork } from "../network/hostNetwork";
import { type NamedPlace, namedNetworks, planNames } from "./plan";

/** A container's place on a network over many hosts, as its attachment knows it. */
export interface Announced {
    readonly names: pulumi.Input<pulumi.Input<string>[]>;
    /** The program mounts something at the container's /etc/hosts. */
    readonly isNameless: boolean;
    readonly address: pulumi.Output<string>;
    readonly networks: pulumi.Output<Record<string, HostNetwork>>;
}

interface Announcement extends Announced {
    readonly session: HostSession;
}

/** What one host is told, by one command. */
interface Names {
    readonly announcements: Announcement[];
    readonly ended: () => boolean;
}

const PATIENCE_MS = 500;

const told = new WeakMap<HostSession, Names>();

/**
 * Containers of the network's other hosts find it by its names. Each host has one command for the names
 * of all its networks, whose text is known once the program has made all of its attachments.
 */
export function announce(
    session: HostSession,
    hosts: readonly HostSession[],
    announced: Announced,
): void {
    if (hosts.length < 2) {
        return;
    }
    for (const host of hosts) {
        const { announcements } = told.get(host) ?? tellNames(host, hosts);
        announcements.push({ ...announced, session });
    }
    if (hosts.some((host) => told.get(host)?.ended())) {
        tellLate(session);
    }
}

function tellNames(host: HostSession, hosts: readonly HostSession[]): Names {
    // A host that cannot be asked ends the program, whose outputs then never come; others go on.
    const end = Promise.race([programEnd(), ...hosts.map(unusable)]);
    const announcements: Announcement[] = [];
    let ended = false;
    const places = pulumi.output(
        end.then(() => {
            ended = true;
            return pulumi.all(announcements.filter(isThere).map(placeOf));
        }),
    );
    const wanted = places.apply((all) => planNames(host.name, all));
    lastUnitCommand(host, {
        of: "names",
        name: "names",
        title: "names of other hosts",
        wanted,
        end,
    });
    host.namesSoFar = async () => {
        await soon(end);
        return unitText(planNames(host.name, await placesSoFar(host, announcements)));
    };
    places.apply((all) => {
        const networks = namedNetworks(host.name, all);
        const isSeeker = (place: NamedPlace) =>
            place.host === host.name && networks.has(place.networks[host.name]?.network ?? "");
        const containers = all
            .filter(isSeeker)
            .map(({ names: [name = ""], isNameless = false }) => ({ name, isNameless }));
        return tellNameless(host, { networks, containers });
    });
    const names = { announcements, ended: () => ended };
    told.set(host, names);
    return names;
}

function isThere({ session }: Announcement): boolean {
    return !session.gone;
}

/** A program that waits for a container before it goes on would never end if containers waited for its end. */
function soon(end: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
        const timer = after(PATIENCE_MS, resolve);
        void end.finally(() => {
            clearInterval(timer);
            resolve();
        });
    });
}

/** None before all of the host's own are known: what they are called, it is told of no other. */
async function placesSoFar(
    host: HostSession,
    announcements: readonly Announcement[],
): Promise<NamedPlace[]> {
    const asked = announcements.filter(isThere);
    const places = await Promise.all(asked.map(placeSoFar));
    const lacksOwn = asked.some(({ session }, at) => session === host && !places[at]);
    return lacksOwn ? [] : places.filter((place) => place !== undefined);
}

/** Undefined where something is still to be made for it. */
async function placeSoFar(announcement: Announcement): Promise<NamedPlace | undefined> {
    const later = new Promise<undefined>((resolve) => {
        setImmediate(resolve, undefined);
    });
    return Promise.race([known(placeOf(announcement)), later]);
}

function unusable({ checks }: HostSession): Promise<void> {
    return new Promise((resolve) => {
        checks.host.catch(() => {
            resolve();
        });
    });
}

function placeOf(announced: Announcement): pulumi.Output<NamedPlace> {
    const { session, names, isNameless, address, networks } = announced;
    return pulumi.all([names, address, networks]).apply(([known, at, places]) => ({
        host: session.name,
        names: known,
        isNameless,
        address: at,
        networks: places,
    }));
}

function tellLate({ name, component }: HostSession): void {
    void pulumi.log.warn(
        `${name}: an attachment is created after the end of the program, by code that nothing awaits: containers of ` +
            "other hosts do not find its names; export the async function that creates it, or create it outside apply",
        component,
    );
}
