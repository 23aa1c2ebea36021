// All texts that users may read, from components/ and cli/, in one list to be read in a row:
// `npm run messages` writes test/messages.txt, and test/messages.test.ts holds that it is up to date.
// Any text that reads like a sentence counts, so that no way to a user is forgotten; a few are none (a
// command, a line of HTML). "…" stands for a value, "{a|b}" for one or the other, " / " for a new line.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import ts from "typescript";
import { awkTexts } from "./awkTexts";

const ROOT = join(__dirname, "../..");
const VALUE = "…";
const EXTRACTORS: Readonly<Record<string, (source: string) => string[]>> = {
    ".ts": typescriptTexts,
    ".sh": shellTexts,
    ".awk": awkTexts,
};

export const SNAPSHOT = join(__dirname, "../messages.txt");

/** A paragraph for each place that texts come from, sorted by the texts: no move of a file changes it. */
export function messages(): string {
    const paragraphs: readonly [string, string, string][] = [
        ["components, TypeScript: arguments, previews, up", "components", ".ts"],
        ["hosts, sh", "components", ".sh"],
        ["hosts, awk", "components", ".awk"],
        ["crosshost graph and check, TypeScript", "cli", ".ts"],
        ["crosshost check on hosts, sh", "cli", ".sh"],
    ];
    return paragraphs
        .map(
            ([title, folder, ending]) => `# ${title}\n\n${textsBelow(folder, ending).join("\n")}\n`,
        )
        .join("\n");
}

function textsBelow(folder: string, ending: string): string[] {
    const found = filesBelow(join(ROOT, folder))
        .filter((path) => extname(path) === ending)
        .flatMap((path) => EXTRACTORS[ending]?.(readFileSync(path, "utf8")) ?? [])
        .map((text) => text.replace(/\s*\n\s*/g, " / ").trim())
        .filter(readsLikeASentence);
    return [...new Set(found)].sort();
}

function filesBelow(folder: string): string[] {
    return readdirSync(folder)
        .map((name) => join(folder, name))
        .flatMap((path) => (statSync(path).isDirectory() ? filesBelow(path) : [path]));
}

const SMALL_WORDS =
    /\b(a|an|and|any|are|as|at|be|by|can|cannot|does|for|from|has|have|in|is|it|no|not|of|on|one|or|than|that|the|this|to|was|with|write)\b/;

/** Commands, queries to Docker, systemd's files, HTML. */
const NO_SENTENCE = /^<|[{;]$|^[$(:]|^exec |\{\{|^…?Description=/;

function readsLikeASentence(text: string): boolean {
    return text.split(" ").length > 2 && SMALL_WORDS.test(text) && !NO_SENTENCE.test(text);
}

function typescriptTexts(source: string): string[] {
    const texts: string[] = [];
    const visit = (node: ts.Node): void => {
        if (ts.isImportDeclaration(node)) {
            return;
        }
        if (isText(node)) {
            texts.push(textOf(node));
            return;
        }
        ts.forEachChild(node, visit);
    };
    const textOf = (node: ts.Node): string => {
        if (ts.isStringLiteralLike(node)) {
            return node.text;
        }
        if (ts.isTemplateExpression(node)) {
            const spans = node.templateSpans.map(
                (span) => [span.expression, span.literal] as const,
            );
            return node.head.text + spans.map(([value, { text }]) => textOf(value) + text).join("");
        }
        if (isSum(node)) {
            return textOf(node.left) + textOf(node.right);
        }
        if (ts.isParenthesizedExpression(node)) {
            return textOf(node.expression);
        }
        if (ts.isConditionalExpression(node)) {
            visit(node.condition);
            return `{${textOf(node.whenTrue)}|${textOf(node.whenFalse)}}`;
        }
        visit(node);
        return VALUE;
    };
    visit(ts.createSourceFile("source.ts", source, ts.ScriptTarget.ES2022, true));
    return texts;
}

function isText(node: ts.Node): boolean {
    return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || isSum(node);
}

function isSum(node: ts.Node): node is ts.BinaryExpression {
    return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken;
}

/** What stands in double quotes. */
function shellTexts(source: string): string[] {
    const bare = source.replace(/^\s*#.*$/gm, "").replace(/\\\n\s*/g, "");
    return [...bare.matchAll(/"((?:[^"\\$]|\\.|\$\((?:[^()]|\([^()]*\))*\)|\$)*)"/g)].map(
        ([, text = ""]) =>
            text
                .replace(/\$\((?:[^()]|\([^()]*\))*\)|\$\{[^}]*\}|\$\w+|\$[*@#?]/g, VALUE)
                .replace(/\\(.)/g, "$1"),
    );
}

if (require.main === module) {
    writeFileSync(SNAPSHOT, messages());
}
