// A program run in this process, as the Automation API runs one: the SDK and the library stay
// loaded, the state of a run is its own.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve, sep } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import * as rpc from "@pulumi/pulumi/proto/language_pb";
import { packageRoot } from "../language/packages";
import { type Runner } from "../language/host";
import { map, parseJson, text } from "../plugin/values";

/** A process of its own ends when nothing is under way any more, whatever waits for what failed. Here nobody can tell. */
const AFTER_A_FAILURE = 3_000;

const load = createRequire(__filename);
const { withLocalStorage } = load("@pulumi/pulumi/runtime/state") as {
    readonly withLocalStorage: <T>(block: () => Promise<T>) => Promise<T>;
};

/** What a run that has ended still throws is nobody's, and would end this process. */
for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, () => undefined);
}

/** The SDK has one monitor at a time. */
let last: Promise<unknown> = Promise.resolve();

export const runHere: Runner = (request, engine, call) => {
    const cancelled = new Promise<void>((resolve) => {
        call.on("cancelled", resolve);
    });
    const next = last.then(() => withLocalStorage(() => run(request, engine, cancelled)));
    last = next.catch(() => undefined);
    return next;
};

async function run(
    request: rpc.RunRequest,
    engine: string,
    cancelled: Promise<void>,
): Promise<rpc.RunResponse> {
    const info = request.getInfo() ?? new rpc.ProgramInfo();
    const entry = entryOf(info);
    const failures = new Failures(entry);
    void cancelled.then(() => {
        failures.silence();
    });
    settle(request, engine);
    process.chdir(request.getPwd() || info.getProgramDirectory());
    process.on("uncaughtException", failures.tell).on("unhandledRejection", failures.tell);
    try {
        const program = pulumi.runtime.runInPulumiStack(() => valueOf(entry));
        await Promise.race([
            program.catch(failures.tell),
            failures.first.then(() => sleep(AFTER_A_FAILURE)),
            cancelled,
        ]);
        await Promise.race([disconnected(failures), cancelled]);
    } finally {
        process.off("uncaughtException", failures.tell).off("unhandledRejection", failures.tell);
    }
    return new rpc.RunResponse().setBail(failures.any);
}

/** The SDK's own state, that a process of its own has from its arguments and environment. */
function settle(request: rpc.RunRequest, engine: string): void {
    pulumi.runtime.resetOptions(
        request.getProject(),
        request.getStack(),
        request.getParallel(),
        engine,
        request.getMonitorAddress(),
        request.getDryrun(),
        request.getOrganization(),
    );
    pulumi.runtime.setAllConfig(
        Object.fromEntries(request.getConfigMap().getEntryList()),
        request.getConfigsecretkeysList(),
    );
}

async function disconnected(failures: Failures): Promise<void> {
    if (!failures.any) {
        await Promise.race([
            pulumi.runtime.disconnect(true).catch(failures.tell),
            failures.first.then(() => sleep(AFTER_A_FAILURE)),
        ]);
    }
    if (failures.any) {
        await sleep(AFTER_A_FAILURE); // other hosts may have something to say yet
        await Promise.race([failures.told(), sleep(AFTER_A_FAILURE)]);
    }
    pulumi.runtime.disconnectSync();
}

/** As the SDK's cmd/run tells what a program throws. */
class Failures {
    readonly first: Promise<void>;
    private readonly seen = new Set<unknown>();
    private readonly messages: Promise<void>[] = [];
    private silent = false;
    private begin: () => void = () => undefined;

    constructor(private readonly entry: string) {
        this.first = new Promise((resolve) => {
            this.begin = resolve;
        });
    }

    get any(): boolean {
        return this.seen.size > 0;
    }

    /** The engine has ended the run, and does not listen any more. */
    silence(): void {
        this.silent = true;
    }

    async told(): Promise<void> {
        await Promise.allSettled(this.messages);
    }

    readonly tell = (error: unknown): void => {
        if (this.seen.has(error) || this.silent) {
            return;
        }
        this.seen.add(error);
        this.messages.push(this.message(error));
        this.begin();
    };

    private message(error: unknown): Promise<void> {
        if (pulumi.RunError.isInstance(error)) {
            return pulumi.log.error(error.message);
        }
        if (pulumi.ResourceError.isInstance(error)) {
            const { message, hideStack, resource } = error;
            return pulumi.log.error(hideStack ? message : shown(error), resource);
        }
        return pulumi.log.error(
            `Running program '${this.entry}' failed with an unhandled exception:\n${shown(error)}`,
        );
    }
}

/** Without what hangs on it: of some that is more than a string can hold. */
function shown(error: unknown): string {
    return error instanceof Error ? (error.stack ?? error.message) : inspect(error, { depth: 1 });
}

/** The file that Node would run, or the folder; "." leaves it to package.json. */
function entryOf(info: rpc.ProgramInfo): string {
    const folder = info.getProgramDirectory();
    const given = info.getEntryPoint() || ".";
    if (given !== ".") {
        return resolve(folder, given);
    }
    const root = packageRoot(folder);
    const manifest = map(parseJson(readFileSync(join(root, "package.json"), "utf8"))) ?? {};
    const exported = map(map(manifest["exports"])?.["."]);
    return join(root, text(exported?.["default"]) ?? text(manifest["main"]) ?? ".");
}

/** Its own files are read anew each time, as for a new process; what they import from elsewhere stays. */
async function valueOf(entry: string): Promise<unknown> {
    const own = dirname(load.resolve(entry)) + sep;
    for (const file of Object.keys(load.cache).filter((name) => name.startsWith(own))) {
        Reflect.deleteProperty(load.cache, file);
    }
    const exported: unknown = load(entry);
    return isFunction(exported) ? await exported() : exported;
}

function isFunction(value: unknown): value is () => unknown {
    return value instanceof Function;
}
