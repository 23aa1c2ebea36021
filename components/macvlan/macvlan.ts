// Containers as machines of a LAN, one network over many hosts:
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
// Pulumi resource. Nothing is there for a peer: a host more changes no other. Packets pass neither the
// hosts' routing nor their firewall, so containers are as open as any machine of the LAN.
//
// A host and its own containers do not hear each other: what the NIC sends goes to the wire, never up to a
// macvlan. The host's own link is the way around.
import * as pulumi from "@pulumi/pulumi";
import { type HostHandle } from "../host/handle";
import { claimProblems } from "../network/claims";
import { rememberNetwork } from "../network/handle";
import { type HostNetwork } from "../network/hostNetwork";
import { networkNameOn } from "../network/networkName";
import { heldOnLan } from "../realize/lan";
import { knownAs, stackKnownAs } from "../realize/knownAs";
import { parsed, refuse } from "../realize/refuse";
import { type HostSession, sessionsOfHosts } from "../realize/session";
import { unitCommand } from "../realize/unit";
import { unitName } from "../wire/identity";
import { type Problem } from "../wire/problem";
import { unitText } from "../wire/unit";
import { claimantOf, type MacvlanPlan, macvlanUnit, planMacvlan, wayOf } from "./plan";
import { planProblems } from "./problems";
import { macvlanSchema } from "./schema";

const COMPONENT = "Macvlan";

export interface MacvlanArgs {
    /** The hosts on the LAN, in any order. Adding or removing one renumbers nobody. Changed in place. */
    hosts: HostHandle[];
    /**
     * The hosts' network interface on the LAN, as `eth0`, or a bridge or bond that it is a port of. Must be
     * there. Changed in place: the network is made anew under its containers.
     */
    parent: string;
    /**
     * Another parent for some hosts, by their logical names, as `{ vm3: "enp5s0" }`. Default: `parent`
     * on all. Changed in place: the network is made anew under its containers.
     */
    parents?: Record<string, string>;
    /**
     * VLAN of the parent, 1 to 4094: `eth0.20` is made on each host for the LAN, and goes with it.
     * Default: none, the parent itself. Changed in place: the network is made anew under its containers.
     */
    vlan?: number;
    /** The LAN's IPv4 network, as `192.168.40.0/24`, /8 to /29. Changed in place; addresses change. */
    subnet: string;
    /**
     * The LAN's router, by which containers reach the world. Needed but in mode `l3`. Default: none.
     * Changed in place: the network is made anew under its containers.
     */
    gateway?: string;
    /**
     * The part of the LAN from which Docker gives out addresses by itself, on all hosts together, as
     * `192.168.40.128/26`. Nobody else may give out addresses of it. Host number `id` has part number
     * `id` of it, so that no two hosts give out the same. Changed in place; automatic addresses change.
     */
    ipRange: string;
    /**
     * Prefix length of each host's part of `ipRange`, up to 30. Default: an eighth of it, so 8 addresses of
     * a /26 for each of 8 hosts. Changed in place; automatic addresses change.
     */
    hostPrefix?: number;
    /**
     * Addresses that belong to others, such as the DHCP pool: `"192.168.40.9"`, a range
     * `"192.168.40.100-192.168.40.199"` or a network `"192.168.40.0/27"`. No container gets them.
     * Default: none but the gateway and the hosts. Changed in place; derived addresses may change.
     */
    reserved?: string[];
    /**
     * Docker's driver: `macvlan`, by which each container has a MAC of its own, or `ipvlan`, by which all
     * have the parent's. Default `macvlan`. Changed in place: the network is made anew under its containers.
     */
    driver?: "macvlan" | "ipvlan";
    /**
     * Of macvlan: `bridge`; `private`, containers of a host do not hear each other; `vepa`, they do by a
     * switch that sends back; `passthru`, one container has the parent alone. Of ipvlan: `l2`; `l3`, each
     * host is the router of its part of `ipRange`, to which other machines need a route. Default `bridge`,
     * `l2` of ipvlan. Changed in place: the network is made anew under its containers.
     */
    mode?: "bridge" | "private" | "vepa" | "passthru" | "l2" | "l3";
    /**
     * Make the parent promiscuous, for a NIC that drops frames of containers' MACs: a virtual machine's,
     * or one whose filter is full. Default `false`. Changed in place.
     */
    promiscuous?: boolean;
    /**
     * Give each host a way to its own containers, which is not there otherwise: a link with one address of
     * the host's part. Needs mode `bridge`, `l2` or `l3`. Default `false`. Changed in place.
     */
    hostAccess?: boolean;
    /**
     * Name of the Docker network, as compose files refer to it with `external: true`. Default:
     * `project-stack-name` (the former name, if `opts.aliases` says it). Changing it makes the network anew
     * and the containers that use it too.
     */
    dockerName?: string;
}

/**
 * A LAN that containers are on as machines of their own, over many hosts: with addresses of the LAN,
 * reached by all of it without published ports.
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
    /** MTU of the containers' interfaces, in bytes: the least of the hosts' NICs, as the program says it. */
    public readonly mtu: pulumi.Output<number>;
    /** What it is on each host, by the hosts' logical names. */
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
        this.registerOutputs({
            cidr: this.cidr,
            mtu: this.mtu,
            networks: this.networks,
            mode: wayOf(spec).mode,
        });
    }

    /**
     * Docker's name of the network on a host, for containers that Crosshost does not make. What
     * takes it waits until the network is there.
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
        const wanted = unitText(macvlanUnit(plan, session.name));
        const { lan, shim } = plan.places[session.name]?.network ?? {};
        const text = pulumi.output(wanted).apply(async () => {
            const asked = { link: lan?.link, address: shim?.address };
            const held = await heldOnLan(session, sessions, { unit, wanted, ...asked });
            refuse(COMPONENT, name, held ? [shimProblem(session.name, held)] : []);
            return wanted;
        });
        return unitCommand(session, this, { of: name, name: unit, text });
    }
}

function networksOf({ places }: MacvlanPlan): Record<string, HostNetwork> {
    const named = Object.entries(places).map(([host, { network }]) => [host, network] as const);
    return Object.fromEntries(named);
}

function shimProblem(host: string, held: string): Problem {
    const message = `the address of ${host}'s own link, ${held}: take another ipRange, or that machine off the LAN`;
    return { path: "ipRange", message };
}
