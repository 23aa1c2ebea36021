// What a host told of places of its containers in networks.
import { type Facts } from "./clouds";
import { listed } from "./words";

/** `endpoint web mesh 10.42.1.200 STACK:attachment-web`: of a container that runs, or is to run again. */
export interface HeldPlace {
    readonly container: string;
    /** Docker's name of the network; of an interface of the container's own, the link that it lies on. */
    readonly on: string;
    /** Undefined where Docker gives one out at each start. */
    readonly address: string | undefined;
    /** `STACK:UNIT` of what put it there; undefined where others did. */
    readonly owner: string | undefined;
}

export interface Held extends HeldPlace {
    readonly address: string;
}

export function heldPlaces(facts: Facts): HeldPlace[] {
    return listed(facts, "endpoint").map(([container = "", on = "", address, owner]) => ({
        container,
        on,
        address: said(address),
        owner: said(owner),
    }));
}

export function heldAddresses(facts: Facts): Held[] {
    return heldPlaces(facts).filter((place): place is Held => place.address !== undefined);
}

/** `named mesh 10.42.2.200 STACK:names api www`: what containers of the host are told of one on another host. */
export interface Named {
    readonly address: string;
    readonly owner: string;
    readonly names: readonly string[];
}

export function namedAddresses(facts: Facts): Named[] {
    return listed(facts, "named").map(([, address = "", owner = "", ...names]) => ({
        address,
        owner,
        names,
    }));
}

function said(word: string | undefined): string | undefined {
    return word === "-" ? undefined : word;
}
