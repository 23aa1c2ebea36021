// What docker.Container of the published plugin 5.2.0 does: a table of facts. Its inputs, and its
// creation; ./containerLife.test.ts has the rest.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { container } from "../../lab/pulumi/docker/container";
import { CONTAINER } from "../../lab/pulumi/docker/containerSchema";
import { InitializationError } from "../../lab/pulumi/plugin/resource";
import { isSecret, secret, UNKNOWN, type ValueMap } from "../../lab/pulumi/plugin/values";
import { API, checked, diff, failure, made, MESH } from "./containers";
import { FakeDocker, IMAGE, installSsh, stopEverything } from "./fakeDocker";
import { facts } from "./operation";

beforeAll(installSsh);
afterAll(stopEverything);

facts("inputs of docker.Container", [
    [
        "every argument that the published package declares is known, and none besides",
        () => {
            const file = join(__dirname, "../../node_modules/@pulumi/docker/container.d.ts");
            const declared = readFileSync(file, "utf8").split(
                "export interface ContainerArgs {",
            )[1];
            const names = [...(declared ?? "").matchAll(/^ {4}(\w+)\??:/gm)].map(
                ([, name]) => name,
            );
            expect(Object.keys(CONTAINER).sort()).toEqual(names.sort());
        },
    ],
    [
        "what is filled in is noted in __defaults, of each object for itself",
        () => {
            expect(checked({ name: "api", image: IMAGE, ports: [{ internal: 80 }] })).toEqual({
                __defaults: [
                    "containerReadRefreshTimeoutMilliseconds",
                    "mustRun",
                    "networkMode",
                    "removeVolumes",
                    "restart",
                    "start",
                    "waitTimeout",
                ],
                name: "api",
                image: IMAGE,
                ports: [
                    {
                        __defaults: ["ip", "protocol"],
                        internal: 80,
                        ip: "0.0.0.0",
                        protocol: "tcp",
                    },
                ],
                containerReadRefreshTimeoutMilliseconds: 15000,
                mustRun: true,
                networkMode: "bridge",
                removeVolumes: true,
                restart: "no",
                start: true,
                waitTimeout: 60,
            });
        },
    ],
    [
        "without a name it gets the logical one and seven hex digits, and keeps them",
        () => {
            const { name } = checked({ image: IMAGE });
            expect(name).toMatch(/^it-[0-9a-f]{7}$/);
            expect(checked({ image: IMAGE }, { name: "it-0000000" })).toMatchObject({
                name: "it-0000000",
            });
        },
    ],
    [
        "what it does not know is refused by its place, and within a set by that of the set",
        () => {
            const inputs: ValueMap = {
                image: IMAGE,
                restart: "sometimes",
                colour: "red",
                ports: [{ internal: 80 }, { internal: 81, name: "http" }],
                labels: [{ label: "a", value: "b", colour: "red" }],
                healthcheck: { tests: ["CMD"], colour: "red" },
            };
            expect(container.check(checked(API), { name: "it", oldInputs: {} }).failures).toEqual(
                [],
            );
            const { failures } = container.check(inputs, { name: "it", oldInputs: {} });
            const sometimes = `'sometimes' doesn't match the pattern '^(no|on-failure|always|unless-stopped)$'. `;
            expect(failures.map(({ reason }) => reason)).toEqual([
                `${sometimes}${sometimes}Examine values at 'it.restart'.`,
                ...["colour", "ports[1].name", "labels", "healthcheck.colour"].map(
                    (key) => `Invalid or unknown key. Examine values at 'it.${key}'.`,
                ),
            ]);
        },
    ],
]);

facts("differences of docker.Container", [
    [
        "what changes in place; all else replaces",
        () => {
            const inPlace = Object.keys(CONTAINER).filter((name) => CONTAINER[name]?.inPlace);
            expect(inPlace.sort()).toEqual([
                "attach",
                "containerReadRefreshTimeoutMilliseconds",
                "cpuPeriod",
                "cpuQuota",
                "cpuSet",
                "cpuShares",
                "destroyGraceSeconds",
                "deviceReadBps",
                "deviceReadIops",
                "deviceWriteBps",
                "deviceWriteIops",
                "healthcheck",
                "init",
                "logs",
                "maxRetryCount",
                "memory",
                "memoryReservation",
                "memorySwap",
                "mustRun",
                "removeVolumes",
                "restart",
                "rm",
                "start",
                "tmpfs",
                "wait",
                "waitTimeout",
            ]);
        },
    ],
    [
        "the old one is deleted before the new one is created",
        () => {
            expect(container.deleteBeforeReplace).toBe(true);
        },
    ],
    [
        "what is taken out of the program goes, but what the engine decides by itself then stays",
        async () => {
            const { outputs } = await made(await FakeDocker.start(), {
                ...API,
                hostname: "h",
                domainname: "d",
            });
            expect(diff(outputs, { ...API })).toEqual(["domainname DELETE replace"]);
            const { labels, envs, ...rest } = API;
            expect([labels, envs]).toBeTruthy();
            expect(diff(outputs, { ...rest, domainname: "d" })).toEqual([]);
        },
    ],
    [
        "an image that a preview does not know yet replaces",
        async () => {
            const { outputs } = await made(await FakeDocker.start());
            expect(diff(outputs, { ...API, image: UNKNOWN })).toEqual(["image UPDATE replace"]);
        },
    ],
]);

facts("previews of docker.Container", [
    [
        "a new one shows what the engine decides as unknown, and calls no engine",
        () => {
            const preview = container.preview(checked(API), undefined);
            expect(preview).toMatchObject({
                networkDatas: UNKNOWN,
                hostname: UNKNOWN,
                name: "api",
            });
            expect(preview["__defaults"]).toBeUndefined();
        },
    ],
    [
        "an update keeps what the state says of the rest",
        () => {
            const old = { networkDatas: [], hostname: "h", restart: "no" };
            expect(container.preview(checked({ ...API, restart: "always" }), old)).toMatchObject({
                networkDatas: [],
                hostname: "h",
                restart: "always",
            });
        },
    ],
]);

facts("creation of docker.Container", [
    [
        "made, taken off the default network, connected, filled, started, in this order",
        async () => {
            const docker = await FakeDocker.start();
            const { id } = await made(docker, {
                ...API,
                uploads: [{ file: "/etc/x", content: "hello" }],
            });
            expect(docker.calls).toEqual([
                "GET /_ping",
                `GET /images/${encodeURIComponent(IMAGE)}/json`,
                "POST /containers/create?name=api",
                "POST /networks/bridge/disconnect",
                "POST /networks/mesh/connect",
                `PUT /containers/${id}/archive?path=%2F`,
                `POST /containers/${id}/start`,
                `GET /containers/${id}/json`,
            ]);
            const archive = docker.request("PUT").raw;
            expect(archive.subarray(0, 5).toString()).toBe("etc/x");
            expect(archive.subarray(512, 517).toString()).toBe("hello");
        },
    ],
    [
        "all of networksAdvanced goes to the engine",
        async () => {
            const docker = await FakeDocker.start();
            const { id } = await made(docker, {
                ...API,
                networksAdvanced: [
                    {
                        ...MESH,
                        ipv6Address: "fd00::2",
                        linkLocalIps: ["169.254.1.1"],
                        macAddress: "02:00:00:00:00:01",
                        driverOpts: ["com.docker.network.endpoint.ifname=lan0"],
                        gwPriority: 1,
                    },
                ],
            });
            expect(docker.sent("POST /networks/mesh/connect")).toEqual({
                Container: id,
                EndpointConfig: {
                    Aliases: ["api", "www"],
                    IPAMConfig: {
                        IPv4Address: "10.42.1.200",
                        IPv6Address: "fd00::2",
                        LinkLocalIPs: ["169.254.1.1"],
                    },
                    MacAddress: "02:00:00:00:00:01",
                    DriverOpts: { "com.docker.network.endpoint.ifname": "lan0" },
                    GwPriority: 1,
                },
            });
        },
    ],
    [
        "the state has what was asked for and what the engine decided",
        async () => {
            const { outputs } = await made(await FakeDocker.start());
            expect(outputs).toMatchObject({
                name: "api",
                image: IMAGE,
                mustRun: true,
                envs: ["A=1", "B=2"],
                networksAdvanced: [MESH],
                networkDatas: [{ networkName: "mesh", ipAddress: "10.42.1.200" }],
                cpuPeriod: null,
            });
        },
    ],
    [
        "a port without a number of the host's gets one, and that is no difference",
        async () => {
            const inputs = { ...API, ports: [{ internal: 80 }] };
            const { outputs } = await made(await FakeDocker.start(), inputs);
            expect(outputs["ports"]).toMatchObject([{ internal: 80, external: 49153 }]);
            expect(diff(outputs, inputs)).toEqual([]);
        },
    ],
    [
        "an input that is a secret is one in the state",
        async () => {
            const inputs = { ...API, envs: ["A=1", secret("B=2")], command: secret(["sh"]) };
            const { outputs } = await made(await FakeDocker.start(), inputs);
            expect(outputs["envs"]).toEqual(["A=1", secret("B=2")]);
            expect(isSecret(outputs["command"])).toBe(true);
        },
    ],
    [
        "a container that ends at once is no error: its state says that it does not run",
        async () => {
            const docker = await FakeDocker.start();
            const { outputs } = await made(docker, { ...API, start: false });
            expect(outputs).toMatchObject({ mustRun: false, exitCode: 0 });
        },
    ],
    [
        "with `wait` it has to become healthy in time",
        async () => {
            const docker = await FakeDocker.start();
            docker.healthAtStart = "healthy";
            const waiting = { ...API, wait: true, waitTimeout: 0 };
            await expect(made(docker, waiting)).resolves.toBeTruthy();
            docker.healthAtStart = "starting";
            expect((await failure(made(docker, waiting))).message).toContain(
                "container failed to be in healthy state",
            );
            docker.healthAtStart = undefined;
            expect((await failure(made(docker, waiting))).message).toContain(
                "the container does not have a healthcheck defined",
            );
        },
    ],
    [
        "with `attach` its end is waited for, and `logs` become an output",
        async () => {
            const { outputs } = await made(await FakeDocker.start(), {
                ...API,
                attach: true,
                logs: true,
            });
            expect(outputs["containerLogs"]).toBe("hi\n");
        },
    ],
    [
        "volumeOptions need an engine of API 1.45",
        async () => {
            const mounts = [
                { type: "volume", target: "/d", source: "v", volumeOptions: { noCopy: true } },
            ];
            const old = await FakeDocker.start(41);
            expect((await failure(made(old, { ...API, mounts }))).message).toContain(
                "Setting VolumeOptions.Subpath requires docker version 1.45 or higher",
            );
            await expect(
                made(await FakeDocker.start(45), { ...API, mounts }),
            ).resolves.toBeTruthy();
        },
    ],
]);

facts("failed creation of docker.Container", [
    [
        "an engine that will not make it leaves nothing, and is quoted",
        async () => {
            const docker = await FakeDocker.start();
            docker.refusals.set("POST /containers/create", [409, "Conflict. The name is in use"]);
            const error = await failure(made(docker));
            expect(error).not.toBeInstanceOf(InitializationError);
            expect(error.message).toBe(
                "1 error occurred:\n\t* Unable to create container: Error response from daemon: Conflict. The name is in use\n\n",
            );
        },
    ],
    [
        "once it is made it stays, and enters the state as not whole",
        async () => {
            const docker = await FakeDocker.start();
            const lost = { ...API, networksAdvanced: [{ name: "nowhere" }] };
            const error = await failure(made(docker, lost));
            expect(error.message).toContain(
                "Unable to connect to network 'nowhere': Error response from daemon: network nowhere not found",
            );
            const [id] = docker.containers.keys();
            expect(error).toMatchObject({
                created: { id, outputs: { name: "api", mustRun: false } },
            });
        },
    ],
    [
        "the same where it does not start",
        async () => {
            const docker = await FakeDocker.start();
            const reason = "driver failed: port is already allocated";
            docker.refusals.set(`POST /containers/${"1".padStart(64, "c")}/start`, [500, reason]);
            const error = await failure(made(docker));
            expect(error).toBeInstanceOf(InitializationError);
            expect(error.message).toContain(
                `Unable to start container: Error response from daemon: ${reason}`,
            );
            expect(docker.containers.size).toBe(1);
        },
    ],
]);

test("the engine is told nothing that the program did not say", async () => {
    const docker = await FakeDocker.start();
    await made(docker, { name: "plain", image: IMAGE });
    const { HostConfig: host, ...config } = docker.sent("POST /containers/create");
    expect(config).toEqual({ Image: IMAGE, ExposedPorts: {} });
    expect(host).toEqual({
        Init: false,
        LogConfig: { Type: "" },
        NetworkMode: "bridge",
        PortBindings: {},
        RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
    });
});
