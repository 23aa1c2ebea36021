// One command over an open connection.
import { type Client, type ClientChannel } from "ssh2";

export interface Run {
    readonly command: string;
    readonly stdin: string;
    readonly env: NodeJS.ProcessEnv;
    /** Called with each line, as it comes. */
    readonly onLine: (stream: Stream, line: string) => void;
}

export type Stream = "stdout" | "stderr";

export interface Result {
    readonly stdout: string;
    readonly stderr: string;
    /** Both, in the order in which they came. */
    readonly output: string;
    /** What went wrong, in the words of the published plugin. */
    readonly failure: string | undefined;
}

/** What the log of the published plugin takes of one line; a longer one blocks it for ever. */
const LINE_LIMIT = 64 * 1024;

export function exec(client: Client, run: Run): Promise<Result> {
    return new Promise((resolve, reject) => {
        const lost = () => {
            reject(new Error("wait: remote command exited without exit status or exit signal"));
        };
        client.once("close", lost);
        client.exec(run.command, { env: run.env }, (error, channel) => {
            if (error) {
                client.removeListener("close", lost);
                reject(error);
                return;
            }
            gather(channel, run).then((result) => {
                client.removeListener("close", lost);
                resolve(result);
            }, reject);
        });
    });
}

function gather(channel: ClientChannel, { stdin, onLine }: Run): Promise<Result> {
    return new Promise((resolve, reject) => {
        const taken = { stdout: "", stderr: "", output: "" };
        const flushes = (["stdout", "stderr"] as const).map((name) =>
            eachChunk(
                name === "stdout" ? channel : channel.stderr,
                (chunk) => {
                    taken[name] += chunk;
                    taken.output += chunk;
                },
                (line) => {
                    try {
                        onLine(name, line);
                    } catch (error) {
                        reject(error instanceof Error ? error : new Error(String(error)));
                    }
                },
            ),
        );
        let failure: string | undefined =
            "wait: remote command exited without exit status or exit signal";
        channel.on("exit", (code: number | null, signal?: string, _core?: string, why?: string) => {
            failure = failureOf(code, signal, why);
        });
        channel.on("close", () => {
            flushes.forEach((flush) => {
                flush();
            });
            resolve({ ...taken, failure });
        });
        // A command need not read all of its standard input.
        channel.on("error", () => undefined);
        channel.end(stdin);
    });
}

/** Reads a stream to its end; the function it gives back hands on a last, open line. */
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

export function isTooLong(line: string): boolean {
    return Buffer.byteLength(line) >= LINE_LIMIT;
}

const SIGNALS: Readonly<Record<string, number>> = {
    HUP: 1,
    INT: 2,
    QUIT: 3,
    ILL: 4,
    ABRT: 6,
    FPE: 8,
    KILL: 9,
    SEGV: 11,
    PIPE: 13,
    ALRM: 14,
    TERM: 15,
};

function failureOf(
    code: number | null,
    signal: string | undefined,
    why: string | undefined,
): string | undefined {
    if (code === 0) {
        return undefined;
    }
    if (code !== null) {
        return `Process exited with status ${code}`;
    }
    const name = (signal ?? "").replace(/^SIG/, "");
    const reason = why ? `. Reason was: ${why}` : "";
    return `Process exited with status ${128 + (SIGNALS[name] ?? 0)} from signal ${name}${reason}`;
}
