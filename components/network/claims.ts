import { contains } from "../wire/address";
import { type Claims } from "../wire/claims";
import { type Problem } from "../wire/problem";

/** A thing of which a host has only one, as `VXLAN 42`, and the argument that chooses it. */
export interface Claim {
    readonly path: string;
    readonly thing: string;
    /** Of what several may have together, and nobody else: who, as messages name them. */
    readonly sharedBy?: string;
}

/** What one host holds already, of networks that the program made before. */
export interface Held {
    readonly name: string;
    readonly cidrs: Claims;
    readonly things: Claims;
}

/** A network that wants a place on hosts; the holder as messages name it: `Overlay "mesh"`. */
export interface Claimant {
    readonly holder: string;
    readonly cidr: string;
    /** The argument that says the network. */
    readonly path: string;
    /** Docker's name of it, of one that Docker has. */
    readonly network?: string;
    readonly claims: readonly Claim[];
}

/** Of components of a kind, as `an Overlay`, one may be known to a host by a name: an alias may take that of another. */
export function knownAsClaim(kind: string, name: string): Claim {
    return { path: "", thing: `the name "${name}" for ${kind}` };
}

/** A LAN has one way into a host. */
export function lanBehind(nic: string): string {
    return `the LAN behind ${nic}`;
}

/** Two networks on one host that want the same thing, each told with the one that has it. */
export function claimProblems(
    { holder, cidr, path: whole, network, claims }: Claimant,
    hosts: readonly Held[],
): Problem[] {
    const named = { path: "dockerName", thing: `Docker network "${network ?? ""}"` };
    const wanted: readonly Claim[] = network === undefined ? claims : [named, ...claims];
    return hosts.flatMap((host) => {
        const other = host.cidrs.claim(cidr, holder);
        const message = `"${cidr}" overlaps the network of ${other ?? ""} on ${host.name}: choose another`;
        const taken = wanted.flatMap(({ path, thing, sharedBy }) => {
            const before = host.things.claim(thing, sharedBy ?? holder);
            const clash = `${thing} on ${host.name} is already used by ${before ?? ""}: choose another`;
            return before === undefined || before === sharedBy ? [] : [{ path, message: clash }];
        });
        return other === undefined ? taken : [{ path: whole, message }, ...taken];
    });
}

/** Whoever holds the address that SSH comes by cuts himself off. */
export function lockOutProblems(cidr: string, host: string, address: string): Problem[] {
    const message = `"${cidr}" contains ${address}, the address at which ${host} is reached: choose another network`;
    return contains(cidr, address) ? [{ path: "cidr", message }] : [];
}
