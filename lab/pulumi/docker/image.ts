// Images on the host: found where they are there already, pulled where they are not.
import { parseJson, isMap, text, type ValueMap } from "../plugin/values";
import { type Engine } from "../dockerd/engine";
import { authHeader } from "../dockerd/registry";

export async function findImage(engine: Engine, name: string): Promise<ValueMap | undefined> {
    return engine.find(`/images/${encodeURIComponent(name)}/json`);
}

/**
 * A tag that has moved is not pulled anew. Why a pull failed comes within the engine's answer, which
 * the published plugin does not read; `tell` hears of it.
 */
export async function findOrPull(
    engine: Engine,
    name: string,
    platform: string | undefined,
    tell: (reason: string) => void,
): Promise<ValueMap> {
    if (name === "") {
        throw new Error("empty image name is not allowed");
    }
    const found = await findImage(engine, name);
    if (found) {
        return found;
    }
    const reason = await pull(engine, name, platform);
    const pulled = await findImage(engine, name);
    if (!pulled) {
        if (reason) {
            tell(reason);
        }
        throw new Error(`unable to find or pull image ${name}`);
    }
    return pulled;
}

/** Gives back why it failed, if it did. */
async function pull(
    engine: Engine,
    name: string,
    platform: string | undefined,
): Promise<string | undefined> {
    const { repository, tag } = referenceOf(name);
    const query = new URLSearchParams({ fromImage: repository, tag });
    if (platform) {
        query.set("platform", platform);
    }
    try {
        const headers = { "x-registry-auth": authHeader(engine.auths, name) };
        const { body } = await engine.post(`/images/create?${query.toString()}`, { headers });
        return errorIn(body.toString());
    } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        throw new Error(`unable to pull image ${name}: error pulling image ${name}: ${message}`);
    }
}

export function referenceOf(name: string): { repository: string; tag: string } {
    const digest = name.indexOf("@");
    if (digest >= 0) {
        const repository = name.slice(0, digest).replace(/:[^/:]*$/, "");
        return { repository, tag: name.slice(digest + 1) };
    }
    const tagged = /:([^/:]*)$/.exec(name);
    return { repository: name.slice(0, tagged?.index), tag: tagged?.[1] ?? "latest" };
}

function errorIn(progress: string): string | undefined {
    for (const line of progress.split("\n").filter(Boolean)) {
        const message = parseJson(line);
        const error = isMap(message) ? text(message["error"]) : undefined;
        if (error !== undefined) {
            return error;
        }
    }
    return undefined;
}
