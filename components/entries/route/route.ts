import { entry, type Entry } from "../../wire/unit";

/** The ways of a route, in the words of `ip route`. */
export interface Way {
    readonly via?: string;
    readonly dev?: string;
    readonly src: string;
    /** The gateway answers there, whatever addresses the link has. */
    readonly onlink?: true;
}

export function routeEntry(prefix: string, { via, dev, src, onlink }: Way): Entry {
    const words = [
        ...(via === undefined ? [] : [`via ${via}`]),
        ...(dev === undefined ? [] : [`dev ${dev}`]),
        `src ${src}`,
        ...(onlink ? ["onlink"] : []),
    ];
    return entry(`route ${prefix}`, words.join(" "));
}
