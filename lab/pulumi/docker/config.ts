// The docker provider's own arguments.
import { bool, parseJson, text, texts, type Value, type ValueMap } from "../plugin/values";
import { Engine } from "./engine";
import { registryAuths } from "./registry";

const UNSUPPORTED = ["caMaterial", "certMaterial", "certPath", "context", "keyMaterial"] as const;

/** The engine that the provider's arguments name. Nobody is called yet: a preview needs no host. */
export function configure(args: ValueMap): Engine {
    for (const name of UNSUPPORTED) {
        if (args[name]) {
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

/** What the state keeps of a provider that names no host. */
export function checkConfig(inputs: ValueMap): ValueMap {
    return inputs["host"] === undefined ? { ...inputs, host: hostByDefault() } : inputs;
}

function hostByDefault(): string {
    return process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
}

/** Lists and flags of a provider's arguments come as JSON text. */
function decoded(value: Value | undefined): Value | undefined {
    return typeof value === "string" ? parseJson(value) : value;
}
