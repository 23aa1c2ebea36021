// Errors in the words of the published plugin.
import { InitializationError } from "../plugin/resource";

/** Says first what could not be done. */
export async function reworded<T>(what: string, work: Promise<T>): Promise<T> {
    try {
        return await work;
    } catch (error) {
        throw new Error(`${what}: ${messageOf(error)}`);
    }
}

/** The list of one that Terraform makes of an error. */
export async function listed<T>(work: Promise<T>): Promise<T> {
    try {
        return await work;
    } catch (error) {
        const message = `1 error occurred:\n\t* ${messageOf(error)}\n\n`;
        throw error instanceof InitializationError
            ? new InitializationError(message, error.created)
            : new Error(message);
    }
}

export function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
