import {
    type Document,
    isAlias,
    isMap,
    isScalar,
    isSeq,
    LineCounter,
    type Node,
    type Pair,
    parseAllDocuments,
    type YAMLMap,
} from "yaml";
import { cidrProblem } from "../../components/wire/address";
import { CliError } from "../error";

/** What a program cannot say of a file. */
export interface Left {
    readonly line: number;
    /** `spec.blockSize` */
    readonly path: string;
    readonly why: string;
}

/** What a mapping is a part of. */
interface Source {
    readonly document: Document;
    readonly lineAt: (offset: number) => number;
}

const UNKNOWN = "is not known to this import";
const MERGE = "<<";

/** A mapping in a file. What nobody has read of it is left out of the program, and told. */
export class Section {
    private readonly read = new Set<string>();
    private readonly sections: Section[] = [];
    private readonly told: Left[] = [];

    constructor(
        private readonly map: YAMLMap,
        private readonly source: Source,
        private readonly path: string,
        private readonly isCaseSensitive = true,
    ) {}

    /** The same, for those who read it as Go reads JSON: `type` is `Type`. */
    inAnyCase(): Section {
        const section = new Section(this.map, this.source, this.path, false);
        this.sections.push(section);
        this.ignoreRest();
        return section;
    }

    text(key: string): string | undefined {
        const value = this.scalar(key);
        return value === undefined ? undefined : String(value);
    }

    number(key: string): number | undefined {
        const value = this.scalar(key);
        if (value === undefined) {
            return undefined;
        }
        const number = Number(value);
        if (value === "" || !Number.isInteger(number)) {
            throw new CliError(
                `${this.placeOf(key)} ${JSON.stringify(value)} is not a whole number`,
            );
        }
        return number;
    }

    /** An IPv4 network. */
    cidr(key: string): string | undefined {
        const text = this.text(key);
        const problem =
            text === undefined ? undefined : (variableProblem(text) ?? cidrProblem(text));
        if (problem) {
            throw new CliError(`${this.placeOf(key)} ${JSON.stringify(text)} ${problem}`);
        }
        return text;
    }

    isTrue(key: string): boolean {
        return this.text(key)?.toLowerCase() === "true";
    }

    has(key: string): boolean {
        return this.node(key) !== undefined;
    }

    isMapping(key: string): boolean {
        return isMap(this.node(key));
    }

    keys(): string[] {
        return this.pairs().map(({ key }) => nameOf(key));
    }

    /** The mapping below a key. A key without a value has an empty one. */
    section(key: string): Section | undefined {
        const node = this.taken(key);
        if (node === undefined || (isScalar(node) && node.value === null)) {
            return undefined;
        }
        return this.sectionOf(node, this.pathOf(key));
    }

    list(key: string): Section[] {
        const node = this.taken(key);
        if (node === undefined || (isScalar(node) && node.value === null)) {
            return [];
        }
        if (!isSeq(node)) {
            throw new CliError(`${this.placeOf(key)} is not a list`);
        }
        return node.items.map((item, at) =>
            this.sectionOf(item as Node, `${this.pathOf(key)}[${at}]`),
        );
    }

    /** Read, and of no effect on the program. */
    ignore(...keys: readonly string[]): void {
        keys.forEach((key) => this.read.add(this.spelled(key)));
    }

    /** The values of all keys. */
    texts(): string[] {
        return this.keys().flatMap((key) => this.text(key) ?? []);
    }

    /** All that is not read yet is no matter of a network. */
    ignoreRest(): void {
        this.ignore(...this.keys());
    }

    /** Read, and not to be had of a program. */
    leave(key: string, why: string): void {
        this.read.add(this.spelled(key));
        if (this.has(key)) {
            this.told.push({ line: this.lineOf(this.node(key)), path: this.pathOf(key), why });
        }
    }

    /** What is said of the mapping itself. */
    tell(why: string): void {
        this.told.push({ line: this.lineOf(this.map), path: this.path, why });
    }

    /** Of this mapping and all that were taken from it, in the order of the file. */
    left(): Left[] {
        const unread = this.pairs()
            .filter(({ key }) => !this.read.has(nameOf(key)))
            .map(({ key }) => ({
                line: this.lineOf(key as Node),
                path: this.pathOf(nameOf(key)),
                why: UNKNOWN,
            }));
        return [
            ...unread,
            ...this.told,
            ...this.sections.flatMap((section) => section.left()),
        ].sort((one, other) => one.line - other.line);
    }

    /** `line 3: spec.cidr`, as errors begin. */
    placeOf(key: string): string {
        return `line ${this.lineOf(this.node(key) ?? this.map)}: ${this.pathOf(key)}`;
    }

    private scalar(key: string): string | number | boolean | undefined {
        const node = this.taken(key);
        if (node === undefined || (isScalar(node) && node.value === null)) {
            return undefined;
        }
        if (!isScalar(node)) {
            throw new CliError(`${this.placeOf(key)} is not a plain value`);
        }
        return node.value as string | number | boolean;
    }

    private sectionOf(item: Node, path: string): Section {
        const node = this.meant(item);
        if (!isMap(node)) {
            throw new CliError(`line ${this.lineOf(item)}: ${path} is not a mapping`);
        }
        const section = new Section(node, this.source, path, this.isCaseSensitive);
        this.sections.push(section);
        return section;
    }

    private taken(key: string): Node | undefined {
        this.read.add(this.spelled(key));
        return this.node(key);
    }

    private node(key: string): Node | undefined {
        const name = this.spelled(key);
        const pair = this.pairs().find((one) => nameOf(one.key) === name);
        return pair?.value ? this.meant(pair.value as Node) : undefined;
    }

    /** Its keys, and those that it takes over from others by `<<`, which its own go before. */
    private pairs(map: YAMLMap = this.map, within: readonly YAMLMap[] = []): Pair[] {
        const own = map.items.filter(({ key }) => nameOf(key) !== MERGE);
        const merged = map.items
            .filter(({ key }) => nameOf(key) === MERGE)
            .flatMap(({ value }) => this.mapsIn(value as Node))
            .filter((other) => other !== map && !within.includes(other))
            .flatMap((other) => this.pairs(other, [...within, map]));
        const names = own.map(({ key }) => nameOf(key));
        const taken = merged.filter(({ key }, at) => {
            const name = nameOf(key);
            const before = merged.slice(0, at).some((one) => nameOf(one.key) === name);
            return !before && !names.includes(name);
        });
        return [...own, ...taken];
    }

    private mapsIn(value: Node): YAMLMap[] {
        const node = this.meant(value);
        const items = isSeq(node) ? node.items.map((item) => this.meant(item as Node)) : [node];
        return items.map((item) => {
            if (!isMap(item)) {
                throw new CliError(`line ${this.lineOf(value)}: ${MERGE} is not of mappings`);
            }
            return item;
        });
    }

    /** What an alias such as `*other` stands for. */
    private meant(node: Node): Node {
        if (!isAlias(node)) {
            return node;
        }
        const target = node.resolve(this.source.document);
        if (target === undefined) {
            throw new CliError(`line ${this.lineOf(node)}: nothing is called &${node.source}`);
        }
        return target;
    }

    /** As the file spells it. */
    private spelled(key: string): string {
        const isIt = (name: string) => name.toLowerCase() === key.toLowerCase();
        return this.isCaseSensitive ? key : (this.keys().find(isIt) ?? key);
    }

    /** The documents in a text below a key. */
    inside(key: string): Section[] {
        const text = this.text(key) ?? "";
        const after = this.lineOf(this.node(key));
        const sections = sectionsOf(text, { path: this.pathOf(key), after });
        this.sections.push(...sections);
        return sections;
    }

    private lineOf(node: Node | undefined): number {
        return this.source.lineAt(node?.range?.[0] ?? 0);
    }

    private pathOf(key: string): string {
        const name = this.spelled(key);
        return this.path ? `${this.path}.${name}` : name;
    }
}

/** The documents of a file in YAML, or of JSON, which is YAML too; or of a text in a file, below a path and after a line. */
export function sectionsOf(text: string, { path = "", after = 0 } = {}): Section[] {
    const lines = new LineCounter();
    const documents = parseAllDocuments(text, { lineCounter: lines });
    return [...documents].flatMap((document) => {
        const [error] = document.errors;
        if (error) {
            throw new CliError(`is neither JSON nor YAML: ${error.message.split("\n")[0] ?? ""}`);
        }
        if (document.contents === null) {
            return [];
        }
        if (!isMap(document.contents)) {
            throw new CliError("is not a mapping of keys to values");
        }
        const lineAt = (offset: number) => lines.linePos(offset).line + after;
        return [new Section(document.contents, { document, lineAt }, path)];
    });
}

function nameOf(key: unknown): string {
    return String(isScalar(key) ? key.value : key);
}

/** Of Helm and the like no value is known here. */
function variableProblem(text: string): string | undefined {
    return /[${]/.test(text)
        ? "has a variable: import the file with its values (`docker compose config` prints it so)"
        : undefined;
}
