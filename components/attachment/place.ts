// What every kind of place gives an attachment: a network has one file, and so has each other kind.
import type * as pulumi from "@pulumi/pulumi";
import { type ContainerNetworking } from "../realize/docker";
import { type HostSession } from "../realize/session";
import { type HostPort } from "../wire/claims";
import { isDeferred, isRecord } from "../wire/fields";
import { type Problem } from "../wire/problem";
import { type Joined } from "./existing";
import { type AttachmentSpec } from "./schema";

export const COMPONENT = "ContainerAttachment";

/** The attachment as far as it is known before anything is registered. */
export interface Wanted {
    readonly name: string;
    readonly session: HostSession;
    readonly spec: AttachmentSpec;
    /** Name of the container that is made here; none for one that exists already. */
    readonly created: string | undefined;
    readonly containerName: pulumi.Input<string> | undefined;
}

/** A kind of place: what is wrong with it at once, and, where nothing is, the place itself. */
export interface Kind {
    readonly problems: readonly Problem[];
    /** Called once, when the component is registered. */
    readonly place: () => Place;
}

export interface Place {
    /** What Docker is told of it as it creates the container. */
    readonly networking: ContainerNetworking;
    /** Of a container that is made here or by others: the text of the attachment's unit. */
    readonly text: (joined: Joined) => pulumi.Output<string>;
    /** What the container and the unit wait for. */
    readonly after: readonly pulumi.Resource[];
    readonly ipv4Address: pulumi.Output<string>;
    readonly networkName: pulumi.Output<string>;
    /** For those who read the state. */
    readonly said: Readonly<Record<string, unknown>>;
}

/** The ports that are known now. Others are left to Docker, which refuses what is taken. */
export function publishedPorts({ container }: AttachmentSpec): HostPort[] {
    const ports: readonly unknown[] = Array.isArray(container?.ports) ? container.ports : [];
    return ports
        .filter(isRecord)
        .flatMap(({ external, ip, protocol }) =>
            typeof external === "number" && !isDeferred(ip) && !isDeferred(protocol)
                ? [{ port: external, ip: text(ip) ?? "0.0.0.0", protocol: text(protocol) ?? "tcp" }]
                : [],
        );
}

function text(value: unknown): string | undefined {
    return typeof value === "string" ? value : undefined;
}
