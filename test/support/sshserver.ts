import {
    type AddressInfo,
    connect,
    createServer,
    type Server as TcpServer,
    type Socket,
} from "node:net";
import {
    type AuthContext,
    type Connection as ServerConnection,
    Server,
    type ServerChannel,
    utils,
} from "ssh2";
import { type Login } from "../../components/remote/ssh";
import { keyPair } from "./keys";

/** One way to log in, and what identifies a server. */
export const CLIENT_KEY = keyPair().private;
export const OTHER_KEY = keyPair().private;
const SERVER_KEY = keyPair();
export const SERVER_HOST_KEY = SERVER_KEY.public.trim();
export const PASSWORD = "hunter2";

export type Run = (channel: ServerChannel, command: string) => void;

/** An SSH server in this process, that counts who comes and what they try. */
export class SshServer {
    readonly #server: Server;
    readonly #open = new Set<ServerConnection>();
    connections = 0;
    logins = 0;
    readonly attempts: string[] = [];
    readonly commands: string[] = [];
    readonly forwards: string[] = [];

    private constructor(
        run: Run,
        reach: "forwards" | "refuses" | "hangs",
        /** Milliseconds until a login that it does not take is refused; or that the second ends the connection. */
        refusal: number | "hangs up",
    ) {
        this.#server = new Server({ hostKeys: [SERVER_KEY.private] }, (client) => {
            this.connections += 1;
            this.#open.add(client);
            client.on("close", () => this.#open.delete(client));
            client.on("error", () => undefined);
            client.on("authentication", (context) => {
                this.attempts.push(context.method);
                if (this.#accepts(context)) {
                    context.accept();
                } else if (refusal === "hangs up" && this.attempts.length > 2) {
                    client.end();
                } else {
                    const delay = context.method === "none" ? 0 : Number(refusal) || 0;
                    setTimeout(() => {
                        context.reject(["publickey", "password", "keyboard-interactive"]);
                    }, delay);
                }
            });
            client.on("ready", () => {
                this.logins += 1;
                client.on("session", (accept) => {
                    accept().on("exec", (acceptExec, _reject, { command }) => {
                        this.commands.push(command);
                        run(acceptExec(), command);
                    });
                });
                client.on("tcpip", (accept, reject, { destIP, destPort }) => {
                    this.forwards.push(`${destIP}:${destPort}`);
                    if (reach === "refuses") {
                        reject();
                    } else if (reach === "forwards") {
                        const channel = accept();
                        const socket = connect(destPort, destIP);
                        channel.pipe(socket).pipe(channel);
                        socket.on("error", () => undefined);
                        channel.on("error", () => undefined);
                    }
                });
            });
        });
    }

    static async start(
        run: Run = () => undefined,
        reach: "forwards" | "refuses" | "hangs" = "forwards",
        refusal: number | "hangs up" = 0,
    ): Promise<SshServer> {
        const server = new SshServer(run, reach, refusal);
        await new Promise<void>((resolve) => {
            server.#server.listen(0, "127.0.0.1", resolve);
        });
        return server;
    }

    get port(): number {
        return (this.#server.address() as AddressInfo).port;
    }

    /** A login that this server takes. */
    get login(): Login {
        return {
            host: "127.0.0.1",
            port: this.port,
            privateKey: CLIENT_KEY,
            hostKey: SERVER_HOST_KEY,
        };
    }

    hangUp(): void {
        for (const client of this.#open) {
            client.end();
        }
    }

    async stop(): Promise<void> {
        this.hangUp();
        await new Promise((resolve) => {
            this.#server.close(resolve);
        });
    }

    #accepts(context: AuthContext): boolean {
        const own = utils.parseKey(CLIENT_KEY);
        if (context.method === "publickey" && !(own instanceof Error)) {
            return context.key.data.equals(own.getPublicSSH());
        }
        return context.method === "password" && context.password === PASSWORD;
    }
}

/** Answers a command as a host's shell does: output, then the exit status. */
export function answer(channel: ServerChannel, stdout: string, status = 0, stderr = ""): void {
    channel.stderr.write(stderr);
    channel.write(stdout);
    channel.exit(status);
    channel.end();
}

/** A TCP server that takes connections and says nothing, ever. */
export async function silentServer(): Promise<{ port: number; stop: () => Promise<void> }> {
    const sockets = new Set<Socket>();
    const server: TcpServer = createServer((socket) => {
        sockets.add(socket);
        socket.on("error", () => undefined);
    });
    await new Promise<void>((resolve) => {
        server.listen(0, "127.0.0.1", resolve);
    });
    return {
        port: (server.address() as AddressInfo).port,
        stop: () =>
            new Promise((resolve) => {
                for (const socket of sockets) {
                    socket.destroy();
                }
                server.close(() => {
                    resolve();
                });
            }),
    };
}
