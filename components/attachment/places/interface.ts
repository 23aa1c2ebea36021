// An interface of the container's own, beside Docker or without it:
//
//   container --- eth1, 192.168.40.50/24 --- on a NIC of the host: a machine of its LAN (macvlan)
//                                            on a Bridge: one more port of it (veth)
//
// Docker knows nothing of it: the host makes it in the container's network namespace, whenever the
// container starts. One entry of the host, and the service that waits for starts.
import * as pulumi from "@pulumi/pulumi";
import { type Bridge } from "../../bridge/bridge";
import { lanBehind } from "../../network/claims";
import { localNetwork } from "../../network/handle";
import { refuse } from "../../run/refuse";
import { type HostSession, sessionsFrom } from "../../run/session";
import { DEFAULT_UNDERLAY_MTU } from "../../wire/mtu";
import { unitName } from "../../wire/identity";
import { type Problem } from "../../wire/problem";
import { type Unit } from "../../wire/unit";
import { type Joined, previewProblems } from "../existing";
import { lanProblems } from "./interfaceLan";
import {
    bare,
    extentOf,
    type Ground,
    holderOf,
    isLan,
    type InterfacePlan,
    interfaceProblems,
    interfaceUnit,
    planInterface,
} from "./interfacePlan";
import { type InterfaceSpec } from "./interfaceSchema";
import { claimDefault } from "../plan";
import { COMPONENT, type Kind, type Place, type Wanted } from "./place";

export function interfaceKind(wanted: Wanted, spec: InterfaceSpec, on: Bridge | string): Kind {
    const { session } = wanted;
    const found = groundOf(session, on);
    if ("message" in found) {
        return { problems: [found, ...strangers(wanted)], place: neverMade };
    }
    const plan = planInterface(session.stack, wanted.knownAs, spec, found);
    const wrong = [...strangers(wanted), ...interfaceProblems(spec, found)];
    return {
        problems: [...wrong, ...claimProblems(wanted, plan)],
        place: () => interfacePlace(wanted, plan, on),
    };
}

function neverMade(): never {
    throw new Error("what is refused has no place");
}

/** What is said beside an interface and belongs to a network. */
function strangers({ spec }: Wanted): Problem[] {
    const { ipv4Address, aliases, container, defaultRoute } = spec;
    return [
        ...(ipv4Address === undefined
            ? []
            : [{ path: "ipv4Address", message: "needs network: write interface.addresses" }]),
        ...(aliases === undefined
            ? []
            : [
                  {
                      path: "aliases",
                      message:
                          "need network: Docker's names do not reach such an interface; leave them out",
                  },
              ]),
        ...(defaultRoute === undefined
            ? []
            : [{ path: "defaultRoute", message: "needs network: write interface.gateway" }]),
        ...(container?.ports === undefined
            ? []
            : [
                  {
                      path: "container.ports",
                      message:
                          "publish nothing on such an interface, where the container is reached at its own address, on every port: leave them out",
                  },
              ]),
    ];
}

function groundOf(session: HostSession, on: Bridge | string): Ground | Problem {
    if (typeof on === "string") {
        return { kind: "nic", link: on, mtu: session.mtu };
    }
    const local = localNetwork(on);
    const path = "interface.on";
    if (!local?.bridge) {
        const what = local ? `is "${local.name}", not a Bridge` : "is not a Bridge of this program";
        return { path, message: `${what}: use one, or join other networks with network` };
    }
    const hosts = local.sessions.map((one) => one.name);
    if (!hosts.includes(session.name)) {
        const there = hosts.join(", ");
        return {
            path,
            message: `the Bridge "${local.name}" is on ${there}, not on ${session.name}`,
        };
    }
    return { kind: "bridge", name: local.name, ...local.bridge };
}

/** Addresses, MACs and names that another has: of this program, on this host or on the same LAN. */
function claimProblems(
    { name, session, created, containerName }: Wanted,
    plan: InterfacePlan,
): Problem[] {
    const { spec, ground, mac } = plan;
    const on = ground.kind === "bridge" ? `the Bridge "${ground.name}"` : ground.link;
    const container = created ?? containerName;
    const hosts = sessionsFrom(session);
    const problems = spec.addresses.flatMap((given, at) => {
        const held =
            holderOf(ground, given, hosts) ?? quoted(session.addresses.claim(bare(given), name));
        const message = `"${given}" is the address of ${held ?? ""}: choose another`;
        return held === undefined ? [] : [{ path: `interface.addresses[${at}]`, message }];
    });
    const bridged =
        ground.kind === "nic" ? session.things.holder(lanBehind(ground.link)) : undefined;
    if (bridged?.startsWith("Bridge ")) {
        const message = `"${ground.link}" is the uplink of ${bridged}: write that Bridge`;
        problems.push({ path: "interface.on", message });
    }
    const twin = session.things.claim(`the MAC ${mac} on ${on}`, name);
    if (twin !== undefined) {
        const message = `${mac} is the MAC of "${twin}" on ${on}: choose another`;
        problems.push({ path: "interface.macAddress", message });
    }
    if (typeof container !== "string") {
        return problems;
    }
    const namesake = session.things.claim(`the interface ${spec.name} of "${container}"`, name);
    if (namesake !== undefined) {
        const message = `"${spec.name}" of "${container}" is already created by "${namesake}": choose another name`;
        problems.push({ path: "interface.name", message });
    }
    return spec.gateway === undefined
        ? problems
        : [...problems, ...claimDefault(session.things, name, container, "interface.gateway")];
}

function quoted(holder: string | undefined): string | undefined {
    return holder && `"${holder}"`;
}

function interfacePlace(wanted: Wanted, plan: InterfacePlan, on: Bridge | string): Place {
    const { session } = wanted;
    const { ground, spec } = plan;
    const local = typeof on === "string" ? undefined : localNetwork(on);
    const made = local?.commands[session.name] ?? session.lastCommand;
    const first = spec.addresses[0] ?? "";
    const network = ground.kind === "bridge" ? ground.place?.network : undefined;
    return {
        networking: { networkMode: "none" },
        unit: (joined) => interfaceUnitOf(wanted, plan, joined),
        after: made ? [made] : [],
        ipv4Address: pulumi.output(bare(first)),
        networkName: pulumi.output(network ?? ground.link),
        said: {
            aliases: [],
            interface: {
                name: spec.name,
                on: isLan(ground) ? "nic" : "bridge",
                addresses: spec.addresses,
            },
            networkCidr: extentOf(ground, first),
            mtu: spec.mtu ?? ground.mtu ?? DEFAULT_UNDERLAY_MTU,
        },
    };
}

function interfaceUnitOf(
    { name, knownAs, session }: Wanted,
    plan: InterfacePlan,
    joined: Joined,
): pulumi.Output<Unit> {
    const unit = unitName("attachment", knownAs);
    const { ground } = plan;
    return joined.name.apply(async (container) => {
        const wanted = interfaceUnit(plan, container);
        if (joined.hasToBeThere) {
            const of = { unit, wanted, container, place: "interface" } as const;
            const problems = await previewProblems(session, of);
            refuse(COMPONENT, name, problems);
        }
        if (isLan(ground)) {
            refuse(COMPONENT, name, await lanProblems(session, plan, { unit, wanted, name }));
        }
        return wanted;
    });
}
