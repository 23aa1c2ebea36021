// The docker provider's own arguments.
import { type Checked, type Failure } from "../plugin/resource";
import {
    bool,
    defined,
    maps,
    parseJson,
    plain,
    secret,
    text,
    texts,
    UNKNOWN,
    type Value,
    type ValueMap,
} from "../plugin/values";
import { Engine } from "../dockerd/engine";
import { registryAuths } from "../dockerd/registry";

const UNSUPPORTED = ["caMaterial", "certMaterial", "certPath", "context", "keyMaterial"] as const;

/** The engine that the provider's arguments name. Nobody is called yet: a preview needs no host. */
export function configure(args: ValueMap): Engine {
    const given: ValueMap = defined({ context: process.env["DOCKER_CONTEXT"], ...args });
    for (const name of UNSUPPORTED) {
        if (given[name]) {
            throw new Error(`${name}: the lab's docker plugin reaches engines by ssh:// only`);
        }
    }
    const options = process.env["DOCKER_SSH_OPTS"]?.split(/\s+/).filter(Boolean);
    return new Engine({
        host: text(args["host"]) ?? hostByDefault(),
        sshOptions: texts(decoded(args["sshOpts"])) ?? options ?? [],
        ping: !bool(decoded(args["disableDockerDaemonCheck"])),
        auths: registryAuths(decoded(args["registryAuth"])),
    });
}

const KNOWN = new Set<string>([
    ...UNSUPPORTED,
    "disableDockerDaemonCheck",
    "host",
    "registryAuth",
    "sshOpts",
    // The engine's own.
    "pluginDownloadURL",
    "version",
]);

const LOGIN = new Set([
    "address",
    "authDisabled",
    "configFile",
    "configFileContent",
    "password",
    "username",
]);

/** A key that nobody knows is refused, at every depth; a password makes all logins one secret. */
export function checkConfig(inputs: ValueMap, provider: string): Checked {
    const { registryAuth } = inputs;
    const logins = maps(readable(registryAuth)) ?? [];
    const mistakes: [what: string, key: string][] = [
        ...unknownKeys(inputs, KNOWN).map((key): [string, string] => [UNKNOWN_KEY, key]),
        ...logins.flatMap(loginMistakes).map((what): [string, string] => [what, "registryAuth"]),
    ];
    const failures = mistakes.map(([what, key]): Failure => {
        const reason = `could not validate provider configuration: ${what}. Examine values at '${provider}.${key}'.`;
        return { property: "", reason };
    });
    const isSecretive = logins.some(({ password }) => password !== undefined);
    const kept = isSecretive && registryAuth !== undefined ? secret(registryAuth) : registryAuth;
    return { inputs: defined({ ...inputs, registryAuth: kept }), failures };
}

const UNKNOWN_KEY = "Invalid or unknown key";

function unknownKeys(given: ValueMap, known: ReadonlySet<string>): string[] {
    return Object.keys(given).filter((key) => !known.has(key));
}

function loginMistakes(login: ValueMap, at: number): string[] {
    const field = `"registry_auth.${at}.address"`;
    const { address } = login;
    return [
        ...unknownKeys(login, LOGIN).map(() => UNKNOWN_KEY),
        ...(address === undefined
            ? [
                  `Missing required argument. The argument ${field} is required, but no definition was found.`,
              ]
            : []),
        ...(address === "" ? [`expected ${field} to not be an empty string, got `] : []),
    ];
}

/** Undefined where a preview does not know it yet. */
function readable(value: Value | undefined): Value | undefined {
    const given = value === undefined ? undefined : plain(value);
    if (given === UNKNOWN) {
        return undefined;
    }
    try {
        return decoded(given);
    } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(`CheckConfig failed because of malformed resource inputs: ${why}`);
    }
}

function hostByDefault(): string {
    return process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
}

/** Lists and flags of a provider's arguments come as JSON text. */
function decoded(value: Value | undefined): Value | undefined {
    return typeof value === "string" ? parseJson(value) : value;
}
