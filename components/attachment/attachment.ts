// A container and its place on a network:
//
//   container api ---- eth0, 10.42.1.200 ---- the network's bridge on the host
//                      names api, www
//
// A container that is created here is two Pulumi resources: the container, by the Docker provider, and
// the command that keeps it connected. One that exists already is the command alone. The host holds
// one entry, which tells a lost or changed connection as drift; for containers that others make a
// second one, a service of systemd for all of them, which attaches one that was made anew.
import * as pulumi from "@pulumi/pulumi";
import { type HostHandle } from "../host/handle";
import { localNetwork, type NetworkHandle } from "../network/handle";
import { type HostNetwork } from "../network/hostNetwork";
import { type ContainerArgs, createContainer, dockerProviderOf } from "../realize/docker";
import { heldOnLan } from "../realize/lan";
import { parsed, Refusal, refuse } from "../realize/refuse";
import { type HostSession, sessionOfHost, sessionsSoFar } from "../realize/session";
import { unitCommand } from "../realize/unit";
import { type Claims, type HostPort } from "../wire/claims";
import { isDeferred, isRecord } from "../wire/fields";
import { dockerName, unitName } from "../wire/identity";
import { check, type Problem, report } from "../wire/problem";
import { unitText } from "../wire/unit";
import { existingContainer, type Joined, previewProblems } from "./existing";
import {
    aliasProblems,
    claimAddress,
    claimEndpoint,
    claimName,
    claimPorts,
    placeAttachment,
    planAttachment,
    portProblems,
} from "./plan";
import { type AttachmentSpec, attachmentSchema, networkHandleSchema } from "./schema";

const COMPONENT = "ContainerAttachment";

export interface ContainerAttachmentArgs {
    /** The host that the container runs on. Changing it replaces a created container. */
    host: HostHandle;
    /**
     * The network to join: an Overlay, a Bridge, a Macvlan, or what another stack exports as its `handle`.
     * Changing it replaces a created container and connects an existing one anew.
     */
    network: pulumi.Input<NetworkHandle>;
    /**
     * Static address in the host's subnet, outside of the part from which Docker gives out addresses by
     * itself (the first quarter, unless a Bridge or a Macvlan says else); on a LAN, one that nobody
     * answers for. Default: one derived from the logical name,
     * stable for ever. Changing it replaces a created container and connects an existing one anew.
     */
    ipv4Address?: string;
    /**
     * Names by which containers on the same host and network find it. Default: the logical name.
     * Changing them replaces a created container and connects an existing one anew.
     */
    aliases?: string[];
    /**
     * The container to create: all arguments of `docker.Container` but its networks. Either this or
     * `containerName`. Changing it replaces the container, where Docker cannot change it in place.
     */
    container?: ContainerArgs;
    /**
     * Name of a container that exists already, made by compose or by hand, running or stopped: it is
     * connected as it is, and connected again as soon as one made anew starts, by a service on the
     * host; removing the attachment disconnects it and does no more. It has to be there at a preview that would connect it. One that the same
     * program makes is named by an output, as `container.name` or `other.containerName`, or with
     * `dependsOn`. Several attachments may name one container, each on another network. Changing it
     * disconnects the one and connects the other.
     */
    containerName?: pulumi.Input<string>;
}

/**
 * A container that is joined to a network: one that is created for it, or one that exists already.
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
        const created = createdName(session, name, spec);
        refuse(COMPONENT, name, localProblems(session, name, spec, args, created));
        super("crosshost:index:ContainerAttachment", name, {}, opts);

        const place = placeOn(session, name, spec, args.network);
        const others = sessionsOn(session, args.network);
        const plan: Plan = { name, session, others, aliases: spec.aliases ?? [name], place };
        const after = networkCommand(session, args.network);
        const joined = args.container
            ? this.create(plan, args.host, args.container, created ?? name, after)
            : existingContainer(COMPONENT, name, session, args.containerName ?? "", opts);
        this.connect(plan, joined, after);

        this.containerName = joined.name;
        this.containerId = joined.id;
        this.ipv4Address = place.address;
        this.networkName = place.network;
        this.registerOutputs({
            containerName: this.containerName,
            containerId: this.containerId,
            ipv4Address: this.ipv4Address,
            networkName: this.networkName,
            hostName: session.name,
            aliases: plan.aliases,
            ...extentOf(args.network, place),
        });
    }

    private create(
        { name, session, aliases, place }: Plan,
        host: HostHandle,
        container: ContainerArgs,
        containerName: string,
        after: readonly pulumi.Resource[],
    ): Joined {
        const made = createContainer(session, this, dockerProviderOf(host), {
            resourceName: `${name}-container`,
            containerName,
            unit: unitName("attachment", name),
            container,
            network: { name: place.network, aliases, ipv4Address: place.address },
            after,
        });
        return { name: made.name, id: made.id, maker: made };
    }

    private connect(
        { name, session, others, aliases, place }: Plan,
        joined: Joined,
        after: readonly pulumi.Resource[],
    ): void {
        const unit = unitName("attachment", name);
        const text = pulumi
            .all([joined.name, place.here, place.address])
            .apply(async ([container, { network, lan, shim }, ipv4Address]) => {
                const existing = joined.maker === undefined;
                const way = lan?.link ? shim : undefined;
                const endpoint = { container, network, ipv4Address, aliases, existing, shim: way };
                const wanted = unitText(planAttachment(endpoint));
                if (joined.hasToBeThere) {
                    const problems = await previewProblems(session, unit, wanted, container);
                    refuse(COMPONENT, name, problems);
                }
                const asked = { link: lan?.link, address: ipv4Address };
                const held = await heldOnLan(session, others, { unit, wanted, ...asked });
                refuse(COMPONENT, name, held ? [heldProblem(held)] : []);
                return wanted;
            });
        const all = joined.maker ? [...after, joined.maker] : after;
        unitCommand(session, this, { name: unit, text, after: all, made: joined.made });
    }
}

/** What the parts of an attachment are made from. */
interface Plan {
    readonly name: string;
    readonly session: HostSession;
    readonly others: readonly HostSession[];
    readonly aliases: readonly string[];
    readonly place: Place;
}

interface Place {
    readonly here: pulumi.Output<HostNetwork>;
    readonly network: pulumi.Output<string>;
    readonly address: pulumi.Output<string>;
}

/** The name of the container that is made here; none for one that exists already. */
function createdName(
    session: HostSession,
    name: string,
    { container }: AttachmentSpec,
): string | undefined {
    return container && (container.name ?? dockerName(session.stack, name));
}

/** Mistakes that show before anything is registered: names, ports, and addresses where known. */
function localProblems(
    session: HostSession,
    name: string,
    spec: AttachmentSpec,
    { network, containerName }: ContainerAttachmentArgs,
    created: string | undefined,
): Problem[] {
    const problems = [
        ...aliasProblems(name, spec.aliases),
        ...claimPorts(session.ports, name, session.name, publishedPorts(spec)),
    ];
    if (created !== undefined) {
        problems.push(...claimName(session.containerNames, name, created, session.name));
    }
    const local = localNetwork(network);
    if (!local) {
        return problems;
    }
    const here = local.networks[session.name];
    if (!here) {
        return [...problems, notThere(session.name, Object.keys(local.networks))];
    }
    const known = created ?? containerName;
    if (typeof known === "string") {
        const clash = claimEndpoint(session.things, name, known, here.network);
        problems.push(...(created === undefined ? clash : []));
    }
    problems.push(...portProblems(here, spec.container?.ports));
    const placed = placeAttachment(session.stack, name, here, spec.ipv4Address);
    return placed.problems.length > 0
        ? [...problems, ...placed.problems]
        : [
              ...problems,
              ...claimAddress(
                  claimsOn(sessionsOn(session, network), local.networks),
                  name,
                  placed.address,
                  here,
              ),
          ];
}

/** The network's name on the host and the container's address; of another stack's, at run time. */
function placeOn(
    session: HostSession,
    name: string,
    spec: AttachmentSpec,
    network: pulumi.Input<NetworkHandle>,
): Place {
    const all = networksOf(name, network);
    const here = all.apply((networks): HostNetwork => {
        const found = networks[session.name];
        if (!found) {
            const problem = notThere(session.name, Object.keys(networks));
            throw new Refusal(report(COMPONENT, name, [problem]));
        }
        return found;
    });
    const sessions = sessionsOn(session, network);
    const address = pulumi.all([here, all]).apply(([there, networks]) => {
        const placed = placeAttachment(session.stack, name, there, spec.ipv4Address);
        refuse(COMPONENT, name, placed.problems);
        if (!localNetwork(network)) {
            const claims = claimsOn(sessions, networks);
            refuse(COMPONENT, name, [
                ...portProblems(there, spec.container?.ports),
                ...claimAddress(claims, name, placed.address, there),
            ]);
        }
        return placed.address;
    });
    return { here, network: here.apply((there) => there.network), address };
}

/** Hosts that may be on the network, the container's own first: an address is claimed on all that are. */
function sessionsOn(session: HostSession, network: pulumi.Input<NetworkHandle>): HostSession[] {
    const others = localNetwork(network)?.sessions ?? sessionsSoFar();
    return [session, ...others.filter((one) => one !== session)];
}

function claimsOn(
    sessions: readonly HostSession[],
    networks: Readonly<Record<string, HostNetwork>>,
): Claims[] {
    return sessions.filter(({ name }) => name in networks).map(({ addresses }) => addresses);
}

function networksOf(
    name: string,
    network: pulumi.Input<NetworkHandle>,
): pulumi.Output<Record<string, HostNetwork>> {
    const local = localNetwork(network);
    if (local) {
        return pulumi.output({ ...local.networks });
    }
    return pulumi.output(network).apply((handle) => {
        const { problems } = check(networkHandleSchema, handle, "network");
        refuse(COMPONENT, name, problems);
        return pulumi.output(handle.networks);
    });
}

/** For those who read the state, where a network of another stack is not. */
function extentOf(network: pulumi.Input<NetworkHandle>, place: Place) {
    const handle = place.network.apply(() => pulumi.output(network));
    return {
        networkCidr: handle.apply(({ cidr }) => cidr),
        mtu: handle.apply(({ mtu }) => mtu),
    };
}

function networkCommand(
    session: HostSession,
    network: pulumi.Input<NetworkHandle>,
): pulumi.Resource[] {
    const made = localNetwork(network)?.commands[session.name] ?? session.lastCommand;
    return made ? [made] : [];
}

function heldProblem(held: string): Problem {
    const message = `${held}: write another ipv4Address, or take that machine off the LAN`;
    return { path: "ipv4Address", message };
}

function notThere(host: string, hosts: readonly string[]): Problem {
    const message = `${host} is not one of the network's hosts, ${hosts.join(", ")}: add it there`;
    return { path: "host", message };
}

/** The ports that are known now. Others are left to Docker, which refuses what is taken. */
function publishedPorts({ container }: AttachmentSpec): HostPort[] {
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
