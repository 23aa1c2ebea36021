import { type z } from "zod";
import { type Claim } from "../../network/claims";
import { type StackIdentity } from "../../wire/identity";
import { type Flow } from "../../wire/flow";
import { type Overhead } from "../../wire/mtu";
import { type Problem } from "../../wire/problem";
import { type Entry } from "../../wire/unit";

/** One host's place in an overlay, decided before any host is touched. */
export interface Member {
    readonly host: string;
    readonly id: number;
    /** Its address on the network below. */
    readonly underlay: string;
    readonly subnet: string;
    readonly gateway: string;
    /** Of a backend with keys: that of the host, once it is known. */
    readonly publicKey?: string;
}

/** What all members agree on. */
export interface OverlayPlan {
    readonly identity: StackIdentity;
    /** By which hosts know it. */
    readonly name: string;
    readonly cidr: string;
    readonly mtu: number;
    /** The bridge that holds the gateway address; peers are reached from it by routes. */
    readonly bridge: string;
}

/** The part of a host's unit that a backend decides. */
export interface Wire {
    /** The device of its own that other members' packets come and go by, if it makes one. */
    readonly device?: string;
    /** Of a switched network without one such: the ports of the bridge, one for each other member. */
    readonly ports?: readonly string[];
    /** How other members' packets come in, in words of nft rules, each with a name. */
    readonly arrivals: readonly { readonly name: string; readonly match: string }[];
    /** What the hosts' firewalls have to let pass for it. */
    readonly flows: readonly Flow[];
    readonly entries: readonly Entry[];
    /** What has to be there on all hosts before one of them sends by it, and to stay until none does. */
    readonly tunnel?: WirePart;
}

export type WirePart = Pick<Wire, "flows" | "entries">;

/** Of a backend whose hosts have keys. */
export interface Keys {
    /** Which of the keys that a host makes one after the other. */
    readonly generation: number;
    /** Whose key it is; that of another generation is another's. */
    readonly device: string;
    /** That one, and those that it follows or that follow it, which are there beside it for a while. */
    readonly devices: readonly string[];
}

/** What it needs of its hosts. */
export interface Needs {
    /** Of each host's kernel. */
    readonly modules?: readonly string[];
    /** Installed on each host. */
    readonly programs?: readonly string[];
    /** Packets go to the peers' own addresses with nothing in between but the link. */
    readonly oneLink?: true;
}

/** What it makes, and what that costs. */
export interface Form<S extends z.ZodType = z.ZodType> {
    /** Bytes that a packet grows by on the network below. */
    readonly overhead: Overhead;
    plan(
        overlay: OverlayPlan,
        options: z.output<S>,
        member: Member,
        peers: readonly Member[],
    ): Wire;
}

/** One way over the wire. The list of backends is the list of features; Overlay knows no more. */
export interface Backend<S extends z.ZodType = z.ZodType> extends Form<S> {
    readonly options: S;
    readonly summary: string;
    readonly needs: Needs;
    /** What no other overlay on the same host may have. */
    claims(overlay: OverlayPlan, options: z.output<S>): readonly Claim[];
    /** Options that do not go with the hosts, by their names. */
    problems?(options: z.output<S>, hosts: readonly string[]): readonly Problem[];
    /** What they mean for these hosts, where it may not be meant so: a preview says it. */
    notes?(options: z.output<S>): readonly string[];
    /** Each host makes one for itself; the public half of it is told to all others. */
    keys?(overlay: OverlayPlan, options: z.output<S>): Keys;
    /** By ports of the bridge, for a network that is one subnet over all hosts; only of those that can. */
    readonly switched?: Form<S>;
}
