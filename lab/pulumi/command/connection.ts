// Connections to hosts. As the published plugin's: one for each operation, kept until the process
// ends; a host's key checked only where it is given; failed logins retried as failed dials are.
import { type Client } from "ssh2";
import { type ValueMap, number, text, map } from "../plugin/values";
import { credentialsOf, type Credentials, handshake } from "./handshake";
import { dialTcp, forward, type Transport } from "./transport";

export interface Endpoint {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string | undefined;
    readonly privateKey: string | undefined;
    readonly privateKeyPassword: string | undefined;
    readonly agentSocketPath: string | undefined;
    readonly hostKey: string | undefined;
    /** Failures that are put up with; below 0 there is no limit. */
    readonly dialErrorLimit: number;
    /** Seconds for the TCP connection alone; 0 is no limit. */
    readonly perDialTimeout: number;
    readonly proxy: Endpoint | undefined;
}

export interface Dialing {
    readonly signal: AbortSignal;
    /** Called with what failed, like `Dial 1/10 failed: retrying`. */
    readonly retrying: (message: string) => void;
}

/** Connections are never closed: what the published plugin does, a lab has to show. */
const open = new Set<Client>();

export function endpointOf(connection: ValueMap): Endpoint {
    const proxy = map(connection["proxy"]);
    return {
        host: text(connection["host"]) ?? "",
        port: number(connection["port"]) ?? 22,
        user: text(connection["user"]) ?? "root",
        password: text(connection["password"]),
        privateKey: text(connection["privateKey"]),
        privateKeyPassword: text(connection["privateKeyPassword"]),
        agentSocketPath: text(connection["agentSocketPath"]) ?? agentOfEnvironment(),
        hostKey: text(connection["hostKey"]),
        dialErrorLimit: number(connection["dialErrorLimit"]) ?? 10,
        perDialTimeout: number(connection["perDialTimeout"]) ?? 15,
        proxy: proxy && endpointOf(proxy),
    };
}

function agentOfEnvironment(): string | undefined {
    const set = process.env["SSH_AUTH_SOCK"];
    return set === "" ? undefined : set;
}

export async function connect(to: Endpoint, dialing: Dialing): Promise<Client> {
    const credentials = await credentialsOf(to);
    const client = to.proxy
        ? await prefixed("proxy", connectBy(to.proxy, to, credentials, dialing))
        : await retried("Dial", to, dialing, async () =>
              handshake(to, credentials, await dialTcp(to)),
          );
    return kept(client);
}

async function connectBy(
    proxy: Endpoint,
    to: Endpoint,
    credentials: Credentials,
    dialing: Dialing,
): Promise<Client> {
    const own = await credentialsOf(proxy);
    const via = kept(
        await retried("Dial proxy", proxy, dialing, async () =>
            handshake(proxy, own, await dialTcp(proxy)),
        ),
    );
    const transport = await retried("Dial from proxy", to, dialing, () => forward(via, to));
    // Over one and the same transport: after a failed login the next tries have none.
    return retried("Dial", to, dialing, () => handshake(to, credentials, once(transport)));
}

function once(transport: Transport): Transport {
    if (transport.destroyed || transport.readableEnded) {
        throw new Error("ssh: handshake failed: EOF");
    }
    return transport;
}

async function retried<T>(
    what: string,
    { dialErrorLimit: limit }: Endpoint,
    { signal, retrying }: Dialing,
    attempt: () => Promise<T>,
): Promise<T> {
    for (let failures = 0, wait = 100; ; wait = Math.min(wait * 1.5, 5000)) {
        try {
            return await attempt();
        } catch (error) {
            if (limit > -1 && failures >= limit) {
                throw new Error(`after ${failures} failed attempts: ${messageOf(error)}`);
            }
            failures++;
            retrying(`${what} ${failures}/${limit === -1 ? "inf" : limit} failed: retrying`);
            await pause(wait, signal);
        }
    }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
        const stop = () => {
            clearTimeout(timer);
            reject(new Error(reasonOf(signal)));
        };
        const timer = setTimeout(() => {
            signal.removeEventListener("abort", stop);
            resolve();
        }, milliseconds);
        if (signal.aborted) {
            stop();
        } else {
            signal.addEventListener("abort", stop, { once: true });
        }
    });
}

function reasonOf({ reason }: AbortSignal): string {
    return reason instanceof DOMException && reason.name === "TimeoutError"
        ? "context deadline exceeded"
        : "context canceled";
}

function kept(client: Client): Client {
    open.add(client);
    client.on("error", () => undefined);
    client.on("close", () => open.delete(client));
    return client;
}

async function prefixed<T>(prefix: string, work: Promise<T>): Promise<T> {
    try {
        return await work;
    } catch (error) {
        throw new Error(`${prefix}: ${messageOf(error)}`);
    }
}

export function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}

/** Tests end what a plugin leaves to the end of its process. */
export function closeAll(): void {
    for (const client of open) {
        client.end();
    }
}
