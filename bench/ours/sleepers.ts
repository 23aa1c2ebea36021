// A process that stands for hosts: `sleepers.ts FILE`, in the LAN's network. Says a line once it listens at all of their addresses.
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { type Connection, Server } from "ssh2";

/** A host that answers one command, with what it has said before. */
export interface Sleeper {
    readonly address: string;
    readonly hostKey: string;
    /** Milliseconds that it computed for it. */
    readonly computed: number;
    readonly asked: string;
    readonly says: string;
}

void main();

async function main(): Promise<void> {
    const [file = ""] = process.argv.slice(2);
    const sleepers = JSON.parse(readFileSync(file, "utf8")) as Sleeper[];
    await Promise.all(sleepers.map(listen));
    console.log("asleep");
}

async function listen({ address, hostKey, ...answer }: Sleeper): Promise<void> {
    const server = new Server({ hostKeys: [hostKey] }, (client) => {
        serve(client, answer);
    });
    await new Promise<void>((resolve) => {
        server.listen(22, address, resolve);
    });
}

function serve(
    client: Connection,
    { computed, asked, says }: Pick<Sleeper, "computed" | "asked" | "says">,
): void {
    client.on("error", () => undefined);
    client.on("authentication", (context) => {
        if (context.method === "publickey") {
            context.accept();
        } else {
            context.reject(["publickey"]);
        }
    });
    client.on("session", (accept) => {
        accept().on("exec", (acceptCommand, rejectCommand, { command }) => {
            if (command !== asked) {
                rejectCommand();
                return;
            }
            const channel = acceptCommand();
            void setTimeout(computed).then(() => {
                channel.write(says);
                channel.exit(0);
                channel.end();
            });
        });
    });
}
