import * as pulumi from "@pulumi/pulumi";
import { stackId } from "../wire/identity";
import { exposureWarnings } from "./exposed";
import { firewallWarnings } from "../checks/firewall/firewall";
import { isInStep, misfits } from "../checks/unit";
import { portMisfits } from "../checks/ports";
import { type CheckedUnit, type HostSession } from "../run/session";

/** In a preview, why a unit does not fit a host, each thing once for a host; and warnings. */
export async function checkUnit(
    session: Pick<HostSession, "name" | "stack" | "component" | "probe" | "told" | "guardSeconds">,
    unit: CheckedUnit,
): Promise<string | undefined> {
    const probed = await session.probe;
    if (probed.status !== "answered" || !pulumi.runtime.isDryRun()) {
        return undefined;
    }
    const { observation } = probed;
    const stack = stackId(session.stack);
    const all = [misfits({ ...unit, stack }, observation)];
    if (unit.ports) {
        all.push(portMisfits(unit.ports, session.name, stack, observation.facts));
    }
    const warnings = all.flatMap((found) => found.warnings);
    await warn(session, [...warnings, ...firewallWarnings(unit, observation)]);
    const wrong = fresh(
        session,
        all.flatMap((found) => found.errors),
    );
    if (wrong.length > 0) {
        const head = `${unit.title} cannot be applied on ${session.name}:`;
        return [head, ...wrong].join("\n    ");
    }
    if (unit.guarded && !isInStep(observation, unit)) {
        await pulumi.log.info(underGuard(session, unit), session.component);
    }
    return undefined;
}

/** The host itself finds out whether SSH comes by what is changed. */
function underGuard(
    { name, guardSeconds }: Pick<HostSession, "name" | "guardSeconds">,
    { title }: CheckedUnit,
): string {
    return `${name}: this \`up\` changes ${title} under guard: the host undoes it unless Pulumi can log in again within ${guardSeconds} s`;
}

/** The same of what its image only may listen on. */
export async function tellExposures(
    session: Pick<
        HostSession,
        "name" | "stack" | "component" | "probe" | "told" | "ports" | "silent" | "exposedBy"
    >,
    { ports, ...unit }: CheckedUnit,
): Promise<void> {
    const probed = await session.probe;
    if (ports && probed.status === "answered" && pulumi.runtime.isDryRun()) {
        const wanted = { ...unit, ports };
        await warn(session, await exposureWarnings(session, wanted, probed.observation));
    }
}

async function warn(
    session: Pick<HostSession, "name" | "component" | "told">,
    texts: readonly string[],
): Promise<void> {
    await Promise.all(
        fresh(session, texts).map((text) =>
            pulumi.log.warn(`${session.name}: ${text}`, session.component),
        ),
    );
}

function fresh({ told }: Pick<HostSession, "told">, texts: readonly string[]): string[] {
    return texts.filter((text) => !told.has(text) && told.add(text));
}
