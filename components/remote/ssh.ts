// remote/: one login to a host, and what is asked and said there.
import { type AuthenticationType, Client, type ConnectConfig, type ParsedKey, utils } from "ssh2";
import { agentSocket } from "./agentSocket";
import { after } from "./patience";

/** One login by SSH, with all values known. */
export interface Login {
    readonly host: string;
    readonly port?: number;
    readonly user?: string;
    readonly password?: string;
    readonly privateKey?: string;
    readonly privateKeyPassword?: string;
    readonly agentSocketPath?: string;
    readonly hostKey?: string;
    readonly insecureIgnoreHostKey?: true;
}

export interface Connection extends Login {
    readonly proxy?: Login;
}

/** Why a host could not be asked. `refused`: it answers, but not to us. */
export class SshError extends Error {
    constructor(
        message: string,
        readonly refused: boolean,
    ) {
        super(message);
    }
}

export interface Answer {
    readonly status: number | undefined;
    readonly stdout: string;
    readonly stderr: string;
}

/** Within this time a host has to answer; the probe's promise to a preview. */
export const CONNECT_TIMEOUT_MS = 5_000;
/** And to take the login: sshd lets 2 to 3 s pass after each wrong password, and a slow host more. */
const LOGIN_TIMEOUT_MS = 20_000;
/** A host that answers, but whose Docker or kernel hangs, must not hang the preview. */
const COMMAND_TIMEOUT_MS = 30_000;

/**
 * Runs one command over one new login. `respond` sees standard output as it comes and may write to
 * the command's standard input once; without it, standard input is empty. `hear` gets what comes
 * on standard error as it comes. The answer has to be whole within `limitMs`.
 */
export async function runOverSsh(
    connection: Connection,
    command: string,
    respond?: (stdoutSoFar: string) => string | undefined,
    hear?: (stderr: string) => void,
    limitMs = COMMAND_TIMEOUT_MS,
): Promise<Answer> {
    const clients: Client[] = [];
    try {
        const client = await login(connection, clients);
        const answer = execute(client, command, respond, hear);
        return await within(limitMs, answer, `${whereOf(connection)} gives no answer`);
    } finally {
        for (const client of clients) {
            // Not end(): that waits for a peer which has gone silent, and after it ssh2 destroys nothing.
            client.destroy();
        }
    }
}

async function login(connection: Connection, opened: Client[]): Promise<Client> {
    if (!connection.proxy) {
        return connect(connection, opened);
    }
    const via = await connect(connection.proxy, opened);
    const late = `the jump host does not reach ${targetOf(connection)}`;
    const channel = await within(CONNECT_TIMEOUT_MS, forward(via, connection), late);
    return connect(connection, opened, channel);
}

function forward(via: Client, to: Login): Promise<NonNullable<ConnectConfig["sock"]>> {
    return new Promise((resolve, reject) => {
        via.forwardOut("127.0.0.1", 0, to.host, to.port ?? 22, (error, stream) => {
            if (error) {
                const target = targetOf(to);
                const message = `the jump host cannot reach ${target}: ${error.message}`;
                reject(new SshError(message, false));
            } else {
                resolve(stream);
            }
        });
    });
}

/** What a promise comes to, or an error after so long. */
async function within<T>(milliseconds: number, promise: Promise<T>, what: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
        timer = after(milliseconds, () => {
            reject(new SshError(`${what} within ${milliseconds / 1000} s`, false));
        });
    });
    try {
        return await Promise.race([promise, late]);
    } finally {
        clearInterval(timer);
    }
}

function connect(login: Login, opened: Client[], sock?: ConnectConfig["sock"]): Promise<Client> {
    const client = new Client();
    opened.push(client);
    const where = whereOf(login);
    let timer: NodeJS.Timeout | undefined;
    const ready = new Promise<Client>((resolve, reject) => {
        let strangerKey: string | undefined;
        let isRefused = false;
        const fail = (error: SshError) => {
            reject(isRefused ? noLogin(where) : error);
        };
        const failAfter = (milliseconds: number, what: string) => {
            clearInterval(timer);
            timer = after(milliseconds, () => {
                fail(new SshError(`${where} ${what} within ${milliseconds / 1000} s`, false));
            });
        };
        failAfter(CONNECT_TIMEOUT_MS, "does not answer");
        client.once("handshake", () => {
            failAfter(LOGIN_TIMEOUT_MS, "does not complete the login");
        });
        // Small packets, each waiting for an answer: Nagle's delay would be most of the login.
        client.once("connect", () => client.setNoDelay(true));
        client.once("ready", () => {
            resolve(client);
        });
        client.on("error", (error: Error & { level?: string }) => {
            // An agent's own trouble is told first, then the other ways to log in are tried.
            if (error.level !== "agent") {
                fail(strangerKey ? strangersKey(where, strangerKey) : explained(error, where));
            }
        });
        client.on("keyboard-interactive", (_name, _text, _language, prompts, answer) => {
            answer(prompts.map(() => login.password ?? ""));
        });
        // A server may hang up without an error, as one does whose MaxStartups is reached.
        client.once("close", () => {
            fail(new SshError(`${where} closed the connection before the login`, false));
        });
        try {
            client.connect({
                ...credentials(login, (key) => {
                    strangerKey = key;
                }),
                authHandler: inTurn(waysIn(login), () => {
                    isRefused = true;
                }),
                sock,
            });
        } catch (error) {
            reject(new SshError(`${where}: ${messageOf(error)}`, true));
        }
    });
    return ready.finally(() => {
        clearInterval(timer);
    });
}

/**
 * What is offered, in the order of the command plugin, which does not ask an agent beside a private key. The
 * first asks what the server takes.
 */
function waysIn(login: Login): AuthenticationType[] {
    const ways: [AuthenticationType, boolean][] = [
        ["none", true],
        ["publickey", login.privateKey !== undefined],
        ["password", login.password !== undefined],
        ["keyboard-interactive", login.password !== undefined],
        [
            "agent",
            login.privateKey === undefined && agentSocket(login.agentSocketPath) !== undefined,
        ],
    ];
    return ways.filter(([, isGiven]) => isGiven).map(([way]) => way);
}

/** Each once, as far as the server takes it: sshd makes a client wait for each that it refuses. */
function inTurn(ways: readonly AuthenticationType[], onRefused: () => void) {
    let tried = 0;
    return (taken: readonly string[] | null): AuthenticationType | false => {
        if (tried > 1) {
            onRefused();
        }
        const next = ways.findIndex((way, at) => at >= tried && isTaken(way, taken));
        tried = next < 0 ? ways.length : next + 1;
        return ways[next] ?? false;
    };
}

function isTaken(way: AuthenticationType, taken: readonly string[] | null): boolean {
    return taken === null || taken.includes(way === "agent" ? "publickey" : way);
}

function noLogin(where: string): SshError {
    return new SshError(`${where} accepts none of the offered logins`, true);
}

function strangersKey(where: string, key: string): SshError {
    return new SshError(`${where} presents another host key than the one in hostKey: ${key}`, true);
}

function targetOf(login: Login): string {
    return `${login.host}:${login.port ?? 22}`;
}

function whereOf(login: Login): string {
    return `${login.user ?? "root"}@${targetOf(login)}`;
}

function credentials(login: Login, onStranger: (key: string) => void): ConnectConfig {
    const config: ConnectConfig = {
        host: login.host,
        port: login.port ?? 22,
        username: login.user ?? "root",
        password: login.password,
        privateKey: login.privateKey,
        passphrase: login.privateKeyPassword,
        agent: agentSocket(login.agentSocketPath),
        tryKeyboard: login.password !== undefined,
        readyTimeout: 0,
    };
    const [algorithm, wanted] = (login.hostKey ?? "").trim().split(/\s+/);
    if (algorithm && wanted) {
        config.algorithms = { serverHostKey: [hostKeyAlgorithm(algorithm)] };
        config.hostVerifier = (offered: Buffer) => {
            const same = offered.equals(Buffer.from(wanted, "base64"));
            if (!same) {
                onStranger(keyText(offered));
            }
            return same;
        };
    }
    return config;
}

function hostKeyAlgorithm(name: string) {
    const known = [
        "ssh-ed25519",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
    ] as const;
    const found = known.find((algorithm) => algorithm === name);
    if (!found) {
        throw new SshError(`host keys of type ${name} are not supported: use ssh-ed25519`, true);
    }
    return found;
}

function keyText(key: Buffer): string {
    const parsed: ParsedKey | Error = utils.parseKey(key);
    return parsed instanceof Error ? "unreadable" : `${parsed.type} ${key.toString("base64")}`;
}

/** What a failed connection means, in words for a person. */
const SOCKET_ERRORS: Readonly<Record<string, string>> = {
    ECONNREFUSED: "refuses the connection: no sshd listens there",
    ECONNRESET: "closed the connection before the login",
    EHOSTUNREACH: "cannot be reached: no route, or no machine has the address",
    ENETUNREACH: "cannot be reached: no route",
    ENOTFOUND: "cannot be found: no such name",
    ETIMEDOUT: "does not answer",
};

function explained(error: Error & { level?: string; code?: string }, where: string): SshError {
    if (error.level === "client-authentication") {
        return noLogin(where);
    }
    if (error.message.includes("no matching host key format")) {
        return new SshError(`${where} has no host key of the same type as hostKey`, true);
    }
    const meaning = SOCKET_ERRORS[error.code ?? ""];
    return new SshError(meaning ? `${where} ${meaning}` : `${where}: ${error.message}`, false);
}

function execute(
    client: Client,
    command: string,
    respond: ((stdoutSoFar: string) => string | undefined) | undefined,
    hear: ((stderr: string) => void) | undefined,
): Promise<Answer> {
    return new Promise((resolve, reject) => {
        client.once("close", () => {
            reject(new SshError("the connection was lost before the answer was complete", false));
        });
        client.exec(command, (error, stream) => {
            if (error) {
                reject(new SshError(error.message, false));
                return;
            }
            let stdout = "";
            let stderr = "";
            let status: number | undefined;
            let responded = respond === undefined;
            stream.setEncoding("utf8");
            stream.stderr.setEncoding("utf8");
            stream.on("data", (data: string) => {
                stdout += data;
                const response = responded ? undefined : respond?.(stdout);
                if (response !== undefined) {
                    responded = true;
                    stream.end(response);
                }
            });
            stream.stderr.on("data", (data: string) => {
                stderr += data;
                hear?.(data);
            });
            stream.on("exit", (code: number | null) => {
                status = code ?? undefined;
            });
            stream.on("close", () => {
                resolve({ status, stdout, stderr });
            });
            if (responded) {
                stream.end();
            }
        });
    });
}

function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
