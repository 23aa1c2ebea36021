// The language runtime's protocol: what the CLI asks of the host of a Node program.
import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { type ILanguageRuntimeServer } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/language_pb";
import { PackageDependency, PluginDependency, PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { type Identity, markedVersion } from "../plugin/identity";
import { StatusError, streaming, unary } from "../plugin/server";
import { endAll, runToEnd } from "./children";
import {
    directDependencies,
    installedPackages,
    packageRoot,
    programFolder,
    type ProviderPackage,
    providerPackages,
} from "./packages";
import { invocationOf } from "./program";

/** The program has told the user itself what went wrong. */
const ALREADY_TOLD = 32;

export function handlersOf(
    identity: Identity,
    engine: string,
): Partial<ILanguageRuntimeServer> & grpc.UntypedServiceImplementation {
    let engineAddress = engine;
    return {
        handshake: unary((request: rpc.LanguageHandshakeRequest) => {
            engineAddress = request.getEngineAddress() || engineAddress;
            return new rpc.LanguageHandshakeResponse();
        }),
        getPluginInfo: unary(() => new PluginInfo().setVersion(markedVersion(identity))),
        about: unary(() =>
            new rpc.AboutResponse().setExecutable(process.execPath).setVersion(process.version),
        ),
        getRequiredPackages: unary((request: rpc.GetRequiredPackagesRequest) =>
            new rpc.GetRequiredPackagesResponse().setPackagesList(
                providersOf(request.getInfo()).map((found) =>
                    described(new PackageDependency(), found),
                ),
            ),
        ),
        getRequiredPlugins: unary((request: rpc.GetRequiredPluginsRequest) =>
            new rpc.GetRequiredPluginsResponse().setPluginsList(
                providersOf(request.getInfo()).map((found) =>
                    described(new PluginDependency(), found),
                ),
            ),
        ),
        getProgramDependencies: unary(programDependencies),
        runtimeOptionsPrompts: unary(() => new rpc.RuntimeOptionsResponse()),
        installDependencies: streaming(installDependencies),
        run: unary((request: rpc.RunRequest, call) => run(request, engineAddress, call)),
        cancel: unary(() => {
            endAll("SIGTERM");
            return new Empty();
        }),
    };
}

async function run(
    request: rpc.RunRequest,
    engine: string,
    call: grpc.ServerUnaryCall<rpc.RunRequest, rpc.RunResponse>,
): Promise<rpc.RunResponse> {
    const response = new rpc.RunResponse();
    const invocation = invocationOf(request, request.getInfo() ?? new rpc.ProgramInfo(), engine);
    if (!invocation) {
        return response.setError(
            "It looks like the Pulumi SDK has not been installed. Have you run npm install?",
        );
    }
    const { args, cwd, env } = invocation;
    const { code, signal } = await runToEnd(
        process.execPath,
        args,
        { cwd, env },
        {
            stdout: (data) => process.stdout.write(data),
            stderr: (data) => process.stderr.write(data),
            stoppable: (stop) => call.on("cancelled", stop),
        },
    );
    if (code === 0) {
        return response;
    }
    if (code === ALREADY_TOLD) {
        return response.setBail(true);
    }
    return response.setError(
        signal
            ? `Program was ended by ${signal}`
            : `Program exited with non-zero exit code: ${String(code)}`,
    );
}

async function installDependencies(
    request: rpc.InstallDependenciesRequest,
    call: grpc.ServerWritableStream<
        rpc.InstallDependenciesRequest,
        rpc.InstallDependenciesResponse
    >,
): Promise<void> {
    const out = (data: Uint8Array) =>
        call.write(new rpc.InstallDependenciesResponse().setStdout(data));
    const err = (data: Uint8Array) =>
        call.write(new rpc.InstallDependenciesResponse().setStderr(data));
    out(Buffer.from("Installing dependencies...\n\n"));
    const cwd = request.getDirectory() || request.getInfo()?.getProgramDirectory();
    const { code } = await runToEnd(
        "npm",
        ["install", "--loglevel=error"],
        { cwd },
        { stdout: out, stderr: err, stoppable: (stop) => call.on("cancelled", stop) },
    );
    if (code !== 0) {
        throw new StatusError(grpc.status.UNKNOWN, `npm install exited with code ${String(code)}`);
    }
    out(Buffer.from("Finished installing dependencies\n\n"));
}

function programDependencies(
    request: rpc.GetProgramDependenciesRequest,
): rpc.GetProgramDependenciesResponse {
    const root = rootOf(request.getInfo());
    const direct = directDependencies(root);
    const versions = new Map(
        installedPackages(root)
            .filter(({ name }) => request.getTransitivedependencies() || direct.has(name))
            .map(({ name, version }) => [`${name}@${version}`, { name, version }]),
    );
    const listed = [...versions.values()].map(({ name, version }) =>
        new rpc.DependencyInfo().setName(name).setVersion(version),
    );
    return new rpc.GetProgramDependenciesResponse().setDependenciesList(listed);
}

function providersOf(info: rpc.ProgramInfo | undefined): ProviderPackage[] {
    return providerPackages(installedPackages(rootOf(info)));
}

function rootOf(info: rpc.ProgramInfo | undefined): string {
    return packageRoot(
        programFolder(info?.getProgramDirectory() ?? ".", info?.getEntryPoint() ?? "."),
    );
}

function described<Dependency extends PackageDependency | PluginDependency>(
    dependency: Dependency,
    { name, version, server }: ProviderPackage,
): Dependency {
    dependency.setKind("resource");
    dependency.setName(name);
    dependency.setVersion(version);
    dependency.setServer(server);
    return dependency;
}
