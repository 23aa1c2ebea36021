// The SSH login: which methods are offered, in which order, and what a failure is called.
import { connect } from "node:net";
import { type AnyAuthMethod, Client, type ConnectConfig, type ParsedKey, utils } from "ssh2";
import { type Endpoint } from "./connection";
import { type Transport } from "./transport";

export interface Credentials {
    readonly methods: readonly AnyAuthMethod[];
    readonly hostKey: HostKey | undefined;
}

interface HostKey {
    readonly type: string;
    readonly data: Buffer;
}

/** Mistakes in keys show here, before anything is dialed. */
export async function credentialsOf(to: Endpoint): Promise<Credentials> {
    const hostKey = to.hostKey === undefined ? undefined : parseHostKey(to.hostKey);
    const methods: AnyAuthMethod[] = [];
    const username = to.user;
    if (to.privateKey !== undefined) {
        const key = parsePrivateKey(to.privateKey, to.privateKeyPassword);
        methods.push({ type: "publickey", username, key });
    }
    if (to.password !== undefined) {
        const { password } = to;
        methods.push({ type: "password", username, password });
        methods.push({
            type: "keyboard-interactive",
            username,
            prompt: (_name, _instructions, _language, prompts, finish) => {
                finish(prompts.map(() => password));
            },
        });
    }
    if (to.agentSocketPath !== undefined) {
        await reachAgent(to.agentSocketPath);
        // One login tries each method once: beside a private key, the agent is not asked.
        if (to.privateKey === undefined) {
            methods.push({ type: "agent", username, agent: to.agentSocketPath });
        }
    }
    return { methods, hostKey };
}

/** An SSH session over the transport, with no limit of time, as the published plugin has none. */
export function handshake(
    to: Endpoint,
    { methods, hostKey }: Credentials,
    sock: Transport,
): Promise<Client> {
    const attempted: string[] = [];
    return new Promise((resolve, reject) => {
        const client = new Client();
        const failed = (error: Error) => {
            client.removeListener("close", closed);
            client.on("error", () => undefined);
            client.end();
            sock.destroy();
            reject(new Error(`ssh: handshake failed: ${reasonOf(error, attempted, hostKey)}`));
        };
        const closed = () => {
            failed(new Error("EOF"));
        };
        client.once("error", failed);
        client.once("close", closed);
        client.once("ready", () => {
            client.removeListener("error", failed);
            client.removeListener("close", closed);
            resolve(client);
        });
        client.connect({
            sock,
            username: to.user,
            readyTimeout: 0,
            authHandler: (left, _partial, next) => {
                const method = nextMethod(methods, attempted, left);
                if (method === undefined) {
                    failed(new Error(UNAUTHENTICATED));
                } else {
                    attempted.push(nameOf(method));
                    next(method);
                }
            },
            ...(hostKey && pinned(hostKey)),
        });
    });
}

const UNAUTHENTICATED = "unable to authenticate";

/** First "none", which tells what the server takes; then each of ours that it takes, once. */
function nextMethod(
    methods: readonly AnyAuthMethod[],
    attempted: readonly string[],
    left: readonly string[] | null,
): AnyAuthMethod | "none" | undefined {
    if (attempted.length === 0) {
        return "none";
    }
    return methods.find((method) => {
        const name = nameOf(method);
        return !attempted.includes(name) && (left === null || left.includes(name));
    });
}

function nameOf(method: AnyAuthMethod | "none"): string {
    const name = typeof method === "string" ? method : method.type;
    return name === "agent" ? "publickey" : name;
}

/** Only the key's own algorithm is asked for: `ssh-rsa` alone, which new servers do not offer. */
function pinned({ type, data }: HostKey): Pick<ConnectConfig, "algorithms" | "hostVerifier"> {
    return {
        algorithms: { serverHostKey: [type as "ssh-ed25519"] },
        hostVerifier: (offered: Buffer) => data.equals(offered),
    };
}

function parseHostKey(line: string): HostKey {
    const fields = line.trim().split(/\s+/);
    const at = fields.findIndex((field) => /^(ssh|ecdsa|sk)-[\w@.-]+$/.test(field));
    const data = Buffer.from(fields[at + 1] ?? "", "base64");
    const type = fields[at];
    if (at < 0 || type === undefined || !data.includes(type)) {
        throw new Error("failed to parse host key: ssh: no key found");
    }
    return { type, data };
}

function parsePrivateKey(pem: string, passphrase: string | undefined): ParsedKey {
    const key = utils.parseKey(pem, passphrase);
    if (!(key instanceof Error)) {
        return key;
    }
    if (/no passphrase given/i.test(key.message)) {
        throw new Error("ssh: this private key is passphrase protected");
    }
    if (/passphrase|integrity check|decrypt/i.test(key.message)) {
        throw new Error("x509: decryption password incorrect");
    }
    throw new Error("ssh: no key found");
}

/** A socket that nobody listens on fails the command, also where a private key is given. */
function reachAgent(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
        const socket = connect(path);
        socket.once("connect", () => {
            socket.destroy();
            resolve();
        });
        socket.once("error", ({ code, message }: NodeJS.ErrnoException) => {
            const reason =
                code === "ENOENT"
                    ? "no such file or directory"
                    : code === "ECONNREFUSED"
                      ? "connection refused"
                      : message;
            reject(new Error(`dial unix ${path}: connect: ${reason}`));
        });
    });
}

function reasonOf(
    { message }: Error,
    attempted: readonly string[],
    hostKey: HostKey | undefined,
): string {
    if (message === UNAUTHENTICATED) {
        return `ssh: unable to authenticate, attempted methods [${attempted.join(" ")}], no supported methods remain`;
    }
    if (/host denied|verification failed/i.test(message)) {
        return "ssh: host key mismatch";
    }
    if (/no matching host key/i.test(message)) {
        return `ssh: no common algorithm for host key; client offered: [${hostKey?.type ?? ""}]`;
    }
    return message;
}
