// Docker's HTTP API, version by agreement with the engine, as Docker's own client agrees on it.
import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { isMap, parseJson, text, type ValueMap } from "../plugin/values";
import { type RegistryAuths } from "./registry";
import { SshSocket, sshArguments } from "./dial";

export interface EngineOptions {
    readonly host: string;
    readonly sshOptions: readonly string[];
    /** Look first whether the engine answers, to say by name that it does not. */
    readonly ping: boolean;
    readonly auths: RegistryAuths;
}

/** What the engine itself refused, told as Docker's client tells it. */
export class EngineError extends Error {
    constructor(
        readonly status: number,
        readonly reason: string,
    ) {
        super(`Error response from daemon: ${reason}`);
    }
}

interface Answer {
    readonly body: Buffer;
    readonly headers: IncomingHttpHeaders;
}

interface Call {
    readonly body?: ValueMap | Buffer;
    readonly headers?: Readonly<Record<string, string>>;
}

type Method = "GET" | "POST" | "PUT" | "DELETE";

/** The newest API that the published plugin speaks, and what an engine has that does not say. */
const NEWEST = 51;
const OLDEST = 24;

export class Engine {
    readonly auths: RegistryAuths;
    private readonly agent = new Agent({ keepAlive: true, maxFreeSockets: 6 });
    private minor: Promise<number> | undefined;

    constructor(private readonly options: EngineOptions) {
        const args = sshArguments(options.host, options.sshOptions);
        this.auths = options.auths;
        this.agent.createConnection = () => new SshSocket(args);
    }

    /** The second number of the API's version: 41 for Docker 20.10, 45 for 26. */
    async apiMinor(): Promise<number> {
        this.minor ??= this.ping();
        try {
            return await this.minor;
        } catch (error) {
            this.minor = undefined;
            throw error;
        }
    }

    async get(path: string): Promise<ValueMap> {
        const value = parseJson((await this.call("GET", path)).body.toString());
        return isMap(value) ? value : {};
    }

    /** Undefined where there is no such thing. */
    async find(path: string): Promise<ValueMap | undefined> {
        try {
            return await this.get(path);
        } catch (error) {
            ignoring(error, 404);
            return undefined;
        }
    }

    async post(path: string, call: Call = {}): Promise<Answer> {
        return this.call("POST", path, call);
    }

    async put(path: string, body: Buffer): Promise<void> {
        await this.call("PUT", path, { body, headers: { "content-type": "application/x-tar" } });
    }

    async delete(path: string): Promise<void> {
        await this.call("DELETE", path);
    }

    async bytes(path: string): Promise<Buffer> {
        return (await this.call("GET", path)).body;
    }

    private async call(method: Method, path: string, call: Call = {}): Promise<Answer> {
        const version = `/v1.${await this.apiMinor()}`;
        return this.send(method, version + path, call);
    }

    private async ping(): Promise<number> {
        try {
            const { headers } = await this.send("GET", "/_ping");
            const minor = Number(text(headers["api-version"])?.split(".")[1] ?? OLDEST);
            return Math.min(NEWEST, minor);
        } catch (error) {
            const { host, ping } = this.options;
            const message = error instanceof Error ? error.message : String(error);
            throw new Error(
                ping
                    ? `failed to create Docker client: Error pinging Docker server, please make sure that ${host} is reachable and has a '_ping' endpoint. Error: ${message}`
                    : message,
            );
        }
    }

    private send(method: Method, path: string, { body, headers }: Call = {}): Promise<Answer> {
        const data = Buffer.isBuffer(body) || body === undefined ? body : JSON.stringify(body);
        const length = data === undefined ? {} : { "content-length": Buffer.byteLength(data) };
        return new Promise((resolve, reject) => {
            const sent = request(
                {
                    agent: this.agent,
                    host: "docker.example.com",
                    method,
                    path,
                    headers: { "content-type": "application/json", ...length, ...headers },
                },
                (response) => {
                    const chunks: Buffer[] = [];
                    response.on("data", (chunk: Buffer) => chunks.push(chunk));
                    response.on("error", reject);
                    response.on("end", () => {
                        const answer = { body: Buffer.concat(chunks), headers: response.headers };
                        const status = response.statusCode ?? 0;
                        if (status < 400) {
                            resolve(answer);
                        } else {
                            reject(new EngineError(status, reasonOf(answer)));
                        }
                    });
                },
            );
            sent.on("error", ({ message }) => {
                const what = `${method === "GET" ? "Get" : "Post"} "http://docker.example.com${path}"`;
                reject(new Error(`error during connect: ${what}: ${message}`));
            });
            sent.end(data);
        });
    }
}

/** For refusals that say that all is well already; anything else is thrown again. */
export function ignoring(error: unknown, status: number): void {
    if (!(error instanceof EngineError && error.status === status)) {
        throw error;
    }
}

function reasonOf({ body }: Answer): string {
    const raw = body.toString().trim();
    try {
        const parsed = parseJson(raw);
        return (isMap(parsed) ? text(parsed["message"]) : undefined) ?? raw;
    } catch {
        return raw;
    }
}
