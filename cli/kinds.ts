// Which components are networks, and what each kind promises its containers. A new kind is one line.

export interface Kind {
    readonly word: string;
    /** One network over many hosts: drawn as a line between them. */
    readonly spans: boolean;
    /** Each host has a part of its addresses. */
    readonly parts?: true;
    /** Containers that are not on the network: it keeps them out, or leaves that to others. */
    readonly strangers: "kept out" | "not judged";
    /** Where containers of the network do not reach all others of it: by its mode. */
    readonly modes?: Readonly<Record<string, Apart>>;
    /** The hosts whose containers a container finds by name. */
    readonly names: "own host" | "all hosts" | "nobody";
}

/** What becomes of packets between two containers of one network, where it is not that they arrive. */
export interface Apart {
    readonly where: "on one host" | "between hosts";
    readonly should: "be kept out" | "not judged";
}

export const KINDS: Readonly<Record<string, Kind>> = {
    "crosshost:index:Bridge": {
        word: "bridge",
        spans: false,
        strangers: "kept out",
        names: "own host",
    },
    "crosshost:index:Overlay": {
        word: "overlay",
        spans: true,
        parts: true,
        strangers: "kept out",
        names: "all hosts",
    },
    "crosshost:index:Macvlan": {
        word: "macvlan",
        spans: true,
        strangers: "not judged", // as open as any machine of the LAN
        modes: {
            private: { where: "on one host", should: "be kept out" },
            vepa: { where: "on one host", should: "not judged" }, // the switch sends back, or does not
            l3: { where: "between hosts", should: "not judged" }, // the LAN has routes, or has none
        },
        names: "all hosts",
    },
};

/** What containers are on by interfaces of their own: the LAN behind a NIC, which no component makes. */
export const LAN: Kind = {
    word: "LAN",
    spans: true,
    strangers: "not judged",
    names: "nobody",
};

/** A network that this stack's containers joined and another stack made; its state knows the rest. */
export const FOREIGN: Kind = {
    word: "another stack's",
    spans: true,
    strangers: "not judged",
    names: "all hosts",
};
