// What users run their programs on, and what they write them in.
import { peerDependencies } from "../../package.json";
import { randomFrom } from "../sweep/point";

/** Releases that npm's `node` has; raise them as Node's own lines go on. */
export const NODES = { "20": "20.20.2", "22": "22.23.3", "24": "24.21.0" } as const;

/** Of `@pulumi/pulumi`, both ends of the range that the package asks for. Raise the newest as the registry does. */
export const SDKS = {
    oldest: peerDependencies["@pulumi/pulumi"].replace("^", ""),
    newest: "3.276.0",
} as const;

const NODE_LINES = ["20", "22", "24"] as const;
const SDK_ENDS = ["oldest", "newest"] as const;
const MODULES = ["CommonJS", "ES module"] as const;
const LANGUAGES = ["TypeScript", "JavaScript"] as const;
const LOADERS = ["ts-node", "tsx", "Node"] as const;
const MANAGERS = ["npm", "pnpm"] as const;

export interface Runtime {
    readonly node: (typeof NODE_LINES)[number];
    readonly sdk: (typeof SDK_ENDS)[number];
    readonly modules: (typeof MODULES)[number];
    readonly language: (typeof LANGUAGES)[number];
    /** Who reads the program's files. */
    readonly loader: (typeof LOADERS)[number];
    readonly manager: (typeof MANAGERS)[number];
}

/** All that can be had. */
export function allRuntimes(): Runtime[] {
    return NODE_LINES.map((node) => ({ node }))
        .flatMap((some) => SDK_ENDS.map((sdk) => ({ ...some, sdk })))
        .flatMap((some) => MODULES.map((modules) => ({ ...some, modules })))
        .flatMap((some) => LANGUAGES.map((language) => ({ ...some, language })))
        .flatMap((some) => LOADERS.map((loader) => ({ ...some, loader })))
        .flatMap((some) => MANAGERS.map((manager) => ({ ...some, manager })))
        .filter(isThere);
}

/** Since 3.249, the SDK wants Node 22; Node reads TypeScript by itself from 22.18 on, in ES modules. */
function isThere({ node, sdk, modules, language, loader }: Runtime): boolean {
    const loaders =
        language === "JavaScript"
            ? ["Node"]
            : modules === "CommonJS"
              ? ["ts-node"]
              : node === "20"
                ? ["ts-node", "tsx"]
                : LOADERS;
    return (sdk === "oldest" || node !== "20") && loaders.includes(loader);
}

/**
 * One for each Node, which have every value of every kind between them; the same for the same seed. The
 * last is always the newest of all: an ES module, by pnpm.
 */
export function sampleOf(seed: number): Runtime[] {
    const all = allRuntimes();
    const values = valuesOf(all).size;
    const newest = all.filter(
        ({ node, sdk, modules, manager }) =>
            node === "24" && sdk === "newest" && modules === "ES module" && manager === "pnpm",
    );
    const samples = all
        .filter(({ node }) => node === "20")
        .flatMap((first) =>
            all
                .filter(({ node }) => node === "22")
                .flatMap((second) => newest.map((third) => [first, second, third])),
        )
        .filter((sample) => valuesOf(sample).size === values);
    return samples[Math.floor(randomFrom(seed)() * samples.length)] ?? [];
}

export function valuesOf(runtimes: readonly Runtime[]): Set<string> {
    return new Set(
        runtimes.flatMap((one) => Object.entries(one).map(([kind, value]) => `${kind} ${value}`)),
    );
}

export function runtimeText({ node, sdk, modules, language, loader, manager }: Runtime): string {
    const by = language === "TypeScript" ? ` by ${loader}` : "";
    return `Node ${NODES[node]}, SDK ${SDKS[sdk]}, ${modules} in ${language}${by}, ${manager}`;
}
