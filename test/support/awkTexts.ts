// The texts of awk sources, each put together as the program would: `name ": is not " (x ? "a" : "b")` is
// "…: is not {a|b}".

const VALUE = "…";
const TOKEN =
    /(?<space>[ \t]+|\\\n|#[^\n]*)|(?<string>"(?:[^"\\]|\\.)*")|(?<call>[A-Za-z_]\w*(?=\())|(?<word>[A-Za-z_$]\w*|[\d.]+)|(?<operator>&&|\|\||[=!<>]=|!~|[^\s\w])|(?<end>\n)/y;
/** What parts two texts. */
const APART = new Set(
    "\n , ; { } = == != < > <= >= ~ !~ && || in if else for while do return print printf".split(
        " ",
    ),
);

interface Token {
    readonly kind: "string" | "call" | "word" | "operator";
    readonly text: string;
}

export function awkTexts(source: string): string[] {
    const tokens = tokensOf(source);
    const texts: string[] = [];
    let at = 0;

    /** Up to a closing bracket, or the end: all texts but the last are kept, which is returned. */
    const sequence = (): string => {
        let text = "";
        let options: string[] = [];
        const settled = () => (options.length > 0 ? `{${[...options, text].join("|")}}` : text);
        for (; at < tokens.length; at++) {
            const { kind, text: word } = tokens[at] ?? { kind: "operator", text: "" };
            if (kind === "string") {
                text += unescaped(word);
            } else if (kind === "call" || (kind === "word" && !APART.has(word))) {
                text += text.endsWith(VALUE) ? "" : VALUE;
            } else if (word === "(" || word === "[") {
                at++;
                const called = tokens[at - 2]?.kind === "call";
                const inner = sequence();
                if (called || word === "[") {
                    texts.push(inner);
                } else {
                    text += inner;
                }
            } else if (word === ")" || word === "]") {
                return settled();
            } else if (word === "?") {
                text = "";
            } else if (word === ":") {
                options.push(text);
                text = "";
            } else if (APART.has(word)) {
                texts.push(settled());
                text = "";
                options = [];
            }
        }
        return settled();
    };
    texts.push(sequence());
    return texts;
}

function tokensOf(source: string): Token[] {
    const tokens: Token[] = [];
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < source.length) {
        const start = TOKEN.lastIndex;
        const { groups } = TOKEN.exec(source) ?? {};
        if (!groups) {
            throw new Error(`no awk: ${source.slice(start, start + 40)}`);
        }
        if (groups["string"] !== undefined) {
            tokens.push({ kind: "string", text: groups["string"] });
        } else if (groups["call"] !== undefined) {
            tokens.push({ kind: "call", text: groups["call"] });
        } else if (groups["word"] !== undefined) {
            tokens.push({ kind: "word", text: groups["word"] });
        } else if (groups["operator"] === "/" && beginsAPattern(tokens.at(-1))) {
            TOKEN.lastIndex = patternEnd(source, start + 1) + 1;
            tokens.push({ kind: "operator", text: "," });
        } else if (groups["space"] === undefined) {
            tokens.push({ kind: "operator", text: groups["operator"] ?? "\n" });
        }
    }
    return tokens;
}

function beginsAPattern(before: Token | undefined): boolean {
    return before === undefined || (before.kind === "operator" && !/[)\]]/.test(before.text));
}

function patternEnd(source: string, start: number): number {
    const [pattern = ""] = /^(?:\[\^?\]?[^\]]*\]|\\.|[^/\\[])*/.exec(source.slice(start)) ?? [];
    return start + pattern.length;
}

function unescaped(literal: string): string {
    return literal
        .slice(1, -1)
        .replace(/\\047/g, "'")
        .replace(/\\n/g, "\n")
        .replace(/\\(.)/g, "$1");
}
