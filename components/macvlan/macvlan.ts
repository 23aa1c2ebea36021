// Containers as machines of a LAN, one network across many hosts:
//
//   vm1                                         vm2
//   container 192.168.40.100                    container 192.168.40.200
//       |                                           |
//       |   mv-lan, the host's own, .134/32         |   mv-lan, .142/32         with hostAccess only
//       |       |                                   |       |
//   NIC, or a VLAN of it  ------- switch -------  NIC                           MTU of the NIC
//                                  |
//                       router, and every other machine
//
// On each of n hosts: one Docker network, and with hostAccess one link, one address and one route; one
// Pulumi resource. Nothing depends on the peers: adding a host changes no other. Packets pass neither the
// hosts' routing nor their firewall, so containers are as open as any machine of the LAN; except in mode l3,
// where what containers send takes the host's routes.
//
// A host and its own containers do not reach each other: what the NIC sends goes to the wire, never up to a
// macvlan. The host's own link is the way around.
import * as pulumi from "@pulumi/pulumi";
import { type HostHandle } from "../host/handle";
import { claimProblems } from "../network/claims";
import { rememberNetwork } from "../network/handle";
import { type HostNetwork } from "../network/hostNetwork";
import { networkNameOn } from "../network/networkName";
import { heldOnLan, tellSilentRouter } from "../preview/lan";
import { knownAs, stackKnownAs } from "../run/knownAs";
import { parsed, refuse } from "../run/refuse";
import { type HostSession, sessionsOfHosts } from "../run/session";
import { unitCommand } from "../resources/command";
import { fitting } from "../resources/findings";
import { unitName } from "../wire/identity";
import { type Problem, titleOf } from "../wire/problem";
import { claimantOf, type MacvlanPlan, macvlanUnit, planMacvlan, wayOf } from "./plan";
import { planProblems } from "./problems";
import { macvlanSchema } from "./schema";

const COMPONENT = "Macvlan";

export interface MacvlanArgs {
    /**
     * The hosts on the LAN, in any order. Adding or removing one renumbers nothing. Changed in place.
     */
    hosts: HostHandle[];
    /**
     * The hosts' network interface on the LAN, such as `eth0`, or the bridge or bond that the interface
     * is a port of. It must exist. Changed in place: the network is recreated under its containers.
     */
    parent: string;
    /**
     * A different parent for some hosts, by their logical names, such as `{ vm3: "enp5s0" }`. Default:
     * `parent` on all hosts. Changed in place: the network is recreated under its containers.
     */
    parents?: Record<string, string>;
    /**
     * VLAN of the parent, 1 to 4094: `eth0.20` is created on each host for the LAN, and removed with
     * it. Default: none, the parent itself. Changed in place: the network is recreated under its
     * containers.
     */
    vlan?: number;
    /**
     * The LAN's IPv4 network, such as `192.168.40.0/24`, /8 to /29. Changed in place; addresses change.
     */
    subnet: string;
    /**
     * The LAN's router, through which containers reach the rest of the world. Needed except in mode
     * `l3`. A preview warns if nobody answers for it. Default: none. Changed in place: the network is
     * recreated under its containers.
     */
    gateway?: string;
    /**
     * The part of the LAN from which Docker gives out addresses by itself, on all hosts together, such
     * as `192.168.40.128/26`. Nobody else may give out addresses of it. Host number `id` gets part
     * number `id`, so no two hosts give out the same address. Changed in place; automatic addresses
     * change.
     */
    ipRange: string;
    /**
     * Prefix length of each host's part of `ipRange`, up to 30. Default: an eighth of `ipRange`, for
     * example 8 addresses of a /26 for each of 8 hosts. Changed in place; automatic addresses change.
     */
    hostPrefix?: number;
    /**
     * Addresses that belong to others, such as the DHCP pool: `"192.168.40.9"`, a range
     * `"192.168.40.100-192.168.40.199"` or a network `"192.168.40.0/27"`. No container gets them.
     * Default: only the gateway and the hosts. Changed in place; derived addresses may change.
     */
    reserved?: string[];
    /**
     * Docker's driver: `macvlan`, where each container has its own MAC, or `ipvlan`, where all have the
     * parent's. Default: `macvlan`. Changed in place: the network is recreated under its containers.
     */
    driver?: "macvlan" | "ipvlan";
    /**
     * For macvlan: `bridge`; `private`: containers of a host do not reach each other; `vepa`: traffic
     * between them goes to the switch, which must reflect it (hairpin); `passthru`: one container has
     * the parent to itself. For ipvlan: `l2`; `l3`: each host routes its part of `ipRange`, to which
     * other machines need a route. Default: `bridge`, or `l2` with ipvlan. Changed in place: the
     * network is recreated under its containers.
     */
    mode?: "bridge" | "private" | "vepa" | "passthru" | "l2" | "l3";
    /**
     * Make the parent promiscuous, for a NIC that drops frames for the containers' MACs: a virtual
     * machine's, or one whose filter is full. Default: `false`. Changed in place.
     */
    promiscuous?: boolean;
    /**
     * Let each host reach its own containers, which it otherwise cannot: through a link with one
     * address of the host's part. Needs mode `bridge`, `l2` or `l3`. Default: `false`. Changed in
     * place.
     */
    hostAccess?: boolean;
    /**
     * Name of the Docker network; compose files refer to it with `external: true`. Default:
     * `project-stack-name` (the former name, if `opts.aliases` has it). Changing it recreates the
     * network and the containers on it.
     */
    dockerName?: string;
}

/**
 * A LAN that containers are on as machines of their own, across many hosts: they have addresses of the
 * LAN and are reached from all of it, without published ports.
 *
 * ```ts
 * const lan = new Macvlan("lan", {
 *     hosts: [vm1, vm2],
 *     parent: "eth0",
 *     subnet: "192.168.40.0/24",
 *     gateway: "192.168.40.254",
 *     ipRange: "192.168.40.128/26",
 *     hostAccess: true,
 * });
 * ```
 */
export class Macvlan extends pulumi.ComponentResource {
    /** The LAN's network. */
    public readonly cidr: pulumi.Output<string>;
    /** MTU of the containers' interfaces, in bytes: the smallest `mtu` of the hosts. */
    public readonly mtu: pulumi.Output<number>;
    /** The network as it is on each host, by the hosts' logical names. */
    public readonly networks: pulumi.Output<Record<string, HostNetwork>>;

    constructor(name: string, args: MacvlanArgs, opts?: pulumi.ComponentResourceOptions) {
        const spec = parsed(macvlanSchema, COMPONENT, name, args);
        const sessions = sessionsOfHosts(COMPONENT, name, args.hosts);
        const identity = stackKnownAs();
        const known = knownAs(name, opts);
        const claims = [...new Set(sessions)].flatMap((session) =>
            claimProblems(claimantOf(name, { identity, name: known, spec }, session.name), [
                session,
            ]),
        );
        refuse(COMPONENT, name, [...planProblems(spec, sessions), ...claims]);
        super("crosshost:index:Macvlan", name, {}, opts);

        const plan = planMacvlan(identity, known, spec, sessions);
        const networks = networksOf(plan);
        const made = sessions.map((session): [string, pulumi.Resource] => [
            session.name,
            this.wireHost(name, plan, session, sessions),
        ]);
        this.cidr = pulumi.output(plan.subnet);
        this.mtu = pulumi.output(plan.mtu);
        this.networks = pulumi.output({ ...networks });
        rememberNetwork(this, { name, networks, sessions, commands: Object.fromEntries(made) });
        const outputs = {
            cidr: this.cidr,
            mtu: this.mtu,
            networks: this.networks,
            mode: wayOf(spec).mode,
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

    private wireHost(
        name: string,
        plan: MacvlanPlan,
        session: HostSession,
        sessions: readonly HostSession[],
    ): pulumi.Resource {
        const unit = unitName("macvlan", plan.name);
        const planned = macvlanUnit(plan, session.name);
        const { lan, gateway, shim } = plan.places[session.name]?.network ?? {};
        const coming = { unit, wanted: planned, link: lan?.link };
        const router = {
            ...coming,
            address: gateway,
            of: `gateway of "${name}"`,
            mayBeHost: false,
        };
        const asked = Promise.all([
            heldOnLan(session, sessions, { ...coming, address: shim?.address }),
            tellSilentRouter(session, sessions, router),
        ]);
        const wanted = pulumi.output(asked).apply(([found]) => {
            refuse(COMPONENT, name, found ? [shimProblem(session.name, found)] : []);
            return planned;
        });
        return unitCommand(session, this, {
            of: name,
            name: unit,
            title: titleOf(COMPONENT, name),
            wanted,
        });
    }
}

function networksOf({ places }: MacvlanPlan): Record<string, HostNetwork> {
    const named = Object.entries(places).map(([host, { network }]) => [host, network] as const);
    return Object.fromEntries(named);
}

function shimProblem(host: string, held: string): Problem {
    const message = `for ${host}'s own link, ${held}: choose another ipRange, or remove that machine from the LAN`;
    return { path: "ipRange", message };
}
