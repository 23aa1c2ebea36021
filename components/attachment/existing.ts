import * as pulumi from "@pulumi/pulumi";
import { type SeenContainer, seenContainers } from "../facts/containers";
import { entriesHash, holds, type Observation } from "../facts/observation";
import { refuse } from "../run/refuse";
import { type HostSession } from "../run/session";
import { dockerObjectName } from "../wire/fields";
import { check, type Problem } from "../wire/problem";
import { type Unit } from "../wire/unit";

/** A container that is joined to a network: made by its attachment, or by somebody else. */
export interface Joined {
    readonly name: pulumi.Output<string>;
    /** Known of a container that the attachment makes. */
    readonly id: pulumi.Output<string | undefined>;
    /** The resource that makes it, if the attachment does. */
    readonly maker?: pulumi.Resource;
    /** Nothing in this run can make it, so a preview looks for it. */
    readonly hasToBeThere?: boolean;
    /** Is another when the container is made anew by this program. */
    readonly made?: pulumi.Output<string>;
}

export function existingContainer(
    component: string,
    name: string,
    session: HostSession,
    containerName: pulumi.Input<string>,
    { dependsOn }: pulumi.ComponentResourceOptions = {},
): Joined {
    const said = pulumi.output(containerName).apply((given) => {
        refuse(component, name, check(dockerObjectName, given, "containerName").problems);
        return given;
    });
    const made = pulumi
        .all([makersOf(session, containerName), dependsOn ?? []])
        .apply(([makers, others]) => [makers, others].flat().filter(isCustom))
        .apply((found) => pulumi.all(found.map(({ id }) => id)))
        .apply((ids) => (ids.length > 0 ? entriesHash([...ids].sort().join("\n")) : ""));
    const hasToBeThere =
        typeof containerName === "string" &&
        dependsOn === undefined &&
        !session.containers.has(containerName);
    return { name: said, id: pulumi.output(undefined), made, hasToBeThere };
}

/** The resources of this program that a container's name comes from. */
export async function makersOf(
    session: HostSession,
    containerName: pulumi.Input<string>,
): Promise<pulumi.Resource[]> {
    const own =
        typeof containerName === "string" ? session.containers.get(containerName) : undefined;
    return own ? [own] : resourcesOf(containerName);
}

/** Outputs carry the resources that they come from, though their type does not say so. */
async function resourcesOf(value: unknown): Promise<pulumi.Resource[]> {
    if (!pulumi.Output.isInstance(value) || !("allResources" in value)) {
        return [];
    }
    const { allResources } = value;
    const found: unknown =
        typeof allResources === "function" ? await allResources.call(value) : undefined;
    return found instanceof Set
        ? Array.from<unknown>(found).filter((one) => pulumi.Resource.isInstance(one))
        : [];
}

function isCustom(resource: pulumi.Resource): resource is pulumi.CustomResource {
    return pulumi.CustomResource.isInstance(resource);
}

/** What a container is joined to. */
type PlaceKind = "network" | "interface";

/** What a preview says of a container that an up would fail with. */
export async function previewProblems(
    session: HostSession,
    {
        unit,
        wanted,
        container,
        place,
    }: {
        readonly unit: string;
        readonly wanted: Unit;
        readonly container: string;
        readonly place: PlaceKind;
    },
): Promise<Problem[]> {
    const facts = await factsForChange(session, unit, wanted);
    return facts ? containerProblems(container, session.name, facts, place) : [];
}

/** The same of one whose namespace another is to join: it has to run. */
export async function otherProblems(
    session: HostSession,
    unit: string,
    wanted: Unit,
    other: string,
): Promise<Problem[]> {
    const facts = await factsForChange(session, unit, wanted);
    const seen = facts && seenContainers(facts);
    const found = seen?.find(({ name }) => name === other);
    if (!seen || found?.state === "running") {
        return [];
    }
    const problem = found
        ? `is not running on ${session.name} (${found.state}), and Docker can only join a running container: docker start ${other}`
        : absent(other, session.name, seen, "mode: { container: ATTACHMENT }, or an output of it");
    return [{ path: "mode.container", message: `"${other}" ${problem}` }];
}

/** Of a host that answered a preview, where the unit is not there as it is wanted. */
async function factsForChange(
    session: HostSession,
    unit: string,
    wanted: Unit,
): Promise<Observation["facts"] | undefined> {
    const probed = await session.probe;
    if (!pulumi.runtime.isDryRun() || probed.status !== "answered") {
        return undefined;
    }
    return holds(probed.observation, unit, wanted) ? undefined : probed.observation.facts;
}

export function containerProblems(
    container: string,
    host: string,
    facts: Observation["facts"],
    place: PlaceKind = "network",
): Problem[] {
    const seen = seenContainers(facts);
    if (!seen) {
        return [];
    }
    const found = seen.find(({ name }) => name === container);
    const problem = found
        ? stranded(found, place, seen)
        : absent(container, host, seen, "containerName: container.name, or dependsOn");
    return problem ? [{ path: "containerName", message: `"${container}" ${problem}` }] : [];
}

/** At least as long as Docker shows it. */
const ID = /^[0-9a-f]{12,64}$/;

/** `ours`: what to write where the program makes it. */
function absent(
    given: string,
    host: string,
    others: readonly SeenContainer[],
    ours: string,
): string {
    const meant = ID.test(given) && others.find(({ id }) => id.startsWith(given));
    if (meant) {
        return `is the id of the container "${meant.name}" on ${host}, which changes when that is recreated: write its name`;
    }
    const names = others.map(({ name }) => name).sort();
    const has = names.length > 0 ? `, which has ${names.join(", ")}` : "";
    return `is not a container on ${host}${has}: start it first; if this program creates it, write ${ours}`;
}

/** An interface of its own goes well with no network of Docker's, and with no network that is another's. */
function stranded(
    { networks, state }: SeenContainer,
    place: PlaceKind,
    all: readonly SeenContainer[],
): string | undefined {
    if (state === "removing" || state === "dead") {
        return `is being removed (${state}): docker rm -f it, and recreate it`;
    }
    const other = /^container:(.*)$/.exec(networks)?.[1];
    if (other !== undefined) {
        const name = all.find((one) => one.id === other)?.name;
        const way =
            name === undefined ? "recreate it with another network mode" : `use "${name}" instead`;
        return `uses the network of another container and has none of its own: ${way}`;
    }
    if (networks === "host") {
        const rest = place === "interface" ? " and has none of its own" : NO_NETWORK;
        return `uses the host's network${rest}: recreate it with another network mode`;
    }
    return networks === "none" && place === "network"
        ? `runs with --network none${NO_NETWORK}: recreate it with another network mode`
        : undefined;
}

const NO_NETWORK = ", and Docker cannot connect such a container to a network";
