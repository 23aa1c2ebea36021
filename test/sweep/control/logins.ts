import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { lab } from "../../support/lab";

/**
 * Asks a host's sshd for its first words, by the way that the client has: through the gateway. Whoever leaves without a login
 * is punished for 1 s (PerSourcePenalties of OpenSSH 9.8), so that more often would shut the client out.
 */
export class Logins {
    readonly #asking: ChildProcess;
    #answers = [Date.now()];

    constructor(host: string) {
        const { internet, hosts } = lab();
        const ask = `timeout 2 bash --norc -c 'exec 3<>/dev/tcp/${hosts[host]?.address ?? ""}/22; read -r word <&3; echo "$word"'`;
        const script = `while :; do ${ask}; sleep 1.5; done 2>/dev/null`;
        this.#asking = spawn("ip", ["netns", "exec", internet.namespace, "sh", "-c", script], {
            detached: true,
            stdio: ["ignore", "pipe", "ignore"],
        });
        const { stdout } = this.#asking;
        if (stdout) {
            createInterface(stdout).on("line", (line) => {
                if (line.startsWith("SSH-2.0")) {
                    this.#answers.push(Date.now());
                }
            });
        }
    }

    /** Until it answers once more, be it for the last time. */
    async longestSilence(): Promise<number> {
        const count = this.#answers.length;
        for (let tries = 300; tries > 0 && this.#answers.length === count; tries--) {
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
        process.kill(-(this.#asking.pid ?? 0), "SIGTERM");
        const times = [...this.#answers, Date.now()];
        return Math.max(...times.slice(1).map((time, at) => time - (times[at] ?? 0)));
    }
}
