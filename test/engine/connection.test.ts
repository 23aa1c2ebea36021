// How remote.Command of the published plugin 1.2.1 reaches a host: a table of facts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { remoteCommand } from "../../lab/pulumi/command/remote";
import { text, type ValueMap } from "../../lab/pulumi/plugin/values";
import { SshAgent } from "../support/sshagent";
import { closeAll, facts, operation } from "./operation";
import {
    CLIENT_KEY,
    closedPort,
    LOCKED_KEY,
    OTHER_KEY,
    PASSPHRASE,
    PASSWORD,
    silentPort,
    SshHost,
    stopHosts,
} from "./sshHost";

const folder = mkdtempSync(join(tmpdir(), "crosshost-agent-"));
const agents: SshAgent[] = [];

beforeAll(() => {
    delete process.env["SSH_AUTH_SOCK"];
});

afterAll(() => {
    closeAll();
    stopHosts();
    agents.forEach((agent) => void agent.stop());
    rmSync(folder, { recursive: true });
});

async function run(connection: ValueMap, doing = operation({})): Promise<string> {
    const { outputs } = await remoteCommand.create({ connection, create: "echo ran" }, doing);
    return text(outputs["stdout"]) ?? "";
}

async function failure(connection: ValueMap, doing = operation({})): Promise<string> {
    return run(connection, doing).then(
        () => "nothing failed",
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
}

const UNAUTHENTICATED =
    "ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain";

facts("connections", [
    [
        "each operation has one of its own, and none is closed before the plugin ends",
        async () => {
            const host = await SshHost.start();
            const inputs = { connection: host.connection, create: "true" };
            const { outputs } = await remoteCommand.create(inputs, operation({}));
            await remoteCommand.update("id", inputs, outputs, operation({}));
            await remoteCommand.delete("id", { ...outputs, delete: "true" }, operation({}));
            expect(host).toMatchObject({ connections: 3, open: 3 });
        },
    ],
    [
        "a preview makes none",
        async () => {
            const host = await SshHost.start();
            remoteCommand.preview({ connection: host.connection, create: "true" }, undefined);
            expect(host.connections).toBe(0);
        },
    ],
    [
        "dialErrorLimit is how many failures are put up with: one more ends it",
        async () => {
            const port = await closedPort();
            const doing = operation({});
            const host = { host: "127.0.0.1", port, privateKey: CLIENT_KEY.private };
            expect(await failure({ ...host, dialErrorLimit: 2 }, doing)).toBe(
                `after 2 failed attempts: dial tcp 127.0.0.1:${port}: connect: connection refused`,
            );
            expect(doing.messages.map(({ message }) => message)).toEqual([
                "Dial 1/2 failed: retrying",
                "Dial 2/2 failed: retrying",
            ]);
            expect(await failure({ ...host, dialErrorLimit: 0 })).toContain(
                "after 0 failed attempts",
            );
        },
    ],
    [
        "-1 is no limit; Ctrl-C and customTimeouts end the dialing",
        async () => {
            const connection = {
                host: "127.0.0.1",
                port: await closedPort(),
                privateKey: CLIENT_KEY.private,
                dialErrorLimit: -1,
            };
            const doing = operation({}, AbortSignal.timeout(400));
            expect(await failure(connection, doing)).toBe("context deadline exceeded");
            expect(doing.messages[0]?.message).toBe("Dial 1/inf failed: retrying");
            expect(await failure(connection, operation({}, AbortSignal.abort()))).toBe(
                "context canceled",
            );
        },
    ],
    [
        "a login that is refused is tried again as a dial that failed is",
        async () => {
            const host = await SshHost.start();
            const connection = {
                ...host.connection,
                privateKey: OTHER_KEY.private,
                dialErrorLimit: 2,
            };
            expect(await failure(connection)).toBe(`after 2 failed attempts: ${UNAUTHENTICATED}`);
            expect(host.connections).toBe(3);
        },
    ],
    [
        "perDialTimeout is for TCP alone: a host that accepts and says nothing is waited for",
        async () => {
            const silent = await silentPort();
            const connection = {
                host: "127.0.0.1",
                port: silent.port,
                privateKey: CLIENT_KEY.private,
                perDialTimeout: 1,
                dialErrorLimit: 0,
            };
            let ended = false;
            const failed = failure(connection).finally(() => (ended = true));
            await new Promise((resolve) => setTimeout(resolve, 1300));
            expect(ended).toBe(false);
            silent.close();
            expect(await failed).toMatch(/^after 0 failed attempts: ssh: handshake failed: /);
        },
    ],
]);

facts("host keys", [
    [
        "the right one is taken, with a comment behind it as well",
        async () => {
            const { connection, hostKey } = await SshHost.start();
            expect(await run({ ...connection, hostKey: `${hostKey} root@vm1` })).toBe("ran");
        },
    ],
    [
        "a wrong one is refused, after the usual tries",
        async () => {
            const { connection } = await SshHost.start();
            expect(await failure({ ...connection, hostKey: OTHER_KEY.public })).toBe(
                "after 0 failed attempts: ssh: handshake failed: ssh: host key mismatch",
            );
        },
    ],
    [
        "without one, any host is trusted",
        async () => {
            const { hostKey, ...connection } = (await SshHost.start()).connection;
            expect(hostKey).toBeTruthy();
            expect(await run(connection)).toBe("ran");
        },
    ],
    [
        "what is no key fails before anything is dialed",
        async () => {
            const host = await SshHost.start();
            expect(await failure({ ...host.connection, hostKey: "SHA256:abc" })).toBe(
                "failed to parse host key: ssh: no key found",
            );
            expect(host.connections).toBe(0);
        },
    ],
    [
        "only the algorithm of the key's own name is asked for: of RSA keys SHA-1's, which new servers lack",
        async () => {
            const host = await SshHost.start({ hostKey: "rsa" });
            expect(await run(host.connection)).toBe("ran");
            const { hostKey, ...connection } = host.connection;
            expect(hostKey).toMatch(/^ssh-rsa /);
            expect(await run(connection)).toBe("ran");
            expect(host.hostKeyAlgorithms).toEqual(["ssh-rsa", "rsa-sha2-512"]);
        },
    ],
]);

facts("ways to log in", [
    [
        "a key with a passphrase",
        async () => {
            const { connection } = await SshHost.start();
            const locked = { ...connection, privateKey: LOCKED_KEY.private };
            expect(await run({ ...locked, privateKeyPassword: PASSPHRASE })).toBe("ran");
            expect(await failure(locked)).toBe("ssh: this private key is passphrase protected");
            expect(await failure({ ...locked, privateKeyPassword: "wrong" })).toBe(
                "x509: decryption password incorrect",
            );
        },
    ],
    [
        "what is no key fails before anything is dialed",
        async () => {
            const host = await SshHost.start();
            expect(await failure({ ...host.connection, privateKey: "/root/.ssh/id" })).toBe(
                "ssh: no key found",
            );
            expect(host.connections).toBe(0);
        },
    ],
    [
        "a password, as such or where the server asks for it",
        async () => {
            for (const takes of ["password", "keyboard-interactive"] as const) {
                const host = await SshHost.start({ takes });
                const { privateKey, ...connection } = host.connection;
                expect(privateKey).toBeTruthy();
                expect(await run({ ...connection, password: PASSWORD })).toBe("ran");
                expect(host.attempts).toEqual(["none", takes]);
            }
        },
    ],
    [
        "a key is tried before a password",
        async () => {
            const host = await SshHost.start({ takes: "password" });
            const both = { ...host.connection, privateKey: OTHER_KEY.private, password: PASSWORD };
            expect(await run(both)).toBe("ran");
            expect([...new Set(host.attempts)]).toEqual(["none", "publickey", "password"]);
        },
    ],
    [
        "an agent, by its path or by SSH_AUTH_SOCK",
        async () => {
            const { connection } = await SshHost.start();
            const { privateKey, ...keyless } = connection;
            const agentSocketPath = await agentWith(privateKey);
            expect(await run({ ...keyless, agentSocketPath })).toBe("ran");
            process.env["SSH_AUTH_SOCK"] = agentSocketPath;
            expect(await run(keyless)).toBe("ran");
            delete process.env["SSH_AUTH_SOCK"];
        },
    ],
    [
        "an empty SSH_AUTH_SOCK names none",
        async () => {
            const { connection } = await SshHost.start();
            process.env["SSH_AUTH_SOCK"] = "";
            expect(await run(connection)).toBe("ran");
            delete process.env["SSH_AUTH_SOCK"];
        },
    ],
    [
        "beside a key that is refused, the agent is not asked",
        async () => {
            const { connection } = await SshHost.start();
            const agentSocketPath = await agentWith(connection.privateKey);
            const refused = { ...connection, privateKey: OTHER_KEY.private, agentSocketPath };
            expect(await failure(refused)).toBe(`after 0 failed attempts: ${UNAUTHENTICATED}`);
        },
    ],
    [
        "an agent's socket that is dead fails every command, also beside a good key",
        async () => {
            const host = await SshHost.start();
            const agentSocketPath = join(folder, "nobody");
            expect(await failure({ ...host.connection, agentSocketPath })).toBe(
                `dial unix ${agentSocketPath}: connect: no such file or directory`,
            );
            expect(host.connections).toBe(0);
        },
    ],
]);

facts("one jump", [
    [
        "the proxy has a connection of its own, and forwards to the host",
        async () => {
            const jump = await SshHost.start();
            const host = await SshHost.start();
            expect(await run({ ...host.connection, proxy: jump.connection })).toBe("ran");
            expect(jump.forwards).toEqual([`127.0.0.1:${host.port}`]);
            expect([jump.connections, host.connections]).toEqual([1, 1]);
        },
    ],
    [
        "what fails at the proxy, or from it, is told as the proxy's",
        async () => {
            const jump = await SshHost.start();
            const host = await SshHost.start();
            const refused = { ...jump.connection, privateKey: OTHER_KEY.private };
            expect(await failure({ ...host.connection, proxy: refused })).toBe(
                `proxy: after 0 failed attempts: ${UNAUTHENTICATED}`,
            );
            const nowhere = { ...host.connection, port: await closedPort() };
            expect(await failure({ ...nowhere, proxy: jump.connection })).toMatch(
                /^proxy: after 0 failed attempts: ssh: rejected: connect failed/,
            );
            const stranger = { ...host.connection, privateKey: OTHER_KEY.private };
            expect(await failure({ ...stranger, proxy: jump.connection })).toBe(
                `proxy: after 0 failed attempts: ${UNAUTHENTICATED}`,
            );
        },
    ],
    [
        "a login to the host behind it is tried again over the same, dead way",
        async () => {
            const jump = await SshHost.start();
            const host = await SshHost.start();
            const stranger = {
                ...host.connection,
                privateKey: OTHER_KEY.private,
                dialErrorLimit: 1,
            };
            expect(await failure({ ...stranger, proxy: jump.connection })).toBe(
                "proxy: after 1 failed attempts: ssh: handshake failed: EOF",
            );
            expect(host.connections).toBe(1);
        },
    ],
]);

async function agentWith(privateKey: string): Promise<string> {
    const agent = await SshAgent.start(privateKey);
    agents.push(agent);
    return agent.path;
}
