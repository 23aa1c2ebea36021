import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { KIND_ROOMS } from "../entries";
import type { KindRoom } from "../entries";
import { dispatch } from "../entries/hooks";
import { textDigest } from "../wire/identity";

/** The program that runs on hosts: POSIX sh and awk, one file. */
export interface ConvergerProgram {
    readonly text: string;
    /** First 16 hex digits of the text's sha256. */
    readonly hash: string;
    readonly version: string;
    /** What packProgram makes of the text, where the package has it so. */
    readonly packed?: string;
}

const VERSION = "0.1.0";

/** What comes first and last; between them the order does not matter. */
const SHELL_FIRST = "head.sh";
const SHELL_LAST = "main.sh";
const AWK_LAST = "end.awk";
const ENGINE = ["docker", "observe", "plan"];

/** In a package that was built they stand in place of the parts (build.ts). */
export const BUILT = {
    text: join(__dirname, "crosshost.sh"),
    packed: join(__dirname, "crosshost.packed"),
};

let program: ConvergerProgram | undefined;

export function convergerProgram(): ConvergerProgram {
    program ??= existsSync(BUILT.packed) ? built() : assemble(KIND_ROOMS);
    return program;
}

function built(): ConvergerProgram {
    return {
        ...programOf(readFileSync(BUILT.text, "utf8")),
        packed: readFileSync(BUILT.packed, "utf8"),
    };
}

/** The program with these kinds of entries. */
export function assemble(rooms: readonly KindRoom[]): ConvergerProgram {
    const kinds = rooms.map((room) => ({
        ...room,
        awk: `\n${textsOf(room.folder, ".awk").join("\n")}`,
    }));
    const awk = [
        ...ENGINE.flatMap((folder) => textsOf(join(__dirname, folder), ".awk")),
        ...textsOf(__dirname, ".awk", AWK_LAST),
        dispatch(kinds),
        ...kinds.map((kind) => kind.awk),
        readFileSync(join(__dirname, AWK_LAST), "utf8"),
    ].join("\n");
    const sh = join(__dirname, "sh");
    const text = [
        part(sh, SHELL_FIRST),
        `version=${VERSION}\n`,
        ...textsOf(sh, ".sh", SHELL_FIRST, SHELL_LAST),
        ...rooms.flatMap(({ folder }) => textsOf(folder, ".sh")),
        part(sh, SHELL_LAST),
        `# shellcheck disable=SC2016 # what looks like the shell's is awk's\nawk_program='\n${awk.replaceAll("'", "'\\''")}'\n`,
        'main "$@"\nexit\n',
    ].join("\n");
    return programOf(text);
}

function programOf(text: string): ConvergerProgram {
    return { text, hash: textDigest(text), version: VERSION };
}

function textsOf(folder: string, ending: string, ...except: readonly string[]): string[] {
    return readdirSync(folder)
        .filter((name) => name.endsWith(ending) && !except.includes(name))
        .sort()
        .map((name) => part(folder, name));
}

function part(folder: string, name: string): string {
    return readFileSync(join(folder, name), "utf8").replace(/^# shellcheck shell=sh\n/, "");
}
