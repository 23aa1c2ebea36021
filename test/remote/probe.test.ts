import { Socket } from "node:net";
import { type ServerChannel } from "ssh2";
import { SEND_PROGRAM } from "../../components/remote/commands";
import { probe } from "../../components/remote/probe";
import { type Connection } from "../../components/remote/ssh";
import { PROGRAM } from "../support/program";
import { SshAgent } from "../support/sshagent";
import {
    answer,
    CLIENT_KEY,
    OTHER_KEY,
    PASSWORD,
    SERVER_HOST_KEY,
    silentServer,
    SshServer,
} from "../support/sshserver";

const ANSWER = "crosshost 1\nabsent t1\nend\n";
const told: string[] = [];
const servers: { stop: () => Promise<void> }[] = [];

/** A host whose shell behaves as the given function. */
async function hostThat(...args: Parameters<typeof SshServer.start>): Promise<SshServer> {
    const server = await SshServer.start(...args);
    servers.push(server);
    return server;
}

/** Asks for the program, reads it to its end, then answers. */
function lacksTheProgram(received: { text: string }) {
    return (channel: ServerChannel) => {
        channel.write(`${SEND_PROGRAM}\n`);
        channel.on("data", (data: Buffer) => {
            received.text += data.toString();
        });
        channel.on("end", () => {
            answer(channel, ANSWER);
        });
    };
}

function ask(connection: Connection, become?: "sudo") {
    return probe(connection, become, "crosshost-demo-79f8e4", PROGRAM, (waiting) => {
        told.push(waiting);
    });
}

const agent = process.env["SSH_AUTH_SOCK"];
beforeEach(() => {
    delete process.env["SSH_AUTH_SOCK"];
});
afterEach(async () => {
    told.length = 0;
    await Promise.all(servers.splice(0).map((server) => server.stop()));
});
afterAll(() => {
    if (agent !== undefined) {
        process.env["SSH_AUTH_SOCK"] = agent;
    }
});

describe("a host that answers", () => {
    test("after another run is done there, for which it is said at once to wait", async () => {
        const host = await hostThat((channel) => {
            channel.stderr.write("crosshost: waiting for `apply a b` (process 1, for 2 s)\n");
            setTimeout(() => {
                answer(channel, ANSWER);
            }, 50);
        });
        const asked = ask(host.login);
        expect((await asked).status).toBe("answered");
        expect(told).toEqual(["waiting for `apply a b` (process 1, for 2 s)"]);
    });

    test("runs its own copy of the program; one login, one command", async () => {
        const host = await hostThat((channel) => {
            answer(channel, ANSWER);
        });
        const result = await ask(host.login);
        expect(result).toMatchObject({ status: "answered", observation: { absent: "t1" } });
        expect(host).toMatchObject({ connections: 1, logins: 1 });
        expect(host.commands).toHaveLength(1);
        expect(host.commands[0]).toContain("observe crosshost-demo-79f8e4");
    });

    test("is sent the program where it lacks it, whole, over the same login", async () => {
        const received = { text: "" };
        const host = await hostThat(lacksTheProgram(received));
        const large = { ...PROGRAM, text: `# ${"x".repeat(300_000)}\n` };
        const result = await probe(host.login, undefined, "stack", large, () => undefined);
        expect(result).toMatchObject({ status: "answered", observation: { absent: "t1" } });
        expect(received.text).toBe(large.text);
        expect(host).toMatchObject({ connections: 1, logins: 1 });
    });

    test.each([
        ["runs the program", "Welcome!\ncrosshost 1\nabsent t1\nend\n"],
        ["asks for it", `Welcome!\n${SEND_PROGRAM}\n${ANSWER}`],
        ["starts a line", `Welcome!\n${SEND_PROGRAM}\n${ANSWER}Bye!\n`],
    ])("may greet everybody before it %s, which is told", async (_, text) => {
        const host = await hostThat((channel) => {
            answer(channel, text);
        });
        expect(await ask(host.login)).toMatchObject({
            observation: { absent: "t1" },
            printed: "Welcome!",
        });
    });

    test("while this program computes for longer than a host has to answer", async () => {
        const host = await hostThat((channel) => {
            answer(channel, ANSWER);
        });
        const asked = ask(host.login);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_500);
        expect(await asked).toMatchObject({ status: "answered" });
    });

    test("may send its answer in many small pieces", async () => {
        const host = await hostThat((channel) => {
            const pieces = `${SEND_PROGRAM}\n${ANSWER}`.match(/[^]{1,3}/g) ?? [];
            const next = () => {
                const piece = pieces.shift();
                if (piece === undefined) {
                    channel.exit(0);
                    channel.end();
                } else {
                    channel.write(piece);
                    setImmediate(next);
                }
            };
            next();
        });
        expect(await ask(host.login)).toMatchObject({ observation: { absent: "t1" } });
    });

    test("takes a password", async () => {
        const host = await hostThat((channel) => {
            answer(channel, ANSWER);
        });
        const login = { ...host.login, privateKey: undefined, password: PASSWORD };
        expect(await ask(login)).toMatchObject({ status: "answered" });
    });

    test("is reached over a jump host", async () => {
        const jump = await hostThat();
        const host = await hostThat((channel) => {
            answer(channel, ANSWER);
        });
        const result = await ask({ ...host.login, proxy: jump.login });
        expect(result).toMatchObject({ status: "answered" });
        expect(jump.forwards).toEqual([`127.0.0.1:${host.port}`]);
        expect(host.logins).toBe(1);
    });
});

describe("a host that answers, but not to us, is refused", () => {
    test("another host key: told before anything is offered to it", async () => {
        const host = await hostThat();
        const stranger =
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHotmore0000000000000000000000000000000000";
        const result = await ask({ ...host.login, hostKey: stranger, password: PASSWORD });
        expect(result).toEqual({
            status: "refused",
            reason: `root@127.0.0.1:${host.port} presents another host key than the one in hostKey: ${SERVER_HOST_KEY}`,
        });
        expect(host.attempts).toEqual([]);
    });

    test("no host key of the type wanted", async () => {
        const host = await hostThat();
        const result = await ask({ ...host.login, hostKey: "ecdsa-sha2-nistp256 AAAA" });
        expect(result).toEqual({
            status: "refused",
            reason: `root@127.0.0.1:${host.port} has no host key of the same type as hostKey`,
        });
    });

    test("insecureIgnoreHostKey takes any", async () => {
        const host = await hostThat((channel) => {
            answer(channel, ANSWER);
        });
        const result = await ask({
            ...host.login,
            hostKey: undefined,
            insecureIgnoreHostKey: true,
        });
        expect(result).toMatchObject({ status: "answered" });
    });

    test.each(["", "/nonexistent/agent.sock"])("wrong key, agent %j", async (socket) => {
        if (socket) {
            process.env["SSH_AUTH_SOCK"] = socket;
        }
        const host = await hostThat();
        const result = await ask({ ...host.login, privateKey: OTHER_KEY });
        expect(result).toEqual({
            status: "refused",
            reason: `root@127.0.0.1:${host.port} accepts none of the offered logins`,
        });
        expect(host).toMatchObject({ connections: 1, logins: 0 });
    });

    test("an agent is not asked beside a key, as the command plugin asks none there", async () => {
        const agent = await SshAgent.start(CLIENT_KEY);
        servers.push(agent);
        process.env["SSH_AUTH_SOCK"] = agent.path;
        const host = await hostThat((channel) => {
            answer(channel, ANSWER);
        });
        const { privateKey: _key, ...keyless } = host.login;
        expect(await ask(keyless)).toMatchObject({ status: "answered" });
        expect((await ask({ ...host.login, privateKey: OTHER_KEY })).status).toBe("refused");
    });

    test("a wrong password, also where each takes its time to be refused", async () => {
        const host = await hostThat(undefined, "forwards", 3_000);
        const login = { ...host.login, privateKey: undefined, password: "wrong" };
        expect(await ask(login)).toEqual({
            status: "refused",
            reason: `root@127.0.0.1:${host.port} accepts none of the offered logins`,
        });
        expect(host.attempts).toEqual(["none", "password", "keyboard-interactive"]);
    });

    test("a login that is refused, and a server that then hangs up", async () => {
        const host = await hostThat(undefined, "forwards", "hangs up");
        const login = { ...host.login, privateKey: undefined, password: "wrong" };
        expect(await ask(login)).toEqual({
            status: "refused",
            reason: `root@127.0.0.1:${host.port} accepts none of the offered logins`,
        });
    });

    test("a dead agent does not stand in the way of a key", async () => {
        process.env["SSH_AUTH_SOCK"] = "/nonexistent/agent.sock";
        const host = await hostThat((channel) => {
            answer(channel, ANSWER);
        });
        expect(await ask(host.login)).toMatchObject({ status: "answered" });
    });

    test("a key that is none, told without the key", async () => {
        const host = await hostThat();
        const result = await ask({ ...host.login, privateKey: "hunter2" });
        expect(result.status).toBe("refused");
        expect(JSON.stringify(result)).toContain("privateKey");
        expect(JSON.stringify(result)).not.toContain("hunter2");
    });

    test("sudo that asks for a password", async () => {
        const host = await hostThat((channel) => {
            answer(channel, "", 1, "sudo: a password is required\n");
        });
        expect(await ask(host.login, "sudo")).toEqual({
            status: "refused",
            reason: 'sudo does not let root run commands without a password (sudo: a password is required): write "root ALL=(ALL) NOPASSWD: ALL" into /etc/sudoers.d/root there',
        });
        expect(host.commands[0]).toContain(" sudo -n ");
    });

    const NONE = "sudo is not installed there: install it, or log in as root and leave out become";
    test.each([
        ["bash: line 1: sudo: command not found", NONE],
        ["sh: 1: exec: sudo: not found", NONE],
        ["ash: sudo: No such file or directory", NONE],
        [
            "sudo: sorry, you must have a tty to run sudo",
            'sudo wants a terminal there (sudo: sorry, you must have a tty to run sudo): write "Defaults:root !requiretty" into /etc/sudoers.d/root there',
        ],
        [
            "sudo: effective uid is not 0, is sudo installed setuid root?",
            "sudo does not work there for root: sudo: effective uid is not 0, is sudo installed setuid root?",
        ],
    ])("no sudo, as %s", async (said, reason) => {
        const host = await hostThat((channel) => {
            answer(channel, "", 1, `${said}\n`);
        });
        expect(await ask(host.login, "sudo")).toEqual({ status: "refused", reason });
    });

    test("all that the program refuses", async () => {
        const host = await hostThat((channel) => {
            answer(channel, "", 2, "crosshost: refused: one\ncrosshost: refused: two\n");
        });
        expect(await ask(host.login)).toEqual({ status: "refused", reason: "one\n    two" });
    });

    test("a login shell that is none", async () => {
        const host = await hostThat((channel) => {
            answer(channel, "This account is currently not available.\n", 1);
        });
        expect(await ask(host.login)).toEqual({
            status: "refused",
            reason: "This account is currently not available.",
        });
    });

    test("a program that fails, by its last line", async () => {
        const host = await hostThat((channel) => {
            answer(channel, "", 1, "warning\ncrosshost: no ip command\n");
        });
        expect(await ask(host.login)).toEqual({
            status: "refused",
            reason: "no ip command",
        });
    });

    test("an answer that is cut short", async () => {
        const host = await hostThat((channel) => {
            answer(channel, "crosshost 1\nabsent t1\n", 137);
        });
        expect(await ask(host.login)).toEqual({
            status: "refused",
            reason: "the probe ended with status 137",
        });
    });
});

describe("a host that does not answer is unreachable", () => {
    test("nobody listens", async () => {
        const host = await SshServer.start();
        const { login } = host;
        await host.stop();
        expect(await ask(login)).toEqual({
            status: "unreachable",
            reason: `root@127.0.0.1:${login.port} refuses the connection: no sshd listens there`,
        });
    });

    test("no such name", async () => {
        const result = await ask({ host: "vm1.invalid", privateKey: OTHER_KEY });
        expect(result.status).toBe("unreachable");
        expect(JSON.stringify(result)).toContain("root@vm1.invalid:22");
    });

    test("one that says nothing, or that the jump host never reaches, after 5 s", async () => {
        const silent = await silentServer();
        servers.push(silent);
        const jump = await hostThat(undefined, "hangs");
        const began = Date.now();
        const results = await Promise.all([
            ask({ host: "127.0.0.1", port: silent.port, privateKey: OTHER_KEY }),
            ask({ host: "192.0.2.1", privateKey: OTHER_KEY, proxy: jump.login }),
        ]);
        expect(results).toEqual([
            {
                status: "unreachable",
                reason: `root@127.0.0.1:${silent.port} does not answer within 5 s`,
            },
            {
                status: "unreachable",
                reason: "the jump host does not reach 192.0.2.1:22 within 5 s",
            },
        ]);
        expect(Date.now() - began).toBeLessThan(7_000);
    });

    test("whose connection is let go: a program that waited for it would not end before the kernel gives up", async () => {
        const silent = await silentServer();
        servers.push(silent);
        const connect = jest.spyOn(Socket.prototype, "connect");
        await ask({ host: "127.0.0.1", port: silent.port, privateKey: OTHER_KEY });
        expect(connect.mock.contexts).toEqual([expect.objectContaining({ destroyed: true })]);
        connect.mockRestore();
    });

    test("one that the jump host may not reach", async () => {
        const jump = await hostThat(undefined, "refuses");
        const result = await ask({ host: "192.0.2.1", privateKey: OTHER_KEY, proxy: jump.login });
        expect(result).toMatchObject({
            status: "unreachable",
            reason: expect.stringMatching(
                /^the jump host cannot reach 192\.0\.2\.1:22: /,
            ) as string,
        });
    });

    test("one that goes away in the middle", async () => {
        const host = await hostThat((channel) => {
            channel.write("crosshost 1\n");
            setTimeout(() => {
                host.hangUp();
            }, 20);
        });
        expect(await ask(host.login)).toEqual({
            status: "unreachable",
            reason: "the connection was lost before the answer was complete",
        });
    });
});
