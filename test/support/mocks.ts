import {
    type RegisterResourceOutputsRequest,
    type RegisterResourceRequest,
} from "@pulumi/pulumi/proto/resource_pb";
import { Callback } from "@pulumi/pulumi/proto/callback_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import * as pulumi from "@pulumi/pulumi";
import { deserializeProperties } from "@pulumi/pulumi/runtime";
import { setMocks } from "@pulumi/pulumi/runtime/mocks";

/** What the program asked the engine to make: names instead of URNs, secrets told apart. */
export interface Registered {
    readonly type: string;
    readonly name: string;
    readonly custom: boolean;
    readonly inputs: Readonly<Record<string, unknown>>;
    /** Paths of the inputs that are secret: `connection`, `stdin`. */
    readonly secrets: readonly string[];
    readonly parent: string | undefined;
    /** Names that it may have had before. */
    readonly aliases: readonly string[];
    /** Names of all resources that it waits for, by `dependsOn` or by an input. */
    readonly dependencies: readonly string[];
    readonly deletedWith: string | undefined;
    readonly retainOnDelete: boolean;
    readonly provider: string | undefined;
    readonly deleteBeforeReplace: boolean;
    /** Another one replaces it. */
    readonly replacementTrigger: unknown;
    readonly replaceOnChanges: readonly string[];
    readonly ignoreChanges: readonly string[];
    readonly additionalSecretOutputs: readonly string[];
    readonly transforms: readonly pulumi.ResourceTransform[];
    /** What runs before the engine creates it. */
    readonly beforeCreate: readonly pulumi.ResourceHook[];
}

/** What Pulumi's runtime keeps, as far as its own types hide it. */
interface Store {
    supportsTransforms: boolean;
    callbacks: object | undefined;
    readonly settings: { readonly monitor: Monitor };
}
interface Monitor {
    registerResource: (request: RegisterResourceRequest, callback: unknown) => Promise<void>;
    registerResourceOutputs: (
        request: RegisterResourceOutputsRequest,
        callback: unknown,
    ) => Promise<void>;
}
const { getStore } = jest.requireActual<{ getStore: () => Store }>("@pulumi/pulumi/runtime/state");
const { waitForRPCs } = jest.requireActual<{ waitForRPCs: () => Promise<void> }>(
    "@pulumi/pulumi/runtime/settings",
);

/** What an input is in a preview that does not know it yet. */
export const UNKNOWN = { __pulumiUnknown: true };

const SECRET_MARK = "4dabf18193072939515e22adb298388d";
let registered: Registered[] = [];
let completed: string[] = [];
let registerTransforms: pulumi.ResourceTransform[] = [];
let registeredHooks: pulumi.ResourceHook[] = [];

export interface MockedStack {
    readonly project?: string;
    readonly stack?: string;
    readonly preview?: boolean;
    /** What commands of these names have printed. In a preview that of others is not known. */
    readonly printed?: Readonly<Record<string, string>>;
}

/** A fresh program run in which every call to a provider's function is a mistake. */
export async function mockedStack({
    project,
    stack,
    preview,
    printed = {},
}: MockedStack = {}): Promise<void> {
    registered = [];
    completed = [];
    registerTransforms = [];
    registeredHooks = [];
    await setMocks(
        {
            newResource: ({ type, name, inputs, custom }) => ({
                id: custom === true ? `${name}-id` : "",
                state: {
                    ...(inputs as object),
                    ...outputsOf(type, preview ?? false),
                    ...stdoutOf(printed[name]),
                },
            }),
            call: ({ token }) => {
                throw new Error(`the program calls ${token}`);
            },
        },
        project ?? "crosshost",
        stack ?? "demo",
        preview ?? false,
    );
    const store = getStore();
    watch(store.settings.monitor);
    store.supportsTransforms = true;
    store.callbacks = {
        registerTransform: (transform: pulumi.ResourceTransform) => {
            const callback = new Callback();
            callback.setToken(String(registerTransforms.push(transform) - 1));
            return Promise.resolve(callback);
        },
        registerResourceHook: (hook: pulumi.ResourceHook) => {
            registeredHooks.push(hook);
            return Promise.resolve();
        },
        awaitStackRegistrations: () => Promise.resolve(),
        shutdown: () => undefined,
    };
}

/** The mock monitor tells a mock nothing of options, so the requests themselves are read. */
function watch(monitor: Monitor): void {
    const register = monitor.registerResource.bind(monitor);
    monitor.registerResource = (request, callback) => {
        registered.push(read(request));
        return register(request, callback);
    };
    const registerOutputs = monitor.registerResourceOutputs.bind(monitor);
    monitor.registerResourceOutputs = (request, callback) => {
        completed.push(nameOf(request.getUrn()) ?? "");
        return registerOutputs(request, callback);
    };
}

/** Components that have told their outputs. */
export function withOutputs(): readonly string[] {
    return completed;
}

/** All that was registered, in order, when nothing is under way any more. */
export async function resources(): Promise<readonly Registered[]> {
    await waitForRPCs();
    return registered;
}

/** The same where a refusal leaves some waiting for ever: when nothing has been registered for a while. */
export async function settled(): Promise<readonly Registered[]> {
    for (let before = -1; before < registered.length;) {
        before = registered.length;
        for (let turn = 0; turn < 200; turn += 1) {
            await new Promise((resolve) => setImmediate(resolve));
        }
    }
    return registered;
}

/** Those that a provider makes: no component and no stack. */
export async function made(): Promise<readonly Registered[]> {
    return (await resources()).filter(({ custom }) => custom);
}

export async function resource(name: string): Promise<Registered> {
    const all = await resources();
    const found = all.find((one) => one.name === name);
    if (!found) {
        throw new Error(`no resource ${name} among ${all.map((one) => one.name).join(", ")}`);
    }
    return found;
}

/** Each resource's name with the names of all that it waits for, directly or not. */
export async function waitsFor(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const all = new Map((await resources()).map((one) => [one.name, one.dependencies]));
    const reach = (name: string, seen: Set<string>): Set<string> => {
        for (const next of all.get(name) ?? []) {
            if (!seen.has(next)) {
                seen.add(next);
                reach(next, seen);
            }
        }
        return seen;
    };
    return new Map([...all.keys()].map((name) => [name, reach(name, new Set())]));
}

export function valueOf<T>(output: pulumi.Output<T>): Promise<pulumi.Unwrap<T>> {
    return new Promise((resolve) => {
        pulumi.output(output).apply(resolve);
    });
}

/** A machine that is made by the same program: its address is not known before an up. */
export class Machine extends pulumi.CustomResource {
    declare readonly address: pulumi.Output<string>;

    constructor(name: string) {
        super("test:index:Machine", name, { address: undefined });
    }
}

function outputsOf(type: string, preview: boolean): Record<string, unknown> {
    return type === "test:index:Machine" && !preview ? { address: "192.168.40.77" } : {};
}

function stdoutOf(stdout: string | undefined): Record<string, unknown> {
    return stdout === undefined ? {} : { stdout };
}

function read(request: RegisterResourceRequest): Registered {
    const secrets: string[] = [];
    const inputs = deserializeProperties(request.getObject() ?? new Struct()) as Record<
        string,
        unknown
    >;
    return {
        type: request.getType(),
        name: request.getName(),
        custom: request.getCustom(),
        inputs: revealed(inputs, "", secrets) as Record<string, unknown>,
        secrets,
        parent: nameOf(request.getParent()),
        aliases: [
            ...request.getAliasurnsList().map((urn) => nameOf(urn) ?? ""),
            ...request.getAliasesList().map((one) => one.getSpec()?.getName() ?? ""),
        ],
        dependencies: request.getDependenciesList().map((urn) => nameOf(urn) ?? ""),
        deletedWith: nameOf(request.getDeletedwith()),
        retainOnDelete: request.getRetainondelete() ?? false,
        provider: nameOf(request.getProvider().replace(/::[^:]*$/, "")),
        deleteBeforeReplace: request.getDeletebeforereplace(),
        replacementTrigger: request.getReplacementTrigger()?.toJavaScript(),
        replaceOnChanges: request.getReplaceonchangesList(),
        ignoreChanges: request.getIgnorechangesList(),
        additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
        transforms: request
            .getTransformsList()
            .flatMap((callback) => registerTransforms[Number(callback.getToken())] ?? []),
        beforeCreate: registeredHooks.filter(({ name }) =>
            request.getHooks()?.getBeforeCreateList().includes(name),
        ),
    };
}

/** The inputs as the program wrote them; the paths of the secret ones are noted on the way. */
function revealed(value: unknown, path: string, secrets: string[]): unknown {
    if (Array.isArray(value)) {
        return value.map((item, at) => revealed(item, `${path}[${at}]`, secrets));
    }
    if (value === null || typeof value !== "object") {
        return value;
    }
    if (SECRET_MARK in value && "value" in value) {
        secrets.push(path);
        return revealed(value.value, path, []);
    }
    const steps = Object.entries(value).map(([key, item]): [string, unknown] => [
        key,
        revealed(item, path ? `${path}.${key}` : key, secrets),
    ]);
    return Object.fromEntries(steps);
}

function nameOf(urn: string): string | undefined {
    return urn === "" ? undefined : urn.split("::").at(-1);
}
