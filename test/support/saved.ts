import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { LAB_JSON } from "./lab";

export interface SavedResource {
    readonly urn: string;
    readonly type: string;
    readonly id?: string;
    readonly inputs?: Readonly<Record<string, unknown>>;
    readonly outputs?: Readonly<Record<string, unknown>>;
}

export interface Saved {
    readonly resources: readonly SavedResource[];
    readonly pending: readonly string[];
}

interface Checkpoint {
    readonly latest?: {
        readonly resources?: readonly SavedResource[];
        readonly pending_operations?: readonly { readonly resource: { readonly urn: string } }[];
    };
}

/** The texts of all files of the lab's own backend, backups among them. */
export function stateFiles(): string[] {
    const folder = join(dirname(LAB_JSON), "state");
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
        .map((name) => join(folder, name))
        .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
        .flatMap(textIfThere);
}

/** Stacks that run side by side take their locks away meanwhile. */
function textIfThere(path: string): string[] {
    try {
        return [readFileSync(path, "latin1")];
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") {
            return [];
        }
        throw error;
    }
}

/** A stack's state, read from the lab's own backend: the CLI would take a second for it. */
export function saved(stack: string): Saved {
    const file = join(dirname(LAB_JSON), "state/.pulumi/stacks/crosshost", `${stack}.json`);
    const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as { checkpoint: Checkpoint };
    const { resources, pending_operations: pending } = checkpoint.latest ?? {};
    return {
        resources: resources ?? [],
        pending: (pending ?? []).map(({ resource }) => resource.urn),
    };
}
