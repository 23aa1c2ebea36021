import { container } from "../../lab/pulumi/docker/container";
import { type Read } from "../../lab/pulumi/plugin/resource";
import { type ValueMap } from "../../lab/pulumi/plugin/values";
import { FakeDocker, IMAGE } from "./fakeDocker";
import { operation } from "./operation";

export const MESH = { name: "mesh", ipv4Address: "10.42.1.200", aliases: ["api", "www"] };
export const API: ValueMap = {
    name: "api",
    image: IMAGE,
    restart: "unless-stopped",
    envs: ["A=1", "B=2"],
    labels: [{ label: "crosshost", value: "stack:unit" }],
    ports: [
        { internal: 80, external: 8080 },
        { internal: 53, external: 5353, protocol: "udp" },
    ],
    healthcheck: { tests: ["CMD", "true"], interval: "5s", retries: 2 },
    networksAdvanced: [MESH],
};

export function checked(inputs: ValueMap, oldInputs: ValueMap = {}): ValueMap {
    return container.check(inputs, { name: "it", oldInputs }).inputs;
}

export function diff(outputs: ValueMap, inputs: ValueMap): string[] {
    const differences = container.diff({
        oldInputs: inputs,
        oldOutputs: outputs,
        inputs: checked(inputs),
    });
    return differences.map(
        ({ path, kind, replace }) => `${path} ${kind}${replace ? " replace" : ""}`,
    );
}

export async function made(docker: FakeDocker, inputs: ValueMap = API) {
    const engine = docker.engine();
    const created = await container.create(checked(inputs), operation(engine));
    return { ...created, engine, fake: docker.containers.get(created.id) };
}

export async function failure(work: Promise<unknown>): Promise<Error> {
    return work.then(
        () => new Error("nothing failed"),
        (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
}

/** A new container with these inputs, and what a refresh says after a change behind its back. */
export async function refreshed(
    inputs: ValueMap,
    change: (docker: FakeDocker, id: string) => void = () => undefined,
    docker?: FakeDocker,
): Promise<Read | undefined> {
    const host = docker ?? (await FakeDocker.start());
    const { id, outputs, engine } = await made(host, inputs);
    change(host, id);
    return container.read(id, { inputs: checked(inputs), outputs }, operation(engine));
}

export async function drift(
    inputs: ValueMap,
    change?: (docker: FakeDocker, id: string) => void,
): Promise<string[]> {
    return diff((await refreshed(inputs, change))?.outputs ?? {}, inputs);
}
