// An interface on a LAN, of which other machines are too: what a preview asks there, and says of it.
import * as pulumi from "@pulumi/pulumi";
import { listed } from "../../facts/words";
import { type Coming, heldOnLan, isComing, tellSilentRouter } from "../../preview/lan";
import { type HostSession, sessionsFrom } from "../../run/session";
import { isAddressWithPrefix, networkOf, prefixOf } from "../../wire/address";
import { type Problem } from "../../wire/problem";
import { type Unit } from "../../wire/unit";
import { bare, type Ground, type InterfacePlan, outsideOf, strayPrefix } from "./interfacePlan";

/** Of one attachment. */
interface Asking {
    readonly name: string;
    readonly unit: string;
    readonly wanted: Unit;
}

/** Addresses that others have; what may be meant, and probably is not, is said. */
export async function lanProblems(
    session: HostSession,
    plan: InterfacePlan,
    { name, unit, wanted }: Asking,
): Promise<Problem[]> {
    const coming = { unit, wanted, link: await askedOn(session, plan.ground) };
    const [problems] = await Promise.all([
        heldProblems(session, plan, coming),
        tellSilentRouters(session, plan, coming, name),
        tellStrays(session, plan, coming, name),
    ]);
    return problems;
}

/** The link that leads to the LAN now: an uplink, until the bridge is there. */
async function askedOn(session: HostSession, ground: Ground): Promise<string> {
    const links = await listedOn(session, "link");
    const isThere = links.some(([name]) => name === ground.link);
    return ground.kind === "bridge" && !isThere ? (ground.uplink ?? ground.link) : ground.link;
}

async function listedOn({ probe }: HostSession, fact: string) {
    const probed = await probe;
    return probed.status === "answered" ? listed(probed.observation.facts, fact) : [];
}

type ComingUnit = Omit<Coming, "address">;

async function heldProblems(
    session: HostSession,
    { spec }: InterfacePlan,
    coming: ComingUnit,
): Promise<Problem[]> {
    const answers = await Promise.all(
        spec.addresses.map((given) =>
            heldOnLan(session, sessionsFrom(session), { ...coming, address: bare(given) }),
        ),
    );
    return answers.flatMap((held, at) =>
        held === undefined
            ? []
            : [
                  {
                      path: `interface.addresses[${at}]`,
                      message: `${held}: choose another, or remove that machine from the LAN`,
                  },
              ],
    );
}

async function tellSilentRouters(
    session: HostSession,
    { spec: { gateway, routes = [] }, ground }: InterfacePlan,
    coming: ComingUnit,
    name: string,
): Promise<void> {
    const routers = [
        ...(gateway === undefined ? [] : [{ address: gateway, field: "gateway" }]),
        ...routes.map(({ via }, at) => ({ address: via, field: `routes[${at}].via` })),
    ];
    await Promise.all(
        routers.map(({ address, field }) => {
            const of = `interface.${field} of "${name}"`;
            const router = { ...coming, address, of, mayBeHost: ground.kind === "bridge" };
            return tellSilentRouter(session, sessionsFrom(session), router);
        }),
    );
}

async function tellStrays(
    session: HostSession,
    { ground, spec }: InterfacePlan,
    { unit, wanted }: ComingUnit,
    name: string,
): Promise<void> {
    const lans = await lansOf(session, ground);
    if (lans.length === 0 || !(await isComing(session, unit, wanted))) {
        return;
    }
    const says = spec.addresses.flatMap((given) => {
        const stray = strayPrefix(lans, given) ?? outsideOf(lans, given);
        return stray === undefined ? [] : [`"${given}" of "${name}" ${stray}`];
    });
    await Promise.all(
        says.map((text) => pulumi.log.warn(`${session.name}: ${text}`, session.component)),
    );
}

/** Those that the host has there, too. A cloud may give out an address by itself, as a /32, which says nothing of the LAN. */
async function lansOf(session: HostSession, ground: Ground): Promise<string[]> {
    const links = ground.kind === "bridge" ? [ground.link, ground.uplink] : [ground.link];
    const found = (await listedOn(session, "address"))
        .filter(([link, address = ""]) => links.includes(link) && isAddressWithPrefix(address))
        .map(([, address = ""]) => networkOf(address));
    const own = ground.kind === "bridge" ? [ground.cidr] : [];
    return [...new Set([...own, ...found])].filter((lan) => prefixOf(lan) < 32);
}
