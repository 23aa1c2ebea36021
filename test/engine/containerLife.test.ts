// What docker.Container of the published plugin 5.2.0 does after its creation: a table of facts.
import { container } from "../../lab/pulumi/docker/container";
import { formatDuration, parseDuration } from "../../lab/pulumi/docker/duration";
import { map } from "../../lab/pulumi/plugin/values";
import { API, checked, diff, drift, failure, made, refreshed } from "./containers";
import { ENGINES, FakeDocker, installSsh, stopEverything } from "./fakeDocker";
import { facts, operation } from "./operation";

beforeAll(installSsh);
afterAll(stopEverything);

facts("refreshes of docker.Container", [
    ...ENGINES.map(([name, api]): [string, () => Promise<void>] => [
        `Docker ${name}: what was just made has not changed`,
        async () => {
            const docker = await FakeDocker.start(api);
            const read = await refreshed(API, undefined, docker);
            expect(docker.calls.every((call) => !call.includes("/v1."))).toBe(true);
            expect(read?.inputs).toEqual(checked(API));
            expect(diff(read?.outputs ?? {}, API)).toEqual([]);
        },
    ]),
    [
        "a container that is gone leaves the state",
        async () => {
            const read = await refreshed(API, (docker, id) => docker.containers.delete(id));
            expect(read).toBeUndefined();
        },
    ],
    [
        "a stopped one: mustRun is false, and published ports, which replace, are gone",
        async () => {
            const stop = (docker: FakeDocker, id: string) => {
                Object.assign(docker.containers.get(id) ?? {}, { running: false });
            };
            expect(await drift(API, stop)).toEqual(["mustRun UPDATE", "ports ADD replace"]);
            const { ports, ...portless } = API;
            expect(ports).toBeTruthy();
            expect(await drift(portless, stop)).toEqual(["mustRun UPDATE"]);
            const read = await refreshed(API, stop);
            expect(read?.inputs).toMatchObject({ mustRun: false, ports: [] });
            expect(read?.inputs["__defaults"]).not.toContain("mustRun");
        },
    ],
    [
        "networksAdvanced, envs and labels are never read back",
        async () => {
            const changed = (docker: FakeDocker, id: string) => {
                const found = docker.containers.get(id);
                Object.assign(found ?? {}, {
                    networks: {},
                    spec: { ...found?.spec, Env: [], Labels: {} },
                });
            };
            expect(await drift(API, changed)).toEqual([]);
        },
    ],
    [
        "restart, memory, command and networkMode are",
        async () => {
            const changed = (docker: FakeDocker, id: string) => {
                const found = docker.containers.get(id);
                const host = map(found?.spec["HostConfig"]);
                Object.assign(found?.spec ?? {}, {
                    Cmd: ["sh"],
                    HostConfig: {
                        ...host,
                        RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
                        Memory: 33554432,
                        NetworkMode: "host",
                    },
                });
            };
            expect(await drift({ ...API, command: ["top"], memory: 64 }, changed)).toEqual([
                "command[0] UPDATE replace",
                "restart UPDATE",
                "memory UPDATE",
                "networkMode UPDATE replace",
            ]);
        },
    ],
    [
        "a limit that the host's kernel cannot hold is a difference for ever",
        async () => {
            const changed = (docker: FakeDocker, id: string) => {
                const spec = docker.containers.get(id)?.spec;
                Object.assign(map(spec?.["HostConfig"]) ?? {}, { Memory: 0, MemorySwap: -1 });
            };
            expect(await drift({ ...API, memory: 64 }, changed)).toEqual(["memory UPDATE"]);
        },
    ],
    [
        "capabilities come back with CAP_ in front, so that NET_ADMIN replaces and CAP_NET_ADMIN does not",
        async () => {
            expect(await drift({ ...API, capabilities: { adds: ["CAP_NET_ADMIN"] } })).toEqual([]);
            expect(await drift({ ...API, capabilities: { adds: ["NET_ADMIN"] } })).toEqual([
                "capabilities.adds[0] UPDATE replace",
            ]);
        },
    ],
    [
        "durations come back as Go writes them, so that 1m differs and 1m0s does not",
        async () => {
            const every = (interval: string) => ({
                ...API,
                healthcheck: { tests: ["CMD", "true"], interval },
            });
            expect(await drift(every("1m0s"))).toEqual([]);
            expect(await drift(every("1m"))).toEqual(["healthcheck.interval UPDATE"]);
            expect([30e9, 60e9, 5400e9, 1500e6, 20e6].map(formatDuration)).toEqual([
                "30s",
                "1m0s",
                "1h30m0s",
                "1.5s",
                "20ms",
            ]);
            expect(["1m", "1h30m", "500ms", "soon"].map(parseDuration)).toEqual([
                60e9, 5400e9, 5e8, 0,
            ]);
        },
    ],
]);

facts("update of docker.Container", [
    [
        "restart and limits are changed by the engine, once",
        async () => {
            const docker = await FakeDocker.start();
            const { id, outputs, engine } = await made(docker);
            const wanted = checked({ ...API, restart: "on-failure", maxRetryCount: 3, memory: 64 });
            const updated = await container.update(id, wanted, outputs, operation(engine));
            expect(docker.sent(`POST /containers/${id}/update`)).toMatchObject({
                RestartPolicy: { Name: "on-failure", MaximumRetryCount: 3 },
                Memory: 64 * 1024 * 1024,
            });
            expect(updated).toMatchObject({ restart: "on-failure", memory: 64 });
            expect(updated["__defaults"]).toBeUndefined();
        },
    ],
    [
        "healthcheck, init and tmpfs enter the state, and nothing else happens",
        async () => {
            const docker = await FakeDocker.start();
            const { id, outputs, engine } = await made(docker);
            const before = docker.calls.length;
            const wanted = checked({ ...API, healthcheck: { tests: ["NONE"] }, init: true });
            const updated = await container.update(id, wanted, outputs, operation(engine));
            expect(docker.calls).toHaveLength(before);
            expect(updated).toMatchObject({ init: true, healthcheck: { tests: ["NONE"] } });
        },
    ],
    [
        "a stopped one is started; an empty update, as after a creation that failed, does nothing",
        async () => {
            const docker = await FakeDocker.start();
            const { id, outputs, engine } = await made(docker);
            const stopped = { ...outputs, mustRun: false };
            await container.update(id, checked(API), stopped, operation(engine));
            expect(docker.calls.at(-1)).toBe(`POST /containers/${id}/start`);
            const before = docker.calls.length;
            await container.update(id, checked(API), outputs, operation(engine));
            expect(docker.calls).toHaveLength(before);
        },
    ],
]);

facts("deletion of docker.Container", [
    [
        "stopped without grace, removed with its volumes, waited for",
        async () => {
            const docker = await FakeDocker.start();
            const { id, outputs, engine } = await made(docker);
            const before = docker.calls.length;
            await container.delete(id, outputs, operation(engine));
            expect(docker.calls.slice(before)).toEqual([
                `POST /containers/${id}/stop?t=0`,
                `DELETE /containers/${id}?force=1&v=1`,
                `POST /containers/${id}/wait?condition=not-running`,
            ]);
        },
    ],
    [
        "destroyGraceSeconds and removeVolumes are heeded",
        async () => {
            const docker = await FakeDocker.start();
            const inputs = { ...API, destroyGraceSeconds: 9, removeVolumes: false };
            const { id, outputs, engine } = await made(docker, inputs);
            await container.delete(id, outputs, operation(engine));
            expect(docker.calls).toContain(`POST /containers/${id}/stop?t=9`);
            expect(docker.calls).toContain(`DELETE /containers/${id}?force=1`);
        },
    ],
    [
        "one that is gone already is deleted",
        async () => {
            const docker = await FakeDocker.start();
            const deleted = container.delete("f".repeat(64), {}, operation(docker.engine()));
            await expect(deleted).resolves.toBeUndefined();
        },
    ],
    [
        "any other refusal is an error",
        async () => {
            const docker = await FakeDocker.start();
            const { id, outputs, engine } = await made(docker);
            docker.refusals.set("DELETE", [500, "device is busy"]);
            const error = await failure(container.delete(id, outputs, operation(engine)));
            expect(error.message).toContain(
                `Error deleting container ${id}: Error response from daemon: device is busy`,
            );
        },
    ],
]);
