import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentProtocol, utils } from "ssh2";

/** An SSH agent in this process, that holds one key, or none. */
export class SshAgent {
    readonly #folder = mkdtempSync(join(tmpdir(), "crosshost-agent-"));
    readonly #server: Server;
    readonly path = join(this.#folder, "agent");

    private constructor(privateKey: string | undefined) {
        const key = privateKey === undefined ? undefined : utils.parseKey(privateKey);
        if (key instanceof Error) {
            throw key;
        }
        this.#server = createServer((socket) => {
            const protocol = new AgentProtocol(false);
            protocol.on("identities", (request) => {
                protocol.getIdentitiesReply(request, key ? [key] : []);
            });
            protocol.on("sign", (request, _pubKey, data, { hash }) => {
                if (key) {
                    protocol.signReply(request, key.sign(data, hash));
                }
            });
            socket.pipe(protocol).pipe(socket);
            socket.on("error", () => undefined);
        });
    }

    static async start(privateKey?: string): Promise<SshAgent> {
        const agent = new SshAgent(privateKey);
        await new Promise<void>((resolve) => {
            agent.#server.listen(agent.path, resolve);
        });
        return agent;
    }

    async stop(): Promise<void> {
        await new Promise((resolve) => {
            this.#server.close(resolve);
        });
        rmSync(this.#folder, { recursive: true, force: true });
    }
}
