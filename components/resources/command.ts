// resources/: what is registered with Pulumi's two providers, and what each host has to know for it.
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { type PortWish } from "../wire/claims";
import { type Flow } from "../wire/flow";
import { stackId } from "../wire/identity";
import { known } from "../wire/known";
import { isUnderlay } from "../entries/underlay/underlay";
import { type Unit, unitText } from "../wire/unit";
import {
    applyCommand,
    commitCommand,
    deleteCommand,
    installCommand,
    uninstallCommand,
} from "../remote/commands";
import { claimEntries } from "../run/entries";
import { tellLeft } from "../preview/gone";
import { addFinding, type Finding, refuseMisfits } from "./findings";
import { removalOf } from "./keyfiles";
import { entriesHash, trailer, type Trailer } from "../facts/observation";
import { ownerOf, tellSuccession, updateHook } from "./succession";
import { type HostSession } from "../run/session";
import { type Connection, type Login } from "../remote/ssh";
import { unseenStaysAsItIs } from "../preview/unseen";
import { withShortTraces } from "./shortTraces";

const COMMAND_DEFAULTS = { logging: "none", addPreviousOutputInEnv: false } as const;

/** A machine that is being made may take a minute to start sshd; any other host is up, or down. */
const DIALS = { fresh: 10, running: 1 };
const DIAL_SECONDS = 5;

interface UnitOfHost {
    /** The logical name of what it is of: the resource is called after it, so that Pulumi's aliases reach it. */
    readonly of: string;
    /** Of one that has several there, and this is not the main one: the end of the resource's name. */
    readonly part?: string;
    readonly name: string;
    /** As messages name it: `Overlay "mesh"`. */
    readonly title: string;
    readonly wanted: pulumi.Output<Unit>;
    /** Applied again when this is another, though the text is the same. */
    readonly made?: pulumi.Output<string>;
    /** Of the host, which a preview looks for. */
    readonly ports?: PortWish;
    /** What has to come to the host for it, and modules of its kernel. */
    readonly flows?: pulumi.Output<readonly Flow[]>;
    readonly modules?: readonly string[];
    readonly programs?: readonly string[];
    /** It can touch the way that SSH comes by: its changes are taken back unless a later login commits them. */
    readonly guarded?: true;
}

interface AppliedUnit extends UnitOfHost {
    readonly resource: (host: string) => string;
    readonly after: pulumi.Input<pulumi.Resource[]>;
    /** Awaited here where no component's outputs can. */
    readonly fits?: Promise<void>;
    /** Whether it stays as the state has it, in an `up` too. */
    readonly stands?: Promise<boolean>;
}

interface Applied {
    readonly made: command.remote.Command;
    readonly stdin: pulumi.Output<string>;
}

/** The name of the command that holds a component's unit on a host, or another one of its there. */
export function unitResource(component: string, host: string, part?: string): string {
    return [component, host, part].filter((word) => word !== undefined).join("-");
}

/** What is wanted of a host, by the command that brings it there. */
export interface HostCommand {
    readonly session: HostSession;
    readonly command: pulumi.Resource;
}

/** One component's unit on one host: one command, whose stdin is the unit. */
export function unitCommand(
    session: HostSession,
    parent: pulumi.Resource,
    unit: UnitOfHost & {
        readonly after?: readonly pulumi.Resource[];
        /** Of other hosts: those that are left unchanged keep nobody waiting. */
        readonly afterHosts?: readonly HostCommand[];
    },
): pulumi.Resource {
    const resource = (host: string) => unitResource(unit.of, host, unit.part);
    const after = [...previousCommand(session), ...(unit.after ?? [])];
    addFinding(parent, misfit(session, unit));
    session.lastCommand = unit.guarded
        ? guarded(session, parent, { ...unit, resource, after })
        : applied(session, parent, {
              ...unit,
              resource,
              after: unit.afterHosts ? afterAll(after, unit.afterHosts) : after,
          }).made;
    return session.lastCommand;
}

async function afterAll(
    own: readonly pulumi.Resource[],
    others: readonly HostCommand[],
): Promise<pulumi.Resource[]> {
    const waited = others.map(async ({ session, command }) =>
        (await isLeftUnchanged(session)) ? [] : [command],
    );
    return [...own, ...(await Promise.all(waited)).flat()];
}

/**
 * Each command is a login of its own. The one before the unit's commits its removal, as Pulumi deletes in reverse; the one after it
 * commits a change, with another stdin whenever the unit's is another. What is made on the unit waits for that.
 */
function guarded(
    session: HostSession,
    parent: pulumi.Resource,
    unit: Omit<AppliedUnit, "after"> & { readonly after: pulumi.Resource[] },
): pulumi.Resource {
    const commit = commitCommand(stackId(session.stack), unit.name, session.become);
    const name = unit.resource(session.name);
    const removal = remoteCommand(session, parent, `${name}-release`, {
        commands: { delete: commit },
        after: unit.after,
        dials: DIALS.fresh,
    });
    const { made, stdin } = applied(session, parent, { ...unit, after: [...unit.after, removal] });
    return remoteCommand(session, parent, `${name}-commit`, {
        commands: { create: commit, stdin: stdin.apply(commitText) },
        after: [made],
        dials: DIALS.fresh,
    });
}

/** Which text is committed: that of another run is not. */
function commitText(stdin: string): string {
    return `commit: ${entriesHash(stdin)}\n`;
}

/**
 * What a host tells of a key that it makes for a component. It is in the state from then on, and that of a host that is
 * left unchanged stays as it is: others need no more of that host than its key, so they do not wait for it.
 */
export function keyCommand(
    session: HostSession,
    parent: pulumi.Resource,
    unit: UnitOfHost,
): pulumi.Output<string | undefined> {
    const resource = (host: string) => unitResource(unit.of, host, "key");
    const before = previousCommand(session);
    const stands = isLeftUnchanged(session);
    const after = pulumi.output(stands.then((yes) => (yes ? [] : before)));
    const { made } = applied(session, parent, { ...unit, resource, after, stands });
    session.lastCommand = made;
    return made.stdout;
}

/** Its own commands are stopped. */
function isLeftUnchanged({ checks }: Pick<HostSession, "checks">): Promise<boolean> {
    return checks.host.then(
        () => false,
        () => true,
    );
}

/** A unit of the host itself whose text is known at the end of the program; it follows all others. */
export function lastUnitCommand(
    session: HostSession,
    unit: UnitOfHost & { readonly end: Promise<unknown> },
): pulumi.Resource {
    const resource = (host: string) => `${host}-${unit.of}`;
    const after = pulumi.output(unit.end.then(() => previousCommand(session)));
    const fits = refuseMisfits([misfit(session, unit)]);
    return applied(session, session.component, { ...unit, resource, after, fits }).made;
}

/** Why a preview finds that it does not fit. What makes its text come to nothing is told by its command. */
async function misfit(session: HostSession, unit: UnitOfHost): Finding {
    if (!pulumi.runtime.isDryRun()) {
        return undefined;
    }
    const wanted = await known(pulumi.all([unit.wanted, unit.flows])).catch(() => undefined);
    return wanted && session.checks.unit({ ...unit, wanted: wanted[0], flows: wanted[1] });
}

function applied(session: HostSession, parent: pulumi.Resource, unit: AppliedUnit): Applied {
    const stack = stackId(session.stack);
    const name = unit.resource(session.name);
    const owner = ownerOf(session, parent, name);
    if (unit.ports?.container !== undefined) {
        session.unitContainers.set(unit.name, unit.ports.container);
    }
    return hostCommand(session, parent, name, {
        create: applyCommand(stack, unit.name, session.become),
        delete: deleteCommand(stack, unit.name, session.become),
        wanted: unit.wanted,
        stdin: (wanted) => {
            claimEntries(session, unit.title, wanted);
            return pulumi
                .all([owner, unit.made, unit.stands, unit.fits])
                .apply(([own, made, stands]) =>
                    withTrailer(session, unit.name, wanted, stands, {
                        owner: own,
                        made,
                        guard: unit.guarded && session.guardSeconds,
                    }),
                );
        },
        after: unit.after,
        dials: DIALS.running,
        stands: unit.stands,
        // Stacks that are older than 0.1.0 have them by the names of their units.
        formerly: [...session.formerNames.map(unit.resource), `${unit.name}-${session.name}`],
    });
}

/** sshd takes ten logins at a time (MaxStartups): a host's commands follow one another. */
function previousCommand({ lastCommand }: HostSession): pulumi.Resource[] {
    return lastCommand ? [lastCommand] : [];
}

/** The Host's own command: puts the program on the host; its removal takes all of the stack away. */
export function installHostCommand(
    session: HostSession,
    wanted: pulumi.Output<Unit>,
    packedProgram: pulumi.Input<string>,
): pulumi.Resource {
    const stack = stackId(session.stack);
    const name = `${session.name}-converger`;
    const owner = ownerOf(session, session.component, name);
    const { made } = hostCommand(session, session.component, name, {
        create: installCommand(stack, session.become),
        delete: uninstallCommand(stack, session.become),
        wanted,
        stdin: (wanted) =>
            owner.apply(
                (own) =>
                    pulumi.interpolate`${withTrailer(session, "host", wanted, undefined, { owner: own })}${packedProgram}`,
            ),
        after: [],
        dials: session.machine ? DIALS.fresh : DIALS.running,
        formerly: [],
    });
    session.converger = made;
    session.lastCommand = made;
    return made;
}

/** Does nothing but, when it goes, take a folder of key files from the machine that Pulumi runs on. */
export function keyFilesCommand(
    session: HostSession,
    folder: pulumi.Output<string>,
): pulumi.CustomResource {
    return withShortTraces(
        () =>
            new command.local.Command(
                `${session.name}-keys`,
                {
                    ...COMMAND_DEFAULTS,
                    interpreter: ["node", "-e"], // which is wherever the program is, Windows among it
                    delete: folder.apply(removalOf),
                    triggers: [folder],
                },
                // After the Host's own command: an `up` that is refused there leaves the files that `destroy` logs in by. Not after a
                // unit's: with `--continue-on-error`, Pulumi 3.276 panics where it skips a provider, as it would behind one that fails.
                {
                    parent: session.component,
                    dependsOn: session.converger ? [session.converger] : [],
                },
            ),
    );
}

/** Without commands and stdin, a resource of a host that is gone is changed and deleted in the state alone. */
function hostCommand(
    session: HostSession,
    parent: pulumi.Resource,
    name: string,
    args: {
        create: string;
        delete: string;
        wanted: pulumi.Output<Unit>;
        stdin: (wanted: Unit) => pulumi.Output<string>;
        after: pulumi.Input<pulumi.Resource[]>;
        dials: number;
        formerly: readonly string[];
        stands?: Promise<boolean>;
    },
): Applied {
    const stdin = session.gone ? pulumi.output("") : args.wanted.apply(args.stdin);
    const made = remoteCommand(session, parent, name, {
        commands: { create: args.create, delete: args.delete, stdin },
        after: args.after,
        dials: args.dials,
        formerly: args.formerly,
        hooks: { beforeUpdate: [updateHook(session)] },
        stands: args.stands,
    });
    if (session.gone) {
        args.wanted.apply((unit) => {
            const left = unit.filter((entry) => !isUnderlay(entry)); // which is only a check
            tellLeft(
                session,
                left.map(({ key }) => key),
                made,
            );
        });
    }
    return { made, stdin };
}

function remoteCommand(
    session: HostSession,
    parent: pulumi.Resource,
    name: string,
    args: {
        commands: {
            create?: string;
            delete?: string;
            stdin?: pulumi.Output<string>;
        };
        after: pulumi.Input<pulumi.Resource[]>;
        dials: number;
        formerly?: readonly string[];
        stands?: Promise<boolean>;
        hooks?: pulumi.ResourceHookBinding;
    },
): command.remote.Command {
    return withShortTraces(
        () =>
            new command.remote.Command(
                name,
                {
                    ...COMMAND_DEFAULTS,
                    connection: session.connection.apply((connection) =>
                        dialling(connection, args.dials),
                    ),
                    ...(session.gone ? {} : args.commands),
                },
                {
                    parent,
                    aliases: args.formerly?.map((former) => ({ name: former })),
                    dependsOn: args.after,
                    // Whoever asks for a replacement (`pulumi up --replace`) wants it made again, not taken away at last.
                    deleteBeforeReplace: true,
                    deletedWith: session.machine,
                    hooks: session.gone ? undefined : args.hooks,
                    transforms: [
                        unseenStaysAsItIs(
                            session,
                            ["stdin", "connection", "create", "delete"],
                            args.stands,
                        ),
                    ],
                },
            ),
    );
}

/** Awaits the probe: Pulumi takes a Map in a promise for an object, of which nothing is left. */
async function withTrailer(
    session: HostSession,
    unit: string,
    wanted: Unit,
    stands: boolean | undefined,
    said: Trailer,
): Promise<string> {
    await (stands ? undefined : session.checks.host);
    const probed = await session.probe;
    await tellSuccession(session, probed, unit, said.owner);
    const text = unitText(wanted);
    const lines = trailer(probed, unit, text, said);
    return [text, ...lines.map((line) => `${line}\n`)].join("");
}

function dialling({ proxy, ...login }: Connection, dialErrorLimit: number) {
    const limited = (to: Login) => ({
        host: to.host,
        port: to.port,
        user: to.user,
        password: to.password,
        privateKey: to.privateKey,
        privateKeyPassword: to.privateKeyPassword,
        agentSocketPath: to.agentSocketPath,
        hostKey: to.hostKey,
        dialErrorLimit,
        perDialTimeout: DIAL_SECONDS,
    });
    return { ...limited(login), proxy: proxy && limited(proxy) };
}
