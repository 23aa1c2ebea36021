// How a program is run: by `node`, with the SDK's own cmd/run, which the program's packages hold.
import { createRequire } from "node:module";
import { join } from "node:path";
import { type ProgramInfo, type RunRequest } from "@pulumi/pulumi/proto/language_pb";
import { fromStruct, text, type ValueMap } from "../plugin/values";
import { programFolder } from "./packages";

export interface Invocation {
    readonly args: readonly string[];
    readonly cwd: string;
    readonly env: NodeJS.ProcessEnv;
}

/** Undefined where the SDK is not installed. */
export function invocationOf(
    request: RunRequest,
    info: ProgramInfo,
    engine: string,
): Invocation | undefined {
    const script = runScript(info);
    if (script === undefined) {
        return undefined;
    }
    const options = fromStruct(info.getOptions());
    const nodeArgs = (text(options["nodeargs"]) ?? "").split(/\s+/).filter(Boolean);
    const flags = flagsOf({
        monitor: request.getMonitorAddress(),
        engine,
        organization: request.getOrganization(),
        project: request.getProject(),
        stack: request.getStack(),
        "root-directory": info.getRootDirectory(),
        pwd: info.getProgramDirectory(),
        parallel: String(request.getParallel()),
    });
    const dryRun = request.getDryrun() ? ["--dry-run"] : [];
    // "." goes on as it is: only then does the SDK read `main` of package.json.
    const entry = info.getEntryPoint() || ".";
    return {
        args: [...nodeArgs, script, ...flags, ...dryRun, entry, ...request.getArgsList()],
        cwd: request.getPwd() || info.getProgramDirectory(),
        env: { ...process.env, ...environmentOf(request, options) },
    };
}

function flagsOf(values: Record<string, string>): string[] {
    return Object.entries(values).flatMap(([name, value]) => (value ? [`--${name}`, value] : []));
}

function environmentOf(request: RunRequest, options: ValueMap): NodeJS.ProcessEnv {
    const tsconfig = text(options["tsconfig"]);
    return {
        PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().getEntryList())),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
        PULUMI_NODEJS_TYPESCRIPT: String(options["typescript"] !== false),
        ...(tsconfig && { PULUMI_NODEJS_TSCONFIG_PATH: tsconfig }),
    };
}

function runScript(info: ProgramInfo): string | undefined {
    const folder = programFolder(info.getProgramDirectory(), info.getEntryPoint());
    try {
        return createRequire(join(folder, "program.js")).resolve("@pulumi/pulumi/cmd/run");
    } catch {
        return undefined;
    }
}
