import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { stackId, textDigest } from "../wire/identity";
import { vacateCommand } from "../remote/commands";
import { seenContainers } from "../facts/containers";
import { foretell } from "./foretell";
import { tellLeft } from "../preview/gone";
import { keyFolder, sshOptions, writeKeyFiles } from "./keyfiles";
import { known } from "../wire/known";
import { inTheWay, type Wish } from "./inTheWay";
import { type ProbeResult } from "../facts/observation";
import { Refusal } from "../run/refuse";
import { type HostSession, type RegistryAuth, sessionOf } from "../run/session";
import { type Connection, runOverSsh } from "../remote/ssh";
import { keyFilesCommand } from "./command";
import { unseenStaysAsItIs } from "../preview/unseen";
import { withShortTraces } from "./shortTraces";

/** What an attachment decides of a container it creates. */
type Owned = "networksAdvanced" | "networkMode" | "name";

/** All arguments of the Docker provider's Container, but those that the attachment owns. */
export type ContainerArgs = Omit<docker.ContainerArgs, Owned> & {
    /**
     * Name on the host. Default: `project-stack-name` (the former name, if `opts.aliases` says it).
     * Changing it replaces the container.
     */
    name?: string;
};

/** The container's networks, as the attachment decides them. */
export type ContainerNetworking = Pick<docker.ContainerArgs, "networksAdvanced" | "networkMode">;

/** One provider for a host, made when something first needs it. */
export function dockerProviderOf(host: object): pulumi.ProviderResource {
    const session = sessionOf(host);
    if (!session) {
        throw new Refusal("this is not a Host made by this version of the library");
    }
    if (session.containerLoginProblem !== undefined) {
        throw new Refusal(session.containerLoginProblem);
    }
    session.dockerProvider ??= makeProvider(session);
    return session.dockerProvider;
}

/** Its key files stay as long as it: the command that removes them is deleted after it. */
function makeProvider(session: HostSession): docker.Provider {
    const stack = stackId(session.stack);
    const connection = pulumi.unsecret(session.connection);
    const folder = connection.apply((to) => keyFolder(to, stack, session.name));
    const keys = keyFilesCommand(session, folder);
    return withShortTraces(
        () =>
            new docker.Provider(
                `${session.name}-docker`,
                {
                    host: connection.apply(urlOf),
                    sshOpts: connection.apply(async (to) => {
                        await session.checks.containers();
                        const options = sshOptions(to, stack, session.name);
                        // In an `up` not before the state has what removes them, whatever ends it. A preview's end with it.
                        if (pulumi.runtime.isDryRun() || (await known(keys.id)) !== undefined) {
                            writeKeyFiles(to, stack, session.name);
                        }
                        return options;
                    }),
                    registryAuth: session.registryAuth && secretly(session.registryAuth),
                    // Else the provider calls the engine of $DOCKER_CONTEXT, whatever `host` says.
                    context: "",
                },
                { parent: session.component, dependsOn: [keys] },
            ),
    );
}

/** The id of the one container among resources. */
export function containerIdOf(
    resources: readonly pulumi.Resource[],
): pulumi.Output<string> | undefined {
    const [one, ...more] = resources.filter((resource) => docker.Container.isInstance(resource));
    return more.length === 0 ? one?.id : undefined;
}

/** A container on the host, in its place from its start. */
export function createContainer(
    session: HostSession,
    parent: pulumi.Resource & object,
    provider: pulumi.ProviderResource,
    args: {
        resourceName: string;
        containerName: string;
        unit: string;
        container: ContainerArgs;
        networking: ContainerNetworking;
        /** What no other container may have when this one is made. */
        wish: Omit<Wish, "container" | "unit">;
        after: readonly pulumi.Resource[];
    },
): docker.Container {
    const mark = `${stackId(session.stack)}:${args.unit}`;
    const wish = { ...args.wish, unit: args.unit, container: args.containerName };
    const made = withShortTraces(
        () =>
            new docker.Container(
                args.resourceName,
                {
                    ...args.container,
                    name: args.containerName,
                    labels: pulumi
                        .output(args.container.labels)
                        .apply((labels) => [
                            ...(labels ?? []),
                            { label: "crosshost", value: mark },
                        ]),
                    ...args.networking,
                },
                {
                    parent,
                    provider,
                    dependsOn: [...args.after],
                    // A container that moves may have the same arguments on each host, and none is replaced as its provider is another.
                    replacementTrigger: machineOf(session),
                    deleteBeforeReplace: true,
                    deletedWith: session.machine,
                    hooks: { beforeCreate: [vacating(session, wish)] },
                    retainOnDelete: session.gone,
                    ignoreChanges: session.gone ? ["*"] : undefined,
                    transforms: session.gone
                        ? []
                        : [unseenStaysAsItIs(session, ["networkMode", "networksAdvanced"])],
                },
            ),
    );
    if (session.gone) {
        tellLeft(session, [`container ${args.containerName}`], made);
    }
    session.containers.set(args.containerName, made);
    pulumi.all([args.container.mustRun, args.container.start]).apply((runs) => {
        if (runs.includes(false)) {
            session.mayStop.add(args.containerName);
        }
    });
    return made;
}

/**
 * Which machine it is, whatever the program calls it. Of none that is not seen: what the state has of it then stays, as the
 * engine compares no trigger with none. By a digest of machine-id(5), which asks that others are not told the id itself.
 */
async function machineOf({ probe }: HostSession): Promise<string | null> {
    const probed = await probe;
    const id = probed.status === "answered" ? probed.observation.facts.get("machine")?.[0] : "";
    return id ? textDigest(`crosshost ${id}`) : null;
}

/**
 * The engine creates what its state does not know. If a client was killed between Docker's making
 * the container and the state's being written, it is there all the same: it goes first. So do containers of
 * this stack that are in the way: the engine deletes what has another name now only after it has created.
 * A host that told the probe of no such container is not asked again.
 */
function vacating(session: HostSession, wish: Wish): pulumi.ResourceHook {
    const stack = stackId(session.stack);
    return new pulumi.ResourceHook(`${wish.container} on ${session.name}`, async () => {
        const connection = await known(session.connection);
        const leaving = await inTheWay(session, wish);
        if (connection && (leaving.length > 0 || mayHold(await session.probe, stack, wish))) {
            const containers = [wish.container, ...leaving] as const;
            const command = vacateCommand(stack, wish.unit, containers, session.become);
            const { status, stderr } = await runOverSsh(connection, command);
            if (status !== 0) {
                const why = stderr.trim() || `ended with status ${status ?? "unknown"}`;
                throw new Refusal(`${session.name}: ${why}`);
            }
        }
        if (connection) {
            await foretell(session, connection);
        }
    });
}

function mayHold(probed: ProbeResult, stack: string, { container, unit }: Wish): boolean {
    const seen =
        probed.status === "answered" ? seenContainers(probed.observation.facts) : undefined;
    return (
        seen?.some(({ name, owner }) => name === container || owner === `${stack}:${unit}`) ?? true
    );
}

/** The provider keeps what it is given in the state, and marks no part of it as a secret. */
function secretly(logins: pulumi.Input<RegistryAuth[]>): pulumi.Output<RegistryAuth[]> {
    return pulumi
        .output(logins)
        .apply((all) =>
            pulumi.output(
                all.map((login) => ({ ...login, password: pulumi.secret(login.password) })),
            ),
        );
}

/** With the socket: else the login's `docker` takes it from $DOCKER_HOST there, or from its Docker context. */
function urlOf({ host, port, user }: Connection): string {
    return `ssh://${encodeURIComponent(user ?? "root")}@${host}:${port ?? 22}/run/docker.sock`;
}
