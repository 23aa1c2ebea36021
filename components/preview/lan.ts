import * as pulumi from "@pulumi/pulumi";
import { askCommand } from "../remote/commands";
import { known } from "../wire/known";
import { type LanAnswer, parseLanAnswer, together } from "../facts/lanAnswer";
import { holds, type Observation } from "../facts/observation";
import { answerTo } from "../remote/probe";
import { type HostSession } from "../run/session";
import { type Connection } from "../remote/ssh";
import { type Unit } from "../wire/unit";

/** An address that a unit is about to bring to the LAN behind a link. */
export interface Coming {
    readonly unit: string;
    readonly wanted: Unit;
    readonly link: string | undefined;
    readonly address: string | undefined;
}

/** How a host asks its LANs, over a login of its own. */
export function lanOf(
    connection: pulumi.Output<Connection>,
    become: "sudo" | undefined,
    stack: string,
    program: { readonly text: string; readonly hash: string },
): HostSession["askLan"] {
    return together(async (link, addresses): Promise<LanAnswer> => {
        try {
            const to = await known(connection);
            const command = askCommand(stack, program.hash, become, link, addresses);
            return parseLanAnswer(to ? await answerTo(to, command, program) : "");
        } catch (error) {
            const cannot = error instanceof Error ? error.message : String(error);
            return { holders: new Map(), cannot };
        }
    });
}

/**
 * In a preview, who has an address already that is not there by the unit: `192.168.40.9 is in use: ...`.
 * Containers of this stack are no strangers: one may leave its address to another in the same run.
 */
export async function heldOnLan(
    session: Pick<HostSession, "name" | "component" | "probe" | "told" | "askLan">,
    sessions: readonly Pick<HostSession, "name" | "probe">[],
    { unit, wanted, link, address }: Coming,
): Promise<string | undefined> {
    if (!link || !address || !(await isComing(session, unit, wanted))) {
        return undefined;
    }
    const told = await observationsOf(sessions);
    const host = hostWith(address, told);
    if (host !== undefined) {
        return `${address} is in use: ${host} has it`;
    }
    const { holders, cannot } = await session.askLan(link, address);
    if (cannot !== undefined) {
        await tellOnce(session, cannot);
    }
    const mac = holders.get(address)?.toLowerCase();
    return mac === undefined || isOwn(mac, told)
        ? undefined
        : `${address} is in use: ${mac} answers for it on ${link} of ${session.name}`;
}

/** A router that what comes relies on. */
export interface ComingRouter extends Coming {
    /** Where the program names it, such as `gateway of "lan"`. */
    readonly of: string;
    /** Whether the host itself can be it: what lies on a NIC by macvlan never reaches the host that has that. */
    readonly mayBeHost: boolean;
}

/**
 * In a preview, says that nobody answers for a router, unless it is a host or of this program, and comes with it. Those that the host
 * itself sends packets by are routers, too: one that answers by proxy ARP answers no probe (RFC 5227, 2.1.1).
 */
export async function tellSilentRouter(
    session: Pick<HostSession, "name" | "component" | "probe" | "askLan">,
    sessions: readonly Pick<HostSession, "name" | "probe" | "addresses">[],
    { unit, wanted, link, address, of, mayBeHost }: ComingRouter,
): Promise<void> {
    if (!link || !address || !(await isComing(session, unit, wanted))) {
        return;
    }
    const isOfProgram = sessions.some(({ addresses }) => addresses.holder(address) !== undefined);
    const told = await observationsOf(sessions);
    const own = told.find(([name]) => name === session.name)?.[1];
    const host = hostWith(address, told);
    if (host === `${link} of ${session.name}` && !mayBeHost) {
        const text = `${address}, the ${of}, is the host itself, which containers on ${link} do not reach: use a Bridge with uplink`;
        await pulumi.log.warn(`${session.name}: ${text}`, session.component);
        return;
    }
    if (isOfProgram || host !== undefined || own?.get("router")?.includes(address)) {
        return;
    }
    const { holders, cannot } = await session.askLan(link, address);
    if (cannot !== undefined || holders.has(address)) {
        return;
    }
    const text = `nothing on ${link} answers for ${address}, the ${of}: packets through it will be lost; check the address, and whether the router is up`;
    await pulumi.log.warn(`${session.name}: ${text}`, session.component);
}

/** Only what the host does not have yet is asked for. */
export async function isComing(
    { probe }: Pick<HostSession, "probe">,
    unit: string,
    wanted: Unit,
): Promise<boolean> {
    const probed = await probe;
    return (
        pulumi.runtime.isDryRun() &&
        probed.status === "answered" &&
        !holds(probed.observation, unit, wanted)
    );
}

type Told = readonly (readonly [host: string, facts: Observation["facts"]])[];

async function observationsOf(
    sessions: readonly Pick<HostSession, "name" | "probe">[],
): Promise<Told> {
    const all = await Promise.all(
        sessions.map(async ({ name, probe }) => ({ name, probed: await probe })),
    );
    return all.flatMap(({ name, probed }) =>
        probed.status === "answered" ? [[name, probed.observation.facts] as const] : [],
    );
}

/**
 * `eth0 192.168.40.11/24 1500` is a fact of each address, `eth0 device OWNER` of each link, `br-lan eth0` of each bridge that has what a
 * NIC had.
 */
function hostWith(address: string, told: Told): string | undefined {
    const found = told.flatMap(([host, facts]) => {
        const uplinked = (facts.get("uplink") ?? []).map((fact) => fact.split(" ")[0]);
        const ours = new Set(
            (facts.get("link") ?? [])
                .map((fact) => fact.split(" "))
                .filter(
                    ([link, , owner]) =>
                        owner?.startsWith("crosshost:") && !uplinked.includes(link),
                )
                .map(([link]) => link),
        );
        return (facts.get("address") ?? [])
            .map((fact) => fact.split(" "))
            .filter(([link, held]) => !ours.has(link) && held?.split("/")[0] === address)
            .map(([link]) => `${link ?? ""} of ${host}`);
    });
    return found[0];
}

/** `02:42:c0:a8:28:64 web` is a fact of each container and link of the stack. */
function isOwn(mac: string, told: Told): boolean {
    return told.some(([, facts]) =>
        facts.get("mac")?.some((fact) => fact.split(" ")[0]?.toLowerCase() === mac),
    );
}

async function tellOnce(
    { name, component, told }: Pick<HostSession, "name" | "component" | "told">,
    cannot: string,
): Promise<void> {
    const text = `cannot tell whether addresses on its LAN are in use: ${cannot}`;
    if (!told.has(text)) {
        told.add(text);
        await pulumi.log.warn(`${name}: ${text}`, component);
    }
}
