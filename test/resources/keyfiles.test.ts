import { spawnSync } from "node:child_process";
import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
    keyFolder,
    removalOf,
    sshOptions,
    writeKeyFiles,
} from "../../components/resources/keyfiles";
import { machineTag } from "../../components/wire/identity";
import { HOST_KEY, PRIVATE_KEY } from "../support/builders";
import { mockedStack } from "../support/mocks";

let home = "";
jest.mock("node:os", () => ({
    ...jest.requireActual<object>("node:os"),
    userInfo: () => ({ homedir: home }),
}));

const agent = process.env["SSH_AUTH_SOCK"];
beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "crosshost-test-"));
    delete process.env["SSH_AUTH_SOCK"];
});
afterEach(() => {
    rmSync(home, { recursive: true });
});
afterAll(() => {
    if (agent !== undefined) {
        process.env["SSH_AUTH_SOCK"] = agent;
    }
});

const STACK = "crosshost-demo-79f8e4";
const login = { host: "192.168.40.11", privateKey: PRIVATE_KEY, hostKey: HOST_KEY };
const FOLDER = `~/.cache/crosshost/${STACK}/host-vm1-${machineTag(login)}/host`;

/** The values of `-o`, after the word that no other configuration counts. */
function options(...args: Parameters<typeof sshOptions>): string[] {
    const [config, none, ...words] = sshOptions(...args);
    expect([config, none]).toEqual(["-F", "none"]);
    expect(words.filter((_, at) => at % 2 === 0)).toEqual(Array(words.length / 2).fill("-o"));
    return words.filter((_, at) => at % 2 === 1);
}

test("key and host key are files under the home directory, named by ~", () => {
    expect(options(login, STACK, "vm1")).toEqual([
        "BatchMode=yes",
        "ConnectTimeout=5",
        `IdentityFile=${FOLDER}/key`,
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "GlobalKnownHostsFile=/dev/null",
        "ControlPath=none",
        "HostKeyAlias=crosshost",
        "StrictHostKeyChecking=yes",
        `UserKnownHostsFile=${FOLDER}/known_hosts`,
    ]);
    expect(readdirSync(home)).toEqual([]);
    writeKeyFiles(login, STACK, "vm1");
    const real = FOLDER.replace("~", home);
    expect(readFileSync(join(real, "key"), "utf8")).toBe(`${PRIVATE_KEY}\n`);
    expect(readFileSync(join(real, "known_hosts"), "utf8")).toBe(`crosshost ${HOST_KEY}\n`);
});

test("nobody else can read them, and no temporary file is left", () => {
    writeKeyFiles(login, STACK, "vm1");
    writeKeyFiles(login, STACK, "vm1");
    const real = FOLDER.replace("~", home);
    expect(readdirSync(real).sort()).toEqual(["key", "known_hosts"]);
    expect(statSync(join(real, "key")).mode & 0o777).toBe(0o600);
    expect(statSync(real).mode & 0o777).toBe(0o700);
    expect(statSync(join(home, ".cache/crosshost")).mode & 0o777).toBe(0o700);
});

test("a host's name never leads out of the folder, nor into another option", () => {
    for (const name of ["../../../etc", "a b", "a/b", "-o x", "~root"]) {
        for (const option of options(login, STACK, name)) {
            expect(option).not.toMatch(/ |\.\.\//);
        }
        writeKeyFiles(login, STACK, name);
    }
    expect(readdirSync(home)).toEqual([".cache"]);
});

test("an accepted stranger is no known host", () => {
    const open = { host: "vm1", privateKey: PRIVATE_KEY, insecureIgnoreHostKey: true } as const;
    expect(options(open, STACK, "vm1").slice(-2)).toEqual([
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
    ]);
});

test("an agent needs no key file", () => {
    const { privateKey: _key, ...keyless } = login;
    const socket = { ...keyless, agentSocketPath: "/run/agent.sock" };
    expect(options(socket, STACK, "vm1")).toContain("IdentityAgent=/run/agent.sock");
    writeKeyFiles({ ...socket, hostKey: undefined, insecureIgnoreHostKey: true }, STACK, "vm1");
    expect(readdirSync(home)).toEqual([]);
    process.env["SSH_AUTH_SOCK"] = "/tmp/agent";
    const byEnvironment = options(keyless, STACK, "vm1").filter((option) =>
        option.startsWith("Identity"),
    );
    // Nor are keys tried that the user has for himself: the network's half logs in by the agent alone.
    expect(byEnvironment).toEqual(["IdentityFile=none"]);
});

test("the jump host has a key and a known host of its own, on one command line", () => {
    const proxy = { ...login, host: "jump.example", port: 2222, user: "ops" };
    const [proxyCommand = ""] = options({ ...login, proxy }, STACK, "vm1").slice(-1);
    expect(proxyCommand).toBe(
        "ProxyCommand=ssh -F none -o BatchMode=yes -o ConnectTimeout=5 " +
            `-o "IdentityFile=${FOLDER.replace(/\/host$/, "-proxy/proxy")}/key" -o IdentitiesOnly=yes -o IdentityAgent=none ` +
            "-o GlobalKnownHostsFile=/dev/null -o ControlPath=none " +
            "-o HostKeyAlias=crosshost -o StrictHostKeyChecking=yes " +
            `-o "UserKnownHostsFile=${FOLDER.replace(/\/host$/, "-proxy/proxy")}/known_hosts" ` +
            "-p 2222 -l ops -W %h:%p -- jump.example",
    );
    writeKeyFiles({ ...login, proxy: { ...proxy, privateKey: "other" } }, STACK, "vm1");
    const real = join(FOLDER.replace("~", home).replace(/\/host$/, "-proxy"));
    expect(readFileSync(join(real, "host/key"), "utf8")).toBe(`${PRIVATE_KEY}\n`);
    expect(readFileSync(join(real, "proxy/key"), "utf8")).toBe("other\n");
    expect(readFileSync(join(real, "proxy/known_hosts"), "utf8")).toBe(`crosshost ${HOST_KEY}\n`);
});

test.each([
    ["a password only", { host: "192.168.40.11", password: "hunter2", hostKey: HOST_KEY }],
    ["a key with a passphrase", { ...login, privateKeyPassword: "hunter2" }],
])("%s cannot make containers, and the message holds no secret", (_, given) => {
    expect(() => sshOptions(given, STACK, "vm1")).toThrow(
        "vm1: containers are created over OpenSSH, which needs a private key without a passphrase, " +
            "or an agent (agentSocketPath or $SSH_AUTH_SOCK): add one to the connection",
    );
});

describe("a login that needs other files has another folder", () => {
    const { privateKey: _key, ...keyless } = login;
    const agent = { ...keyless, agentSocketPath: "/run/agent.sock" };
    const jump = { ...login, host: "jump.example" };

    test.each<[string, Parameters<typeof keyFolder>[0], string]>([
        ["by a key", login, ""],
        ["by another key, which is written over it", { ...login, privateKey: "other" }, ""],
        ["by an agent", agent, "-agent"],
        [
            "by a key that an agent has to open",
            { ...agent, ...login, privateKeyPassword: "x" },
            "-agent",
        ],
        ["by way of another host", { ...login, proxy: jump }, "-proxy"],
        [
            "by way of one, by an agent",
            { ...agent, proxy: { ...agent, host: "j" } },
            "-agent-proxy-agent",
        ],
    ])("%s", (_, to, tail) => {
        expect(keyFolder(to, STACK, "vm1")).toBe(`${STACK}/host-vm1-${machineTag(login)}${tail}`);
    });

    test("another machine too", () => {
        expect(keyFolder({ ...login, host: "b" }, STACK, "vm1")).not.toBe(
            keyFolder(login, STACK, "vm1"),
        );
    });
});

describe("the removal of a host's files", () => {
    const all = () => join(home, ".cache/crosshost");

    /** As a machine runs it whose user lives there: what the account says counts, not HOME. */
    function remove(host: string): void {
        const lives = `require("node:os").userInfo = () => ({ homedir: ${JSON.stringify(home)} });`;
        const script = `${lives}\n${removalOf(keyFolder(login, STACK, host))}`;
        const { status, stderr } = spawnSync(process.execPath, ["-e", script], {
            env: { HOME: "/nowhere" },
            encoding: "utf8",
        });
        expect([status, stderr]).toEqual([0, ""]);
    }

    test("takes these, and no others; and the last one all of the folder", () => {
        writeKeyFiles(login, STACK, "vm1");
        writeKeyFiles(login, STACK, "vm1-b");
        writeKeyFiles(login, "crosshost-other-1a2b3c", "vm1");
        remove("vm1");
        expect(readdirSync(join(all(), STACK))).toEqual([`host-vm1-b-${machineTag(login)}`]);
        remove("vm1-b");
        expect(readdirSync(all())).toEqual(["crosshost-other-1a2b3c"]);
    });

    test("where there are none, as on another machine, does nothing", () => {
        remove("vm1");
        mkdirSync(join(all(), "engine"), { recursive: true });
        remove("vm1");
        expect(readdirSync(all())).toEqual(["engine"]);
    });

    test("names no folder of this machine, and holds no secret", () => {
        const script = removalOf(keyFolder(login, STACK, "vm1"));
        expect(script).not.toContain(home);
        expect(script).not.toContain(PRIVATE_KEY.slice(0, 20));
    });
});

describe("what a preview has made", () => {
    const ENDS = ["exit", "SIGINT", "SIGTERM", "SIGHUP"] as const;
    type End = (typeof ENDS)[number];
    const before = new Set(ENDS.flatMap((how) => process.rawListeners(how)));
    const added = (how: End) => process.rawListeners(how).filter((one) => !before.has(one));
    /** What Node does at the end of the program, to those that came since. */
    const end = (how: End = "exit") => {
        for (const listener of added(how)) {
            listener.call(process, how === "exit" ? 0 : how);
        }
    };
    const kill = jest.spyOn(process, "kill").mockReturnValue(true);

    const forget = () => {
        for (const how of ENDS) {
            for (const listener of added(how)) {
                process.removeListener(how, listener as () => void);
            }
        }
    };
    afterEach(() => {
        kill.mockClear();
        forget();
    });
    afterAll(() => {
        kill.mockRestore();
    });

    test("is gone with the program, but not what was there before", async () => {
        writeKeyFiles(login, STACK, "vm1");
        await mockedStack({ preview: true });
        writeKeyFiles(login, STACK, "vm1");
        writeKeyFiles(login, STACK, "vm2");
        end();
        expect(readdirSync(join(home, ".cache/crosshost", STACK))).toEqual([
            `host-vm1-${machineTag(login)}`,
        ]);
    });

    test("leaves no folder", async () => {
        await mockedStack({ preview: true });
        writeKeyFiles(login, STACK, "vm1");
        end();
        expect(existsSync(join(home, ".cache/crosshost"))).toBe(false);
    });

    test("goes with the next one where a killed one has left it", async () => {
        await mockedStack({ preview: true });
        writeKeyFiles(login, STACK, "vm1");
        forget(); // it is killed
        writeKeyFiles(login, STACK, "vm1");
        end();
        expect(existsSync(join(home, ".cache/crosshost"))).toBe(false);
    });

    test("stays where the same process updates after it", async () => {
        await mockedStack({ preview: true });
        writeKeyFiles(login, STACK, "vm1");
        await mockedStack();
        writeKeyFiles(login, STACK, "vm1");
        end();
        expect(existsSync(join(home, ".cache/crosshost", STACK))).toBe(true);
    });

    test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("goes by %s too", async (signal) => {
        await mockedStack({ preview: true });
        writeKeyFiles(login, STACK, "vm1");
        // Listeners of `once` are gone before they are called: a second signal would end the removal.
        expect(process.rawListeners(signal)).toEqual(process.listeners(signal));
        end(signal);
        expect(existsSync(join(home, ".cache/crosshost"))).toBe(false);
        expect(kill.mock.calls).toEqual([[process.pid, signal]]);
    });

    test("does not end a program that listens to the signal itself", async () => {
        const own = () => undefined;
        process.on("SIGINT", own);
        before.add(own);
        await mockedStack({ preview: true });
        writeKeyFiles(login, STACK, "vm1");
        end("SIGINT");
        process.removeListener("SIGINT", own);
        expect(existsSync(join(home, ".cache/crosshost"))).toBe(false);
        expect(kill).not.toHaveBeenCalled();
    });

    test("is watched once, however many previews a process has", async () => {
        for (const at of [1, 2, 3]) {
            await mockedStack({ preview: true });
            writeKeyFiles(login, STACK, "vm1");
            await mockedStack();
            writeKeyFiles(login, STACK, "vm1");
            expect([at, added("exit").length, added("SIGINT").length]).toEqual([at, 1, 1]);
            rmSync(join(home, ".cache"), { recursive: true });
        }
    });
});
