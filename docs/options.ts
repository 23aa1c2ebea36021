// The tables of options in the pages beside this file, made from the doc comments of the components'
// arguments: `npm run docs` writes them, and a test holds that they are up to date.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const ROOT = join(__dirname, "..");
const SOURCES = [
    "components/host/host.ts",
    "components/host/dockerArgs.ts",
    "components/bridge/bridge.ts",
    "components/macvlan/macvlan.ts",
    "components/overlay/overlay.ts",
    "components/overlay/backends/args.ts",
    "components/attachment/attachment.ts",
    "components/attachment/places/interfaceArgs.ts",
];
const TABLE = /<!-- options: (\w+) -->\n[^]*?<!-- end -->/g;

export interface Option {
    readonly name: string;
    readonly type: string;
    readonly needed: boolean;
    /** Sentences of the doc comment: on the default, on what a change of it does, and all others. */
    readonly byDefault: string;
    readonly changing: string;
    readonly what: string;
}

export function optionsOf(name: string): readonly Option[] {
    const found = SOURCES.flatMap((path) => [...sourceOf(path).statements])
        .filter(ts.isInterfaceDeclaration)
        .find((one) => one.name.text === name);
    if (!found) {
        throw new Error(`no interface ${name} in ${SOURCES.join(", ")}`);
    }
    return found.members.filter(ts.isPropertySignature).map(optionOf);
}

/** The page's text with fresh tables. */
export function withTables(page: string): string {
    return page.replace(TABLE, (_, name: string) => {
        const rows = optionsOf(name).map(rowOf);
        const head = "| option | type | default | a change of it | what it is |";
        const lines = [head, "| --- | --- | --- | --- | --- |", ...rows];
        return `<!-- options: ${name} -->\n${lines.join("\n")}\n<!-- end -->`;
    });
}

export function pages(): readonly string[] {
    return readdirSync(__dirname)
        .filter((name) => name.endsWith(".md"))
        .map((name) => join(__dirname, name));
}

function sourceOf(path: string): ts.SourceFile {
    const text = readFileSync(join(ROOT, path), "utf8");
    return ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
}

function optionOf(member: ts.PropertySignature): Option {
    const doc = ts
        .getJSDocCommentsAndTags(member)
        .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? "")
        .join(" ")
        .replace(/\s+/g, " ");
    const sentences = doc.split(/(?<=[.:]) (?=[A-Z`])/).flatMap(joinedAgain());
    const on = (pattern: RegExp) => sentences.filter((one) => pattern.test(one)).join(" ");
    return {
        name: member.name.getText(),
        type: (member.type?.getText() ?? "").replace(
            /pulumi\.Input<(.*)>$/,
            "$1, may be an output",
        ),
        needed: !member.questionToken,
        byDefault: on(DEFAULT)
            .replace(/^Default:? /, "")
            .replace(/\.$/, ""),
        changing: on(CHANGING),
        what: sentences.filter((one) => !DEFAULT.test(one) && !CHANGING.test(one)).join(" "),
    };
}

const DEFAULT = /^Default\b/;
const CHANGING = /^(Changed in place|Changing (it|them))\b/;

/** A colon ends no sentence, whatever follows it. */
function joinedAgain(): (part: string, at: number, parts: readonly string[]) => string[] {
    let open = "";
    return (part, at, parts) => {
        const whole = open + part;
        const ended = !part.endsWith(":") || at === parts.length - 1;
        open = ended ? "" : `${whole} `;
        return ended ? [whole] : [];
    };
}

function rowOf({ name, type, needed, byDefault, changing, what }: Option): string {
    const cells = [
        `\`${name}\``,
        `\`${type}\``,
        needed ? "needed" : byDefault || "none",
        changing,
        what,
    ];
    return `| ${cells.map((cell) => cell.replace(/\|/g, "\\|")).join(" | ")} |`;
}

if (require.main === module) {
    for (const page of pages()) {
        writeFileSync(page, withTables(readFileSync(page, "utf8")));
    }
}
