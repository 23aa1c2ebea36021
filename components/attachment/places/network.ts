// The place on a network: an address of the host's subnet, and names.
import { normalize } from "node:path/posix";
import * as pulumi from "@pulumi/pulumi";
import { localNetwork, type NetworkHandle } from "../../network/handle";
import { type HostNetwork } from "../../network/hostNetwork";
import { announce } from "../../names/names";
import { heldOnLan } from "../../preview/lan";
import { Refusal, refuse } from "../../run/refuse";
import { type HostSession, sessionsSoFar } from "../../run/session";
import { isRecord } from "../../wire/fields";
import { unitName } from "../../wire/identity";
import { check, type Problem, report } from "../../wire/problem";
import { type Unit } from "../../wire/unit";
import { derivedAddress } from "./derived";
import { type Joined, previewProblems } from "../existing";
import { COMPONENT, type Kind, type Place, type Wanted } from "./place";
import {
    aliasProblems,
    claimAddress,
    claimDefault,
    claimEndpoint,
    planAttachment,
    portProblems,
    staticProblems,
    wayProblems,
} from "../plan";
import { networkHandleSchema } from "../schema";

export function networkKind(wanted: Wanted, network: pulumi.Input<NetworkHandle>): Kind {
    return {
        problems: localProblems(wanted, network),
        place: () => networkPlace(wanted, network),
    };
}

function networkPlace(wanted: Wanted, network: pulumi.Input<NetworkHandle>): Place {
    const { name, knownAs, session, spec } = wanted;
    const spot = spotOn(wanted, network);
    const aliases = spec.aliases ?? [knownAs];
    const defaultRoute = spec.defaultRoute === true;
    const others = sessionsOn(session, network);
    announce(session, others, {
        names: [wanted.created ?? wanted.containerName ?? knownAs, ...aliases],
        isNameless: mountsHosts(wanted),
        address: spot.address,
        networks: networksOf(name, network),
    });
    return {
        networking: {
            networksAdvanced: [
                { name: spot.network, aliases: [...aliases], ipv4Address: spot.address },
            ],
        },
        unit: (joined) =>
            endpointUnit({ name, knownAs, session, others, aliases, spot, defaultRoute }, joined),
        after: networkCommand(session, network),
        ipv4Address: spot.address,
        networkName: spot.network,
        said: { aliases, ...extentOf(network, spot) },
    };
}

/** Docker then makes no hosts file for it. As far as it is known at once: no name of another host waits for a volume. */
function mountsHosts({ container }: Wanted): boolean {
    const { mounts, volumes }: { mounts?: unknown; volumes?: unknown } = container ?? {};
    return [mounts, volumes]
        .flatMap((list: unknown): unknown[] => (Array.isArray(list) ? list : []))
        .filter(isRecord)
        .flatMap(({ target, containerPath }) => [target, containerPath])
        .some((path) => typeof path === "string" && normalize(path) === "/etc/hosts");
}

/** What the unit of an attachment is made from. */
interface Plan {
    readonly name: string;
    readonly knownAs: string;
    readonly session: HostSession;
    readonly others: readonly HostSession[];
    readonly aliases: readonly string[];
    readonly spot: Spot;
    /** The container's goes through this network. */
    readonly defaultRoute: boolean;
}

interface Spot {
    readonly here: pulumi.Output<HostNetwork>;
    readonly network: pulumi.Output<string>;
    readonly address: pulumi.Output<string>;
}

function endpointUnit(
    { name, knownAs, session, others, aliases, spot, defaultRoute }: Plan,
    joined: Joined,
): pulumi.Output<Unit> {
    const unit = unitName("attachment", knownAs);
    return pulumi
        .all([joined.name, spot.here, spot.address])
        .apply(async ([container, { network, lan, shim }, ipv4Address]) => {
            const existing = joined.maker === undefined;
            const way = lan?.link ? shim : undefined;
            const endpoint = {
                container,
                network,
                ipv4Address,
                aliases,
                existing,
                shim: way,
                defaultRoute,
            };
            const wanted = planAttachment(endpoint);
            if (joined.hasToBeThere) {
                const of = { unit, wanted, container, place: "network" } as const;
                const problems = await previewProblems(session, of);
                refuse(COMPONENT, name, problems);
            }
            const asked = { link: lan?.link, address: ipv4Address };
            const held = await heldOnLan(session, others, { unit, wanted, ...asked });
            refuse(COMPONENT, name, held ? [heldProblem(held)] : []);
            return wanted;
        });
}

/** Mistakes that show before anything is registered: names, and addresses where known. */
function localProblems(
    { name, knownAs, session, spec, created, containerName }: Wanted,
    network: pulumi.Input<NetworkHandle>,
): Problem[] {
    const problems = aliasProblems(knownAs, spec.aliases);
    const container = created ?? containerName;
    if (spec.defaultRoute && typeof container === "string") {
        problems.push(...claimDefault(session.things, name, container, "defaultRoute"));
    }
    const local = localNetwork(network);
    if (!local) {
        return problems;
    }
    if (local.bridge?.uplink !== undefined) {
        return [...problems, notOfDocker(local.name)];
    }
    if (local.isDefault) {
        return [...problems, withoutAddresses(local.name)];
    }
    const here = local.networks[session.name];
    if (!here) {
        return [...problems, notThere(session.name, Object.keys(local.networks))];
    }
    if (typeof container === "string") {
        const clash = claimEndpoint(session.things, name, container, here.network);
        problems.push(...(created === undefined ? clash : []));
    }
    problems.push(...portProblems(here, spec.container?.ports));
    problems.push(...wayProblems(here, spec.defaultRoute));
    const members = membersOf(sessionsOn(session, network), local.networks);
    return [...problems, ...addressProblems(name, spec.ipv4Address, here, members)];
}

/** Of one that the program says, which is claimed from now on. */
function addressProblems(
    name: string,
    given: string | undefined,
    here: HostNetwork,
    members: readonly HostSession[],
): readonly Problem[] {
    if (given === undefined) {
        return [];
    }
    const wrong = staticProblems(given, here);
    const claims = members.map(({ addresses }) => addresses);
    return wrong.length > 0 ? wrong : claimAddress(claims, name, given, here);
}

/** The network's name on the host and the container's address; of another stack's, at run time. */
function spotOn(wanted: Wanted, network: pulumi.Input<NetworkHandle>): Spot {
    const { name, session, spec } = wanted;
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
    const address = pulumi.all([here, all]).apply(async ([there, networks]) => {
        const members = membersOf(sessions, networks);
        if (!localNetwork(network)) {
            refuse(COMPONENT, name, [
                ...portProblems(there, spec.container?.ports),
                ...wayProblems(there, spec.defaultRoute),
                ...addressProblems(name, spec.ipv4Address, there, members),
            ]);
        }
        return spec.ipv4Address ?? derivedAddress(wanted, there, members);
    });
    return { here, network: here.apply((there) => there.network), address };
}

/** Hosts that may be on the network, the container's own first: an address is claimed on all that are. */
function sessionsOn(session: HostSession, network: pulumi.Input<NetworkHandle>): HostSession[] {
    const others = localNetwork(network)?.sessions ?? sessionsSoFar();
    return [session, ...others.filter((one) => one !== session)];
}

function membersOf(
    sessions: readonly HostSession[],
    networks: Readonly<Record<string, HostNetwork>>,
): HostSession[] {
    return sessions.filter(({ name }) => name in networks);
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
function extentOf(network: pulumi.Input<NetworkHandle>, spot: Spot) {
    const handle = spot.network.apply(() => pulumi.output(network));
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
    const message = `${held}: choose another ipv4Address, or remove that machine from the LAN`;
    return { path: "ipv4Address", message };
}

function notOfDocker(name: string): Problem {
    const message = `is the Bridge "${name}" with an uplink, and no network of Docker's: leave it out, and write interface: { name: "eth1", on: ..., addresses: [...] }`;
    return { path: "network", message };
}

/** Docker takes `--ip` and aliases for networks that users make, and for no other. */
function withoutAddresses(name: string): Problem {
    const message = `"${name}" is Docker's default network, where Docker gives each container an address of its own choice: leave it out, and write mode: "bridge"`;
    return { path: "network", message };
}

function notThere(host: string, hosts: readonly string[]): Problem {
    const message = `${host} is not one of the network's hosts, ${hosts.join(", ")}: add it there`;
    return { path: "host", message };
}
