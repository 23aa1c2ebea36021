// What a command prints, as it comes, and how a failed one is told.
import { type Operation } from "../plugin/resource";
import { type ValueMap, text } from "../plugin/values";

export type Stream = "stdout" | "stderr";

export type Outputs = Readonly<Record<Stream, string>>;

export interface Taken extends Outputs {
    /** Both, in the order in which they came. */
    readonly output: string;
}

/** Called with each line, as it comes. */
export type OnLine = (stream: Stream, line: string) => void;

/** What the log of the published plugin takes of one line; a longer one blocks it for ever. */
const LINE_LIMIT = 64 * 1024;

/** Reads both streams; the function it gives back hands on the last, open lines and tells it all. */
export function take(
    sources: Readonly<Record<Stream, NodeJS.ReadableStream>>,
    onLine: OnLine,
    failed: (error: unknown) => void,
): () => Taken {
    const taken = { stdout: "", stderr: "", output: "" };
    const flushes = (["stdout", "stderr"] as const).map((name) =>
        eachChunk(
            sources[name],
            (chunk) => {
                taken[name] += chunk;
                taken.output += chunk;
            },
            (line) => {
                try {
                    onLine(name, line);
                } catch (error) {
                    failed(error);
                }
            },
        ),
    );
    return () => {
        flushes.forEach((flush) => {
            flush();
        });
        return taken;
    };
}

function eachChunk(
    source: NodeJS.ReadableStream,
    onChunk: (chunk: string) => void,
    onLine: (line: string) => void,
): () => void {
    let rest = "";
    source.setEncoding("utf8");
    source.on("data", (chunk: string) => {
        onChunk(chunk);
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        lines.forEach(onLine);
        if (rest.length >= LINE_LIMIT) {
            onLine(rest);
            rest = "";
        }
    });
    return () => {
        if (rest !== "") {
            onLine(rest);
        }
    };
}

/** Shows the user the lines that `logging` asks for. */
export function lineLogger({ logging }: ValueMap, operation: Operation<object>): OnLine {
    const wanted = text(logging) ?? "stdoutAndStderr";
    const logged: Readonly<Record<Stream, boolean>> = {
        stdout: wanted === "stdout" || wanted === "stdoutAndStderr",
        stderr: wanted === "stderr" || wanted === "stdoutAndStderr",
    };
    return (stream, line) => {
        if (!logged[stream]) {
            return;
        }
        if (Buffer.byteLength(line) >= LINE_LIMIT) {
            throw new Error(
                `a line of 64 KiB or more on ${stream}: with it the published plugin hangs for ever. Set logging: "none", or break the line`,
            );
        }
        operation.log("INFO", line, { passing: true });
    };
}

/** What the resource keeps of the outputs of a command that ran; an error where it failed. */
export function outputsOf(
    command: string,
    { stdout, stderr, output }: Taken,
    failure: string | undefined,
): Outputs {
    if (failure !== undefined) {
        throw new Error(`${failure}: running ${goQuoted(command)}:\n${output}`);
    }
    return { stdout: withoutNewline(stdout), stderr: withoutNewline(stderr) };
}

function withoutNewline(output: string): string {
    return output.replace(/\n$/, "");
}

/** As Go's %q prints a string. */
export function goQuoted(value: string): string {
    return JSON.stringify(value)
        .replaceAll("\\u0007", "\\a")
        .replaceAll("\\u000b", "\\v")
        .replace(/\\u00([01][0-9a-f])/g, "\\x$1")
        .replaceAll("\u007f", "\\x7f");
}
