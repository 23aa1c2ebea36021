import { spawnSync, type SpawnOptions } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { engine } from "./engine";
import { LAB_JSON, LAB_NAME, ROOT } from "./lab";
import { saved } from "./saved";

export interface Outcome {
    readonly status: number | null;
    readonly output: string;
}

/** A command line of the CLI, for whoever runs it himself. */
export interface Invocation {
    readonly command: string;
    readonly args: readonly string[];
    readonly options: SpawnOptions;
}

/** A test that waits for ever for the CLI would keep its worker for as long. */
const LIMIT = 10 * 60_000;

/** Of the lab's passphrase. */
const SALT = "v1:KViurzyPJuM=:v1:X9rN3WteS+VPHsQr:eXjMOtR8BjW/6UPx4gdkGLXFtE+A/w==";

/** Past what fails on one host. */
export const UP_AS_FAR_AS_IT_GOES = [
    "up",
    "--yes",
    "--skip-preview",
    "--continue-on-error",
] as const;

export type Config = Readonly<Record<string, string | number | boolean>>;

/** One stack of a program, driven by the CLI as a user drives it: each operation starts all that it starts for a user. */
export class Stack {
    readonly #configFile: string;
    #mayHold = false;

    constructor(
        readonly name: string,
        private readonly program = ROOT,
        /** A program that runs the CLI and watches it, such as strace with its options. */
        private readonly watcher: readonly string[] = [],
        /** What its program is warned of each time, and rightly so. */
        private readonly warned?: RegExp,
    ) {
        this.#configFile = join(dirname(LAB_JSON), `Pulumi.${name}.yaml`);
        this.configure({});
        mkdirSync(join(dirname(LAB_JSON), "state"), { recursive: true });
        this.pulumi(["stack", "select", "--create", this.name]);
    }

    /** Replaces the stack's config. */
    configure(config: Config): void {
        const named = Object.entries(config).map(
            ([key, value]): [string, string | number | boolean] => [`crosshost:${key}`, value],
        );
        const values = Object.fromEntries<string | number | boolean>(named);
        writeFileSync(this.#configFile, stringify({ encryptionsalt: SALT, config: values }));
    }

    up(...flags: string[]): string {
        return this.must("up", "--yes", "--skip-preview", ...flags);
    }

    /** What a plain preview shows, line by line. */
    preview(...flags: string[]): string {
        return this.must("preview", "--diff", ...flags);
    }

    destroy(...flags: string[]): string {
        return this.must("destroy", "--yes", "--skip-preview", ...flags);
    }

    /** Fails where the operation finds anything to change, or warns. */
    nothingToDo(operation: "preview" | "up", ...flags: string[]): void {
        const yes = operation === "up" ? ["--yes", "--skip-preview"] : ["--diff"];
        const said = this.must(operation, ...yes, "--expect-no-changes", ...flags);
        const warnings = said.split("\n").filter((line) => /^ *warning: /.test(line));
        if (!warnings.every((line) => this.warned?.test(line))) {
            throw new Error(`pulumi ${operation} warns:\n${said}`);
        }
    }

    outputs(): Readonly<Record<string, unknown>> {
        const { resources } = saved(this.name);
        return resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
    }

    /** The state, as `pulumi stack export` gives it. */
    state(...flags: string[]): string {
        return this.pulumi(["stack", "export", "--stack", this.name, ...flags]).output;
    }

    /** Any CLI operation, which may fail. Does not throw. */
    attempt(operation: string, ...flags: string[]): Outcome {
        const outcome = this.pulumi(this.words(operation, flags));
        if (operation === "destroy" && outcome.status === 0) {
            this.#mayHold = false;
        }
        return outcome;
    }

    /** The same, not yet run. */
    operation(operation: string, ...flags: string[]): Invocation {
        return this.cli(this.words(operation, flags));
    }

    /** A command that only wants to know the stack, not yet run. */
    command(...words: string[]): Invocation {
        return this.cli([...words, "--stack", this.name]);
    }

    /** The stack under another name, or of another project, as `pulumi stack rename` makes it. */
    rename(name: string, program = this.program, project = "crosshost"): Stack {
        const words = ["stack", "rename", `organization/${project}/${name}`, "--stack", this.name];
        const { status, output } = this.pulumi(words);
        if (status !== 0) {
            throw new Error(`pulumi stack rename ended with ${status}:\n${output}`);
        }
        const renamed = new Stack(name, program, this.watcher);
        renamed.#mayHold = this.#mayHold;
        return renamed;
    }

    /** Takes away what a test that failed has left; whatever state it is in. */
    cleanUp(): void {
        if (this.#mayHold) {
            this.attempt("destroy", "--yes", "--skip-preview");
        }
    }

    /** Forgets the stack, which must be empty. */
    remove(...flags: string[]): void {
        this.pulumi(["stack", "rm", "--yes", ...flags, this.name]);
    }

    private must(operation: string, ...flags: string[]): string {
        const { status, output } = this.attempt(operation, ...flags);
        if (status !== 0) {
            throw new Error(
                `pulumi ${operation} ${flags.join(" ")} ended with ${status}:\n${output}`,
            );
        }
        return output;
    }

    private words(operation: string, flags: readonly string[]): string[] {
        const file = ["--stack", this.name, "--config-file", this.#configFile];
        this.#mayHold ||= operation === "up";
        return [operation, ...file, "--non-interactive", ...flags];
    }

    private pulumi(words: readonly string[]): Outcome {
        const { command, args, options } = this.cli(words);
        const done = spawnSync(command, args, {
            ...options,
            encoding: "utf8",
            maxBuffer: 64 * 1024 * 1024,
            timeout: LIMIT,
            killSignal: "SIGKILL",
        });
        return { status: done.status, output: `${done.stdout}${done.stderr}` };
    }

    private cli(words: readonly string[]): Invocation {
        const cli = engine();
        const line = [...this.watcher, cli.command, "--color", "never", ...words];
        const [command = "", ...args] = line;
        return {
            command,
            args,
            options: {
                cwd: this.program,
                env: {
                    ...process.env,
                    ...cli.env,
                    CROSSHOST_LAB: LAB_NAME,
                    JEST_WORKER_ID: undefined, // a program that reads the lab's name is nobody's worker
                    CROSSHOST_LAB_JSON: LAB_JSON,
                },
            },
        };
    }
}
