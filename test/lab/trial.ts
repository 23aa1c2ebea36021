import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { homedir } from "node:os";

export interface Host {
    readonly address: string;
    readonly user: string;
    readonly hostKey: string;
    readonly release: string;
    readonly engine: string;
    readonly kernel: string;
    readonly network: string;
}

export interface Described {
    readonly lan: { readonly cidr: string; readonly namespace: string; readonly address: string };
    readonly internet: { readonly namespace: string; readonly address: string };
    readonly registry: { readonly address: string; readonly images: readonly string[] };
    readonly privateRegistry: {
        readonly address: string;
        readonly images: readonly string[];
        readonly username: string;
        readonly password: string;
    };
    readonly hosts: Readonly<Record<string, Host>>;
}

export interface Done {
    readonly status: number;
    readonly stdout: string;
    /** Standard output and error, for messages. */
    readonly said: string;
}

const LAB = join(__dirname, "../../lab/lab");
const CACHE = process.env["CROSSHOST_CACHE"] ?? join(homedir(), ".cache/crosshost");

/** A lab of the tests' own, beside whatever else runs on this machine. */
export class TrialLab {
    public readonly folder: string;

    public constructor(
        public readonly name: string,
        private readonly engines: string,
    ) {
        this.folder = join(CACHE, "labs", name);
    }

    public get environment(): NodeJS.ProcessEnv {
        return { ...process.env, CROSSHOST_LAB: this.name, CROSSHOST_LAB_ENGINES: this.engines };
    }

    /** `lab ARGS...`, whatever comes of it. */
    public attempt(...args: string[]): Promise<Done> {
        return execute(LAB, args, this.environment);
    }

    /** `lab ARGS...`; its standard output. Throws with what it said where it fails. */
    public async command(...args: string[]): Promise<string> {
        return succeeded(`lab ${args.join(" ")}`, await this.attempt(...args));
    }

    /** A script on a host, as root unless told. */
    public on(host: string, script: string): Promise<string> {
        return this.command("ssh", host, script);
    }

    public describedRaw(): string {
        return readFileSync(join(this.folder, "lab.json"), "utf8");
    }

    public described(): Described {
        return JSON.parse(this.describedRaw()) as Described;
    }

    public pidOf(what: string): number {
        return Number(readFileSync(join(this.folder, "run", what), "utf8"));
    }

    public async states(): Promise<Readonly<Record<string, string>>> {
        const status = JSON.parse(await this.command("status", "--json")) as {
            readonly states: Readonly<Record<string, string>>;
        };
        return status.states;
    }
}

export async function shell(script: string): Promise<string> {
    return succeeded(script, await execute("bash", ["--norc", "-c", script], process.env));
}

/** Waits for what happens by itself, for instance the end of a process that lost its parent. */
export async function eventually(
    what: string,
    seconds: number,
    happens: () => Promise<boolean>,
): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while (!(await happens())) {
        if (Date.now() > end) {
            throw new Error(`not within ${seconds} s: ${what}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

function succeeded(what: string, done: Done): string {
    if (done.status !== 0) {
        throw new Error(`${what}: status ${done.status}\n${done.said}`);
    }
    return done.stdout;
}

function execute(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Done> {
    return new Promise((resolve) => {
        const child = execFile(command, args, { env }, (error, stdout, stderr) => {
            const status = error === null ? 0 : (child.exitCode ?? 1);
            resolve({ status, stdout, said: stdout + stderr });
        });
        child.stdin?.end();
    });
}
