// A network of one host:
//
//   container 10.60.0.200      container 10.60.0.201
//       |                          |
//   br-lan1, bridge, 10.60.0.1/24 ----------------+      MTU 1500
//       | routing, firewall
//       |   out: with the host's own address
//       |   in: replies, and packets to a published port
//   NIC 192.168.40.11
//
// One bridge and one Docker network on it; one Pulumi resource. The bridges and overlays of a host are
// isolated from each other: a container reaches two of them only if it is attached to both.
//
// With an uplink, a part of the LAN:
//
//   container 192.168.40.200      host 192.168.40.11, and its routes
//       |                             |
//   br-lan, bridge, with the MAC of the NIC --------+      MTU of the NIC
//       |
//   NIC, a port  ------- switch -------  router, and every other machine
//
// The NIC's addresses and routes move to the bridge in one batch. It is the way that SSH comes by, so this
// is done under guard, by three commands: what is there after 15 s without a new login goes back. At boot
// the NIC is set up as ever, and moved before Docker starts.
import * as pulumi from "@pulumi/pulumi";
import { lanProblems } from "../checks/uplink";
import { type HostHandle } from "../host/handle";
import { claimProblems, lockOutProblems } from "../network/claims";
import { docker0Problems } from "../network/defaultNetwork";
import { rememberNetwork } from "../network/handle";
import { type HostNetwork } from "../network/hostNetwork";
import { knownAs } from "../run/knownAs";
import { parsed, refuse } from "../run/refuse";
import { type HostSession, sessionOfHost } from "../run/session";
import { unitCommand } from "../resources/command";
import { fitting } from "../resources/findings";
import { unitName } from "../wire/identity";
import { type Problem, titleOf } from "../wire/problem";
import { type BridgePlan, bridgeUnit, claimantOf, partProblems, planBridge } from "./plan";
import { bridgeSchema } from "./schema";

const COMPONENT = "Bridge";

export interface BridgeArgs {
    /** The host that the bridge is on. Changing it creates the bridge there and removes it here. */
    host: HostHandle;
    /**
     * The bridge's IPv4 network, such as `10.60.0.0/24`, /8 to /28. It must not contain the address at
     * which the host is reached. With an uplink, it must be the network that the NIC is in. Changed in
     * place; addresses change.
     */
    cidr: string;
    /**
     * The host's NIC, such as `eth0`, that becomes a port of the bridge: its addresses and routes move to
     * the bridge, and containers are machines of its LAN, whose network is `cidr`. They join by an
     * `interface` on the Bridge. Changed under guard: a change that cuts off SSH is undone. Default: none.
     * Changed in place; taking it away recreates the Bridge, in two runs.
     */
    uplink?: string;
    /**
     * The bridge takes the place of `docker0`: containers that join no network, as those of a plain
     * `docker run`, have an address of its `ipRange`. Default: no. Changed in place, by a restart of
     * Docker.
     */
    defaultNetwork?: true;
    /**
     * Address of the bridge, which is the containers' gateway. Not with an uplink. Default: the network's
     * first address. Changed in place.
     */
    gateway?: string;
    /**
     * The part of the network from which Docker gives out addresses by itself, such as `10.60.0.0/26`;
     * the rest is for attachments. Not with an uplink. Default: the first quarter. Changed in place.
     */
    ipRange?: string;
    /**
     * MTU of the bridge and of the containers' interfaces in bytes, 576 to 65535. With an uplink, it is
     * the NIC's. Default: 1500. Changed in place, under running containers.
     */
    mtu?: number;
    /**
     * Name of the Docker network; compose files refer to it with `external: true`. Not with an uplink,
     * as there is none. Default:
     * `project-stack-name` (the former name, if `opts.aliases` has it). Changing it recreates the
     * network and the containers on it.
     */
    dockerName?: string;
}

/**
 * A Linux bridge on one host, offered to Docker as a network. Its containers reach each other and, with
 * the host's address, the rest of the world; from outside only their published ports are reachable.
 *
 * ```ts
 * const lan1 = new Bridge("lan1", { host: vm1, cidr: "10.60.0.0/24" });
 * const db = new ContainerAttachment("db", { host: vm1, network: lan1, containerName: "postgres" });
 * ```
 *
 * With an uplink, the host's NIC is a port of it, and containers on it are machines of the LAN:
 *
 * ```ts
 * const lan = new Bridge("lan", { host: vm1, cidr: "192.168.40.0/24", uplink: "eth0" });
 * const web = new ContainerAttachment("web", {
 *     host: vm1,
 *     container: { image: "nginx" },
 *     interface: { name: "eth1", on: lan, addresses: ["192.168.40.200/24"], gateway: "192.168.40.1" },
 * });
 * ```
 */
export class Bridge extends pulumi.ComponentResource {
    /** The bridge's network. */
    public readonly cidr: pulumi.Output<string>;
    /** MTU of bridge and containers, in bytes; with an uplink, what the host says of its NIC. */
    public readonly mtu: pulumi.Output<number>;
    /** The network as it is on its host, by the host's logical name. */
    public readonly networks: pulumi.Output<Record<string, HostNetwork>>;
    /**
     * The Docker network's name, for containers that Crosshost does not create. Whatever uses it waits
     * until the network exists. With an uplink there is none, and this is empty.
     */
    public readonly networkName: pulumi.Output<string>;

    constructor(name: string, args: BridgeArgs, opts?: pulumi.ComponentResourceOptions) {
        const spec = parsed(bridgeSchema, COMPONENT, name, args);
        const session = sessionOfHost(COMPONENT, name, args.host);
        const plan = planBridge(session.stack, knownAs(name, opts), spec);
        refuse(COMPONENT, name, [
            ...partProblems(spec),
            ...addressProblems(plan, session, session.addressNow),
            ...docker0Problems(plan.isDefault, [session]),
            ...claimProblems(claimantOf(name, plan), [session]),
        ]);
        super("crosshost:index:Bridge", name, {}, opts);

        const { link, cidr, mtu, uplink, place, isDefault } = plan;
        const networks: Record<string, HostNetwork> =
            place && !isDefault ? { [session.name]: place } : {};
        const command = this.wireHost(name, plan, session);
        this.cidr = pulumi.output(cidr);
        this.mtu = pulumi.output(uplink === undefined ? mtu : (session.mtu ?? mtu));
        this.networks = pulumi.output(networks);
        this.networkName = command.urn.apply(() => place?.network ?? "");
        const commands = { [session.name]: command };
        const bridge = { link, cidr, place, uplink, mtu: uplink === undefined ? mtu : undefined };
        const sessions = [session];
        rememberNetwork(this, { name, networks, sessions, commands, bridge, isDefault });
        const outputs = {
            cidr: this.cidr,
            mtu: this.mtu,
            networks: this.networks,
            networkName: this.networkName,
        };
        this.registerOutputs(fitting(this, outputs));
    }

    /** What another stack takes by StackReference, to attach containers of its own. */
    get handle(): pulumi.Output<{
        cidr: string;
        mtu: number;
        networks: Record<string, HostNetwork>;
    }> {
        return pulumi.output({ cidr: this.cidr, mtu: this.mtu, networks: this.networks });
    }

    private wireHost(name: string, plan: BridgePlan, session: HostSession): pulumi.Resource {
        return unitCommand(session, this, {
            of: name,
            name: unitName("bridge", plan.name),
            title: titleOf(COMPONENT, name),
            guarded: plan.uplink === undefined ? undefined : true,
            wanted: session.address.apply(async (address) => {
                refuse(COMPONENT, name, [
                    ...addressProblems(plan, session, address),
                    ...(await problemsOfLan(plan, session)),
                ]);
                return bridgeUnit(plan);
            }),
        });
    }
}

/** A host's address may come late, from a machine that is made in the same run, or not at all. */
function addressProblems(
    { cidr, uplink }: BridgePlan,
    host: HostSession,
    address: string | undefined,
) {
    return address && uplink === undefined ? lockOutProblems(cidr, host.name, address) : [];
}

async function problemsOfLan(
    { cidr, uplink }: BridgePlan,
    { probe }: HostSession,
): Promise<Problem[]> {
    if (uplink === undefined) {
        return [];
    }
    const probed = await probe;
    return probed.status === "answered" ? lanProblems(cidr, uplink, probed.observation.facts) : [];
}
