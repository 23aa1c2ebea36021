// A container and its place on a network:
//
//   container api ---- eth0, 10.42.1.200 ---- the network's bridge on the host
//                      names api, www
//
// Two Pulumi resources: the container, by the Docker provider, and the command that keeps it
// connected. The host holds one entry, which tells a lost or changed connection as drift.
import * as pulumi from "@pulumi/pulumi";
import { type HostHandle } from "../host/handle";
import { localNetwork, type NetworkHandle } from "../network/handle";
import { type HostNetwork } from "../network/hostNetwork";
import { type ContainerArgs, createContainer, dockerProviderOf } from "../realize/docker";
import { parsed, Refusal, refuse } from "../realize/refuse";
import { type HostSession, sessionOfHost } from "../realize/session";
import { unitCommand } from "../realize/unit";
import { type HostPort } from "../wire/claims";
import { isDeferred, isRecord } from "../wire/fields";
import { dockerName, unitName } from "../wire/identity";
import { check, type Problem, report } from "../wire/problem";
import { unitText } from "../wire/unit";
import { aliasProblems, claimAddress, claimPorts, placeAttachment, planAttachment } from "./plan";
import { type AttachmentSpec, attachmentSchema, networkHandleSchema } from "./schema";

const COMPONENT = "ContainerAttachment";

export interface ContainerAttachmentArgs {
    /** The host that the container runs on. Changing it replaces the container. */
    host: HostHandle;
    /** The network to join: an Overlay, or what another stack exports as `overlay.handle`. */
    network: pulumi.Input<NetworkHandle>;
    /**
     * Static address in the host's subnet, outside the first quarter, from which Docker gives out
     * addresses by itself. Default: one derived from the logical name, stable for ever. Changing it
     * replaces the container.
     */
    ipv4Address?: string;
    /**
     * Names by which containers on the same host and network find it. Default: the logical name.
     * Changing them replaces the container.
     */
    aliases?: string[];
    /** The container to create: all arguments of `docker.Container` but its networks. */
    container: ContainerArgs;
}

/**
 * A container that is joined to a network.
 *
 * ```ts
 * const api = new ContainerAttachment("api", {
 *     host: vm1,
 *     network: mesh,
 *     ipv4Address: "10.42.1.200",
 *     container: { image: "registry.example/api:1.4", ports: [{ internal: 80, external: 8080 }] },
 * });
 * ```
 */
export class ContainerAttachment extends pulumi.ComponentResource {
    /** Docker's name of the container. */
    public readonly containerName: pulumi.Output<string>;
    /** Docker's id of the container. */
    public readonly containerId: pulumi.Output<string>;
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
        const aliases = spec.aliases ?? [name];
        const session = sessionOfHost(COMPONENT, name, args.host);
        const containerName = spec.container.name ?? dockerName(session.stack, name);
        refuse(COMPONENT, name, localProblems(session, name, spec, args, containerName));
        super("crosshost:index:ContainerAttachment", name, {}, opts);

        const place = placeOn(session, name, spec, args.network);
        const unit = unitName("attachment", name);
        const container = createContainer(session, this, dockerProviderOf(args.host), {
            resourceName: `${name}-container`,
            containerName,
            unit,
            container: args.container,
            network: { name: place.network, aliases, ipv4Address: place.address },
            after: networkCommand(session, args.network),
        });
        unitCommand(session, this, {
            name: unit,
            text: pulumi
                .all([place.network, place.address])
                .apply(([network, ipv4Address]) =>
                    unitText(
                        planAttachment({ container: containerName, network, ipv4Address, aliases }),
                    ),
                ),
            after: [container],
        });

        this.containerName = container.name;
        this.containerId = container.id;
        this.ipv4Address = place.address;
        this.networkName = place.network;
        this.registerOutputs({
            containerName: this.containerName,
            containerId: this.containerId,
            ipv4Address: this.ipv4Address,
            networkName: this.networkName,
        });
    }
}

/** Mistakes that show before anything is registered: names, ports, and addresses where known. */
function localProblems(
    session: HostSession,
    name: string,
    spec: AttachmentSpec,
    { network }: ContainerAttachmentArgs,
    containerName: string,
): Problem[] {
    const problems = [
        ...aliasProblems(name, spec.aliases),
        ...claimPorts(session.ports, name, session.name, publishedPorts(spec)),
    ];
    const holder = session.containerNames.claim(containerName, name);
    if (holder !== undefined) {
        const message = `"${containerName}" is the container of "${holder}" on ${session.name}`;
        problems.push({ path: "container.name", message });
    }
    const local = localNetwork(network);
    if (!local) {
        return problems;
    }
    const here = local.networks[session.name];
    if (!here) {
        return [...problems, notThere(session.name, Object.keys(local.networks))];
    }
    const placed = placeAttachment(session.stack, name, here, spec.ipv4Address);
    return placed.problems.length > 0
        ? [...problems, ...placed.problems]
        : [...problems, ...claimAddress(session.addresses, name, placed.address, here)];
}

/** The network's name on the host and the container's address; of another stack's, at run time. */
function placeOn(
    session: HostSession,
    name: string,
    spec: AttachmentSpec,
    network: pulumi.Input<NetworkHandle>,
) {
    const here = networksOf(name, network).apply((networks): HostNetwork => {
        const found = networks[session.name];
        if (!found) {
            const problem = notThere(session.name, Object.keys(networks));
            throw new Refusal(report(COMPONENT, name, [problem]));
        }
        return found;
    });
    const address = here.apply((there) => {
        const placed = placeAttachment(session.stack, name, there, spec.ipv4Address);
        refuse(COMPONENT, name, placed.problems);
        if (!localNetwork(network)) {
            refuse(COMPONENT, name, claimAddress(session.addresses, name, placed.address, there));
        }
        return placed.address;
    });
    return { network: here.apply((there) => there.network), address };
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

function networkCommand(
    session: HostSession,
    network: pulumi.Input<NetworkHandle>,
): pulumi.Resource[] {
    const made = localNetwork(network)?.commands[session.name] ?? session.lastCommand;
    return made ? [made] : [];
}

function notThere(host: string, hosts: readonly string[]): Problem {
    const message = `${host} is not one of the network's hosts, ${hosts.join(", ")}: add it there`;
    return { path: "host", message };
}

/** The ports that are known now. Others are left to Docker, which refuses what is taken. */
function publishedPorts({ container }: AttachmentSpec): HostPort[] {
    const ports: readonly unknown[] = Array.isArray(container.ports) ? container.ports : [];
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
