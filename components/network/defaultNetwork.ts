// A bridge of ours in place of docker0: containers that join no network are on it.
import { type Problem } from "../wire/problem";
import { daemonKeysOf } from "../entries/daemon/daemon";
import { dockerName, type StackIdentity } from "../wire/identity";
import { type Entry } from "../wire/unit";
import { type Claim } from "./claims";

/** Docker's name of it. */
export const DEFAULT_NETWORK = "bridge";

/** Docker's name of a component's network. */
export function networkNameOf(identity: StackIdentity, component: string, spec: Spec): string {
    return spec.defaultNetwork
        ? DEFAULT_NETWORK
        : (spec.dockerName ?? dockerName(identity, component));
}

interface Spec {
    readonly dockerName?: string;
    readonly defaultNetwork?: true;
}

export function defaultClaims(isDefault: boolean): Claim[] {
    return isDefault ? [{ path: "defaultNetwork", thing: "Docker's default network" }] : [];
}

export function nameProblems(spec: Spec): Problem[] {
    const message = `"${spec.dockerName ?? ""}" has no use with defaultNetwork, whose name is Docker's: leave it out`;
    return spec.dockerName === undefined || spec.defaultNetwork === undefined
        ? []
        : [{ path: "dockerName", message }];
}

/** What the Host says of docker0, which goes; Docker calls it the same. */
const OF_DOCKER0 = ["bip", "mtu"];

/** A Host that says of docker0 what the network says of its bridge. */
export function docker0Problems(
    isDefault: boolean,
    hosts: readonly { readonly name: string; readonly docker: readonly Entry[] }[],
): Problem[] {
    return hosts.flatMap(({ name, docker }) =>
        [...daemonKeysOf(docker).keys()]
            .filter((key) => isDefault && OF_DOCKER0.includes(key))
            .map((key) => ({
                path: "defaultNetwork",
                message: `is in place of docker0, of which the Host "${name}" says docker.${key}: remove one of them`,
            })),
    );
}
