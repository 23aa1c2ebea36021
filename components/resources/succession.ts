// Refactoring: what a unit was before, by the host's word and by the state's.
import * as pulumi from "@pulumi/pulumi";
import { ownerWords } from "../wire/identity";
import { seenContainers } from "../facts/containers";
import { known } from "../wire/known";
import { ownerOnHost, type ProbeResult } from "../facts/observation";
import { Refusal } from "../run/refuse";
import { type HostSession } from "../run/session";

/**
 * Of the unit that a resource under a component holds. By a promise: what depends on a component's URN waits for all of its
 * children, and so for itself.
 */
export function ownerOf(
    { stack }: Pick<HostSession, "stack">,
    parent: pulumi.Resource,
    resource: string,
): pulumi.Output<string> {
    return pulumi.output(known(parent.urn).then((urn = "") => ownerWords(stack, urn, resource)));
}

/** A resource of another name takes a unit over as it is; what deletes it under its former name does nothing there. */
export async function tellSuccession(
    { name, component }: Pick<HostSession, "name" | "component">,
    probed: ProbeResult,
    unit: string,
    owner: string,
): Promise<void> {
    const observed = probed.status === "answered" ? probed.observation.units.get(unit) : undefined;
    const holder = observed && ownerOnHost(observed);
    if (holder !== undefined && holder !== owner) {
        const text = `${unit} is taken over unchanged from ${resourceOf(holder)} by ${resourceOf(owner)}`;
        await pulumi.log.info(
            `${name}: ${text}; if the former resource is deleted now, nothing on the host is undone`,
            component,
        );
    }
}

/** Of `PROJECT/STACK RESOURCE DIGEST`. */
function resourceOf(owner: string): string {
    return owner.split(" ")[1] ?? owner;
}

/**
 * One hook for all commands of a host, which hears what the state has of a resource before it is updated, in a preview
 * too: whether it was another stack's, and whether the host has lost what it was to hold.
 */
export function updateHook(session: HostSession): pulumi.ResourceHook {
    session.updateHook ??= new pulumi.ResourceHook(
        `${session.name} before an update`,
        async ({ oldInputs, newInputs }) => {
            const [before, now, said] = await Promise.all([
                textOf(oldInputs?.["create"]),
                textOf(newInputs?.["create"]),
                textOf(oldInputs?.["stdin"]),
            ]);
            const [from, to] = [before, now].map(heldBy);
            if (from && to) {
                refuseAnotherStacks(from, to, said);
                await tellLost(session, to.unit);
            }
        },
        { onDryRun: true },
    );
    return session.updateHook;
}

async function textOf(input: unknown): Promise<string> {
    const value: unknown = await known(pulumi.output(input));
    return typeof value === "string" ? value : "";
}

interface Held {
    readonly stack: string;
    readonly unit: string;
}

/** What a command holds, by its text: two of one name may be under different components. */
function heldBy(create: string): Held | undefined {
    const [, stack, unit = "host"] =
        /\b(?:apply|install) ([a-z0-9-]+)(?: ([\w-]+))?/.exec(create) ?? [];
    return stack === undefined ? undefined : { stack, unit };
}

/** The stack was renamed, or the resource was moved here from another. */
function refuseAnotherStacks(from: Held, to: Held, said: string): void {
    if (from.stack === to.stack) {
        return;
    }
    const former = /^owner: (\S+)/m.exec(said)?.[1] ?? "PROJECT/STACK";
    throw new Refusal(
        `the host knows it as part of the stack ${former}; nothing was changed there. If this stack had that name before, ` +
            `continue with: pulumi config set crosshost:knownAs ${former}. ` +
            "If it was moved here from another stack, move it back (pulumi state move) and destroy it there first",
    );
}

/** A host that was installed anew has neither the unit nor the container, and a plain `up` makes only the former. */
async function tellLost(session: HostSession, unit: string): Promise<void> {
    const probed = await session.probe;
    if (probed.status !== "answered" || probed.observation.units.has(unit)) {
        return;
    }
    const { name } = session;
    const lost =
        unit === "host"
            ? `${name} has lost what Crosshost installed there: this \`up\` installs it again`
            : `${unit} is no longer on ${name}: this \`up\` restores it`;
    const containers = seenContainers(probed.observation.facts)?.map(({ name }) => name);
    const container = session.unitContainers.get(unit);
    const gone =
        container !== undefined && containers && !containers.includes(container)
            ? `, once its container ${container}, which is gone too, is recreated: pulumi up --refresh --run-program`
            : "";
    await pulumi.log.warn(`${lost}${gone}`, session.component);
}
