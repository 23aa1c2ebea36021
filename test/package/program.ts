// The demo's program as a user's own project has it, in each form.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import ts from "typescript";
import { devDependencies } from "../../package.json";
import { ROOT } from "../support/lab";
import { type Runtime, SDKS } from "./runtimes";

const TYPESCRIPT = devDependencies.typescript;
const TS_NODE = devDependencies["ts-node"];
const TSX = "4.23.15";

/** What `pulumi new` has written into tsconfig.json for years. */
export const PULUMI_NEW = {
    strict: true,
    outDir: "bin",
    sourceMap: true,
    experimentalDecorators: true,
    pretty: true,
    noFallthroughCasesInSwitch: true,
    noImplicitReturns: true,
    forceConsistentCasingInFileNames: true,
};

/** npm's packages whose install scripts pnpm asks about; none of them is needed. */
const SCRIPTS = ["@pulumi/command", "cpu-features", "esbuild", "protobufjs", "ssh2"];

/** The files of a project with the packed package, by name. */
export function projectFiles(runtime: Runtime, tarball: string): Record<string, string> {
    const isTypeScript = runtime.language === "TypeScript";
    const program = isTypeScript ? typeScript(runtime) : javaScript(runtime);
    return {
        ...program,
        "package.json": JSON.stringify(manifest(runtime, tarball)),
        "pnpm-workspace.yaml": stringify({
            allowBuilds: Object.fromEntries(SCRIPTS.map((name) => [name, false])),
        }),
        "Pulumi.yaml": stringify({
            name: "crosshost",
            runtime: { name: "nodejs", options: runtimeOptions(runtime) },
        }),
        ...(isTypeScript && { "tsconfig.json": JSON.stringify(compiler(runtime)) }),
    };
}

function manifest(runtime: Runtime, tarball: string): object {
    const { node, sdk, modules, language, loader } = runtime;
    return {
        name: "wiring",
        private: true,
        ...(modules === "ES module" && { type: "module" }),
        main: language === "TypeScript" ? "index.ts" : "index.js",
        dependencies: {
            "@pulumi/pulumi": SDKS[sdk],
            "pulumi-crosshost": `file:${tarball}`,
        },
        devDependencies: language === "TypeScript" && {
            "@types/node": node,
            typescript: TYPESCRIPT,
            ...(modules === "ES module" && loader === "ts-node" && { "ts-node": TS_NODE }),
            ...(loader === "tsx" && { tsx: TSX }),
        },
    };
}

/** What Node 22 and newer say of ts-node's reader of ES modules is not ours to mend; the README has this option. */
function runtimeOptions({ node, modules, loader, manager }: Runtime): object {
    const warns = loader === "ts-node" && modules === "ES module" && node !== "20";
    return {
        packagemanager: manager,
        ...(loader === "tsx" && { nodeargs: "--import tsx" }),
        ...(warns && { nodeargs: "--disable-warning=DEP0180" }),
    };
}

function compiler({ modules, loader }: Runtime): object {
    const how =
        modules === "ES module"
            ? { target: "es2022", module: "nodenext", moduleResolution: "nodenext" }
            : { target: "es2020", module: "commonjs", moduleResolution: "node" };
    const byNode = loader === "Node" && { allowImportingTsExtensions: true, noEmit: true };
    return { compilerOptions: { ...PULUMI_NEW, ...how, ...byNode }, files: ["index.ts"] };
}

function typeScript({ modules, loader }: Runtime): Record<string, string> {
    const extension = modules === "CommonJS" ? "" : loader === "Node" ? ".ts" : ".js";
    return { "index.ts": demo(extension), "inventory.ts": inventory() };
}

function javaScript({ modules }: Runtime): Record<string, string> {
    const isModule = modules === "ES module";
    const module = isModule ? ts.ModuleKind.ESNext : ts.ModuleKind.CommonJS;
    const compilerOptions = { module, target: ts.ScriptTarget.ES2022 };
    const plain = (text: string) => ts.transpileModule(text, { compilerOptions }).outputText;
    return {
        "index.js": plain(demo(isModule ? ".js" : "")),
        "inventory.js": plain(inventory()),
    };
}

function demo(extension: string): string {
    const text = published("demo").replace('"./inventory"', `"./inventory${extension}"`);
    return `${text}export const runsOn = process.version;\n`;
}

function inventory(): string {
    return published("inventory");
}

function published(stack: string): string {
    const text = readFileSync(join(ROOT, "stacks", `${stack}.ts`), "utf8");
    return text.replace('"../components"', '"pulumi-crosshost"');
}
