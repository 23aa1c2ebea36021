// What every kind of place gives an attachment: a network has one file, and so has each other kind.
import type * as pulumi from "@pulumi/pulumi";
import { type ContainerArgs, type ContainerNetworking } from "../../resources/container";
import { type HostSession } from "../../run/session";
import { type HostPort, type WishedPort } from "../../wire/claims";
import { isDeferred, isRecord } from "../../wire/fields";
import { type Problem } from "../../wire/problem";
import { type Joined } from "../existing";
import { type AttachmentSpec } from "../schema";
import { type Unit } from "../../wire/unit";

export const COMPONENT = "ContainerAttachment";

/** The attachment as far as it is known before anything is registered. */
export interface Wanted {
    readonly name: string;
    /** The name by which the host knows it, from which all is derived. */
    readonly knownAs: string;
    readonly session: HostSession;
    readonly spec: AttachmentSpec;
    /** Name of the container that is made here; none for one that exists already. */
    readonly created: string | undefined;
    readonly containerName: pulumi.Input<string> | undefined;
    readonly container: ContainerArgs | undefined;
}

/** `container`: an attachment of this program, or a name. */
export type ContainerMode = "none" | "host" | "bridge" | { readonly container: unknown };

/** A kind of place: what is wrong with it at once, and, where nothing is, the place itself. */
export interface Kind {
    readonly problems: readonly Problem[];
    /** Called once, when the component is registered. */
    readonly place: () => Place;
}

export interface Place {
    /** What Docker is told of it as it creates the container. */
    readonly networking: ContainerNetworking;
    /** Of a container that is made here or by others: the attachment's unit. */
    readonly unit: (joined: Joined) => pulumi.Output<Unit>;
    /** What the container and the unit wait for. */
    readonly after: readonly pulumi.Resource[];
    readonly ipv4Address: pulumi.Output<string>;
    readonly networkName: pulumi.Output<string>;
    /** For those who read the state. */
    readonly said: Readonly<Record<string, unknown>>;
}

/** The ports of the host that are known now. Others are left to Docker, which refuses what is taken. */
export function portsOf(spec: AttachmentSpec): WishedPort[] {
    return [...publishedPorts(spec), ...listenedPorts(spec)];
}

function publishedPorts({ container }: AttachmentSpec): WishedPort[] {
    const ports: readonly unknown[] = Array.isArray(container?.ports) ? container.ports : [];
    return ports.flatMap((one, at) => {
        const { external, ip, protocol } = isRecord(one) ? one : {};
        const path = `container.ports[${at}].external`;
        return typeof external === "number" && !isDeferred(ip) && !isDeferred(protocol)
            ? [{ path, port: external, ip: text(ip) ?? "*", protocol: text(protocol) ?? "tcp" }]
            : [];
    });
}

/** Of a container with the host's network, as the program says. */
function listenedPorts({ listens = [] }: AttachmentSpec): WishedPort[] {
    return listens
        .map((one) => (typeof one === "number" ? { port: one } : one))
        .map(({ port, protocol = "tcp", ip = "*" }: Listened, at) => ({
            path: `listens[${at}]`,
            port,
            protocol,
            ip,
        }));
}

type Listened = Partial<HostPort> & Pick<HostPort, "port">;

function text(value: unknown): string | undefined {
    return typeof value === "string" ? value : undefined;
}
