import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { convergerProgram } from "../../components/converger/program";
import { packProgram } from "../../components/converger/pack";
import { PULUMI_NEW } from "./program";

const ROOT = join(__dirname, "../..");
const SLOW = 120_000; // a run of tsc, on a machine that may be busy
const PROGRAM = `
import { ContainerAttachment, Host, type NetworkHandle, Overlay } from "pulumi-crosshost";

const login = { user: "root", privateKey: "key", hostKey: "ssh-ed25519 AAAA" };
const vm1 = new Host("vm1", { connection: { host: "192.168.40.11", ...login } });
const vm2 = new Host("vm2", { connection: { host: "192.168.40.12", ...login } });
const mesh = new Overlay("mesh", { hosts: [vm1, vm2], cidr: "10.42.0.0/16", backend: { vxlan: {} } });
new ContainerAttachment("api", { host: vm1, network: mesh, container: { image: "api:1.4" } });
// @ts-expect-error: the typings refuse what is wrong
new ContainerAttachment("db", { host: vm2, network: mesh, container: { image: 14 } });
export const network: NetworkHandle = mesh;
`;

interface Manifest {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly peerDependencies: Readonly<Record<string, string>>;
    readonly bin: { readonly crosshost: string };
}

/** A user's program outside this repo, with the packed package and what it declares, nothing else. */
describe("the npm package in a program of its own", () => {
    const folder = mkdtempSync(join(tmpdir(), "crosshost-package-"));
    const installed = join(folder, "node_modules/pulumi-crosshost");
    let packed: string[];

    beforeAll(() => {
        const { filename, files } = pack(folder);
        packed = files;
        mkdirSync(installed, { recursive: true });
        run("tar", ["-xzf", join(folder, filename), "-C", installed, "--strip-components=1"]);
        linkDependencies(folder, installed);
        writeFileSync(join(folder, "index.ts"), PROGRAM);
    }, SLOW);

    afterAll(() => {
        rmSync(folder, { recursive: true, force: true });
    });

    test("holds the compiled library, its licence and its readme, and no more", () => {
        expect(packed.filter((file) => !file.startsWith("dist/")).sort()).toEqual([
            "LICENSE",
            "README.md",
            "package.json",
        ]);
        expect(packed.filter((file) => !/\.(js|d\.ts|sh|packed)$/.test(file)).sort()).toEqual([
            "LICENSE",
            "README.md",
            "package.json",
        ]);
    });

    test.each([
        { type: "commonjs", target: "es2016", module: "commonjs", moduleResolution: "node" },
        { type: "commonjs", target: "es2020", module: "node16", moduleResolution: "node16" },
        { type: "commonjs", target: "es2022", module: "nodenext", moduleResolution: "nodenext" },
        { type: "module", target: "es2020", module: "node16", moduleResolution: "node16" },
        { type: "module", target: "es2022", module: "nodenext", moduleResolution: "nodenext" },
        { type: "module", target: "es2022", module: "esnext", moduleResolution: "bundler" },
    ])(
        "is typed for a $type program that resolves modules as $moduleResolution, all typings checked",
        ({ type, ...how }) => {
            writeFileSync(join(folder, "package.json"), JSON.stringify({ type }));
            const options = { ...PULUMI_NEW, ...how };
            const config = { compilerOptions: options, files: ["index.ts"] };
            writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
            const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
            // Were a type of ours lost, what the program expects to be an error would be none.
            const files = run(process.execPath, [tsc, "--noEmit", "--listFiles"], folder);
            expect(files).toContain("pulumi-crosshost/dist/components/index.d.ts");
            expect(files.split("\n").filter((file) => /\/(zod|ssh2)\//.test(file))).toEqual([]);
        },
        SLOW,
    );

    test("has the program crosshost, with the shell that it sends to hosts", () => {
        const { bin } = JSON.parse(
            readFileSync(join(installed, "package.json"), "utf8"),
        ) as Manifest;
        const program = join(installed, bin.crosshost);
        expect(run(process.execPath, [program, "--help"], folder)).toContain("Usage: crosshost");
        expect(packed).toContain("dist/cli/check/check.sh");
    });

    test("loads, with the program that runs on hosts as its parts make it, packed", async () => {
        const script = `
            const names = Object.keys(require("pulumi-crosshost"));
            const { convergerProgram } = require("${installed}/dist/components/converger/program");
            console.log(JSON.stringify({ names, ...convergerProgram() }));`;
        const { hash, version, text } = convergerProgram();
        expect(JSON.parse(run(process.execPath, ["-e", script], folder))).toEqual({
            names: ["ContainerAttachment", "Bridge", "Host", "Macvlan", "Overlay"],
            ...{ hash, version, text },
            packed: await packProgram({ text }),
        });
    });

    test("puts nothing together, and loads nothing that packs", () => {
        const script = `
            require("pulumi-crosshost");
            console.log(Object.keys(require.cache).filter((file) => file.includes("/fflate/")).length);`;
        expect(run(process.execPath, ["-e", script], folder).trim()).toBe("0");
        expect(packed.filter((file) => /\.(sh|awk|packed)$/.test(file)).sort()).toEqual([
            "dist/cli/check/check.sh",
            "dist/cli/import/host/collect.sh",
            "dist/components/converger/crosshost.packed",
            "dist/components/converger/crosshost.sh",
        ]);
    });
});

function pack(destination: string): { filename: string; files: string[] } {
    const said = run(
        "npm",
        ["pack", "--silent", "--json", "--pack-destination", destination],
        ROOT,
    );
    const [{ filename, files }] = JSON.parse(said) as [
        { filename: string; files: { path: string }[] },
    ];
    return { filename, files: files.map(({ path }) => path) };
}

/** What npm would install beside the package; compilers and Node's types are the program's own. */
function linkDependencies(folder: string, installed: string): void {
    const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as Manifest;
    const names = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    for (const name of [...names, "@types/node"]) {
        const link = join(folder, "node_modules", name);
        mkdirSync(dirname(link), { recursive: true });
        symlinkSync(join(ROOT, "node_modules", name), link);
    }
}

function run(command: string, args: readonly string[], cwd?: string): string {
    const done = spawnSync(command, args, { cwd, encoding: "utf8" });
    if (done.status !== 0) {
        throw new Error(`${command} ${args.join(" ")}\n${done.stdout}${done.stderr}`);
    }
    return done.stdout;
}
