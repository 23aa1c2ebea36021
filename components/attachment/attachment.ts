// A container and its place on a network:
//
//   container api ---- eth0, 10.42.1.200 ---- the network's bridge on the host
//                      names api, www
//
// A container that is created here is two Pulumi resources: the container, by the Docker provider, and
// the command that keeps it connected. An existing container is the command alone. The host keeps one
// entry, which reports a lost or changed connection as drift. For containers that others create there is
// a second entry: a systemd service, shared by all of them, which attaches a recreated one.
import * as pulumi from "@pulumi/pulumi";
import { type HostHandle } from "../host/handle";
import { type NetworkHandle } from "../network/handle";
import { type ContainerArgs, createContainer, dockerProviderOf } from "../resources/container";
import { knownAs } from "../run/knownAs";
import { checkStranger } from "../preview/containers";
import { parsed, refuse } from "../run/refuse";
import { type HostSession, sessionOfHost } from "../run/session";
import { ownerOf } from "../resources/succession";
import { unitCommand, unitResource } from "../resources/command";
import { fitting } from "../resources/findings";
import { dockerName, unitName } from "../wire/identity";
import { type Problem, titleOf } from "../wire/problem";
import { existingContainer, type Joined } from "./existing";
import { interfaceKind } from "./places/interface";
import { type InterfaceArgs } from "./places/interfaceArgs";
import { rememberAttachment } from "./made";
import { modeKind } from "./places/mode";
import { networkKind } from "./places/network";
import { COMPONENT, type Kind, type Place, portsOf, type Wanted } from "./places/place";
import { claimKnownAs, claimName, claimPorts } from "./plan";
import { type AttachmentSpec, attachmentSchema } from "./schema";

/** A port of the host. */
export interface ListenedPort {
    /** The port's number, 1 to 65535. */
    port: number;
    /** Default: tcp. */
    protocol?: "tcp" | "udp";
    /** Address of the host. Default: all of them. */
    ip?: string;
}

export interface ContainerAttachmentArgs {
    /** The host that the container runs on. Changing it replaces a created container. */
    host: HostHandle;
    /**
     * The network to join: an Overlay, a Bridge, a Macvlan, or what another stack exports as its
     * `handle`. One of `network`, `mode` and `interface` is needed. Changing it replaces a created
     * container and reconnects an existing one.
     */
    network?: pulumi.Input<NetworkHandle>;
    /**
     * Replaces the network of a created container. `"none"`: no link but lo. `"host"`: the host's own
     * links, addresses and ports. `"bridge"`: Docker's default network. `{ container: web }`: the
     * network namespace of another container on the host, an attachment of this program or a container
     * by name; it is restarted or replaced together with that container. `ipv4Address` and `aliases`
     * are not allowed; ports are published with `"bridge"` only. Changing it replaces the container.
     */
    mode?: "none" | "host" | "bridge" | { container: ContainerAttachment | pulumi.Input<string> };
    /**
     * Ports of the host that a container with mode `"host"` listens on: `80`, or `{ port: 53, protocol:
     * "udp", ip: "127.0.0.1" }`; a number is tcp on every address. This opens nothing: a preview
     * refuses a port that another attachment, or something else on the host, already has. Default: none
     * declared; a preview then warns if a port that the image EXPOSEs is taken (only for images the
     * host already has). Changing it changes nothing on the host.
     */
    listens?: (number | ListenedPort)[];
    /**
     * Static address in the host's subnet, outside the part from which Docker gives out addresses by
     * itself (the first quarter, unless a Bridge or a Macvlan sets another); on a LAN, one that no
     * machine uses. Default: derived from the logical name (the former name, if `opts.aliases` has it),
     * or the next address that is free on the network's hosts; the attachment then keeps it. Changing
     * it replaces a created container and reconnects an existing one.
     */
    ipv4Address?: string;
    /**
     * Further names under which containers on the network find it: on its host by Docker's DNS, on
     * other hosts by a line in their hosts files. Default: the logical name (the former name, if
     * `opts.aliases` has it). Changing them replaces a created container and reconnects an existing
     * one.
     */
    aliases?: string[];
    /**
     * The container to create: all arguments of `docker.Container` except its networks. Set either this
     * or `containerName`. Changing it replaces the container, unless Docker can change it in place.
     */
    container?: ContainerArgs;
    /**
     * Name of an existing container, made by compose or by hand, running or stopped. It is connected as
     * it is, and a service on the host connects it again as soon as a recreated one starts; removing
     * the attachment only disconnects it. It has to exist at the preview that would connect it. For one
     * that the same program creates, give an output such as `container.name` or `other.containerName`,
     * or use `dependsOn`. Several attachments may name one container, each on a different network.
     * Changing it disconnects the old container and connects the new one.
     */
    containerName?: pulumi.Input<string>;
    /**
     * Instead of `network`: an extra interface that the host creates inside the container, on a NIC or
     * a Bridge, unknown to Docker. A container created with it gets network mode `none`. The interface
     * appears shortly after each start of the container; its program may have to wait for it. Changing
     * it to or from a network replaces a created container.
     */
    interface?: InterfaceArgs;
    /**
     * Whether the container's default route goes through this network, if it is on several; only one of
     * a container's attachments may set it. Default: `false`, Docker's choice. Changed in place.
     */
    defaultRoute?: boolean;
}

/**
 * Joins a container to a network: one that is created for it, or one that exists already.
 *
 * ```ts
 * const api = new ContainerAttachment("api", {
 *     host: vm1,
 *     network: mesh,
 *     ipv4Address: "10.42.1.200",
 *     container: { image: "registry.example/api:1.4", ports: [{ internal: 80, external: 8080 }] },
 * });
 * const db = new ContainerAttachment("db", { host: vm2, network: mesh, containerName: "postgres" });
 * ```
 */
export class ContainerAttachment extends pulumi.ComponentResource {
    /** Docker's name of the container. */
    public readonly containerName: pulumi.Output<string>;
    /** Docker's id of a container that is created here; undefined for one that exists already. */
    public readonly containerId: pulumi.Output<string | undefined>;
    /** Its address on the network. */
    public readonly ipv4Address: pulumi.Output<string>;
    /** Docker's name of the network. */
    public readonly networkName: pulumi.Output<string>;

    constructor(
        name: string,
        args: ContainerAttachmentArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        const spec = parsed(attachmentSchema, COMPONENT, name, args);
        const session = sessionOfHost(COMPONENT, name, args.host);
        const known = knownAs(name, opts);
        const created = createdName(session, known, spec);
        const { containerName, container } = args;
        const wanted = { name, knownAs: known, session, spec, created, containerName, container };
        const kind = kindOf(wanted, args);
        refuse(COMPONENT, name, [...containerProblems(wanted), ...kind.problems]);
        super("crosshost:index:ContainerAttachment", name, {}, opts);

        const place = kind.place();
        const joined = args.container
            ? this.create(wanted, place, args.host, args.container)
            : existingContainer(COMPONENT, name, session, containerName ?? "", opts);
        const makers = joined.maker ? [joined.maker] : [];
        const unit = unitName("attachment", known);
        const image = isSilentOnPorts(spec) ? args.container?.image : undefined;
        if (image !== undefined) {
            session.silent.push({ attachment: name, unit, image });
        }
        const command = unitCommand(session, this, {
            of: name,
            name: unit,
            title: titleOf(COMPONENT, name),
            wanted: place.unit(joined),
            after: [...place.after, ...makers],
            made: joined.made,
            ports: { container: created ?? "", ports: portsOf(spec), image },
        });

        this.containerName = joined.name;
        this.containerId = joined.id;
        this.ipv4Address = place.ipv4Address;
        this.networkName = place.networkName;
        rememberAttachment(this, {
            session,
            name: this.containerName,
            id: this.containerId,
            created: joined.maker !== undefined,
            resources: [...makers, command],
            ipv4Address: this.ipv4Address,
            networkName: this.networkName,
        });
        const outputs = {
            containerName: this.containerName,
            containerId: this.containerId,
            ipv4Address: this.ipv4Address,
            networkName: this.networkName,
            hostName: session.name,
            ...place.said,
        };
        this.registerOutputs(fitting(this, outputs));
    }

    private create(
        { name, knownAs: known, session, spec, created }: Wanted,
        { networking, after, networkName, ipv4Address }: Place,
        host: HostHandle,
        container: ContainerArgs,
    ): Joined {
        const containerName = created ?? known;
        const made = createContainer(session, this, dockerProviderOf(host), {
            resourceName: `${name}-container`,
            containerName,
            unit: unitName("attachment", known),
            container,
            networking,
            wish: {
                owner: ownerOf(session, this, unitResource(name, session.name)),
                ports: portsOf(spec),
                network: networkName,
                ipv4Address,
            },
            after,
        });
        const ours = session.gone ? undefined : checkStranger(session, containerName);
        const named = pulumi.all([made.name, ours]).apply(([there]) => there);
        return { name: named, id: made.id, maker: made };
    }
}

/** The schema has seen to it that there is one. */
function kindOf(wanted: Wanted, args: ContainerAttachmentArgs): Kind {
    const { interface: own } = wanted.spec;
    if (args.network !== undefined) {
        return networkKind(wanted, args.network);
    }
    if (own !== undefined && args.interface !== undefined) {
        return interfaceKind(wanted, own, args.interface.on);
    }
    if (args.mode !== undefined) {
        return modeKind(wanted, args.mode);
    }
    throw new Error(`${COMPONENT} "${wanted.name}" has no place`);
}

/** The name of the container that is made here; none for one that exists already. */
function createdName(
    session: HostSession,
    name: string,
    { container }: AttachmentSpec,
): string | undefined {
    return container && (container.name ?? dockerName(session.stack, name));
}

const NOT_LISTENING: Problem = {
    path: "listens",
    message: 'only applies to mode "host": other containers publish ports with container.ports',
};

/** Mistakes of the container itself, wherever it is. */
function containerProblems({ name, knownAs: known, session, spec, created }: Wanted): Problem[] {
    const namesake = claimKnownAs(session.things, name, known);
    const ports = claimPorts(session.ports, name, session.name, portsOf(spec));
    const taken =
        created === undefined ? [] : claimName(session.containerNames, name, created, session.name);
    const noLogin = session.containerLoginProblem;
    const loginless: Problem[] =
        created === undefined || noLogin === undefined ? [] : [{ path: "host", message: noLogin }];
    const silent = spec.listens === undefined || spec.mode === "host";
    return [...namesake, ...ports, ...taken, ...loginless, ...(silent ? [] : [NOT_LISTENING])];
}

/** Then what its image declares is looked at. */
function isSilentOnPorts({ mode, listens }: AttachmentSpec): boolean {
    return mode === "host" && listens === undefined;
}
