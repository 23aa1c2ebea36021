import { closeAll } from "../../lab/pulumi/command/connection";
import { type Operation, type Severity } from "../../lab/pulumi/plugin/resource";

export interface Message {
    readonly severity: Severity;
    readonly message: string;
    readonly passing: boolean;
}

/** An operation on a resource called "it", with what it tells the user. */
export function operation<Config>(
    config: Config,
    signal: AbortSignal = new AbortController().signal,
): Operation<Config> & { messages: Message[] } {
    const messages: Message[] = [];
    return {
        urn: "urn:pulumi:dev::project::pkg:index:Type::it",
        name: "it",
        config,
        signal,
        messages,
        log: (severity, message, how) => {
            messages.push({ severity, message, passing: how?.passing ?? false });
        },
    };
}

/** One fact of the published plugin that the stand-in has to show. */
export type Fact = readonly [fact: string, check: () => void | Promise<void>];

/** A table of facts, a test each. */
export function facts(about: string, table: readonly Fact[]): void {
    describe(about, () => {
        test.each(table)("%s", async (_fact, check) => {
            await check();
        });
    });
}

export { closeAll };
