import * as pulumi from "@pulumi/pulumi";
import { entriesHash, type Observation } from "../realize/observation";
import { refuse } from "../realize/refuse";
import { type HostSession } from "../realize/session";
import { dockerObjectName } from "../wire/fields";
import { check, type Problem } from "../wire/problem";

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
async function makersOf(
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
        readonly wanted: string;
        readonly container: string;
        readonly place: PlaceKind;
    },
): Promise<Problem[]> {
    const probed = await session.probe;
    if (!pulumi.runtime.isDryRun() || probed.status !== "answered") {
        return [];
    }
    const { units, facts } = probed.observation;
    const nothingToDo = units.get(unit)?.hash === entriesHash(wanted);
    return nothingToDo ? [] : containerProblems(container, session.name, facts, place);
}

/** A host tells of each container its name, state and networks: `container api running bridge`. */
export function containerProblems(
    container: string,
    host: string,
    facts: Observation["facts"],
    place: PlaceKind = "network",
): Problem[] {
    if (!/^\d/.test(facts.get("docker")?.[0] ?? "")) {
        return [];
    }
    const there = (facts.get("container") ?? []).map((fact) => fact.split(" "));
    const found = there.find(([name]) => name === container);
    const problem = found
        ? stranded(found[2] ?? "", place)
        : absent(
              host,
              there.map(([name]) => name ?? ""),
          );
    return problem ? [{ path: "containerName", message: `"${container}" ${problem}` }] : [];
}

function absent(host: string, others: readonly string[]): string {
    const has = others.length > 0 ? `, which has ${[...others].sort().join(", ")}` : "";
    return (
        `is no container on ${host}${has}: start it first; if this program makes it, write ` +
        "containerName: container.name, or dependsOn"
    );
}

/** An interface of its own goes well with no network of Docker's, and with no network that is the host's. */
function stranded(networks: string, place: PlaceKind): string | undefined {
    if (place === "interface") {
        return networks === "host"
            ? "has the network of the host itself, and nothing of its own: make it with another"
            : undefined;
    }
    const why = new Map([
        ["host", "has the network of the host itself"],
        ["none", "has no network by choice (none)"],
    ]).get(networks);
    return why && `${why}, and Docker connects such a one to no network: make it with another`;
}
