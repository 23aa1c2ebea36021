import { type Problem } from "../../wire/problem";
import { type ContainerMode } from "./place";
import { type AttachmentSpec } from "../schema";

/** Fields of the container that Docker refuses beside a mode, or leaves without effect, and what to do instead. */
type Excluded = Readonly<Record<string, string>>;

const NO_PORTS = "a container with mode";
const EXCLUDED: Readonly<Record<"none" | "host" | "bridge" | "container", Excluded>> = {
    none: publishing(
        `${NO_PORTS} "none" is reached by nobody: leave them out, or write mode: "bridge"`,
    ),
    host: publishing(
        `${NO_PORTS} "host" publishes nothing, as it has the host's own ports: say which in listens`,
    ),
    bridge: {},
    container: {
        ...publishing("belong to the other container: publish them there"),
        hostname: "belongs to the other container: set it there",
        domainname: "belongs to the other container: set it there",
        dns: "belongs to the other container: set it there",
        dnsOpts: "belong to the other container: set them there",
        dnsSearches: "belong to the other container: set them there",
        hosts: "belong to the other container: set them there",
    },
};

export function modeProblems(
    { ipv4Address, aliases, defaultRoute, container }: AttachmentSpec,
    mode: ContainerMode,
    existing: boolean,
): Problem[] {
    const word = typeof mode === "string" ? mode : "container";
    const excluded = Object.entries(EXCLUDED[word]).filter(([field]) => isSaid(container?.[field]));
    const inNetwork = `belongs to a network, and mode ${shown(word)} has none: leave it out, or write network instead of mode`;
    return [
        ...(existing ? [CREATED_ONLY] : []),
        ...(ipv4Address === undefined ? [] : [{ path: "ipv4Address", message: inNetwork }]),
        ...(aliases === undefined ? [] : [{ path: "aliases", message: inNetwork }]),
        ...(defaultRoute === undefined ? [] : [{ path: "defaultRoute", message: inNetwork }]),
        ...excluded.map(([field, message]) => ({ path: `container.${field}`, message })),
    ];
}

const CREATED_ONLY: Problem = {
    path: "containerName",
    message:
        "names an existing container, and Docker cannot change the network mode of one: write container: { ... } to create one, or network to connect this one",
};

function publishing(message: string): Excluded {
    return { ports: message, publishAllPorts: message };
}

function shown(word: string): string {
    return word === "container" ? "{ container }" : `"${word}"`;
}

/** An empty list says nothing, and `publishAllPorts: false` neither. */
function isSaid(value: unknown): boolean {
    return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
}
