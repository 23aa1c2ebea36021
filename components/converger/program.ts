import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The program that runs on hosts: POSIX sh and awk, one file. */
export interface ConvergerProgram {
    readonly text: string;
    /** First 16 hex digits of the text's sha256. */
    readonly hash: string;
    readonly version: string;
}

const VERSION = "0.1.0";

const SHELL_PARTS = [
    "head.sh",
    "lock.sh",
    "steps.sh",
    "membership.sh",
    "change.sh",
    "containers.sh",
    "routes.sh",
    "ask.sh",
    "main.sh",
] as const;
const AWK_PARTS = [
    "text.awk",
    "units.awk",
    "kinds.awk",
    "link.awk",
    "address.awk",
    "route.awk",
    "nft.awk",
    "iptables.awk",
    "rules.awk",
    "range.awk",
    "engine.awk",
    "docker.awk",
    "lan.awk",
    "endpoint.awk",
    "places.awk",
    "netns.awk",
    "defaultroute.awk",
    "names.awk",
    "container.awk",
    "hostfiles.awk",
    "networkd.awk",
    "kernel.awk",
    "plan.awk",
    "state.awk",
    "say.awk",
    "facts.awk",
    "end.awk",
] as const;

/** The files that lie beside this one and have to be shipped with it. */
export const CONVERGER_PARTS: readonly string[] = [...SHELL_PARTS, ...AWK_PARTS];

let assembled: ConvergerProgram | undefined;

export function convergerProgram(): ConvergerProgram {
    assembled ??= assemble();
    return assembled;
}

function assemble(): ConvergerProgram {
    const awk = AWK_PARTS.map(part).join("\n").replaceAll("'", "'\\''");
    const [head, ...rest] = SHELL_PARTS.map(part);
    const text = [
        head,
        `version=${VERSION}\n`,
        ...rest,
        `# shellcheck disable=SC2016 # what looks like the shell's is awk's\nawk_program='\n${awk}'\n`,
        'main "$@"\nexit\n',
    ].join("\n");
    const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
    return { text, hash, version: VERSION };
}

function part(name: string): string {
    return readFileSync(join(__dirname, name), "utf8").replace(/^# shellcheck shell=sh\n/, "");
}
