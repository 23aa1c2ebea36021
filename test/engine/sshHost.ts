import { spawn } from "node:child_process";
import { connect, createServer, type AddressInfo, type Server as TcpServer } from "node:net";
import { type AuthContext, Server, type ServerChannel, type Session, utils } from "ssh2";
import { keyPair } from "../support/keys";

export const CLIENT_KEY = keyPair();
export const OTHER_KEY = keyPair();
export const PASSPHRASE = "open sesame";
export const LOCKED_KEY = keyPair({
    cipher: "aes256-ctr",
    passphrase: PASSPHRASE,
    rounds: 4,
});
export const PASSWORD = "hunter2";

export interface HostOptions {
    /** What the server takes besides CLIENT_KEY and LOCKED_KEY. */
    readonly takes?: "password" | "keyboard-interactive";
    /** As sshd's AcceptEnv. */
    readonly acceptEnv?: readonly string[];
    readonly hostKey?: "ed25519" | "rsa";
}

/** A host in this process: an SSH server that counts, and runs commands by `sh`. */
export class SshHost {
    readonly commands: string[] = [];
    readonly attempts: string[] = [];
    readonly forwards: string[] = [];
    /** What each connection agreed on. */
    readonly hostKeyAlgorithms: string[] = [];
    connections = 0;
    open = 0;
    readonly hostKey: string;
    readonly #server: TcpServer;

    private constructor(private readonly options: HostOptions) {
        const key = options.hostKey === "rsa" ? RSA : ED25519;
        this.hostKey = key.public.trim();
        const ssh = new Server({ hostKeys: [key.private] }, (client) => {
            this.connections += 1;
            this.open += 1;
            client.on("error", () => undefined);
            client.on("close", () => (this.open -= 1));
            client.on("handshake", ({ serverHostKey }) =>
                this.hostKeyAlgorithms.push(serverHostKey),
            );
            client.on("authentication", (context) => {
                this.authenticate(context);
            });
            client.on("session", (accept) => {
                this.serve(accept());
            });
            client.on("tcpip", (accept, reject, { destIP, destPort }) => {
                this.forwards.push(`${destIP}:${destPort}`);
                const socket = connect(destPort, destIP);
                socket.once("error", () => {
                    reject();
                });
                socket.once("connect", () => {
                    const channel = accept();
                    channel.on("error", () => undefined);
                    channel.pipe(socket).pipe(channel);
                });
            });
        });
        // Small answers at once, as sshd's: else each test waits for delayed acknowledgements.
        this.#server = createServer({ noDelay: true }, (socket) => {
            ssh.injectSocket(socket);
        });
    }

    static async start(options: HostOptions = {}): Promise<SshHost> {
        const host = new SshHost(options);
        await new Promise<void>((resolve) => {
            host.#server.listen(0, "127.0.0.1", resolve);
        });
        started.push(host);
        return host;
    }

    /** What a program writes to reach it with CLIENT_KEY. */
    get connection() {
        return {
            host: "127.0.0.1",
            port: this.port,
            user: "root",
            privateKey: CLIENT_KEY.private,
            hostKey: this.hostKey,
            dialErrorLimit: 0,
            perDialTimeout: 15,
        };
    }

    get port(): number {
        return (this.#server.address() as AddressInfo).port;
    }

    stop(): void {
        this.#server.close();
    }

    private authenticate(context: AuthContext): void {
        this.attempts.push(context.method);
        const takes = ["publickey", this.options.takes ?? ""].filter(Boolean);
        if (context.method === "keyboard-interactive" && takes.includes(context.method)) {
            context.prompt([{ prompt: "Password: ", echo: false }], ([answer]) => {
                if (answer === PASSWORD) {
                    context.accept();
                } else {
                    context.reject();
                }
            });
        } else if (isWelcome(context, takes)) {
            context.accept();
        } else {
            context.reject(takes as ("publickey" | "password")[]);
        }
    }

    private serve(session: Session): void {
        const env: Record<string, string> = { PATH: process.env["PATH"] ?? "" };
        session.on("env", (accept: (() => void) | undefined, reject, { key, val }) => {
            if (this.options.acceptEnv?.includes(key)) {
                env[key] = val;
                accept?.();
            } else {
                (reject as (() => void) | undefined)?.();
            }
        });
        session.on("exec", (accept, _reject, { command }) => {
            this.commands.push(command);
            runByShell(accept(), command, env);
        });
    }
}

const ED25519 = keyPair();
const RSA = utils.generateKeyPairSync("rsa", { bits: 2048 });
const started: SshHost[] = [];

export function stopHosts(): void {
    for (const host of started.splice(0)) {
        host.stop();
    }
}

/** A port on which something accepts and then says nothing, or where nobody listens. */
export async function silentPort(): Promise<{ port: number; close: () => void }> {
    const sockets: { destroy(): void }[] = [];
    const server = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => {
        server.listen(0, "127.0.0.1", resolve);
    });
    const { port } = server.address() as AddressInfo;
    const close = () => {
        sockets.forEach((socket) => {
            socket.destroy();
        });
        server.close();
    };
    return { port, close };
}

export async function closedPort(): Promise<number> {
    const { port, close } = await silentPort();
    close();
    return port;
}

function isWelcome(context: AuthContext, takes: readonly string[]): boolean {
    if (context.method === "password" && takes.includes("password")) {
        return context.password === PASSWORD;
    }
    if (context.method !== "publickey") {
        return false;
    }
    return [CLIENT_KEY, LOCKED_KEY].some((pair) => {
        const key = utils.parseKey(pair.public);
        if (key instanceof Error || !key.getPublicSSH().equals(context.key.data)) {
            return false;
        }
        const { blob, signature } = context;
        return !blob || !signature || key.verify(blob, signature, context.hashAlgo);
    });
}

function runByShell(channel: ServerChannel, command: string, env: Record<string, string>): void {
    const child = spawn("sh", ["-c", command], { env });
    channel.on("error", () => undefined);
    child.stdin.on("error", () => undefined);
    channel.pipe(child.stdin);
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    child.on("close", (code, signal) => {
        if (signal) {
            channel.exit(signal.replace("SIG", ""));
        } else {
            channel.exit(code ?? 0);
        }
        channel.end();
    });
}
