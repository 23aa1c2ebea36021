import { z } from "zod";
import {
    address,
    alias,
    cidr,
    dockerObjectName,
    handle,
    input,
    isRecord,
    port,
} from "../wire/fields";
import { interfaceSchema } from "./places/interfaceSchema";
import { wording } from "../wire/wording";

/** What the attachment decides by itself, and what to write instead. */
function owned(instead: string) {
    return z
        .undefined({ error: `is set by the attachment: ${instead}` })
        .optional()
        .describe("Set by the attachment.");
}

const publishedPort = z.looseObject({
    internal: input(port),
    external: input(port).optional(),
    ip: input(address).optional(),
    protocol: input(z.enum(["tcp", "udp", "sctp"])).optional(),
});

const container = z.looseObject({
    image: input(z.string().min(1, { error: "is empty" })).describe(
        "Image to run, as `registry.example/api:1.4`.",
    ),
    name: dockerObjectName.optional().describe("Name on the host. Default: project-stack-name."),
    ports: input(z.array(input(publishedPort)))
        .optional()
        .describe("Published ports."),
    networksAdvanced: owned("use the attachment's network, ipv4Address and aliases"),
    networkMode: owned("use the attachment's network, or its mode"),
});

const modeWord = z.enum(["none", "host", "bridge"], {
    error: 'is not a mode: "none", "host", "bridge", or { container: other }',
});
const otherContainer = z.strictObject({
    container: z.union([handle("is not a container"), dockerObjectName], {
        error: "is not a container: write an attachment of this host, or a Docker name",
    }),
});
/** By what it looks like, so that what is wrong is said of the part that is. */
const mode = z.unknown().check(({ value, issues }) => {
    const found = (isRecord(value) ? otherContainer : modeWord).safeParse(value);
    for (const issue of found.error?.issues ?? []) {
        issues.push({
            code: "custom",
            message: wording(issue),
            path: [...issue.path],
            input: value,
        });
    }
});

const listened = z.union(
    [
        port,
        z.strictObject({
            port,
            protocol: z.enum(["tcp", "udp"]).optional(),
            ip: address.optional(),
        }),
    ],
    { error: "is not a port: write a number, 1 to 65535, or { port, protocol, ip }" },
);

/** The kinds of place, of which an attachment names one. */
const PLACES = ["network", "mode", "interface"] as const;
const ONE_PLACE = "needs exactly one of network, mode or interface";

const ONE_CONTAINER =
    'needs either container: { image: "..." }, which is created, or containerName: "...", which exists already';

export const attachmentSchema = z
    .strictObject({
        host: handle("is not a Host").describe("The host that the container runs on."),
        network: handle("is not a network, such as an Overlay")
            .optional()
            .describe("The network to join."),
        mode: mode.optional().describe("Replaces the container's network."),
        listens: z
            .array(listened)
            .optional()
            .describe("Ports of the host that a container with the host's network listens on."),
        ipv4Address: address
            .optional()
            .describe("Static address. Default: derived from the attachment's name."),
        aliases: z
            .array(alias)
            .optional()
            .describe(
                "Names under which containers on the network find it. Default: the logical name.",
            ),
        container: container.optional().describe("The container to create."),
        containerName: input(dockerObjectName)
            .optional()
            .describe("Name of an existing container."),
        interface: interfaceSchema
            .optional()
            .describe("An extra interface of the container, unknown to Docker."),
        defaultRoute: z
            .boolean()
            .optional()
            .describe("Whether the container's default route goes through the network."),
    })
    .refine(hasOneContainer, { error: ONE_CONTAINER, when: isWritten })
    .refine(hasOnePlace, { error: ONE_PLACE, when: isWritten });

const hostNetwork = z.looseObject({
    network: z.string(),
    subnet: cidr,
    gateway: address,
    ipRange: cidr,
    reserved: z.array(z.looseObject({ from: address, to: address, why: z.string() })).optional(),
    lan: z
        .looseObject({ link: z.string().optional(), hosts: z.record(z.string(), address) })
        .optional(),
    shim: z.looseObject({ link: z.string(), address }).optional(),
});

/** A network of another stack: what `overlay.handle` was when that stack was last updated. */
export const networkHandleSchema = z.looseObject({
    networks: input(z.record(z.string(), input(hostNetwork))),
});

export type AttachmentSpec = z.output<typeof attachmentSchema>;

function hasOneContainer(args: Readonly<Record<string, unknown>>): boolean {
    return (args["container"] === undefined) !== (args["containerName"] === undefined);
}

function hasOnePlace(args: Readonly<Record<string, unknown>>): boolean {
    return PLACES.filter((place) => args[place] !== undefined).length === 1;
}

/** Also where other fields are wrong. */
function isWritten({ value }: { readonly value: unknown }): boolean {
    return isRecord(value);
}
