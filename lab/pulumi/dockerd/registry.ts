// Which registry an image comes from, and what to say to it.
import { bool, isMap, maps, parseJson, text, type Value, type ValueMap } from "../plugin/values";

export interface RegistryAuth {
    readonly username: string;
    readonly password: string;
    readonly serveraddress: string;
}

/** By the registry's host name, with its port. */
export type RegistryAuths = ReadonlyMap<string, RegistryAuth>;

const HUB = "registry-1.docker.io";

export function registryAuths(given: Value | undefined): RegistryAuths {
    const auths = (maps(given) ?? []).map((entry): [string, RegistryAuth] => {
        const host = hostOf(text(entry["address"]) ?? "");
        return [host, { ...login(entry, host), serveraddress: `https://${host}` }];
    });
    return new Map(auths);
}

/** The value of the X-Registry-Auth header for an image; an empty object where nobody is to log in. */
export function authHeader(auths: RegistryAuths, image: string): string {
    const auth = auths.get(registryOf(image)) ?? {};
    // With its padding: without, Docker 20.10 takes it for nothing, and says so to nobody.
    const base64 = Buffer.from(JSON.stringify(auth)).toString("base64");
    return base64.replaceAll("+", "-").replaceAll("/", "_");
}

/** The part before the first slash where that can be a host; Docker's own registry otherwise. */
export function registryOf(image: string): string {
    const slashes = image.split("/").length - 1;
    const first = image.slice(0, Math.max(image.indexOf("/"), 0));
    const isHost = slashes > 1 || /[.:]/.test(first) || first === "localhost";
    return first && isHost ? first : HUB;
}

function login(entry: ValueMap, host: string): { username: string; password: string } {
    if (bool(entry["authDisabled"])) {
        return { username: "username", password: "password" };
    }
    const username = text(entry["username"]) ?? process.env["DOCKER_REGISTRY_USER"];
    if (username) {
        const password = text(entry["password"]) ?? process.env["DOCKER_REGISTRY_PASS"] ?? "";
        return { username, password };
    }
    const content = text(entry["configFileContent"]);
    if (content === undefined) {
        throw new Error(
            `registryAuth for ${host}: give username and password, or configFileContent; the lab's docker plugin reads no configFile`,
        );
    }
    return loginFrom(content, host);
}

function loginFrom(content: string, host: string): { username: string; password: string } {
    const config = parseJson(content);
    const auths = isMap(config) ? config["auths"] : undefined;
    const entries = isMap(auths) ? Object.entries(auths) : [];
    const found = entries.find(([address]) => hostOf(address) === host)?.[1];
    const encoded = isMap(found) ? text(found["auth"]) : undefined;
    if (encoded === undefined) {
        throw new Error(`couldn't find registry config for '${host}' in file content`);
    }
    const [username = "", ...password] = Buffer.from(encoded, "base64").toString().split(":");
    return { username, password: password.join(":") };
}

function hostOf(address: string): string {
    return address.replace(/^https?:\/\//, "").split("/")[0] ?? "";
}
