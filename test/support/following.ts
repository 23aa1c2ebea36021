import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { type NetnsHost, STACK } from "./netns";

/** A run of a verb that goes on until it is stopped, as the host's services run it. */
export class Following {
    readonly ended: Promise<number | null>;
    private output = "";
    private readonly run: ChildProcess;

    constructor(host: NetnsHost, verb: string) {
        const words = host.command([host.tools.shell, join(host.folder, "crosshost"), verb, STACK]);
        const run = spawn(words.command, words.args, { env: words.env, detached: true });
        run.stdout.setEncoding("utf8").on("data", (data: string) => {
            this.output += data;
        });
        run.stderr.pipe(process.stderr);
        this.run = run;
        this.ended = new Promise((resolve) => run.on("exit", resolve));
    }

    /** Waits until that was printed so many times, however long it takes. */
    async said(line: string, times = 1): Promise<void> {
        while (this.lines().filter((said) => said === line).length < times) {
            await new Promise((resolve) => setTimeout(resolve, 10));
        }
    }

    lines(): string[] {
        return this.output.trimEnd().split("\n");
    }

    /** With all that it has started, as systemd stops a service. */
    async stop(): Promise<void> {
        process.kill(-(this.run.pid ?? 0), "SIGTERM");
        await this.ended;
    }
}
