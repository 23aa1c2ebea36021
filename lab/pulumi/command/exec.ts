// One command over an open connection.
import { type Client, type ClientChannel } from "ssh2";
import { type OnLine, take, type Taken } from "./streams";

export interface Run {
    readonly command: string;
    readonly stdin: string;
    readonly env: NodeJS.ProcessEnv;
    readonly onLine: OnLine;
}

export interface Result extends Taken {
    /** What went wrong, in the words of the published plugin. */
    readonly failure: string | undefined;
}

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
        const taken = take({ stdout: channel, stderr: channel.stderr }, onLine, reject);
        let failure: string | undefined =
            "wait: remote command exited without exit status or exit signal";
        channel.on("exit", (code: number | null, signal?: string, _core?: string, why?: string) => {
            failure = failureOf(code, signal, why);
        });
        channel.on("close", () => {
            resolve({ ...taken(), failure });
        });
        // A command need not read all of its standard input.
        channel.on("error", () => undefined);
        channel.end(stdin);
    });
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
