// A Linux machine with Docker, reached by SSH:
//
//   program --ssh--> converger (/var/lib/crosshost/STACK/crosshost) --> kernel, Docker
//                    units     (/var/lib/crosshost/STACK/units/*)
//                    boot      crosshost-STACK-links.service, before docker.service
//                              crosshost-STACK-rules.service, after it
//
// A host is one Pulumi resource: the command that installs the converger. Once a container is created
// there, it has two more: a Docker provider, and the command that finally removes its key files from this
// machine. A network across many hosts adds one for the names of their containers.
// A preview takes one SSH login, however many components the host has.
import * as pulumi from "@pulumi/pulumi";
import { convergerProgram } from "../converger/program";
import { agentProblem } from "../remote/agent";
import { containerLoginProblem } from "../resources/containerLogin";
import { dockerProviderOf } from "../resources/container";
import { tellGone } from "../preview/gone";
import { known } from "../wire/known";
import { formerNames, knownAs, stackKnownAs } from "../run/knownAs";
import { hostChecks } from "../preview/checks";
import { exposuresOf } from "../preview/exposed";
import { lanOf } from "../preview/lan";
import { type ProbeResult } from "../facts/observation";
import { packProgram } from "../converger/pack";
import { readable } from "../remote/privateKey";
import { probe } from "../remote/probe";
import { parsed, refuse } from "../run/refuse";
import { type HostSession, openSession, sessionsSoFar } from "../run/session";
import { type Connection } from "../remote/ssh";
import { installHostCommand } from "../resources/command";
import { Claims, portsClash } from "../wire/claims";
import { isAddress, overlap } from "../wire/address";
import { address } from "../wire/fields";
import { stackId } from "../wire/identity";
import { check, type Problem } from "../wire/problem";
import { claimRanges, dockerEntries, dockerProblems } from "./docker";
import { type DockerArgs } from "./dockerArgs";
import { type HostHandle } from "./handle";
import { idFromName, planHost } from "./plan";
import { connectionSchema, GUARD_SECONDS, hostSchema, registryAuthSchema } from "./schema";

const COMPONENT = "Host";

/** How to log in to one machine by SSH. */
export interface LoginArgs {
    /** Name or address that SSH connects to. */
    host: pulumi.Input<string>;
    /** TCP port of sshd. Default 22. */
    port?: pulumi.Input<number>;
    /** User to log in as. Default: root; any other user needs `become`. */
    user?: pulumi.Input<string>;
    /** Password for the login. Containers cannot be created over a password login. */
    password?: pulumi.Input<string>;
    /** Private key as PEM text, with or without a passphrase. */
    privateKey?: pulumi.Input<string>;
    /** Passphrase of the private key. */
    privateKeyPassword?: pulumi.Input<string>;
    /**
     * Socket of an SSH agent. Default: `$SSH_AUTH_SOCK`, if set. An agent that is set has to answer,
     * even if there is also a private key, which is then used instead.
     */
    agentSocketPath?: pulumi.Input<string>;
    /**
     * The server's public key as in authorized_keys, `ssh-ed25519 AAAA...`; no other key is accepted.
     * `ssh-keyscan -t ed25519 HOST` prints it.
     */
    hostKey?: pulumi.Input<string>;
    /** Accept any server. Anyone in the middle can read everything and act as root on the host. */
    insecureIgnoreHostKey?: true;
}

export interface ConnectionArgs extends LoginArgs {
    /** One host to jump over, as `ssh -J` does. */
    proxy?: LoginArgs;
}

/** Of changes that touch the NIC, bridge, address or route that the SSH connection comes by. */
export interface GuardArgs {
    /**
     * How long such a change waits for a new SSH connection that commits it, in seconds, 5 to 60.
     * Default: 15. Changed in place, at the next change of what is guarded.
     */
    seconds?: number;
}

export interface RegistryAuthArgs {
    /** Address of the registry, as in the image's name: `registry.example:5000`. */
    address: pulumi.Input<string>;
    /** User to log in as. */
    username: pulumi.Input<string>;
    /** Password or token. A secret. */
    password: pulumi.Input<string>;
}

export interface HostArgs {
    /** How to reach the host by SSH. Changed in place: the next commands use the new connection. */
    connection: ConnectionArgs;
    /**
     * `sudo`: run commands on the host with `sudo -n`. The login user needs NOPASSWD. Default: run them
     * as the login user, who must be root. Changed in place.
     */
    become?: "sudo";
    /**
     * IPv4 address at which the other hosts reach this one; one of its NICs must have it. Default:
     * `connection.host`, if it is an address. Changed in place, on the other hosts too.
     */
    address?: pulumi.Input<string>;
    /**
     * Number from which overlays derive this host's subnet and MACs, 1 to 255 for /24s of a /16.
     * Default: the number at the end of the logical name (of the former name, if `opts.aliases` has
     * it). Changing it changes the subnets.
     */
    id?: number;
    /**
     * MTU in bytes of the NIC that has the address, 576 to 65535. Overlays derive their MTU from it.
     * Default: 1500. Changed in place, with the overlays' MTU.
     */
    mtu?: number;
    /** Logins for the registries that images are pulled from. Changed in place. */
    registryAuth?: pulumi.Input<RegistryAuthArgs[]>;
    /**
     * Settings of the Docker Engine, written into its daemon.json beside what is there. Default: none.
     * Changed in place: Docker reloads them, or is restarted where it has to be, which the preview says.
     */
    docker?: DockerArgs;
    /**
     * How the host takes back a change that could cut off SSH. Default: after 15 s. Changed in place, at
     * the next change of what is guarded.
     */
    guard?: GuardArgs;
    /**
     * The resource that creates the machine. When it is deleted, nothing on the machine is undone
     * first. Changed in place.
     */
    machine?: pulumi.Resource;
    /**
     * Fail a preview if the host cannot be reached, for CI. Default: `false`, a warning. Changed in
     * place: nothing on the host depends on it.
     */
    strict?: boolean;
    /**
     * The machine no longer exists. Nothing is done there, networks no longer count on it, and its
     * resources can be deleted without it. Run one `up` with it, then remove the host and what runs on
     * it from the program, or `destroy`. If you unset it, the next `up` wires the host again. Default:
     * `false`. Changed in place.
     */
    gone?: boolean;
}

/**
 * A Linux machine with systemd, iproute2, nftables and Docker, reached by SSH.
 *
 * ```ts
 * const vm1 = new Host("vm1", { connection: { host: "192.168.40.11", privateKey, hostKey } });
 * ```
 */
export class Host extends pulumi.ComponentResource implements HostHandle {
    /** The logical name, under which networks list the host. */
    public readonly hostName: pulumi.Output<string>;
    /** Address at which other hosts reach it; empty if none is known. */
    public readonly address: pulumi.Output<string>;

    constructor(name: string, args: HostArgs, opts?: pulumi.ComponentResourceOptions) {
        const spec = parsed(hostSchema, COMPONENT, name, args);
        const earlier = sessionsSoFar();
        const reachedAt = placeOf(args.connection);
        const settings = spec.docker ?? {};
        refuse(COMPONENT, name, [
            ...twinProblems(reachedAt, earlier),
            ...dockerProblems(settings, name, addressNow(args)),
        ]);
        super("crosshost:index:Host", name, {}, opts);

        this.hostName = pulumi.output(name);
        this.address = addressOf(name, args);
        const docker = dockerEntries(settings);
        const program = convergerProgram();
        const stack = stackKnownAs();
        const connection = pulumi.output(args.connection).apply((to) => checked(name, to));
        const gone = spec.gone ?? false;
        const agent = gone ? Promise.resolve(undefined) : agentProblem(args.connection);
        const probed = (async (): Promise<ProbeResult> => {
            const [noAgent, to] = await Promise.all([agent, known(connection)]);
            if (noAgent !== undefined) {
                return { status: "refused", reason: noAgent };
            }
            return to && !gone
                ? probe(to, spec.become, stackId(stack), program, (waiting) => {
                      void pulumi.log.info(`${name}: ${waiting}`, this);
                  })
                : { status: "unknown" };
        })();
        const seen: Omit<HostSession, "checks"> = {
            name,
            stack,
            reachedAt,
            earlier,
            component: this,
            connection,
            become: spec.become,
            address: this.address,
            addressNow: addressNow(args),
            docker,
            id: spec.id ?? idFromName(knownAs(name, opts)),
            mtu: spec.mtu,
            guardSeconds: spec.guard?.seconds ?? GUARD_SECONDS.usual,
            machine: args.machine,
            probe: probed,
            gone,
            askLan: lanOf(connection, spec.become, stackId(stack), program),
            exposedBy: exposuresOf(connection, spec.become, stackId(stack), program),
            containerLoginProblem: containerLoginProblem(name, args.connection),
            registryAuth:
                args.registryAuth &&
                pulumi.output(args.registryAuth).apply((logins) => checkedLogins(name, logins)),
            ports: new Claims(portsClash),
            silent: [],
            containerNames: new Claims(),
            containers: new Map(),
            addresses: new Claims(),
            cidrs: new Claims(overlap),
            things: new Claims(),
            mayStop: new Set(),
            told: new Set(),
            converger: undefined,
            lastCommand: undefined,
            dockerProvider: undefined,
            namesSoFar: undefined,
            foretold: undefined,
            formerNames: formerNames(opts),
            unitContainers: new Map(),
            updateHook: undefined,
        };
        claimRanges(settings, seen.cidrs);
        const checks = hostChecks(seen, { strict: spec.strict ?? false, agent });
        const session: HostSession = { ...seen, checks };
        openSession(this, session);
        installHostCommand(
            session,
            this.address.apply((known) => planHost(stack, program, known, docker)),
            packProgram(program),
        );
        if (gone) {
            tellGone(session);
        }
        this.registerOutputs({
            hostName: this.hostName,
            address: this.address,
            become: spec.become,
            gone,
        });
    }

    /** The Docker provider for this host, for your own containers, volumes and the like. */
    get dockerProvider(): pulumi.ProviderResource {
        return dockerProviderOf(this);
    }
}

/** Where SSH connects to, as far as it is known now; a jump host may lead to another network. */
function placeOf({ proxy, ...login }: ConnectionArgs): string | undefined {
    const places = [login, ...(proxy ? [proxy] : [])].map(({ host, port = 22 }) =>
        typeof host === "string" && typeof port === "number" ? `${host}:${port}` : undefined,
    );
    return places.includes(undefined) ? undefined : places.join(" by way of ");
}

/** Two Hosts would hold the same files on the machine. */
function twinProblems(place: string | undefined, earlier: readonly HostSession[]): Problem[] {
    const twin = earlier.find(({ reachedAt }) => reachedAt !== undefined && reachedAt === place);
    const message = `${place ?? ""} is already "${twin?.name ?? ""}": use that Host`;
    return twin ? [{ path: "connection", message }] : [];
}

/** Empty where the host is reached by name and the program does not say its address. */
function addressOf(name: string, args: HostArgs): pulumi.Output<string> {
    return args.address === undefined
        ? pulumi.output(args.connection.host).apply(addressOrNone)
        : pulumi.output(args.address).apply((given) => {
              refuse(COMPONENT, name, check(address, given, "address").problems);
              return given;
          });
}

function addressNow({ address: given, connection }: HostArgs): string | undefined {
    const said = given ?? connection.host;
    return typeof said === "string" ? addressOrNone(said) : undefined;
}

function addressOrNone(text: string): string {
    return isAddress(text) ? text : "";
}

/** What came late is held to the same schema as what was known at once. */
function checked(name: string, connection: pulumi.Unwrap<ConnectionArgs>): Connection {
    refuse(COMPONENT, name, check(connectionSchema, connection, "connection").problems);
    return readable(connection);
}

function checkedLogins(name: string, logins: Login[]): Login[] {
    refuse(COMPONENT, name, check(registryAuthSchema, logins, "registryAuth").problems);
    return logins;
}

type Login = pulumi.Unwrap<RegistryAuthArgs>;
