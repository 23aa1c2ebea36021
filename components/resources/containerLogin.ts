import { type Input } from "@pulumi/pulumi";
import { type Connection, type Login } from "../remote/ssh";

/** As the program says it: what arrives at run time is not known yet. */
type Said<T> = { readonly [K in keyof T]: Input<T[K]> };

const WANTED =
    "containers are created over OpenSSH, which needs a private key without a passphrase, " +
    "or an agent (agentSocketPath or $SSH_AUTH_SOCK): add one to the connection";

/** The Docker provider takes them for its own, whatever it is told, and then leaves SSH alone or does not start. */
const TLS_VARIABLES = [
    "DOCKER_CERT_PATH",
    "DOCKER_CA_MATERIAL",
    "DOCKER_CERT_MATERIAL",
    "DOCKER_KEY_MATERIAL",
];

/** Why no container can be created on a host: OpenSSH can be told neither password nor passphrase. */
export function containerLoginProblem(
    host: string,
    { proxy, ...login }: Said<Omit<Connection, "proxy">> & { readonly proxy?: Said<Login> },
): string | undefined {
    const set = TLS_VARIABLES.filter((name) => process.env[name]);
    if (set.length > 0) {
        const unset = `unset ${set.join(" ")}`;
        return `${host}: containers are created over SSH, which the Docker provider cannot do with certificates in the environment: ${unset}`;
    }
    if (lacksLogin(login)) {
        return `${host}: ${WANTED}`;
    }
    return proxy && lacksLogin(proxy) ? `the jump host of ${host}: ${WANTED}` : undefined;
}

/** For certain: a passphrase that arrives at run time may turn out to be none. */
function lacksLogin({ privateKey, privateKeyPassword, agentSocketPath }: Said<Login>): boolean {
    const hasPassphrase = typeof privateKeyPassword === "string" && privateKeyPassword !== "";
    const hasKey = Boolean(privateKey) && !hasPassphrase;
    return !hasKey && !agentSocketPath && !process.env["SSH_AUTH_SOCK"];
}
