// A connection to a host's Docker as the docker command itself makes it: one `ssh` for each, whose
// standard input and output are the engine's socket.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { Duplex } from "node:stream";

/** What `ssh` is called with to reach the engine at an ssh:// address. */
export function sshArguments(address: string, options: readonly string[]): string[] {
    const url = new URL(address);
    if (url.protocol !== "ssh:") {
        throw new Error(`host ${address}: the lab's docker plugin reaches engines by ssh:// only`);
    }
    const user = url.username ? ["-l", decodeURIComponent(url.username)] : [];
    const port = url.port ? ["-p", url.port] : [];
    const timeout = ["-o", "ConnectTimeout=30", "-T"];
    const socket = url.pathname.replace(/^\/*$/, "");
    const at = socket ? [`--host=unix://${socket}`] : [];
    const command = ["docker", ...at, "system", "dial-stdio"];
    return [...options, ...timeout, ...user, ...port, "--", url.hostname, ...command];
}

export class SshSocket extends Duplex {
    private readonly child: ChildProcessWithoutNullStreams;
    private complaint = "";

    constructor(private readonly args: readonly string[]) {
        super();
        this.child = spawn("ssh", args, { env: process.env });
        this.child.stdout.on("data", (data: Buffer) => {
            if (!this.push(data)) {
                this.child.stdout.pause();
            }
        });
        this.child.stderr.on("data", (data: Buffer) => {
            this.complaint += data.toString();
        });
        this.child.stdin.on("error", () => undefined);
        this.child.on("error", (error) => this.destroy(error));
        this.child.on("close", (code) => {
            this.ended(code);
        });
    }

    private ended(code: number | null): void {
        if (code === 0) {
            this.push(null);
            return;
        }
        const how = code === null ? "signal: killed" : `exit status ${code}`;
        this.destroy(
            new Error(
                `command [ssh ${this.args.join(" ")}] has exited with ${how}, make sure the URL is valid, and Docker 18.09 or later is installed on the remote host: stderr=${this.complaint.trim()}`,
            ),
        );
    }

    override _read(): void {
        this.child.stdout.resume();
    }

    override _write(data: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void) {
        this.child.stdin.write(data, encoding, done);
    }

    override _final(done: () => void): void {
        this.child.stdin.end(done);
    }

    override _destroy(error: Error | null, done: (error: Error | null) => void): void {
        this.child.kill();
        done(error);
    }

    // What `http` asks of a socket, and a pipe to a child does not have.
    setTimeout(): this {
        return this;
    }
    setNoDelay(): this {
        return this;
    }
    setKeepAlive(): this {
        return this;
    }
    ref(): this {
        return this;
    }
    unref(): this {
        return this;
    }
}
