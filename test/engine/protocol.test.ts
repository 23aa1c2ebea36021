// What the CLI is told over the wire: by a provider, and by the language host.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { ProgramInfo, RunRequest } from "@pulumi/pulumi/proto/language_pb";
import { type PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import {
    ResourceProviderClient,
    ResourceProviderService,
} from "@pulumi/pulumi/proto/provider_grpc_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import {
    installedPackages,
    packageRoot,
    programFolder,
    providerPackages,
} from "../../lab/pulumi/language/packages";
import { invocationOf } from "../../lab/pulumi/language/program";
import { answerTo, engineAddress } from "../../lab/pulumi/plugin/identity";
import { EngineLog } from "../../lab/pulumi/plugin/log";
import { handlersOf, type Plugin } from "../../lab/pulumi/plugin/provider";
import { InitializationError, type ResourceType } from "../../lab/pulumi/plugin/resource";
import { newServer } from "../../lab/pulumi/plugin/server";
import { fromStruct, secret, text, toStruct, UNKNOWN } from "../../lab/pulumi/plugin/values";
import { facts } from "./operation";

const IDENTITY = {
    executable: "pulumi-resource-thing",
    version: "1.0.0",
    what: "A thing for tests.",
    details: "It does nothing.",
};

const thing: ResourceType<string> = {
    deleteBeforeReplace: true,
    check: (inputs) => ({ inputs, failures: [{ property: "a", reason: "is wrong" }] }),
    diff: () => [
        { path: "a.b[0]", kind: "UPDATE", replace: true },
        { path: "a.c", kind: "ADD", replace: false },
    ],
    preview: (inputs) => ({ ...inputs, made: UNKNOWN }),
    create: (inputs, { name, config }) =>
        config === "broken"
            ? Promise.reject(new InitializationError("half made", { id: "x", outputs: inputs }))
            : Promise.resolve({ id: name, outputs: { ...inputs, made: config } }),
    update: (_id, inputs) => Promise.resolve(inputs),
    read: () => Promise.resolve(undefined),
    delete: () => Promise.reject(new Error("cannot")),
};

const PLUGIN: Plugin<string> = {
    identity: IDENTITY,
    provider: {
        resources: { "thing:index:Thing": thing },
        checkConfig: (inputs, name) => ({
            inputs: { ...inputs, host: "default" },
            failures: inputs["colour"] ? [{ property: "", reason: `${name}: no colour` }] : [],
        }),
        configure: (args) => text(args["mode"]) ?? "",
    },
};
const server = newServer(ResourceProviderService, handlersOf(PLUGIN, new EngineLog("127.0.0.1:1")));
let client: ResourceProviderClient;

beforeAll(async () => {
    const port = await new Promise<number>((resolve, reject) => {
        server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
            if (error) {
                reject(error);
            } else {
                resolve(bound);
            }
        });
    });
    client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    await configured("whole");
});

afterAll(() => {
    client.close();
    server.forceShutdown();
});

function called<Response>(
    call: (done: (error: grpc.ServiceError | null, response: Response) => void) => void,
): Promise<Response> {
    return new Promise((resolve, reject) => {
        call((error, response) => {
            if (error) {
                reject(error);
            } else {
                resolve(response);
            }
        });
    });
}

const URN = "urn:pulumi:dev::project::parent:index:Parent$thing:index:Thing::it::really";

function configured(mode: string): Promise<rpc.ConfigureResponse> {
    const request = new rpc.ConfigureRequest().setArgs(toStruct({ mode: secret(mode) }));
    return called((done) => client.configure(request, done));
}

facts("a provider over the wire (stand-in)", [
    [
        "says what it is",
        async () => {
            const info = await called<PluginInfo>((done) =>
                client.getPluginInfo(new Empty(), done),
            );
            expect(info.getVersion()).toBe("1.0.0+crosshost-lab");
            expect(answerTo(IDENTITY, ["--version"])).toBe(
                "pulumi-resource-thing 1.0.0+crosshost-lab: A thing for tests.\n",
            );
            expect(answerTo(IDENTITY, ["--help"])).toContain("It does nothing.");
            expect(answerTo(IDENTITY, ["127.0.0.1:99"])).toBeUndefined();
            expect(engineAddress(["--tracing", "127.0.0.1:99"])).toBe("127.0.0.1:99");
        },
    ],
    [
        "takes secrets and previews",
        async () => {
            const request = new rpc.ProviderHandshakeRequest();
            const hands = await called<rpc.ProviderHandshakeResponse>((done) =>
                client.handshake(request, done),
            );
            expect(hands.getAcceptSecrets()).toBe(true);
            const response = await configured("whole");
            expect(response.getAcceptsecrets()).toBe(true);
            expect(response.getSupportspreview()).toBe(true);
        },
    ],
    [
        "a change of its own arguments updates it, never replaces it",
        async () => {
            const request = new rpc.DiffRequest()
                .setOldInputs(toStruct({ host: "a" }))
                .setNews(toStruct({ host: "b" }));
            const response = await called<rpc.DiffResponse>((done) =>
                client.diffConfig(request, done),
            );
            expect(response.getChanges()).toBe(rpc.DiffResponse.DiffChanges.DIFF_SOME);
            expect(response.getReplacesList()).toEqual([]);
        },
    ],
    [
        "tells what is wrong with inputs by property",
        async () => {
            const request = new rpc.CheckRequest().setUrn(URN).setNews(toStruct({ a: 1 }));
            const response = await called<rpc.CheckResponse>((done) => client.check(request, done));
            expect(response.getFailuresList().map((failure) => failure.toObject())).toEqual([
                { property: "a", reason: "is wrong" },
            ]);
        },
    ],
    [
        "tells differences in detail",
        async () => {
            const request = new rpc.DiffRequest().setUrn(URN);
            const response = await called<rpc.DiffResponse>((done) => client.diff(request, done));
            const { ADD, UPDATE_REPLACE } = rpc.PropertyDiff.Kind;
            expect(response.toObject()).toMatchObject({
                diffsList: ["a"],
                replacesList: ["a"],
                deletebeforereplace: true,
                detaileddiffMap: [
                    ["a.b[0]", { kind: UPDATE_REPLACE, inputdiff: false }],
                    ["a.c", { kind: ADD, inputdiff: false }],
                ],
            });
        },
    ],
    [
        "in a preview creates nothing",
        async () => {
            const request = new rpc.CreateRequest()
                .setUrn(URN)
                .setPreview(true)
                .setProperties(toStruct({ a: secret(1) }));
            const response = await called<rpc.CreateResponse>((done) =>
                client.create(request, done),
            );
            expect(response.getId()).toBe("");
            expect(fromStruct(response.getProperties())).toEqual({ a: secret(1), made: UNKNOWN });
        },
    ],
    [
        "knows the resource by its type and name, whatever stands around them",
        async () => {
            const request = new rpc.CreateRequest().setUrn(URN).setProperties(toStruct({}));
            const response = await called<rpc.CreateResponse>((done) =>
                client.create(request, done),
            );
            expect(response.getId()).toBe("it::really");
        },
    ],
    [
        "hands a half made resource over for the state",
        async () => {
            await configured("broken");
            const request = new rpc.CreateRequest().setUrn(URN).setProperties(toStruct({ a: 1 }));
            const error = await called<rpc.CreateResponse>((done) =>
                client.create(request, done),
            ).catch((caught: unknown) => caught as grpc.ServiceError);
            await configured("whole");
            const metadata = error instanceof Error ? error.metadata : new grpc.Metadata();
            const [bytes] = metadata.get("grpc-status-details-bin");
            const [detail] = Status.deserializeBinary(Buffer.from(bytes ?? "")).getDetailsList();
            const failed = (detail ?? new Any()).unpack(
                (data) => rpc.ErrorResourceInitFailed.deserializeBinary(data),
                "pulumirpc.ErrorResourceInitFailed",
            );
            expect(failed?.getId()).toBe("x");
            expect(failed?.getReasonsList()).toEqual(["half made"]);
            expect(fromStruct(failed?.getProperties())).toEqual({ a: 1 });
        },
    ],
    [
        "a resource that is gone has no id",
        async () => {
            const request = new rpc.ReadRequest().setUrn(URN).setId("x");
            const response = await called<rpc.ReadResponse>((done) => client.read(request, done));
            expect(response.getId()).toBe("");
        },
    ],
    [
        "an error keeps its text; a type that it lacks is told, with what to do",
        async () => {
            const request = new rpc.DeleteRequest().setUrn(URN).setId("x");
            await expect(called<Empty>((done) => client.delete(request, done))).rejects.toThrow(
                "UNKNOWN: cannot",
            );
            const other = new rpc.CheckRequest().setUrn("urn:pulumi:d::p::thing:index:Other::n");
            await expect(
                called<rpc.CheckResponse>((done) => client.check(other, done)),
            ).rejects.toThrow(
                "the lab's pulumi-resource-thing has thing:index:Thing, but no resource thing:index:Other: install pulumi and the published plugin for it",
            );
        },
    ],
]);

const folder = mkdtempSync(join(tmpdir(), "crosshost-language-"));
afterAll(() => {
    rmSync(folder, { recursive: true });
});

function written(path: string, content: object): void {
    const file = join(folder, path, "package.json");
    mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(file, JSON.stringify(content));
}

facts("the language host (stand-in)", [
    [
        "finds the providers' packages above and within the program's, each version once",
        () => {
            written("", { name: "program" });
            written("stacks", {});
            written("node_modules/@pulumi/docker", {
                name: "@pulumi/docker",
                version: "5.2.0",
                pulumi: { resource: true, name: "docker" },
            });
            written("node_modules/lib/node_modules/@pulumi/docker", {
                name: "@pulumi/docker",
                version: "4.0.0",
                pulumi: { resource: true, version: "v4.0.1", server: "https://example.org" },
            });
            written("node_modules/@pulumi/pulumi", { name: "@pulumi/pulumi", version: "3.248.0" });
            rmSync(join(folder, "stacks/package.json"));
            const root = packageRoot(programFolder(join(folder, "stacks"), "."));
            expect(root).toBe(folder);
            expect(providerPackages(installedPackages(root))).toEqual([
                { name: "docker", version: "v5.2.0", server: "" },
                { name: "docker", version: "v4.0.1", server: "https://example.org" },
            ]);
        },
    ],
    [
        "finds what a program's package needs where pnpm keeps it, beside the package",
        () => {
            const kept = "pnpm/node_modules/.pnpm/lib@1.0.0/node_modules";
            const named = { version: "5.2.0", pulumi: { resource: true } };
            written(`${kept}/lib`, { name: "lib", version: "1.0.0" });
            written(`${kept}/@pulumi/docker`, { name: "@pulumi/docker", ...named });
            symlinkSync(".pnpm/lib@1.0.0/node_modules/lib", join(folder, "pnpm/node_modules/lib"));
            const found = installedPackages(join(folder, "pnpm"));
            expect(found.map(({ name }) => name).slice(0, 2)).toEqual(["lib", "@pulumi/docker"]);
        },
    ],
    [
        "runs a program by the SDK's cmd/run, the entry point as it is, config by the environment",
        () => {
            const root = join(__dirname, "../..");
            const info = new ProgramInfo()
                .setRootDirectory(root)
                .setProgramDirectory(root)
                .setEntryPoint(".")
                .setOptions(toStruct({ nodeargs: "--trace-warnings", tsconfig: "t.json" }));
            const request = new RunRequest()
                .setMonitorAddress("127.0.0.1:1")
                .setOrganization("organization")
                .setProject("crosshost")
                .setStack("demo")
                .setPwd(root)
                .setParallel(8)
                .setDryrun(true)
                .setArgsList(["x"])
                .setConfigsecretkeysList(["crosshost:key"]);
            request.getConfigMap().set("crosshost:key", "value");
            const { args = [], env = {}, cwd } = invocationOf(request, info, "127.0.0.1:2") ?? {};
            expect(args.slice(2).join(" ")).toBe(
                `--monitor 127.0.0.1:1 --engine 127.0.0.1:2 --organization organization --project crosshost --stack demo --root-directory ${root} --pwd ${root} --parallel 8 --dry-run . x`,
            );
            expect(args[0]).toBe("--trace-warnings");
            expect(args[1]).toMatch(/@pulumi\/pulumi\/cmd\/run\/index\.js$/);
            expect(cwd).toBe(root);
            expect(env).toMatchObject({
                PULUMI_CONFIG: '{"crosshost:key":"value"}',
                PULUMI_CONFIG_SECRET_KEYS: '["crosshost:key"]',
                PULUMI_NODEJS_TYPESCRIPT: "true",
                PULUMI_NODEJS_TSCONFIG_PATH: "t.json",
            });
        },
    ],
    [
        "says that the SDK is missing where it is",
        () => {
            const info = new ProgramInfo().setProgramDirectory("/").setEntryPoint(".");
            expect(invocationOf(new RunRequest(), info, "")).toBeUndefined();
        },
    ],
]);
