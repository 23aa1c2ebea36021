// What a provider says of each of its resource types; ./provider.ts speaks the protocol for it.
import { type Difference } from "./diff";
import { type Value, type ValueMap } from "./values";

export type Severity = "DEBUG" | "INFO" | "WARNING" | "ERROR";

/** One operation on one resource, as the engine asked for it. */
export interface Operation<Config> {
    readonly urn: string;
    /** The logical name. */
    readonly name: string;
    readonly config: Config;
    /** Aborted when the user cancels, or when the resource's own timeout has passed. */
    readonly signal: AbortSignal;
    /** Tells the user, beside the resource. A passing message gives way to the next. */
    readonly log: (severity: Severity, message: string, how?: { passing: boolean }) => void;
}

export interface Failure {
    readonly property: string;
    readonly reason: string;
}

export interface Checked {
    readonly inputs: ValueMap;
    readonly failures: readonly Failure[];
}

export interface Change {
    readonly oldInputs: ValueMap;
    readonly oldOutputs: ValueMap;
    readonly inputs: ValueMap;
}

/** Values may be secrets and, in a preview, UNKNOWN. */
export interface ResourceType<Config> {
    check(inputs: ValueMap, resource: { name: string; oldInputs: ValueMap }): Checked;
    diff(change: Change): Difference[];
    readonly deleteBeforeReplace: boolean;
    /** The outputs that a preview shows of a resource to be created, or updated from `old`. */
    preview(inputs: ValueMap, old: ValueMap | undefined): ValueMap;
    create(inputs: ValueMap, operation: Operation<Config>): Promise<Created>;
    update(
        id: string,
        inputs: ValueMap,
        old: ValueMap,
        operation: Operation<Config>,
    ): Promise<ValueMap>;
    /** Undefined when the resource is gone. */
    read(id: string, known: Known, operation: Operation<Config>): Promise<Read | undefined>;
    delete(id: string, outputs: ValueMap, operation: Operation<Config>): Promise<void>;
}

export interface Created {
    readonly id: string;
    readonly outputs: ValueMap;
}

export interface Known {
    readonly inputs: ValueMap;
    readonly outputs: ValueMap;
}

export interface Read extends Known {
    readonly id: string;
}

export interface Provider<Config> {
    readonly resources: Readonly<Record<string, ResourceType<Config>>>;
    configure(args: ValueMap): Config;
    /** The provider's own inputs that its state is to hold, and what is wrong with them. */
    checkConfig(inputs: ValueMap, name: string): Checked;
}

/** The resource exists, but not as it should be: it enters the state, marked so. */
export class InitializationError extends Error {
    constructor(
        message: string,
        readonly created: Created,
    ) {
        super(message);
    }
}

/** Each operation's message, as the CLI shows it of a failed property. */
export function missing(property: string): Failure {
    return { property, reason: `Missing required field '${property}'` };
}

export type { Value, ValueMap };
