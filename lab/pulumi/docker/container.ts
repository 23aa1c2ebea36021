// docker:index/container:Container.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { topOf } from "../plugin/diff";
import { InitializationError, type Operation, type ResourceType } from "../plugin/resource";
import {
    bool,
    defined,
    map,
    maps,
    number,
    parseJson,
    text,
    UNKNOWN,
    type ValueMap,
} from "../plugin/values";
import { changes, drifted } from "./compare";
import { COMPUTED, CONTAINER } from "./containerSchema";
import { containerSpec, endpointSpec, UPDATABLE, updateSpec } from "./containerSpec";
import { askedState, containerState } from "./containerState";
import { type Engine, ignoring } from "../dockerd/engine";
import { findOrPull } from "./image";
import { readLogs } from "../dockerd/logs";
import { bareMap, checked, unmarked } from "./property";
import { tarOf } from "../dockerd/tar";
import { listed, messageOf, reworded } from "./wording";

export const container: ResourceType<Engine> = {
    deleteBeforeReplace: true,

    check(inputs, { name, oldInputs }) {
        const named = inputs["name"] ?? oldInputs["name"] ?? autoName(name);
        return checked(CONTAINER, name, { ...inputs, name: named });
    },

    diff: ({ oldOutputs, inputs }) => changes(CONTAINER, oldOutputs, inputs),

    preview: (inputs, old) => ({
        ...Object.fromEntries(COMPUTED.map((name) => [name, old?.[name] ?? UNKNOWN])),
        ...(old ? updated(old, inputs) : { ...unknownWhereComputed(), ...unmarked(inputs) }),
    }),

    create: (inputs, operation) => listed(create(inputs, operation)),

    update: (id, inputs, old, operation) => listed(update(id, inputs, old, operation)),

    async read(id, { inputs, outputs }, { config: engine }) {
        const found = await listed(engine.find(`/containers/${id}/json`));
        if (!found) {
            return undefined;
        }
        const asked = { ...outputs, ...unmarked(inputs) };
        const state = containerState(found, asked, { refreshed: true });
        return { id, outputs: state, inputs: drifted(CONTAINER, inputs, state) };
    },

    delete: (id, outputs, { config: engine }) => listed(remove(engine, id, bareMap(outputs))),
};

type ContainerOperation = Operation<Engine>;

async function create(
    inputs: ValueMap,
    operation: ContainerOperation,
): Promise<{ id: string; outputs: ValueMap }> {
    const { config: engine } = operation;
    const wanted = bareMap(inputs);
    await requireImage(text(wanted["image"]) ?? "", operation);
    const id = await createOnly(engine, wanted);
    try {
        await joinNetworks(engine, id, maps(wanted["networksAdvanced"]) ?? []);
        await upload(engine, id, maps(wanted["uploads"]) ?? []);
        if (bool(wanted["start"]) ?? true) {
            await reworded("Unable to start container", engine.post(`/containers/${id}/start`));
            await waitUntilHealthy(engine, id, wanted);
        }
        const logs = await attach(engine, id, wanted);
        const inspected = await engine.get(`/containers/${id}/json`);
        const asked = { ...unmarked(inputs), ...logs };
        return { id, outputs: containerState(inspected, asked, { refreshed: false }) };
    } catch (error) {
        // It is there, so it goes into the state, marked as not whole.
        const inspected = await engine.find(`/containers/${id}/json`).catch(() => undefined);
        const found = { Id: id, ...inspected };
        const outputs = containerState(found, unmarked(inputs), { refreshed: false });
        throw new InitializationError(messageOf(error), { id, outputs });
    }
}

async function requireImage(name: string, { config: engine, log }: ContainerOperation) {
    const pulled = findOrPull(engine, name, undefined, (reason) => {
        log("WARNING", `image ${name}: ${reason}`);
    });
    await reworded(`Unable to create container with image ${name}`, pulled);
}

async function createOnly(engine: Engine, wanted: ValueMap): Promise<string> {
    const usesVolumeOptions = maps(wanted["mounts"])?.some((mount) => mount["volumeOptions"]);
    if (usesVolumeOptions && (await engine.apiMinor()) < 45) {
        throw new Error("Setting VolumeOptions.Subpath requires docker version 1.45 or higher");
    }
    const query = new URLSearchParams({ name: text(wanted["name"]) ?? "" });
    const platform = text(wanted["platform"]);
    if (platform) {
        query.set("platform", platform);
    }
    const { body } = await reworded(
        "Unable to create container",
        engine.post(`/containers/create?${query.toString()}`, { body: containerSpec(wanted) }),
    );
    return text(map(parseJson(body.toString()))?.["Id"]) ?? "";
}

/** Networks of the program's own stand in for Docker's default one. */
async function joinNetworks(engine: Engine, id: string, networks: ValueMap[]): Promise<void> {
    if (networks.length === 0) {
        return;
    }
    const body = { Container: id, Force: false };
    await reworded(
        "Unable to disconnect the default network",
        engine.post("/networks/bridge/disconnect", { body }).catch((error: unknown) => {
            if (!messageOf(error).includes("is not connected to the network bridge")) {
                throw error;
            }
        }),
    );
    for (const network of networks) {
        const name = text(network["name"]) ?? "";
        const connected = engine.post(`/networks/${encodeURIComponent(name)}/connect`, {
            body: endpointSpec(id, network),
        });
        await reworded(`Unable to connect to network '${name}'`, connected);
    }
}

async function upload(engine: Engine, id: string, files: ValueMap[]): Promise<void> {
    for (const file of files) {
        const permissions = text(file["permissions"]);
        const ordinary = bool(file["executable"]) ? 0o744 : 0o644;
        const archive = tarOf({
            path: text(file["file"]) ?? "",
            mode: permissions === undefined ? ordinary : parseInt(permissions, 8),
            owner: Number(text(file["owner"]) ?? 0),
            group: Number(text(file["group"]) ?? 0),
            content: contentOf(file),
        });
        const put = engine.put(`/containers/${id}/archive?path=%2F`, archive);
        await reworded("Unable to upload volume content", put);
    }
}

function contentOf(file: ValueMap): Buffer {
    const content = text(file["content"]);
    const base64 = text(file["contentBase64"]);
    const source = text(file["source"]);
    const given = [content, base64, source].filter(Boolean).length;
    if (given !== 1) {
        const which = given === 0 ? "one of" : "only one of";
        const must = given === 0 ? "must be set" : "can be set";
        throw new Error(
            `error with upload content: ${which} 'content', 'content_base64', or 'source' ${must}`,
        );
    }
    if (source) {
        return readFileSync(source);
    }
    return base64 ? Buffer.from(base64, "base64") : Buffer.from(content ?? "");
}

async function waitUntilHealthy(engine: Engine, id: string, wanted: ValueMap): Promise<void> {
    if (!bool(wanted["wait"])) {
        return;
    }
    const end = Date.now() + (number(wanted["waitTimeout"]) ?? 60) * 1000;
    for (;;) {
        const health = map(map((await engine.get(`/containers/${id}/json`))["State"])?.["Health"]);
        if (!health) {
            throw new Error(
                "you have supplied a 'wait' argument, but the container does not have a healthcheck defined. Please remove the 'wait' argument or add a 'healthcheck' attribute",
            );
        }
        if (health["Status"] === "healthy") {
            return;
        }
        if (Date.now() >= end) {
            throw new Error("container failed to be in healthy state");
        }
        await sleep(Math.min(1000, Math.max(0, end - Date.now())));
    }
}

/** With `attach`, the container's end is waited for, and its logs become an output. */
async function attach(engine: Engine, id: string, wanted: ValueMap): Promise<ValueMap> {
    if (!bool(wanted["attach"])) {
        return {};
    }
    await reworded(
        "Unable to wait container end of execution",
        engine.post(`/containers/${id}/wait?condition=not-running`),
    );
    const logs = bool(wanted["logs"])
        ? await readLogs(engine, id, bool(wanted["tty"]) ?? false)
        : undefined;
    return defined({ containerLogs: logs });
}

/** What the engine cannot change in place, the published plugin takes into the state, no more. */
async function update(
    id: string,
    inputs: ValueMap,
    old: ValueMap,
    { config: engine }: ContainerOperation,
): Promise<ValueMap> {
    const wanted = bareMap(inputs);
    const had = bareMap(old);
    if (had["mustRun"] === false && wanted["mustRun"] === true && wanted["start"] !== false) {
        await reworded("Unable to start container", engine.post(`/containers/${id}/start`));
    }
    const changed = new Set(changes(CONTAINER, old, inputs).map(({ path }) => topOf(path)));
    if (UPDATABLE.some((name) => changed.has(name))) {
        const updated = engine.post(`/containers/${id}/update`, { body: updateSpec(wanted) });
        await reworded("Unable to update a container", updated);
    }
    return updated(old, inputs);
}

/** Published ports stay in the engine's order. */
function updated(old: ValueMap, inputs: ValueMap): ValueMap {
    const asked = unmarked(inputs);
    return {
        ...old,
        ...askedState(Object.keys(asked), asked, true),
        ...(asked["ports"] !== undefined && old["ports"] ? { ports: old["ports"] } : {}),
    };
}

async function remove(engine: Engine, id: string, had: ValueMap): Promise<void> {
    const gone = (what: string, work: Promise<unknown>) =>
        reworded(
            what,
            work.catch((error: unknown) => {
                if (!messageOf(error).includes("is already in progress")) {
                    ignoring(error, 404);
                }
            }),
        );
    if (!bool(had["attach"])) {
        const seconds = Math.max(number(had["destroyGraceSeconds"]) ?? 0, 0);
        await gone(
            `Error stopping container ${id}`,
            engine.post(`/containers/${id}/stop?t=${seconds}`),
        );
    }
    const volumes = (bool(had["removeVolumes"]) ?? true) ? "&v=1" : "";
    await gone(
        `Error deleting container ${id}`,
        engine.delete(`/containers/${id}?force=1${volumes}`),
    );
    const until = bool(had["rm"]) ? "removed" : "not-running";
    await gone(
        `Error waiting for container removal '${id}'`,
        engine.post(`/containers/${id}/wait?condition=${until}`),
    );
}

function unknownWhereComputed(): ValueMap {
    const computed = Object.entries(CONTAINER).filter(([, property]) => property.computed);
    return Object.fromEntries(computed.map(([name]) => [name, UNKNOWN]));
}

function autoName(name: string): string {
    return `${name}-${randomBytes(4).toString("hex").slice(0, 7)}`;
}
