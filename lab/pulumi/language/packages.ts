// The packages installed beside a program: which of them are of providers, and their versions.
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { bool, map, parseJson, text, type ValueMap } from "../plugin/values";

export interface InstalledPackage {
    readonly name: string;
    readonly version: string;
    readonly manifest: ValueMap;
}

export interface ProviderPackage {
    readonly name: string;
    readonly version: string;
    readonly server: string;
}

/** Where the program is: the entry point, or the folder it lies in. */
export function programFolder(directory: string, entryPoint: string): string {
    const entry = resolve(directory, entryPoint || ".");
    return existsSync(entry) && statSync(entry).isDirectory() ? entry : dirname(entry);
}

/** The nearest folder upwards that has a package.json, else the folder itself. */
export function packageRoot(folder: string): string {
    const found = upwards(folder).find((above) => existsSync(join(above, "package.json")));
    return found ?? resolve(folder);
}

/** All that Node could load from there, and what those packages could: with pnpm, that lies beside them. */
export function installedPackages(root: string): InstalledPackage[] {
    const seen = new Set<string>();
    const isNew = (folder: string) => !seen.has(folder) && Boolean(seen.add(folder));
    const scan = (modules: string): InstalledPackage[] =>
        packageFolders(modules)
            .filter(isNew)
            .flatMap((folder) => [...packageIn(folder), ...loadable(folder)]);
    const loadable = (from: string): InstalledPackage[] =>
        upwards(from)
            .map((folder) => join(folder, "node_modules"))
            .filter(isNew)
            .flatMap(scan);
    return loadable(root);
}

/** The packages whose package.json says that a provider plugin belongs to them. */
export function providerPackages(packages: readonly InstalledPackage[]): ProviderPackage[] {
    const providers = packages.flatMap(({ name, version, manifest }): ProviderPackage[] => {
        const own = map(manifest["pulumi"]);
        if (!own || !bool(own["resource"])) {
            return [];
        }
        const wanted = text(own["version"]) ?? version;
        return [
            {
                name: text(own["name"]) ?? name.replace(/^@pulumi\//, ""),
                version: wanted.startsWith("v") ? wanted : `v${wanted}`,
                server: text(own["server"]) ?? "",
            },
        ];
    });
    const byName = new Map(providers.map((found) => [`${found.name} ${found.version}`, found]));
    return [...byName.values()];
}

/** The names under `dependencies` and `devDependencies` of the program's own package.json. */
export function directDependencies(root: string): Set<string> {
    const own = manifestIn(root) ?? {};
    return new Set(Object.keys({ ...map(own["dependencies"]), ...map(own["devDependencies"]) }));
}

function packageIn(folder: string): InstalledPackage[] {
    const manifest = manifestIn(folder);
    const name = text(manifest?.["name"]);
    const version = text(manifest?.["version"]);
    return manifest && name && version ? [{ name, version, manifest }] : [];
}

function manifestIn(folder: string): ValueMap | undefined {
    try {
        return map(parseJson(readFileSync(join(folder, "package.json"), "utf8")));
    } catch {
        return undefined;
    }
}

function packageFolders(modules: string): string[] {
    return namesIn(modules).flatMap((name) => {
        const folder = join(modules, name);
        return name.startsWith("@") ? packageFolders(folder) : [realpathSync(folder)];
    });
}

function namesIn(folder: string): string[] {
    try {
        return readdirSync(folder).filter((name) => !name.startsWith("."));
    } catch {
        return [];
    }
}

function upwards(folder: string): string[] {
    const here = resolve(folder);
    const above = dirname(here);
    return above === here ? [here] : [here, ...upwards(above)];
}
