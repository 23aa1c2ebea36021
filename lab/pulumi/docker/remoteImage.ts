// docker:index/remoteImage:RemoteImage.
import { type ResourceType } from "../plugin/resource";
import { bool, text, texts, UNKNOWN, type ValueMap } from "../plugin/values";
import { changes } from "./compare";
import { type Engine, ignoring } from "../dockerd/engine";
import { findImage, findOrPull, referenceOf } from "./image";
import { bareMap, checked, type Schema, unmarked } from "./property";
import { listed, reworded } from "./wording";

const SCHEMA: Schema = {
    forceRemove: { kind: "scalar", inPlace: true },
    keepLocally: { kind: "scalar", inPlace: true },
    name: { kind: "scalar" },
    platform: { kind: "scalar" },
    pullTriggers: { kind: "set" },
    triggers: { kind: "map" },
};

export const remoteImage: ResourceType<Engine> = {
    deleteBeforeReplace: false,

    check: (inputs, { name }) => checked(SCHEMA, name, inputs),

    diff: ({ oldOutputs, inputs }) => changes(SCHEMA, oldOutputs, inputs),

    preview: (inputs, old) => ({
        imageId: old?.["imageId"] ?? UNKNOWN,
        repoDigest: old?.["repoDigest"] ?? UNKNOWN,
        ...unmarked(inputs),
    }),

    async create(inputs, { config: engine, log }) {
        const { name, platform } = bareMap(inputs);
        const tell = (reason: string) => {
            log("WARNING", reason);
        };
        const found = findOrPull(engine, text(name) ?? "", text(platform), tell);
        const image = await listed(reworded("Unable to read Docker image into resource", found));
        const outputs = stateOf(image, inputs);
        return { id: text(outputs["id"]) ?? "", outputs };
    },

    async update(_id, inputs, old, { config: engine }) {
        const image = await listed(findImage(engine, text(bareMap(inputs)["name"]) ?? ""));
        return image ? stateOf(image, inputs) : { ...old, ...unmarked(inputs) };
    },

    async read(_id, { inputs, outputs }, { config: engine }) {
        const name = text(bareMap(outputs)["name"]) ?? "";
        const image = await listed(findImage(engine, name));
        if (!image) {
            return undefined;
        }
        const state = stateOf(image, { ...outputs, ...inputs });
        return { id: text(state["id"]) ?? "", outputs: state, inputs };
    },

    async delete(_id, outputs, { config: engine }) {
        const { name, keepLocally, forceRemove } = bareMap(outputs);
        if (bool(keepLocally)) {
            return;
        }
        const path = `/images/${encodeURIComponent(text(name) ?? "")}`;
        const force = bool(forceRemove) ? "?force=1" : "";
        const removed = engine.delete(path + force).catch((error: unknown) => {
            ignoring(error, 404);
        });
        await listed(reworded("Unable to remove Docker image", removed));
    },
};

function stateOf(image: ValueMap, inputs: ValueMap): ValueMap {
    const name = text(bareMap(inputs)["name"]) ?? "";
    const imageId = text(image["Id"]) ?? "";
    const digests = texts(image["RepoDigests"]) ?? [];
    const { repository } = referenceOf(name);
    const unset = Object.fromEntries(Object.keys(SCHEMA).map((property) => [property, null]));
    return {
        ...unset,
        ...unmarked(inputs),
        id: imageId + name,
        imageId,
        repoDigest:
            digests.find((digest) => digest.startsWith(`${repository}@`)) ?? digests[0] ?? "",
    };
}
