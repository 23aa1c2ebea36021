// The provider protocol over raw gRPC. The SDK's own provider.main knows no detailed diff, no
// preview and no CheckConfig, and drops what Configure is given.
import * as grpc from "@grpc/grpc-js";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import {
    type IResourceProviderServer,
    ResourceProviderService,
} from "@pulumi/pulumi/proto/provider_grpc_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { type Difference, topOf } from "./diff";
import { EngineLog } from "./log";
import { answerPerson, engineAddress, type Identity, markedVersion } from "./identity";
import {
    type Checked,
    InitializationError,
    type Operation,
    type Provider,
    type ResourceType,
} from "./resource";
import { serve, StatusError, unary } from "./server";
import { fromStruct, plainMap, toStruct } from "./values";

export interface Plugin<Config> {
    readonly identity: Identity;
    readonly provider: Provider<Config>;
}

/** The plugin's executable: answers a person, or serves the engine until it says the end. */
export function main<Config>(plugin: Plugin<Config>): void {
    const args = process.argv.slice(2);
    answerPerson(plugin.identity, args);
    const log = new EngineLog(engineAddress(args));
    serve(ResourceProviderService, handlersOf(plugin, log));
}

type Handlers = Partial<IResourceProviderServer> & grpc.UntypedServiceImplementation;

export function handlersOf<Config>(plugin: Plugin<Config>, log: EngineLog): Handlers {
    const server = new ProviderServer(plugin, log);
    // The engine may end as soon as it has the answer: messages go first.
    const told =
        <Request, Response>(handle: (request: Request) => Promise<Response>) =>
        (request: Request) =>
            handle(request).finally(() => log.flush());
    return {
        handshake: unary((request: rpc.ProviderHandshakeRequest) => server.handshake(request)),
        getPluginInfo: unary(() => server.info()),
        getSchema: unary(() => server.schema()),
        checkConfig: unary((request: rpc.CheckRequest) => server.checkConfig(request)),
        diffConfig: unary((request: rpc.DiffRequest) => server.diffConfig(request)),
        configure: unary((request: rpc.ConfigureRequest) => server.configure(request)),
        check: unary((request: rpc.CheckRequest) => server.check(request)),
        diff: unary((request: rpc.DiffRequest) => server.diff(request)),
        create: unary(told((request: rpc.CreateRequest) => server.create(request))),
        update: unary(told((request: rpc.UpdateRequest) => server.update(request))),
        read: unary(told((request: rpc.ReadRequest) => server.read(request))),
        delete: unary(told((request: rpc.DeleteRequest) => server.delete(request))),
        invoke: unary((request: rpc.InvokeRequest) => server.invoke(request)),
        cancel: unary(() => server.cancel()),
    };
}

interface Request {
    getUrn(): string;
    getTimeout?(): number;
}

class ProviderServer<Config> {
    private readonly cancelled = new AbortController();
    private config: Config | undefined;

    private readonly identity: Identity;
    private readonly provider: Provider<Config>;

    constructor(
        { identity, provider }: Plugin<Config>,
        private readonly log: EngineLog,
    ) {
        this.identity = identity;
        this.provider = provider;
    }

    handshake(request: rpc.ProviderHandshakeRequest): rpc.ProviderHandshakeResponse {
        this.log.address = request.getEngineAddress() || this.log.address;
        return new rpc.ProviderHandshakeResponse().setAcceptSecrets(true);
    }

    info(): PluginInfo {
        return new PluginInfo().setVersion(markedVersion(this.identity));
    }

    schema(): rpc.GetSchemaResponse {
        const name = this.identity.executable.replace("pulumi-resource-", "");
        const schema = { name, version: this.identity.version, description: this.identity.what };
        return new rpc.GetSchemaResponse().setSchema(JSON.stringify(schema));
    }

    checkConfig(request: rpc.CheckRequest): rpc.CheckResponse {
        const inputs = fromStruct(request.getNews());
        return checkResponse(this.provider.checkConfig(inputs, nameOf(request.getUrn())));
    }

    /** The published plugins replace no provider: their resources would go with it. */
    diffConfig(request: rpc.DiffRequest): rpc.DiffResponse {
        const old = fromStruct(request.getOldInputs() ?? request.getOlds());
        const inputs = fromStruct(request.getNews());
        const changed = Object.keys({ ...old, ...inputs }).filter(
            (key) => JSON.stringify(old[key]) !== JSON.stringify(inputs[key]),
        );
        const { DIFF_SOME, DIFF_NONE } = rpc.DiffResponse.DiffChanges;
        return new rpc.DiffResponse()
            .setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE)
            .setDiffsList(changed);
    }

    configure(request: rpc.ConfigureRequest): rpc.ConfigureResponse {
        this.config = this.provider.configure(plainMap(fromStruct(request.getArgs())));
        return new rpc.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }

    check(request: rpc.CheckRequest): rpc.CheckResponse {
        const checked = this.typeOf(request).check(fromStruct(request.getNews()), {
            name: nameOf(request.getUrn()),
            oldInputs: fromStruct(request.getOlds()),
        });
        return checkResponse(checked);
    }

    diff(request: rpc.DiffRequest): rpc.DiffResponse {
        const type = this.typeOf(request);
        const differences = type.diff({
            oldInputs: fromStruct(request.getOldInputs() ?? request.getOlds()),
            oldOutputs: fromStruct(request.getOlds()),
            inputs: fromStruct(request.getNews()),
        });
        return diffResponse(differences, type.deleteBeforeReplace);
    }

    async create(request: rpc.CreateRequest): Promise<rpc.CreateResponse> {
        const type = this.typeOf(request);
        const inputs = fromStruct(request.getProperties());
        if (request.getPreview()) {
            const outputs = type.preview(inputs, undefined);
            return new rpc.CreateResponse().setProperties(toStruct(outputs));
        }
        const { id, outputs } = await initialized(type.create(inputs, this.operation(request)));
        return new rpc.CreateResponse().setId(id).setProperties(toStruct(outputs));
    }

    async update(request: rpc.UpdateRequest): Promise<rpc.UpdateResponse> {
        const type = this.typeOf(request);
        const inputs = fromStruct(request.getNews());
        const old = fromStruct(request.getOlds());
        const outputs = request.getPreview()
            ? type.preview(inputs, old)
            : await type.update(request.getId(), inputs, old, this.operation(request));
        return new rpc.UpdateResponse().setProperties(toStruct(outputs));
    }

    async read(request: rpc.ReadRequest): Promise<rpc.ReadResponse> {
        const known = {
            inputs: fromStruct(request.getInputs()),
            outputs: fromStruct(request.getProperties()),
        };
        const type = this.typeOf(request);
        const found = await type.read(request.getId(), known, this.operation(request));
        if (!found) {
            return new rpc.ReadResponse();
        }
        return new rpc.ReadResponse()
            .setId(found.id)
            .setProperties(toStruct(found.outputs))
            .setInputs(toStruct(found.inputs));
    }

    async delete(request: rpc.DeleteRequest): Promise<Empty> {
        const outputs = fromStruct(request.getProperties());
        await this.typeOf(request).delete(request.getId(), outputs, this.operation(request));
        return new Empty();
    }

    invoke(request: rpc.InvokeRequest): rpc.InvokeResponse {
        throw this.unknown(`function ${request.getTok()}`);
    }

    /** What runs is let finish; the engine ends this process when the user will not wait. */
    cancel(): Empty {
        this.cancelled.abort();
        return new Empty();
    }

    private typeOf(request: Request): ResourceType<Config> {
        const token = request.getUrn().split("::")[2]?.split("$").at(-1) ?? "";
        const type = this.provider.resources[token];
        if (!type) {
            throw this.unknown(`resource ${token}`);
        }
        return type;
    }

    private unknown(what: string): StatusError {
        const known = Object.keys(this.provider.resources).join(", ");
        const message = `the lab's ${this.identity.executable} has ${known}, but no ${what}: install pulumi and the published plugin for it`;
        return new StatusError(grpc.status.UNIMPLEMENTED, message);
    }

    private operation(request: Request): Operation<Config> {
        if (this.config === undefined) {
            throw new StatusError(
                grpc.status.FAILED_PRECONDITION,
                "the provider is not configured",
            );
        }
        const urn = request.getUrn();
        const seconds = request.getTimeout?.() ?? 0;
        const signals = [this.cancelled.signal];
        if (seconds > 0) {
            signals.push(AbortSignal.timeout(seconds * 1000));
        }
        return {
            urn,
            name: nameOf(urn),
            config: this.config,
            signal: AbortSignal.any(signals),
            log: (severity, message, how) => {
                this.log.write(urn, severity, message, how?.passing ?? false);
            },
        };
    }
}

function nameOf(urn: string): string {
    return urn.split("::").slice(3).join("::");
}

function checkResponse({ inputs, failures }: Checked): rpc.CheckResponse {
    const listed = failures.map(({ property, reason }) =>
        new rpc.CheckFailure().setProperty(property).setReason(reason),
    );
    return new rpc.CheckResponse().setInputs(toStruct(inputs)).setFailuresList(listed);
}

function diffResponse(
    differences: readonly Difference[],
    deleteBeforeReplace: boolean,
): rpc.DiffResponse {
    const { DIFF_SOME, DIFF_NONE } = rpc.DiffResponse.DiffChanges;
    const replacing = differences.filter(({ replace }) => replace);
    const response = new rpc.DiffResponse()
        .setChanges(differences.length > 0 ? DIFF_SOME : DIFF_NONE)
        .setDiffsList(topsOf(differences))
        .setReplacesList(topsOf(replacing))
        .setDeletebeforereplace(deleteBeforeReplace && replacing.length > 0)
        .setHasdetaileddiff(differences.length > 0);
    for (const { path, kind, replace } of differences) {
        const detail = rpc.PropertyDiff.Kind[replace ? (`${kind}_REPLACE` as const) : kind];
        response.getDetaileddiffMap().set(path, new rpc.PropertyDiff().setKind(detail));
    }
    return response;
}

function topsOf(differences: readonly Difference[]): string[] {
    return [...new Set(differences.map(({ path }) => topOf(path)))];
}

/** Tells the engine of a half made resource in the way that it takes it into the state. */
async function initialized<T>(work: Promise<T>): Promise<T> {
    try {
        return await work;
    } catch (error) {
        throw error instanceof InitializationError ? partial(error) : error;
    }
}

function partial({ message, created }: InitializationError): StatusError {
    const failed = new rpc.ErrorResourceInitFailed()
        .setId(created.id)
        .setProperties(toStruct(created.outputs))
        .setReasonsList([message]);
    const detail = new Any();
    detail.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new Status().setCode(grpc.status.UNKNOWN).setMessage(message);
    status.addDetails(detail);
    const metadata = new grpc.Metadata();
    metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
    return new StatusError(grpc.status.UNKNOWN, message, metadata);
}
