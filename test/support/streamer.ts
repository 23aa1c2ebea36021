// streamer.ts FILE HOST...: keeps connections to hosts until SIGTERM, and writes what became of them (streams.ts) to the file. It is there
// when all of them carry something.
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { lab, on, programOn, run } from "./lab";
import { type Stream } from "./streams";

const EACH_MS = 5;
const BLOCK = 16 * 1024;
/** More than that is not sent before it has come back. */
const AHEAD = 16 * BLOCK;
const COUNT = "n=0; while n=$((n + 1)); do echo $n; sleep 0.02; done";

type Watched = Pick<Stream, "broken" | "bytes" | "silence">;
interface Connection {
    /** Whatever is still silent by now is silent up to now. */
    readonly told: () => Watched;
    readonly close: () => void;
}

const [, , file = "", ...hosts] = process.argv;

async function main(): Promise<void> {
    const before = hosts.map(resentBy);
    const logins = await Promise.all(hosts.map(login));
    const echoes = await Promise.all(hosts.map(echo));
    writeFileSync(file, "[]");
    process.on("SIGTERM", () => {
        const told = hosts.map((_, at) =>
            [logins[at], echoes[at]].flatMap((one) => one?.told() ?? []),
        );
        const streams = hosts.map((host, at): Stream => {
            const watched = told[at] ?? [];
            return {
                host,
                broken: watched.flatMap(({ broken }) => broken),
                bytes: watched.reduce((sum, { bytes }) => sum + bytes, 0),
                silence: Math.max(...watched.map(({ silence }) => silence)),
                retransmitted: {
                    byHost: resentBy(host) - (before[at] ?? 0),
                    toHost: resentTo(echoes[at]?.port ?? 0),
                },
            };
        });
        writeFileSync(file, JSON.stringify(streams));
        [...logins, ...echoes].forEach(({ close }) => {
            close();
        });
        process.exit(0);
    });
}

/** A number every 20 ms, by SSH. */
async function login(host: string): Promise<Connection> {
    const words = ["-nF", lab().sshConfigFile, "-o", "BatchMode=yes", host, COUNT];
    const child = spawn("ssh", words, { stdio: ["ignore", "pipe", "ignore"] });
    let [next, text] = [1, ""];
    const watch = new Watch("ssh");
    child.stdout.setEncoding("utf8").on("data", (data: string) => {
        watch.heard(data.length);
        const lines = `${text}${data}`.split("\n");
        text = lines.pop() ?? "";
        lines.forEach((line) => {
            watch.expect(line === String(next));
            next += 1;
        });
    });
    child.on("exit", () => {
        watch.ended();
    });
    await watch.begun;
    return { told: () => watch.told(), close: () => child.kill() };
}

/** Blocks to the host's `cat` and back. */
async function echo(host: string): Promise<Connection & { readonly port: number }> {
    const watch = new Watch("stream");
    let child: ChildProcess | undefined;
    let port = 0;
    const server = createServer((socket) => {
        pump(socket, watch);
    });
    server.listen(0, () => {
        ({ port } = server.address() as { port: number });
        const here = lab().lan.cidr.replace(/\.0\/24$/, ".1");
        const script = `exec 3<>/dev/tcp/${here}/${port}; exec cat <&3 >&3`;
        child = spawn(...programOn(host, "bash", "--norc", "-c", script), { stdio: "ignore" });
    });
    await watch.begun;
    return { port, told: () => watch.told(), close: () => child?.kill() };
}

/** Each byte tells where in the stream it is. */
function pump(socket: Socket, watch: Watch): void {
    const pattern = Buffer.from(
        Array.from({ length: BLOCK }, (_, at) => (at * 7 + (at >> 8)) % 256),
    );
    let [sent, back] = [0, 0];
    const timer = setInterval(() => {
        if (sent - back < AHEAD) {
            socket.write(pattern);
            sent += BLOCK;
        }
    }, EACH_MS);
    socket.setNoDelay(true);
    socket.on("data", (data) => {
        watch.heard(data.length);
        for (let at = 0; at < data.length;) {
            const from = (back + at) % BLOCK;
            const length = Math.min(BLOCK - from, data.length - at);
            watch.expect(
                pattern.subarray(from, from + length).equals(data.subarray(at, at + length)),
            );
            at += length;
        }
        back += data.length;
    });
    const end = () => {
        clearInterval(timer);
        watch.ended();
    };
    socket.on("error", end).on("close", end);
}

class Watch {
    readonly #broken = new Set<string>();
    #bytes = 0;
    #silence = 0;
    #last = 0;
    #begin: () => void = () => undefined;
    readonly begun = new Promise<void>((resolve) => {
        this.#begin = resolve;
    });

    constructor(private readonly what: string) {}

    heard(bytes: number): void {
        const now = Date.now();
        this.#silence = Math.max(this.#silence, now - (this.#last || now));
        this.#last = now;
        this.#bytes += bytes;
        this.#begin();
    }

    expect(met: boolean): void {
        if (!met) {
            this.#broken.add(`${this.what}: other bytes than were sent`);
        }
    }

    ended(): void {
        this.#broken.add(`${this.what}: ended`);
    }

    told(): Watched {
        const silence = Math.max(this.#silence, Date.now() - this.#last);
        return { broken: [...this.#broken], bytes: this.#bytes, silence };
    }
}

function resentBy(host: string): number {
    const line = on(host, "nstat -asz TcpRetransSegs | grep TcpRetransSegs");
    return Number(line.trim().split(/\s+/)[1]);
}

/** `retrans:NOW/ALL`, which is left out where it is none. */
function resentTo(port: number): number {
    const shown = run("ss", ["-tinH", "state", "established", `sport = :${port}`]);
    return Number(/ retrans:\d+\/(\d+)/.exec(shown)?.[1] ?? 0);
}

void main();
