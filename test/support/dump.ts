import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Prints a host's dump, section by section. */
export const DUMP = readFileSync(join(__dirname, "dump.sh"), "utf8");

interface Section {
    /** Lines that are left out. */
    readonly without?: RegExp;
    /** What is taken out of the others, or replaced. */
    readonly replaced?: readonly (readonly [RegExp, string])[];
    /** Where the order tells nothing. */
    readonly sorted?: boolean;
}

/** Indices, carrier states, and what an address or a link counts. */
const OF_LINKS = [
    [/mcast_[a-z_]+ [^ ]+ ?/g, ""],
    [/^\d+: /, ""],
    [/@if\d+:/, ":"],
    [/ state [A-Z]+/, ""],
    [/ qlen \d+/, ""],
    [/<[^>]*>/, ""],
    [/ (valid|preferred)_lft [^ ]+/g, ""],
    [/\\ +/g, " "],
] as const;

/**
 * What of a dump changes by itself. docker0 has another random address after each start of the
 * machine; a link-local one of IPv6, and what its ports could segment, from its first container to
 * the next start.
 */
const SECTIONS: Readonly<Record<string, Section>> = {
    links: {
        without: /^\d+: veth/,
        replaced: [
            ...OF_LINKS,
            [
                / (gc_timer|hello_timer|tcn_timer|topology_change_timer|bridge_id|designated_root|root_path_cost|root_port|fdb_n_learned) +[^ ]+/g,
                "",
            ],
            [/^(docker0:.*) tso_max_size \d+/, "$1"],
        ],
        sorted: true,
    },
    addresses: {
        without: /^\d+: (veth|docker0 *inet6 fe80:)/,
        replaced: OF_LINKS,
        sorted: true,
    },
    routes: {
        without: /dev veth|^[a-z ]*f[ef][0-9a-f]*:.* dev docker0 /,
        replaced: [
            [/ (linkdown|dead)/g, ""],
            [/ expires \d+sec/, ""],
        ],
        sorted: true,
    },
    rules: { sorted: true },
    neighbours: { sorted: true },
    fdb: {
        without: /^((?!permanent).)*$|dev veth|^33:33|^01:00:5e/,
        replaced: OF_LINKS,
        sorted: true,
    },
    // Docker 28 leaves its empty table `raw` behind until the next boot; a rule in it would still be shown.
    nft: { without: /^#|^table ip6? raw|hook (prerouting|output) priority raw; policy accept/ },
    iptables: { without: /^#|^\*raw$/, replaced: [[/\[\d+:\d+\]/, ""]] },
    sysctl: {
        without:
            /nf_conntrack_count|fastopen_key|stable_secret|random|veth|\/route\/flush|inet_peer|base_reachable_time_ms/,
        sorted: true,
    },
    modules: { replaced: [[/ .*/, ""]], sorted: true },
    files: { sorted: true },
    units: {},
};

export function canonical(dump: string): string {
    const docker0 = /: docker0: .* link\/ether ([0-9a-f:]+)/.exec(dump)?.[1] ?? "no docker0";
    return dump
        .split(/^== /m)
        .slice(1)
        .map((text) => {
            const [name = "", ...lines] = text.trimEnd().split("\n");
            return [`== ${name}`, ...canonicalLines(name, lines, docker0), ""].join("\n");
        })
        .join("");
}

function canonicalLines(name: string, lines: readonly string[], docker0: string): string[] {
    const { without, replaced = [], sorted = false } = SECTIONS[name] ?? {};
    const kept = lines
        .filter((line) => !without?.test(line))
        .map((line) =>
            replaced.reduce(
                (text, [what, by]) => text.replace(what, by),
                line.replace(docker0, "DOCKER0").trimEnd(),
            ),
        );
    return sorted ? kept.sort() : kept;
}
