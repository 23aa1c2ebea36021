import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configure } from "../../lab/pulumi/docker/config";
import { type Engine } from "../../lab/pulumi/dockerd/engine";
import { map, parseJson, text, texts, type ValueMap } from "../../lab/pulumi/plugin/values";

/** The engines of the lab by the second number of their API. */
export const ENGINES: readonly [string, number][] = [
    ["20.10", 41],
    ["26.1", 45],
    ["28.5", 51],
];

export const IMAGE = "registry.lan:5000/busybox:1";
const IMAGE_ID = `sha256:${"ab".repeat(32)}`;

interface Request {
    readonly method: string;
    /** Without the version in front. */
    readonly path: string;
    readonly body: ValueMap;
    readonly raw: Buffer;
    readonly headers: IncomingMessage["headers"];
}

export interface FakeContainer {
    id: string;
    name: string;
    spec: ValueMap;
    running: boolean;
    health: string | undefined;
    networks: Record<string, ValueMap>;
}

/** Docker's API over HTTP, as far as containers and images need it. */
export class FakeDocker {
    readonly requests: Request[] = [];
    readonly containers = new Map<string, FakeContainer>();
    readonly images = new Set([IMAGE]);
    readonly networks = new Set(["bridge", "mesh"]);
    /** What to refuse: the start of `METHOD /path`, with the reason. */
    readonly refusals = new Map<string, [status: number, reason: string]>();
    /** What a pull answers; it brings the image where this holds no error. */
    pullAnswer = '{"status":"Pulling"}\n{"status":"Done"}\n';
    healthAtStart: string | undefined;
    readonly #server: Server;

    private constructor(readonly api: number) {
        this.#server = createServer((request, response) => {
            const chunks: Buffer[] = [];
            request.on("data", (chunk: Buffer) => chunks.push(chunk));
            request.on("end", () => {
                this.answer(request, Buffer.concat(chunks), response);
            });
        });
    }

    static async start(api = 51): Promise<FakeDocker> {
        const docker = new FakeDocker(api);
        await new Promise<void>((resolve) => {
            docker.#server.listen(0, "127.0.0.1", resolve);
        });
        started.push(docker);
        return docker;
    }

    get port(): number {
        return (this.#server.address() as AddressInfo).port;
    }

    /** The provider's view of it. */
    engine(args: ValueMap = {}): Engine {
        return configure({ host: `ssh://ops@vm1:${this.port}`, ...args });
    }

    get calls(): string[] {
        return this.requests.map(({ method, path }) => `${method} ${path}`);
    }

    /** The body of the last call that begins so. */
    sent(call: string): ValueMap {
        return this.request(call).body;
    }

    request(call: string): Request {
        const found = this.requests.findLast((it) => `${it.method} ${it.path}`.startsWith(call));
        if (!found) {
            throw new Error(`no ${call} among ${this.calls.join(", ")}`);
        }
        return found;
    }

    stop(): void {
        this.#server.closeAllConnections();
        this.#server.close();
    }

    private answer(request: IncomingMessage, raw: Buffer, response: ServerResponse): void {
        const send = (status: number, body: ValueMap | ValueMap[] | string = "") => {
            const json = typeof body !== "string";
            response.writeHead(status, {
                "api-version": `1.${this.api}`,
                "content-type": json ? "application/json" : "text/plain",
            });
            response.end(json ? JSON.stringify(body) : body);
        };
        const path = (request.url ?? "").replace(/^\/v1\.\d+/, "");
        const method = request.method ?? "";
        const isJson = request.headers["content-type"] === "application/json" && raw.length > 0;
        const body = isJson ? (map(parseJson(raw.toString())) ?? {}) : {};
        this.requests.push({ method, path, body, raw, headers: request.headers });
        for (const [call, [status, message]] of this.refusals) {
            if (`${method} ${path}`.startsWith(call)) {
                send(status, { message });
                return;
            }
        }
        this.route(method, path, body, send);
    }

    private route(
        method: string,
        path: string,
        body: ValueMap,
        send: (status: number, body?: ValueMap | string) => void,
    ): void {
        const [, kind = "", name = "", verb = ""] = decodeURI(path.split("?")[0] ?? "").split("/");
        const query = new URL(path, "http://docker").searchParams;
        if (path === "/_ping") {
            send(200, "OK");
        } else if (kind === "images") {
            this.image(method, decodeURIComponent(name), query, send);
        } else if (kind === "networks") {
            this.network(name, verb, body, send);
        } else if (name === "create") {
            const id = (this.containers.size + 1).toString(16).padStart(64, "c");
            const networks = { [text(map(body["HostConfig"])?.["NetworkMode"]) ?? "bridge"]: {} };
            this.containers.set(id, {
                id,
                name: query.get("name") ?? "",
                spec: body,
                running: false,
                health: undefined,
                networks,
            });
            send(201, { Id: id, Warnings: [] });
        } else {
            this.container(method, name, verb, send);
        }
    }

    private container(
        method: string,
        id: string,
        verb: string,
        send: (status: number, body?: ValueMap | string) => void,
    ): void {
        const container = this.containers.get(id);
        if (!container) {
            send(404, { message: `No such container: ${id}` });
        } else if (method === "DELETE") {
            this.containers.delete(id);
            send(204);
        } else if (verb === "json") {
            send(200, this.inspect(container));
        } else if (verb === "start" || verb === "stop") {
            container.running = verb === "start";
            container.health = this.healthAtStart;
            send(204);
        } else if (verb === "logs") {
            send(200, "\u0001\u0000\u0000\u0000\u0000\u0000\u0000\u0003hi\n");
        } else {
            send(200, {});
        }
    }

    private image(
        method: string,
        name: string,
        query: URLSearchParams,
        send: (status: number, body?: ValueMap | string) => void,
    ): void {
        if (name === "create") {
            if (!this.pullAnswer.includes('"error"')) {
                const tag = query.get("tag") ?? "";
                const joint = tag.includes(":") ? "@" : ":";
                this.images.add(`${query.get("fromImage") ?? ""}${joint}${tag}`);
            }
            send(200, this.pullAnswer);
        } else if (!this.images.has(name)) {
            send(404, { message: `No such image: ${name}` });
        } else if (method === "DELETE") {
            this.images.delete(name);
            send(200, "[]");
        } else {
            const digest = `@sha256:${"cd".repeat(32)}`;
            const repository = name.replace(/:[^:/]*$/, "");
            send(200, {
                Id: IMAGE_ID,
                RepoDigests: [`other/name${digest}`, repository + digest],
            });
        }
    }

    private network(
        name: string,
        verb: string,
        { Container: id, EndpointConfig: endpoint }: ValueMap,
        send: (status: number, body?: ValueMap | string) => void,
    ): void {
        const container = this.containers.get(text(id) ?? "");
        if (!this.networks.has(name)) {
            send(404, { message: `network ${name} not found` });
        } else if (verb === "connect" && container) {
            container.networks[name] = map(endpoint) ?? {};
            send(200);
        } else if (container && name in container.networks) {
            container.networks = Object.fromEntries(
                Object.entries(container.networks).filter(([joined]) => joined !== name),
            );
            send(200);
        } else {
            send(403, { message: `container is not connected to the network ${name}` });
        }
    }

    private inspect(container: FakeContainer): ValueMap {
        const { id, spec, running, health } = container;
        return {
            Id: id,
            Name: `/${container.name}`,
            Image: IMAGE_ID,
            Platform: "linux",
            State: { Running: running, ExitCode: 0, ...(health && { Health: { Status: health } }) },
            Config: this.inspectedConfig(container),
            HostConfig: inspectedHost(map(spec["HostConfig"]) ?? {}),
            NetworkSettings: {
                Bridge: "",
                Ports: running ? boundPorts(spec) : {},
                Networks: this.inspectedNetworks(container),
            },
        };
    }

    private inspectedConfig({ id, spec }: FakeContainer): ValueMap {
        const check = map(spec["Healthcheck"]);
        const { StartInterval: startInterval, ...older } = check ?? {};
        const inspected = this.api < 44 ? older : { ...older, StartInterval: startInterval ?? 0 };
        return {
            ...spec,
            Hostname: spec["Hostname"] ?? id.slice(0, 12),
            Domainname: spec["Domainname"] ?? "",
            User: spec["User"] ?? "",
            WorkingDir: spec["WorkingDir"] ?? "/",
            Cmd: spec["Cmd"] ?? ["sleep", "infinity"],
            Entrypoint: spec["Entrypoint"] ?? null,
            Env: [...(texts(spec["Env"]) ?? []), "PATH=/bin"],
            Labels: { ...map(spec["Labels"]), "image.label": "1" },
            StopSignal: spec["StopSignal"] ?? "SIGTERM",
            ...(check && { Healthcheck: inspected }),
        };
    }

    /** Engines before 25 put the container's short id among the aliases. */
    private inspectedNetworks({ id, networks, running }: FakeContainer): ValueMap {
        return Object.fromEntries(
            Object.entries(networks).map(([name, endpoint]): [string, ValueMap] => {
                const own = this.api < 44 ? [id.slice(0, 12)] : [];
                const address = map(endpoint["IPAMConfig"])?.["IPv4Address"] ?? "172.17.0.2";
                return [
                    name,
                    {
                        ...endpoint,
                        Aliases: [...(texts(endpoint["Aliases"]) ?? []), ...own],
                        IPAddress: running ? address : "",
                        IPPrefixLen: 24,
                        Gateway: "10.42.1.1",
                        MacAddress: "02:42:0a:00:00:01",
                    },
                ];
            }),
        );
    }
}

const started: FakeDocker[] = [];

function inspectedHost(host: ValueMap): ValueMap {
    const capability = (name: string) => `CAP_${name.replace(/^CAP_/, "").toUpperCase()}`;
    return {
        Runtime: "runc",
        ShmSize: 64 * 1024 * 1024,
        IpcMode: "private",
        Memory: 0,
        MemoryReservation: 0,
        MemorySwap: 0,
        SecurityOpt: null,
        ...host,
        LogConfig: { Type: "json-file", Config: {} },
        CapAdd: texts(host["CapAdd"])?.map(capability) ?? null,
        CapDrop: texts(host["CapDrop"])?.map(capability) ?? null,
    };
}

function boundPorts(spec: ValueMap): ValueMap {
    const bindings = map(map(spec["HostConfig"])?.["PortBindings"]) ?? {};
    return Object.fromEntries(
        Object.entries(bindings).map(([port, list]) => [
            port,
            Array.isArray(list)
                ? list.map((binding) => ({
                      ...map(binding),
                      ...(map(binding)?.["HostPort"] === "0" && { HostPort: "49153" }),
                  }))
                : [],
        ]),
    );
}

// An `ssh` on PATH that joins the fake engine on the port it is told, and notes how it was called.

let folder: string | undefined;

export function installSsh(): void {
    folder = mkdtempSync(join(tmpdir(), "crosshost-ssh-"));
    const file = join(folder, "ssh");
    writeFileSync(
        file,
        `#!${process.execPath}
const { appendFileSync } = require("node:fs");
const args = process.argv.slice(2);
appendFileSync(${JSON.stringify(join(folder, "calls"))}, JSON.stringify(args) + "\\n");
const port = Number(args[args.indexOf("-p") + 1]);
const socket = require("node:net").connect(port, "127.0.0.1");
socket.on("error", () => {
    process.stderr.write("ssh: connect to host vm1 port " + port + ": Connection refused\\n");
    process.exit(255);
});
process.stdin.pipe(socket).pipe(process.stdout);
socket.on("close", () => process.exit(0));
`,
    );
    chmodSync(file, 0o755);
    process.env["PATH"] = `${folder}:${process.env["PATH"] ?? ""}`;
}

export function sshCalls(): string[][] {
    const file = join(folder ?? "", "calls");
    const lines = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
    return lines.map((line) => texts(parseJson(line)) ?? []);
}

export function stopEverything(): void {
    started.splice(0).forEach((docker) => {
        docker.stop();
    });
    if (folder !== undefined) {
        process.env["PATH"] = (process.env["PATH"] ?? "").replace(`${folder}:`, "");
        rmSync(folder, { recursive: true });
    }
}
