import { request } from "node:http";
import { json } from "node:stream/consumers";
import { initOf, on } from "./lab";

const LIMIT_MS = 20_000;
const FILTERS = { all: "", ours: `filters=${encodeURIComponent('{"label":["crosshost"]}')}` };

/**
 * What an engine answers on its own socket, reached through its host's files: Docker's command line
 * takes 15 to 60 ms of a core for each question.
 */
function engineSays(host: string, path: string): Promise<unknown> {
    const socketPath = `/proc/${initOf(host)}/root/run/docker.sock`;
    const options = { socketPath, path, headers: { host: "docker" }, agent: false };
    return new Promise((resolve, reject) => {
        request({ ...options, timeout: LIMIT_MS }, (response) => {
            if (response.statusCode === 200) {
                json(response).then(resolve, reject);
            } else {
                reject(new Error(`${host}: ${path}: ${response.statusCode ?? "no status"}`));
            }
        })
            .on("timeout", () => {
                reject(new Error(`${host}: ${path}: no answer within ${LIMIT_MS / 1000} s`));
            })
            .on("error", reject)
            .end();
    });
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
}

/** Running or not; of `ours` those that bear a mark of Crosshost. */
export async function containersOf(host: string, which: "all" | "ours"): Promise<Container[]> {
    return (await engineSays(host, `/containers/json?all=1&${FILTERS[which]}`)) as Container[];
}

export async function networksOf(host: string, which: "all" | "ours"): Promise<Network[]> {
    return (await engineSays(host, `/networks?${FILTERS[which]}`)) as Network[];
}

export async function detailsOf(host: string, { Id }: Container): Promise<Details> {
    return (await engineSays(host, `/containers/${Id}/json`)) as Details;
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
