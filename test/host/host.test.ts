import * as pulumi from "@pulumi/pulumi";
import { Host, type HostArgs } from "../../components";
import { probe } from "../../components/remote/probe";
import { answered, connection, host, HOST_KEY, PRIVATE_KEY, refusal } from "../support/builders";
import { SshAgent } from "../support/sshagent";
import { Machine, mockedStack, resource, resources, valueOf } from "../support/mocks";

jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));
const probed = jest.mocked(probe);

const STACK = "crosshost-demo-79f8e4";

beforeEach(async () => {
    await mockedStack();
    probed.mockReset();
    probed.mockResolvedValue(answered({ absent: "t7" }));
});

describe("a host registers", () => {
    test("itself and the command that installs its program", async () => {
        host("vm1", 11);
        const all = (await resources()).map(({ type, name, parent }) => [type, name, parent]);
        expect(all).toEqual([
            ["crosshost:index:Host", "vm1", undefined],
            ["command:remote:Command", "vm1-converger", "vm1"],
        ]);
    });

    test("a command whose text does not change with the version", async () => {
        host("vm1", 11, { become: "sudo" });
        const { inputs, secrets, dependencies, deletedWith } = await resource("vm1-converger");
        expect(inputs["create"]).toMatch(
            /^env sh -c 'exec sudo -n [^']+' sh '[^']+ install crosshost-demo-79f8e4' crosshost$/,
        );
        expect(inputs["delete"]).toMatch(
            /^env sh -c 'exec sudo -n [^']+' sh '[^']+ uninstall crosshost-demo-79f8e4' crosshost$/,
        );
        expect(`${String(inputs["create"])}${String(inputs["delete"])}`).not.toMatch(
            /0\.1\.0|abab/,
        );
        expect(inputs).not.toHaveProperty("triggers");
        expect(inputs).not.toHaveProperty("environment");
        expect(secrets).toEqual(["connection"]);
        expect(dependencies).toEqual([]);
        expect(deletedWith).toBeUndefined();
    });

    test("a unit with the program packed after it, as comments", async () => {
        host("vm1", 11);
        const stdin = String((await resource("vm1-converger")).inputs["stdin"]);
        expect(stdin).toMatch(
            new RegExp(
                `^boot crosshost-${STACK}-links\\.service: before docker\\.service\n` +
                    `boot crosshost-${STACK}-rules\\.service: after docker\\.service\n` +
                    "converger: 0\\.1\\.0 abababababababab\n" +
                    "underlay 192\\.168\\.40\\.11: mtu 1280\n" +
                    "seen: t7\nowner: crosshost/demo vm1-converger 0c9c4185\n(# [A-Za-z0-9+/=]+\n)+$",
            ),
        );
    });

    test("more patience with a machine that is just being made", async () => {
        const machine = new Machine("vm");
        host("vm1", 11, { machine });
        host("vm2", 12);
        const fresh = await resource("vm1-converger");
        expect(fresh.inputs["connection"]).toMatchObject({ dialErrorLimit: 10 });
        expect(fresh.deletedWith).toBe("vm");
        const running = await resource("vm2-converger");
        expect(running.inputs["connection"]).toMatchObject({ dialErrorLimit: 1 });
    });
});

describe("a connection", () => {
    test("is passed on whole, proxy and all, but not what is Crosshost's own", async () => {
        const login = { host: "jump.example", user: "ops", port: 2222, hostKey: HOST_KEY };
        const agent = await SshAgent.start();
        new Host("vm1", {
            connection: connection("192.168.40.11", {
                user: "ops",
                port: 2200,
                password: "hunter2",
                privateKeyPassword: "open sesame",
                agentSocketPath: agent.path,
                proxy: { ...login, privateKey: PRIVATE_KEY },
            }),
        });
        expect((await resource("vm1-converger")).inputs["connection"]).toEqual({
            host: "192.168.40.11",
            user: "ops",
            port: 2200,
            password: "hunter2",
            privateKey: PRIVATE_KEY,
            privateKeyPassword: "open sesame",
            agentSocketPath: agent.path,
            hostKey: HOST_KEY,
            dialErrorLimit: 1,
            perDialTimeout: 5,
            proxy: {
                ...login,
                privateKey: PRIVATE_KEY,
                dialErrorLimit: 1,
                perDialTimeout: 5,
            },
        });
        await agent.stop();
    });

    test("is asked once for a host and run, with all values known", async () => {
        const key = pulumi.secret(Promise.resolve(PRIVATE_KEY));
        const to = { host: pulumi.output("192.168.40.11"), privateKey: key, hostKey: HOST_KEY };
        new Host("vm1", { connection: to, become: "sudo" });
        await resources();
        expect(probed.mock.calls).toEqual([
            [
                { host: "192.168.40.11", privateKey: PRIVATE_KEY, hostKey: HOST_KEY },
                "sudo",
                STACK,
                expect.objectContaining({ hash: "abababababababab" }),
                expect.any(Function),
            ],
        ]);
    });

    test("that is not known yet is not asked", async () => {
        await mockedStack({ preview: true });
        const vm = new Machine("vm");
        new Host("vm1", {
            connection: { host: vm.address, privateKey: PRIVATE_KEY, hostKey: HOST_KEY },
        });
        await resources();
        expect(probed).not.toHaveBeenCalled();
    });
});

describe("the address by which others reach a host", () => {
    test.each<[string, HostArgs, string]>([
        ["the connection's", { connection: connection("192.168.40.11") }, "192.168.40.11"],
        ["none for a name", { connection: connection("vm1.example") }, ""],
        [
            "the one given",
            { connection: connection("vm1.example"), address: "10.0.0.5" },
            "10.0.0.5",
        ],
        [
            "one that comes late",
            { connection: connection("vm1.example"), address: Promise.resolve("10.0.0.5") },
            "10.0.0.5",
        ],
    ])("%s", async (_, args, expected) => {
        expect(await valueOf(new Host("vm1", args).address)).toBe(expected);
    });
});

describe("refused, before anything is registered", () => {
    async function refused(args: object): Promise<string[]> {
        const said = refusal(() => new Host("vm1", args as HostArgs));
        expect(await resources()).toEqual([]);
        expect(said).not.toMatch(/hunter2|PRIVATE|c2VjcmV0|open sesame/);
        const [head, ...rest] = said.split("\n    ");
        expect(head).toBe('Host "vm1" cannot be made:');
        return rest;
    }
    const scan = (line: string) =>
        `is missing: run \`${line}\`, compare the key with the one the machine's console shows, ` +
        "and write it without the first word; or write insecureIgnoreHostKey: true";
    const to = (more: object) => ({ connection: { ...connection("192.168.40.11"), ...more } });

    test.each<[string, object, string[]]>([
        ["nothing", {}, ["connection: is missing"]],
        [
            "an empty connection",
            { connection: {} },
            [
                "connection.host: is missing",
                `connection.hostKey: ${scan("ssh-keyscan -t ed25519 HOST")}`,
            ],
        ],
        [
            "no host key",
            to({ hostKey: undefined }),
            [`connection.hostKey: ${scan("ssh-keyscan -t ed25519 192.168.40.11")}`],
        ],
        [
            "no host key, another port",
            to({ hostKey: undefined, port: 2222 }),
            [`connection.hostKey: ${scan("ssh-keyscan -t ed25519 -p 2222 192.168.40.11")}`],
        ],
        [
            "no host key of the jump host",
            to({ proxy: { host: "jump.example" } }),
            [`connection.proxy.hostKey: ${scan("ssh-keyscan -t ed25519 jump.example")}`],
        ],
        [
            "insecureIgnoreHostKey that says no",
            to({ insecureIgnoreHostKey: false }),
            ["connection.insecureIgnoreHostKey: false must be true"],
        ],
        [
            "a line of known_hosts",
            to({ hostKey: `vm1 ${HOST_KEY}` }),
            [
                `connection.hostKey: "vm1 ${HOST_KEY}" must not start with the host's name, as a line of known_hosts does: leave out the first word`,
            ],
        ],
        [
            "a private key for a host key: not shown",
            to({ hostKey: PRIVATE_KEY }),
            [
                'connection.hostKey: is not a host key as in authorized_keys: "ssh-ed25519 AAAA...", without the host name',
            ],
        ],
        [
            "types of host keys that not all take who log in",
            to({ hostKey: "ssh-dss AAAA", proxy: { host: "jump", hostKey: "ssh-rsa AAAA" } }),
            [
                'connection.hostKey: "ssh-dss AAAA" must be of type ssh-ed25519 or ecdsa-sha2-nistp256, not ssh-dss; `ssh-keyscan -t ed25519 HOST` prints the right one, after the host\'s name',
                'connection.proxy.hostKey: "ssh-rsa AAAA" must be of another type: with ssh-rsa the command plugin requests SHA-1 signatures, which sshd no longer makes; `ssh-keyscan -t ed25519 HOST` prints the right one, after the host\'s name',
            ],
        ],
        [
            "names that a shell or ssh would read as something else",
            to({ host: "-oProxyCommand=id", user: "a b", agentSocketPath: "agent sock" }),
            [
                'connection.host: "-oProxyCommand=id" is not a host name or an IPv4 address',
                'connection.user: "a b" is not a user name',
                'connection.agentSocketPath: "agent sock" is not an absolute path of letters, digits and _ . , : @ / + = -',
            ],
        ],
        [
            "secrets of the wrong type: not shown",
            to({ privateKey: { pem: PRIVATE_KEY }, password: ["hunter2"], privateKeyPassword: 1 }),
            [
                "connection.password: must be a string",
                "connection.privateKey: must be a string",
                "connection.privateKeyPassword: must be a string",
            ],
        ],
        [
            "a connection as a URL: not shown",
            { connection: "ssh://root:hunter2@vm1" },
            ["connection: must be an object, { ... }"],
        ],
        [
            "registry logins",
            { ...to({}), registryAuth: [{ address: "", password: 5, user: "x" }] },
            [
                'registryAuth[0].address: "" is empty',
                "registryAuth[0].username: is missing",
                "registryAuth[0].password: must be a string",
                "registryAuth[0]: unknown argument user",
            ],
        ],
        [
            "many mistakes at once",
            {
                ...to({ port: 0, hostkey: HOST_KEY, hostKey: undefined }),
                become: "doas",
                address: "vm1.example",
                id: 0,
                mtu: 100,
                strict: "yes",
                name: "x",
            },
            [
                "connection.port: 0 must be a whole number, 1 to 65535",
                "connection: unknown argument hostkey",
                `connection.hostKey: ${scan("ssh-keyscan -t ed25519 192.168.40.11")}`,
                'become: "doas" must be "sudo"',
                'address: "vm1.example" is not an IPv4 address, such as 192.168.40.11',
                "id: 0 must be a whole number, 1 to 65534",
                "mtu: 100 must be a whole number, 576 to 65535",
                'strict: "yes" must be true or false',
                "unknown argument name",
            ],
        ],
    ])("%s", async (_, args, expected) => {
        expect(await refused(args)).toEqual(expected);
    });

    test("a connection that is an output as a whole", async () => {
        const late = pulumi.secret(connection("192.168.40.11"));
        expect(await refused({ connection: late })).toEqual([
            "connection: must be an object literal; its fields may be Outputs, the object itself may not",
        ]);
    });

    test("no arguments at all", async () => {
        const none = JSON.parse("null") as object;
        expect(await refused(none)).toEqual(["connection: is missing"]);
    });
});
