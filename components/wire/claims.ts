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
    readonly ip: string;
    readonly port: number;
    readonly protocol: string;
}

const ANY = "0.0.0.0";

export function portsClash(a: HostPort, b: HostPort): boolean {
    const sameIp = a.ip === b.ip || a.ip === ANY || b.ip === ANY;
    return sameIp && a.port === b.port && a.protocol === b.protocol;
}
