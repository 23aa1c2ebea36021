import { request } from "node:http";
import { json } from "node:stream/consumers";
import { initOf, on } from "./lab";

/**
 * What an engine answers on its own socket, reached through its host's files: Docker's command line
 * takes 15 to 60 ms of a core for each question.
 */
export function engineSays(host: string, path: string): Promise<unknown> {
    const socketPath = `/proc/${initOf(host)}/root/run/docker.sock`;
    return new Promise((resolve, reject) => {
        request({ socketPath, path, headers: { host: "docker" } }, (response) => {
            json(response).then(resolve, reject);
        })
            .on("error", reject)
            .end();
    });
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
