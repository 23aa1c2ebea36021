// One network across many hosts, with a part on each:
//
//   vm1                                      vm2
//   container 10.42.1.200                    container 10.42.2.200
//       |                                        |
//   ch-mesh, bridge, 10.42.1.1/16            ch-mesh, bridge, 10.42.2.1/16      MTU 1450
//       | routing, firewall                      | routing, firewall
//   vx-mesh, the backend's device  =========  vx-mesh, if it has one            MTU 1450 + 50
//       |                                        |
//   NIC 192.168.40.11  -------------------   NIC 192.168.40.12                  MTU 1500
//
// On each of n hosts: one bridge, one Docker network, at most one device, n-1 routes; one Pulumi resource.
// Adding a host adds one route to each of the others and renumbers nothing.
import * as pulumi from "@pulumi/pulumi";
import { type HostHandle } from "../host/handle";
import { knownAs, stackKnownAs } from "../run/knownAs";
import { parsed, refuse } from "../run/refuse";
import { type HostSession, sessionsOfHosts } from "../run/session";
import { unitCommand } from "../resources/command";
import { fitting } from "../resources/findings";
import { unitName } from "../wire/identity";
import { type Flow } from "../wire/flow";
import { titleOf } from "../wire/problem";
import { claimProblems } from "../network/claims";
import { docker0Problems } from "../network/defaultNetwork";
import { localNetwork, rememberNetwork } from "../network/handle";
import { type HostNetwork } from "../network/hostNetwork";
import { type BackendArgs } from "./backends/args";
import { networkNameOn } from "../network/networkName";
import { hostKeys } from "./hostKeys";
import { NO_OVERLAY } from "./over";
import { asBelow, claimantOf, layOut, type OverlayLayout, planMember } from "./plan";
import { underlayProblems } from "./problems";
import { overlaySchema } from "./schema";
import { checkSharedLink } from "./sharedLink";
import { tunnelCommands } from "./tunnels";

const COMPONENT = "Overlay";

export interface OverlayArgs {
    /** The hosts to span, in any order. Adding or removing one renumbers nothing. Changed in place. */
    hosts: HostHandle[];
    /**
     * The overlay's IPv4 network, such as `10.42.0.0/16`. Host number `id` gets subnet number `id`. It
     * must not contain an address at which a host is reached. Changed in place; addresses change.
     */
    cidr: string;
    /** Prefix length of each host's subnet, 9 to 28; not with `switched`. Default: 24. Changed in place. */
    subnetPrefix?: number;
    /**
     * Whether `cidr` is one subnet over all hosts: any address on any host, so that a container which
     * moves keeps its own, and broadcast and multicast reach all. Needs the backend `vxlan`, `gre` or
     * `geneve`. Default: `false`, a subnet for each host and routes between them. Changed in place;
     * addresses change, and traffic between hosts pauses until every host has it.
     */
    switched?: boolean;
    /**
     * How packets travel between hosts: `{ vxlan: {} }`, `{ direct: {} }`, `{ gre: {} }`, `{ ipip: {} }`,
     * `{ wireguard: {} }` or `{ geneve: {} }`. Changed in place; traffic between hosts pauses until
     * every host has it.
     */
    backend: BackendArgs;
    /**
     * Another Overlay of this program, which all hosts are in: packets travel in it, between the hosts'
     * addresses there, as for a tunnel in a VPN. Its overhead is added to the backend's. Default: between
     * the hosts' own addresses. Changed in place; traffic between hosts pauses until every host has it.
     */
    over?: Overlay;
    /**
     * MTU of the containers' interfaces in bytes, 576 to 65535. Default: the smallest `mtu` of the
     * hosts, or that of the Overlay below, minus the backend's overhead. Over hosts with 1500: 1450 for
     * vxlan, 1500 for direct, 1472 for gre (1458 if `switched`), 1480 for ipip, 1440 for wireguard, 1450 for geneve.
     * Changed in place, under running containers.
     */
    mtu?: number;
    /**
     * It takes the place of `docker0` on each host: containers that join no network, as those of a
     * plain `docker run`, have an address of the host's subnet. Default: no. Changed in place, by a
     * restart of Docker.
     */
    defaultNetwork?: true;
    /**
     * Name of the Docker network; compose files refer to it with `external: true`. Default:
     * `project-stack-name` (the former name, if `opts.aliases` has it). Changing it recreates the
     * network and the containers on it.
     */
    dockerName?: string;
}

/**
 * A network across many hosts, on which containers reach each other at their own addresses.
 *
 * ```ts
 * const mesh = new Overlay("mesh", { hosts: [vm1, vm2], cidr: "10.42.0.0/16", backend: { vxlan: {} } });
 * ```
 */
export class Overlay extends pulumi.ComponentResource {
    /** The whole network. */
    public readonly cidr: pulumi.Output<string>;
    /** MTU of the containers' interfaces, in bytes. */
    public readonly mtu: pulumi.Output<number>;
    /** The network as it is on each host, by the hosts' logical names. */
    public readonly networks: pulumi.Output<Record<string, HostNetwork>>;
    /** Each host's subnet, by the hosts' logical names. */
    public readonly subnets: pulumi.Output<Record<string, string>>;

    constructor(name: string, args: OverlayArgs, opts?: pulumi.ComponentResourceOptions) {
        const spec = parsed(overlaySchema, COMPONENT, name, args);
        const sessions = sessionsOfHosts(COMPONENT, name, args.hosts);
        const below = spec.over && localNetwork(spec.over);
        const known = knownAs(name, opts);
        const { layout, problems } = layOut(stackKnownAs(), known, spec, sessions, below?.overlay);
        const claims = claimProblems(claimantOf(name, layout), [...new Set(sessions)]);
        refuse(COMPONENT, name, [
            ...problems,
            ...(spec.over && !below?.overlay ? [NO_OVERLAY] : []),
            ...docker0Problems(layout.isDefault, sessions),
            ...claims,
        ]);
        super("crosshost:index:Overlay", name, {}, opts);

        this.cidr = pulumi.output(layout.plan.cidr);
        this.mtu = pulumi.output(layout.plan.mtu);
        const { isDefault } = layout;
        const networks = isDefault ? {} : layout.networks;
        this.networks = pulumi.output({ ...networks });
        this.subnets = pulumi.output(subnetsOf(layout));
        const { commands, flows } = this.wireHosts(name, layout, sessions, below?.commands);
        const overlay = asBelow(name, layout);
        rememberNetwork(this, { name, networks, sessions, commands, isDefault, overlay });
        const outputs = {
            cidr: this.cidr,
            mtu: this.mtu,
            networks: this.networks,
            subnets: this.subnets,
            backend: layout.backend.name,
            flows,
        };
        this.registerOutputs(fitting(this, outputs));
    }

    /**
     * The Docker network's name on a host, for containers that Crosshost does not create. Whatever uses
     * it waits until the network exists.
     */
    networkName(host: HostHandle): pulumi.Output<string> {
        return networkNameOn(COMPONENT, this, host);
    }

    /** What another stack takes by StackReference, to attach containers of its own. */
    get handle(): pulumi.Output<{
        cidr: string;
        mtu: number;
        networks: Record<string, HostNetwork>;
    }> {
        return pulumi.output({ cidr: this.cidr, mtu: this.mtu, networks: this.networks });
    }

    private wireHosts(
        name: string,
        layout: OverlayLayout,
        sessions: readonly HostSession[],
        before: Readonly<Record<string, pulumi.Resource>> = {},
    ): { commands: Record<string, pulumi.Resource>; flows: Record<string, pulumi.Output<Flow[]>> } {
        const living = sessions.filter(({ gone }) => !gone);
        // Addresses may come late: from a machine that is made in the same run.
        const underlays = pulumi
            .all(Object.fromEntries(living.map(({ name, address }) => [name, address])))
            .apply(async (addresses) => {
                refuse(COMPONENT, name, underlayProblems(layout.plan.cidr, addresses));
                await checkSharedLink(this, layout, living, addresses);
                return addresses;
            });
        const keys = hostKeys(this, name, layout, sessions);
        if (pulumi.runtime.isDryRun()) {
            layout.backend.notes.forEach((note) => void pulumi.log.warn(note, this));
        }
        const planned = sessions.map((session) => ({
            session,
            member: pulumi.all([underlays, session.address, keys]).apply(([known, own, told]) => {
                const all = { ...known, [session.name]: own };
                return planMember(layout, session.name, all, told);
            }),
        }));
        const tunnels = tunnelCommands(this, name, layout, planned);
        const { modules, programs } = layout.backend.needs;
        const made = planned.map(({ session, member }) => ({
            host: session.name,
            command: unitCommand(session, this, {
                of: name,
                name: unitName("overlay", layout.plan.name),
                title: titleOf(COMPONENT, name),
                wanted: member.apply(({ unit }) => unit),
                flows: member.apply(({ flows }) => [...flows]),
                ...(tunnels ? { afterHosts: tunnels } : { modules, programs }),
                after: [before[session.name]].filter((command) => command !== undefined),
            }),
            flows: member.apply(({ flows, tunnel }) => [...flows, ...(tunnel?.flows ?? [])]),
        }));
        return {
            commands: Object.fromEntries(made.map(({ host, command }) => [host, command])),
            flows: Object.fromEntries(made.map(({ host, flows }) => [host, flows])),
        };
    }
}

function subnetsOf({ networks }: OverlayLayout): Record<string, string> {
    return Object.fromEntries(
        Object.entries(networks).map(([host, network]) => [host, network.subnet]),
    );
}
