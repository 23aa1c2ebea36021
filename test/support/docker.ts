import { type IncomingMessage, request, type RequestOptions } from "node:http";
import { json } from "node:stream/consumers";
import { SshSocket, sshArguments } from "../../lab/pulumi/dockerd/dial";
import { initOf, lab, on } from "./lab";

const LIMIT_MS = 20_000;
const FILTERS = { all: "", ours: `filters=${encodeURIComponent('{"label":["crosshost"]}')}` };

/**
 * What an engine answers on its own socket, reached through its host's files: Docker's command line
 * takes 15 to 60 ms of a core for each question.
 */
async function engineSays(host: string, path: string): Promise<unknown> {
    return json(await toEngine(host, "GET", path, 200));
}

/** Fails where the engine's answer is another status. */
function toEngine(
    host: string,
    method: string,
    path: string,
    wanted: number,
    body?: object,
): Promise<IncomingMessage> {
    const headers = { host: "docker", "content-type": "application/json" };
    const options = { method, path, headers, timeout: LIMIT_MS, ...socketOf(host) };
    return new Promise((resolve, reject) => {
        const failed = (how: string) => {
            reject(new Error(`${host}: ${method} ${path}: ${how}`));
        };
        request(options, (response) => {
            if (response.statusCode === wanted) {
                resolve(response);
            } else {
                failed(`status ${response.statusCode ?? "unknown"}`);
            }
        })
            .on("timeout", () => {
                failed(`no answer within ${LIMIT_MS / 1000} s`);
            })
            .on("error", reject)
            .end(body && JSON.stringify(body));
    });
}

/** The engine's socket, among the host's files; by a login where this machine does not see those. */
function socketOf(host: string): RequestOptions {
    if (lab().hosts[host]?.kernel === "own") {
        const words = sshArguments(`ssh://root@${host}`, ["-F", lab().sshConfigFile]);
        return { createConnection: () => new SshSocket(words) };
    }
    return { agent: false, socketPath: `/proc/${initOf(host)}/root/run/docker.sock` };
}

/** A network that is gone again. */
export async function makeNetworkOnce(host: string): Promise<void> {
    const name = "crosshost-baseline";
    const made = await toEngine(host, "POST", "/networks/create", 201, { Name: name });
    made.resume();
    const gone = await toEngine(host, "DELETE", `/networks/${name}`, 204);
    gone.resume();
}

export interface Container {
    readonly Id: string;
    readonly Names: readonly string[];
    readonly Image: string;
}

export interface Network {
    readonly Name: string;
    readonly Driver: string;
    readonly Scope: string;
}

interface Details {
    readonly State: { readonly Status: string };
    readonly Config: { readonly Env: readonly string[] };
    readonly NetworkSettings: {
        readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>>;
    };
}

/** Running or not; of `ours` those that bear a mark of Crosshost. */
export async function containersOf(host: string, which: "all" | "ours"): Promise<Container[]> {
    return (await engineSays(host, `/containers/json?all=1&${FILTERS[which]}`)) as Container[];
}

export async function networksOf(host: string, which: "all" | "ours"): Promise<Network[]> {
    return (await engineSays(host, `/networks?${FILTERS[which]}`)) as Network[];
}

export async function detailsOf(host: string, nameOrId: string): Promise<Details> {
    return (await engineSays(host, `/containers/${nameOrId}/json`)) as Details;
}

export async function volumesOf(host: string): Promise<{ readonly Name: string }[]> {
    const { Volumes } = (await engineSays(host, "/volumes")) as {
        readonly Volumes: { readonly Name: string }[] | null;
    };
    return Volumes ?? [];
}

/** Nobody serves the socket, as of an engine that a test has stopped. */
export function isStopped(error: unknown): boolean {
    const { code } = error as NodeJS.ErrnoException;
    return (
        code === "ENOENT" || code === "ECONNREFUSED" || code === "EPIPE" || code === "ECONNRESET"
    );
}

const addresses = new Map<string, string>();

/** Docker's own word on the address of a container that has one, which stays; none where it has none yet. */
export function addressOfContainer(host: string, container: string): string {
    const known = addresses.get(`${host} ${container}`);
    if (known !== undefined) {
        return known;
    }
    const template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    const address = on(host, `docker inspect -f '${template}' ${container}`).trim();
    if (address !== "") {
        addresses.set(`${host} ${container}`, address);
    }
    return address;
}
