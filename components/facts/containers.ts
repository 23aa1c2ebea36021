// What a host told of its containers, in `container NAME STATE =NETWORKS id ID mark OWNER ports PORT, ...`.
import { type HostPort } from "../wire/claims";
import { type Facts } from "./clouds";

export interface SeenContainer {
    readonly name: string;
    /** In Docker's words: `running`, `exited`. */
    readonly state: string;
    /** Names with commas in between; `host` or `none` where it has no network, `container:ID` of one that has another's, `-` of none. */
    readonly networks: string;
    readonly id: string;
    /** `STACK:UNIT` of one that an attachment made; empty of any other. */
    readonly owner: string;
    readonly ports: readonly HostPort[];
}

/** Undefined where nobody could be asked. */
export function seenContainers(facts: Facts): SeenContainer[] | undefined {
    return /^\d/.test(facts.get("docker")?.[0] ?? "")
        ? (facts.get("container") ?? []).map(seenContainer)
        : undefined;
}

function seenContainer(fact: string): SeenContainer {
    const [name = "", state = "", networks = ""] = fact.split(" ");
    return {
        name,
        state,
        networks: networks.replace(/^=/, ""),
        id: / id (\S+) mark\b/.exec(fact)?.[1] ?? "",
        owner: / mark (\S+) ports\b/.exec(fact)?.[1] ?? "",
        ports: portsOf(fact),
    };
}

/** `0.0.0.0:8080->80/tcp`, and `8000-8002` where many follow one another; what has no arrow is not published. */
function portsOf(fact: string): HostPort[] {
    return [...fact.matchAll(/(\S*):(\d+)(?:-(\d+))?->[\d-]+\/(\w+)/g)].flatMap(
        ([, ip = "", first = "", last = first, protocol = ""]) =>
            Array.from({ length: Number(last) - Number(first) + 1 }, (_, at) => ({
                ip: ip.includes("::") ? "::" : ip,
                port: Number(first) + at,
                protocol,
            })),
    );
}
