// run/: what the components of one program run share, and how a run ends.
import * as pulumi from "@pulumi/pulumi";
import { type StackIdentity } from "../wire/identity";
import { type Claims, type HostPort, type PortWish } from "../wire/claims";
import { type Flow } from "../wire/flow";
import { report } from "../wire/problem";
import { type Connection } from "../remote/ssh";
import { type LanAnswer } from "../facts/lanAnswer";
import { type ProbeResult } from "../facts/observation";
import { Refusal } from "./refuse";
import { type Entry, type Unit } from "../wire/unit";

/** What the components of one host share while a program runs. */
export interface HostSession {
    readonly name: string;
    readonly stack: StackIdentity;
    /** `192.168.40.11:22`, where the program says it outright. */
    readonly reachedAt: string | undefined;
    /** Hosts that the program made before this one. */
    readonly earlier: readonly HostSession[];
    readonly component: pulumi.ComponentResource;
    readonly connection: pulumi.Output<Connection>;
    readonly become: "sudo" | undefined;
    readonly machine: pulumi.Resource | undefined;
    /** Asked once for a program run; preview and up in one process are two Hosts, so two probes. */
    readonly probe: Promise<ProbeResult>;
    readonly checks: HostChecks;
    /** The program says that the machine is no more: it is never asked, and nothing is done there. */
    readonly gone: boolean;
    /** Who on the LAN of a link has an address; only a preview asks. */
    readonly askLan: (link: string, address: string) => Promise<LanAnswer>;
    /** What an image that is there declares; only a preview asks. */
    readonly exposedBy: (image: string) => Promise<readonly HostPort[]>;
    /** Why no container can be created there, as far as the program says it outright. */
    readonly containerLoginProblem: string | undefined;
    readonly registryAuth: pulumi.Input<RegistryAuth[]> | undefined;
    readonly address: pulumi.Output<string>;
    /** The same, where the program says it outright: checked before anything is registered. */
    readonly addressNow: string | undefined;
    /** What Docker's daemon.json is to say there. */
    readonly docker: readonly Entry[];
    readonly id: number | undefined;
    readonly mtu: number | undefined;
    /** How long a guarded change waits for its commit. */
    readonly guardSeconds: number;
    /** Ports of the host, each published by one container only. */
    readonly ports: Claims<HostPort>;
    /** Containers with the host's network that do not say what they listen on. */
    readonly silent: SilentContainer[];
    readonly containerNames: Claims;
    /** Containers that attachments make, by their names. */
    readonly containers: Map<string, pulumi.CustomResource>;
    /** Addresses of containers; networks of one host do not overlap. */
    readonly addresses: Claims;
    /** Networks of overlays and bridges, none of which may overlap another. */
    readonly cidrs: Claims;
    /** Other things of which a host has one: a Docker network's name, a VXLAN's identifier. */
    readonly things: Claims;
    /** Containers that this program makes, which may have ended: they are not to run for ever, or not at all. */
    readonly mayStop: Set<string>;
    /** Findings of the probe that were said already: of two units that want Docker, one says so. */
    readonly told: Set<string>;
    /** Made when the first container is. */
    dockerProvider: pulumi.ProviderResource | undefined;
    /** The Host's own command. */
    converger: pulumi.Resource | undefined;
    lastCommand: pulumi.Resource | undefined;
    /** The unit of names as far as it is known, for containers that start before it is written; of one on networks over many hosts. */
    namesSoFar: (() => Promise<string>) | undefined;
    /** What of it the host was told last, and whether that is done. */
    foretold: { readonly text: string; readonly done: Promise<void> } | undefined;
    /** The names that the program's aliases say the host had before. */
    readonly formerNames: readonly string[];
    /** Docker's names of the containers that attachments make, by the names of their units. */
    readonly unitContainers: Map<string, string>;
    /** Made with the first command. */
    updateHook: pulumi.ResourceHook | undefined;
}

/** Rejections that say why not. What is stopped by one awaits it, and Pulumi tells it once. */
export interface HostChecks {
    /** Stops all commands of the host, which await it in their inputs. */
    readonly host: Promise<void>;
    /** Stops containers, by the inputs of the Docker provider; asked when that is made. */
    readonly containers: () => Promise<void>;
    /** Why a unit does not fit, in a preview: its component's outputs await it, and are refused. */
    readonly unit: (unit: CheckedUnit) => Promise<string | undefined>;
}

export interface CheckedUnit {
    readonly name: string;
    /** `Overlay "mesh"`: what it is of. */
    readonly title: string;
    readonly wanted: Unit;
    readonly ports?: PortWish;
    readonly flows?: readonly Flow[];
    readonly modules?: readonly string[];
    readonly programs?: readonly string[];
    /** Its changes are taken back unless a later login commits them. */
    readonly guarded?: true;
}

/** What it listens on is guessed by its image, see preview/exposed.ts. */
export interface SilentContainer {
    readonly attachment: string;
    readonly unit: string;
    readonly image: pulumi.Input<string>;
}

export interface RegistryAuth {
    address: pulumi.Input<string>;
    username: pulumi.Input<string>;
    password: pulumi.Input<string>;
}

const sessions = new WeakMap<object, HostSession>();

/** By program run, of which one process may hold several: each has a root of its own. */
const programs = new WeakMap<object, HostSession[]>();

/** Kept beside the instance: a field of the component would become an output in other languages. */
export function openSession(host: object, session: HostSession): void {
    sessions.set(host, session);
    const root = pulumi.runtime.getStackResource();
    if (root) {
        programs.set(root, [...sessionsSoFar(), session]);
    }
}

/** Of the hosts that this program run has made so far. */
export function sessionsSoFar(): readonly HostSession[] {
    const root = pulumi.runtime.getStackResource();
    return (root && programs.get(root)) ?? [];
}

/** The host's own first, then those of the others so far. */
export function sessionsFrom(session: HostSession): readonly HostSession[] {
    return [session, ...sessionsSoFar().filter((one) => one !== session)];
}

export function sessionOf(host: object): HostSession | undefined {
    return sessions.get(host);
}

export const NO_HOST = "is not a Host made by this program with this version of the library";

/** The session of a component's one host, or the end of the program. */
export function sessionOfHost(component: string, name: string, host: object): HostSession {
    const session = sessionOf(host);
    if (!session) {
        throw new Refusal(report(component, name, [{ path: "host", message: NO_HOST }]));
    }
    return session;
}

/** The sessions of a component's hosts, in their order, or the end of the program. */
export function sessionsOfHosts(
    component: string,
    name: string,
    hosts: readonly object[],
): HostSession[] {
    const found = hosts.map(sessionOf);
    const strangers = found.flatMap((session, at) =>
        session ? [] : [{ path: `hosts[${at}]`, message: NO_HOST }],
    );
    if (strangers.length > 0) {
        throw new Refusal(report(component, name, strangers));
    }
    return found.filter((session) => session !== undefined);
}
