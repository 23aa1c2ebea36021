import type * as pulumi from "@pulumi/pulumi";

/** Who holds what, of things that only one may have. */
export class Claims<T = string> {
    readonly #held: { readonly thing: T; readonly holder: string }[] = [];

    constructor(private readonly clash: (a: T, b: T) => boolean = Object.is) {}

    /** The holder that is in the way; undefined: the thing is the claimant's from now on. */
    claim(thing: T, claimant: string): string | undefined {
        const holder = this.holder(thing);
        if (holder === undefined) {
            this.#held.push({ thing, holder: claimant });
        }
        return holder;
    }

    holder(thing: T): string | undefined {
        return this.#held.find((other) => this.clash(other.thing, thing))?.holder;
    }
}

/** A port that a host listens on for a container. */
export interface HostPort {
    /** `*`: every address, of IPv4 and of IPv6. */
    readonly ip: string;
    readonly port: number;
    readonly protocol: string;
}

/** The ports that a container is to have. */
export interface PortWish {
    readonly container: string;
    readonly ports: readonly WishedPort[];
    /** Of a container with the host's network that does not say what it listens on. */
    readonly image?: pulumi.Input<string>;
}

export interface WishedPort extends HostPort {
    /** The argument that says it, and how to get around it. */
    readonly path: string;
}

export function portsClash(a: HostPort, b: HostPort): boolean {
    return a.port === b.port && a.protocol === b.protocol && addressesClash(a.ip, b.ip);
}

/** `*` clashes with all, `0.0.0.0` and `::` with all of their family. */
function addressesClash(a: string, b: string): boolean {
    const sameFamily = a.includes(":") === b.includes(":");
    const any = [a, b].some((ip) => ip === "0.0.0.0" || ip === "::");
    return a === "*" || b === "*" || a === b || (sameFamily && any);
}
