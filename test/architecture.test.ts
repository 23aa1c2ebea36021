import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
import { z } from "zod";
import { interfaceSchema, routeSchema } from "../components/attachment/places/interfaceSchema";
import { attachmentSchema } from "../components/attachment/schema";
import { bridgeSchema } from "../components/bridge/schema";
import { dockerSchema } from "../components/host/dockerSchema";
import { connectionSchema, guardSchema, hostSchema } from "../components/host/schema";
import { macvlanSchema } from "../components/macvlan/schema";
import { backendChoice } from "../components/overlay/backends/choice";
import { geneve } from "../components/overlay/backends/geneve";
import { gre } from "../components/overlay/backends/gre";
import { vxlan } from "../components/overlay/backends/vxlan";
import { wireguard } from "../components/overlay/backends/wireguard";
import { overlaySchema } from "../components/overlay/schema";
import { check } from "../components/wire/problem";

const ROOT = join(__dirname, "..");

interface Import {
    readonly from: string;
    /** Gone when the program runs. */
    readonly typeOnly: boolean;
}

interface Module {
    readonly path: string;
    readonly source: ts.SourceFile;
    readonly imports: readonly Import[];
}

function filesUnder(folder: string): string[] {
    return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
        .filter((file) => file.isFile())
        .map((file) => relative(ROOT, join(file.parentPath, file.name)));
}

function moduleAt(path: string): Module {
    const text = readFileSync(join(ROOT, path), "utf8");
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    return { path, source, imports: source.statements.flatMap(importOf) };
}

function importOf(statement: ts.Statement): Import[] {
    const isImport = ts.isImportDeclaration(statement);
    if (!isImport && !ts.isExportDeclaration(statement)) {
        return [];
    }
    const { moduleSpecifier } = statement;
    return moduleSpecifier && ts.isStringLiteral(moduleSpecifier)
        ? [{ from: moduleSpecifier.text, typeOnly: isTypeOnly(statement) }]
        : [];
}

function isTypeOnly(statement: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
    if (ts.isExportDeclaration(statement)) {
        return statement.isTypeOnly;
    }
    const { phaseModifier, name, namedBindings } = statement.importClause ?? {};
    const elements =
        namedBindings && ts.isNamedImports(namedBindings) ? namedBindings.elements : [];
    return (
        phaseModifier === ts.SyntaxKind.TypeKeyword ||
        (!name && elements.length > 0 && elements.every((one) => one.isTypeOnly))
    );
}

const modules = new Map(
    ["components", "cli"]
        .flatMap(filesUnder)
        .filter((path) => path.endsWith(".ts"))
        .map((path) => [path, moduleAt(path)]),
);

/** The file of this library that an import names, if it is one. */
function target(module: Module, { from }: Import): string | undefined {
    const path = relative(ROOT, resolve(ROOT, dirname(module.path), from));
    return from.startsWith(".")
        ? [`${path}.ts`, `${path}/index.ts`].find((file) => modules.has(file))
        : undefined;
}

/** All packages that a module needs when it runs, itself or by what it imports. */
function packagesOf(path: string, seen = new Set<string>()): Set<string> {
    const module = modules.get(path);
    const packages = new Set<string>();
    for (const imported of module?.imports ?? []) {
        const next = module && target(module, imported);
        if (imported.typeOnly || (next !== undefined && seen.has(next))) {
            continue;
        }
        if (next === undefined) {
            packages.add(imported.from);
        } else {
            seen.add(next);
            packagesOf(next, seen).forEach((one) => packages.add(one));
        }
    }
    return packages;
}

const named = (name: string) => [...modules.keys()].filter((path) => basename(path) === name);
const importers = (name: RegExp) =>
    [...modules.values()]
        .filter(({ imports }) => imports.some(({ from }) => name.test(from)))
        .map(({ path }) => path);

/**
 * The rooms of components/ from the ground up. A room imports from its own floor nothing but itself, and else
 * from the floors below it.
 */
const FLOORS = [
    ["wire"],
    ["facts"],
    ["entries"],
    ["converger"],
    ["remote", "checks"],
    ["run"],
    ["preview"],
    ["resources"],
    ["host"],
    ["network"],
    ["names"],
    ["bridge", "macvlan", "overlay"],
    ["attachment"],
    ["index.ts"],
];

function roomOf(path: string): string {
    return path.split("/")[1] ?? "";
}

function floorOf(path: string): number {
    return FLOORS.findIndex((floor) => floor.includes(roomOf(path)));
}

/** What registers resources, holds outputs, or speaks with hosts. All else is pure. */
const OF_PULUMI = [
    "components/index.ts",
    "components/attachment/attachment.ts",
    "components/attachment/existing.ts",
    "components/attachment/places/derived.ts",
    "components/attachment/places/interface.ts",
    "components/attachment/places/interfaceLan.ts",
    "components/attachment/places/mode.ts",
    "components/attachment/places/network.ts",
    "components/bridge/bridge.ts",
    "components/host/host.ts",
    "components/macvlan/macvlan.ts",
    "components/names/names.ts",
    "components/network/networkName.ts",
    "components/overlay/hostKeys.ts",
    "components/overlay/overlay.ts",
    "components/overlay/sharedLink.ts",
    "components/overlay/tunnels.ts",
];
const ROOMS_OF_PULUMI = ["remote", "run", "preview", "resources"];
const PURE = [...modules.keys()].filter(
    (path) => !ROOMS_OF_PULUMI.includes(roomOf(path)) && !OF_PULUMI.includes(path),
);

describe("rooms", () => {
    test("every component has its schema and plan", () => {
        const rooms = named("schema.ts").map(dirname);
        expect(named("plan.ts").map(dirname)).toEqual(expect.arrayContaining(rooms));
        expect(rooms).toHaveLength(5);
    });

    const ofComponents = [...modules.values()].filter(({ path }) => path.startsWith("components/"));

    test("each stands on a floor", () => {
        expect(ofComponents.map(({ path }) => path).filter((path) => floorOf(path) < 0)).toEqual(
            [],
        );
    });

    test("none imports from a floor above it, nor from another room of its floor", () => {
        const upwards = ofComponents.flatMap((module) =>
            module.imports
                .map((imported) => target(module, imported) ?? module.path)
                .filter((to) => roomOf(to) !== roomOf(module.path))
                .filter((to) => floorOf(to) >= floorOf(module.path))
                .map((to) => `${module.path} imports ${to}`),
        );
        expect(upwards).toEqual([]);
    });

    test("none has more files than one sees at a glance", () => {
        const folders = filesUnder("components").map(dirname);
        const full = new Set(
            folders.filter((one) => folders.filter((other) => other === one).length > 12),
        );
        expect([...full]).toEqual([]);
    });

    test.each(PURE)("%s needs no Pulumi, nor does what it imports", (path) => {
        expect([...packagesOf(path)].filter((name) => name.includes("pulumi"))).toEqual([]);
    });

    test.each(named("plan.ts"))("%s imports no zod that is there at run time", (path) => {
        const imports = modules.get(path)?.imports ?? [];
        expect(imports.filter(({ from, typeOnly }) => from === "zod" && !typeOnly)).toEqual([]);
    });

    test("wire/ is pure: neither Pulumi, nor files, nor network", () => {
        const allowed = ["./", "ip-address", "node:crypto"];
        const others = [...modules.values()]
            .filter(({ path }) => path.startsWith("components/wire/"))
            .flatMap(({ path, imports }) =>
                imports
                    .filter(({ typeOnly }) => !typeOnly)
                    .filter(({ from }) => !allowed.some((one) => from.startsWith(one)))
                    .map(({ from }) => `${basename(path)} imports ${from}`),
            );
        expect(others).toEqual(["fields.ts imports zod"]);
    });

    test.each([
        [/^@pulumi\/command/, "components/resources/command.ts"],
        [/^@pulumi\/docker/, "components/resources/container.ts"],
        [/^ssh2/, "components/remote/ssh.ts"],
    ])("%s has one importer", (name, only) => {
        expect(importers(name)).toEqual([only]);
    });

    test("what is refused is a Refusal, which no printing of Pulumi adds anything to", () => {
        const others = [...modules.values()]
            .filter(({ source }) => /\bRunError\b/.test(source.text))
            .map(({ path }) => path);
        expect(others).toEqual(["components/run/refuse.ts"]);
    });

    test("cli/ starts without Pulumi, and nothing needs cli/", () => {
        expect([...packagesOf("cli/main.ts")].filter((name) => name.includes("pulumi"))).toEqual(
            [],
        );
        expect(importers(/\bcli\//)).toEqual([]);
    });

    test("converger/ is built without Pulumi", () => {
        const own = [...modules.keys()].filter((path) => path.startsWith("components/converger/"));
        const packages = own.flatMap((path) => [...packagesOf(path)]);
        expect(packages.filter((name) => !name.startsWith("node:"))).toEqual([]);
    });

    test("no import leads back to where it came from, types among them", () => {
        const cycles: string[] = [];
        const done = new Set<string>();
        const visit = (path: string, trail: readonly string[]): void => {
            if (trail.includes(path)) {
                cycles.push([...trail.slice(trail.indexOf(path)), path].join(" > "));
                return;
            }
            const module = modules.get(path);
            if (module && !done.has(path)) {
                for (const imported of module.imports) {
                    visit(target(module, imported) ?? "", [...trail, path]);
                }
                done.add(path);
            }
        };
        [...modules.keys()].forEach((path) => {
            visit(path, []);
        });
        expect(cycles).toEqual([]);
    });

    test("index.ts does nothing but name what users import", () => {
        const statements = modules.get("components/index.ts")?.source.statements ?? [];
        const others = statements.filter(
            (one) => !(ts.isExportDeclaration(one) && one.exportClause),
        );
        expect(others).toEqual([]);
        expect(statements.length).toBeGreaterThan(0);
    });
});

describe("files", () => {
    const all = ["components", "stacks", "test", "lab"].flatMap(filesUnder);

    test("none is called utils, helpers or common", () => {
        const names = /(^|[-./])(utils?|helpers?|common|misc)([-./]|$)/i;
        expect(all.filter((path) => names.test(path))).toEqual([]);
    });

    test("none has 400 lines", () => {
        const code = all.filter((path) => /\.(ts|js|mjs|sh|awk)$/.test(path));
        const lines = (path: string) =>
            readFileSync(join(ROOT, path), "utf8").split(/\n(?=[^])/).length;
        expect(code.filter((path) => lines(path) > 400)).toEqual([]);
        expect(code.length).toBeGreaterThan(40);
    });
});

interface Field {
    readonly name: string;
    readonly doc: string;
}

/** The fields of a public interface, those that it extends among them. */
function fieldsOf(name: string): Field[] {
    const found = [...modules.values()]
        .flatMap(({ source }) => [...source.statements])
        .filter(ts.isInterfaceDeclaration)
        .filter((one) => one.name.text === name);
    expect(found).toHaveLength(1);
    return found.flatMap((one) => [
        ...(one.heritageClauses ?? []).flatMap(({ types }) =>
            types.flatMap(({ expression }) => fieldsOf(expression.getText())),
        ),
        ...one.members.map((member) => ({
            name: member.name?.getText() ?? "",
            doc: ts.getJSDocCommentsAndTags(member).map(String).join(""),
        })),
    ]);
}

/** Without `optional`, `default` and the like around it. */
function bare(schema: unknown): unknown {
    const wrapped =
        schema instanceof z.ZodOptional || schema instanceof z.ZodDefault
            ? schema.unwrap()
            : undefined;
    return wrapped === undefined ? schema : bare(wrapped);
}

function shapeOf(schema: unknown): Record<string, z.ZodType> {
    const object = bare(schema);
    if (!(object instanceof z.ZodObject)) {
        throw new Error("not an object's schema");
    }
    return object.shape;
}

const contracts: [string, unknown][] = [
    ["HostArgs", hostSchema],
    ["DockerArgs", dockerSchema],
    ["GuardArgs", guardSchema],
    ["ConnectionArgs", connectionSchema],
    ["LoginArgs", connectionSchema.shape.proxy],
    ["OverlayArgs", overlaySchema],
    ["BridgeArgs", bridgeSchema],
    ["MacvlanArgs", macvlanSchema],
    ["BackendArgs", backendChoice],
    ["VxlanArgs", vxlan.options],
    ["GreArgs", gre.options],
    ["WireguardArgs", wireguard.options],
    ["GeneveArgs", geneve.options],
    ["ContainerAttachmentArgs", attachmentSchema],
    ["InterfaceArgs", interfaceSchema],
    ["RouteArgs", routeSchema],
];

describe.each(contracts)("%s", (name, schema) => {
    const shape = shapeOf(schema);

    test("has the fields of its schema, and no others", () => {
        const fields = fieldsOf(name).map((field) => field.name);
        expect(fields.sort()).toEqual(Object.keys(shape).sort());
    });

    test("says of each field what it is", () => {
        const silent = fieldsOf(name).filter(({ doc }) => doc === "");
        expect(silent.map((field) => field.name)).toEqual([]);
    });

    test("every field of the schema has a description", () => {
        const silent = Object.entries(shape).filter(([, field]) => !field.description);
        expect(silent.map(([field]) => field)).toEqual([]);
    });
});

test("RegistryAuthArgs has the fields that its schema wants", () => {
    const args = { connection: { host: "vm1", hostKey: "ssh-ed25519 AAAA" }, registryAuth: [{}] };
    const wanted = check(hostSchema, args).problems.map(({ path }) => path.replace(/.*\./, ""));
    expect(
        fieldsOf("RegistryAuthArgs")
            .map(({ name }) => name)
            .sort(),
    ).toEqual([...wanted].sort());
    expect(fieldsOf("RegistryAuthArgs").filter(({ doc }) => doc === "")).toEqual([]);
});

test("every public interface of arguments is held against its schema", () => {
    const exported = [...modules.values()]
        .flatMap(({ source }) => [...source.statements])
        .filter(ts.isInterfaceDeclaration)
        .map((one) => one.name.text)
        .filter((name) => name.endsWith("Args"));
    const held = [...contracts.map(([name]) => name), "RegistryAuthArgs"];
    expect(exported.sort()).toEqual(held.sort());
});
