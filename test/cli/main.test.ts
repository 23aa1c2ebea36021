import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../cli/main";
import { exportOf, host, twelve } from "./states";

const folder = mkdtempSync(join(tmpdir(), "crosshost-main-"));
const stateFile = join(folder, "state.json");
let said: string;
let complained: string;

beforeEach(() => {
    writeFileSync(stateFile, exportOf(twelve()));
    said = "";
    complained = "";
    jest.spyOn(process.stdout, "write").mockImplementation((text) => {
        said += String(text);
        return true;
    });
    jest.spyOn(process.stderr, "write").mockImplementation((text) => {
        complained += String(text);
        return true;
    });
});

afterEach(() => {
    jest.restoreAllMocks();
});

afterAll(() => {
    rmSync(folder, { recursive: true });
});

describe.each([
    [["grap"], "error: unknown command 'grap'\n(Did you mean graph?)"],
    [["check", "--state", "x"], "error: unknown option '--state'"],
    [["check", "demo"], "error: too many arguments for 'check'. Expected 0 arguments but got 1."],
    [["graph", "--format", "svg"], "argument 'svg' is invalid. Allowed choices are html, mermaid."],
    [["graph", "--state"], "error: option '--state <file>' argument missing"],
    [
        ["graph", "--state", "x", "--stack", "y"],
        "error: option '--state <file>' cannot be used with option '-s, --stack <name>'",
    ],
    [["import", "flanel", "x"], "error: unknown command 'flanel'\n(Did you mean flannel?)"],
    [["import", "compose"], "error: missing required argument 'file'"],
    [["import", "calico", "/nowhere/x"], "error: cannot read /nowhere/x: "],
    [["import", "calico", __filename], `error: ${__filename}: is neither JSON nor YAML: `],
    [["graph", "--state", "/nowhere/x"], "error: cannot read /nowhere/x: "],
    [["graph", "--state", __filename], `error: ${__filename} is not a stack's state`],
])("crosshost %p", (words, complaint) => {
    test(`says what is wrong, in a line, and ends with 2`, async () => {
        expect(await main(words)).toBe(2);
        expect(complained).toContain(complaint);
        expect(complained.trim().split("\n").length).toBeLessThanOrEqual(2);
        expect(complained).not.toMatch(/^ +at /m);
        expect(said).toBe("");
    });
});

test("crosshost import says in a line each why it makes no network of a file", async () => {
    const file = join(folder, "compose.yaml");
    writeFileSync(file, 'networks:\n  a: { external: true }\n  "b\\e[2J": { driver: weave }\n');
    expect(await main(["import", "compose", file])).toBe(2);
    expect(complained.split("\n")).toEqual([
        `error: ${file}: has no network that Crosshost can make`,
        `${file}:2: networks.a.external: it is created elsewhere`,
        expect.stringContaining(`${file}:3: networks.b\ufffd[2J.driver: has no counterpart`),
        "",
    ]);
});

test("crosshost alone, and with --help, says what there is", async () => {
    expect(await main(["--help"])).toBe(0);
    expect(said).toMatch(/graph .*\n.*\n? *check /);
    expect(await main([])).toBe(2);
    expect(complained).toContain("Usage: crosshost");
});

describe("crosshost graph", () => {
    test("writes a page and says where it is", async () => {
        const output = join(folder, "page.html");
        expect(await main(["graph", "--state", stateFile, "--output", output])).toBe(0);
        expect(said).toBe(`${output}\n`);
        expect(readFileSync(output, "utf8")).toMatch(/^<!doctype html>[^]*<\/html>\n$/);
    });

    test("calls the page after the stack, in the working directory", async () => {
        const before = process.cwd();
        process.chdir(folder);
        try {
            expect(await main(["graph", "--state", stateFile])).toBe(0);
        } finally {
            process.chdir(before);
        }
        expect(existsSync(join(folder, "crosshost-demo.html"))).toBe(true);
    });

    test("prints Mermaid's text", async () => {
        expect(await main(["graph", "--state", stateFile, "--format", "mermaid"])).toBe(0);
        expect(said).toMatch(/^flowchart LR\n/);
    });

    test("names what is not made yet, beside the page", async () => {
        const half = { type: "crosshost:index:Overlay", name: "mesh" };
        writeFileSync(stateFile, exportOf([...host("vm1", 11), half]));
        expect(await main(["graph", "--state", stateFile, "--format", "mermaid"])).toBe(0);
        expect(complained).toBe(
            'not drawn, because `pulumi up` has not created it: Overlay "mesh"\n',
        );
    });

    test("says in a line where it cannot write", async () => {
        const output = join(folder, "no/such/folder.html");
        expect(await main(["graph", "--state", stateFile, "--output", output])).toBe(2);
        expect(complained).toMatch(/^error: cannot write .*folder\.html: .*\n$/);
    });
});
