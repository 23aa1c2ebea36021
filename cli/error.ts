/** What the user of the CLI has to know or do, in one line; anything else is a fault of ours. */
export class CliError extends Error {}

export function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
