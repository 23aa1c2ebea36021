import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sshOptions } from "../../components/realize/keyfiles";
import { machineTag } from "../../components/wire/identity";
import { HOST_KEY, PRIVATE_KEY } from "../support/builders";

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

/** The values of `-o`. */
function options(...args: Parameters<typeof sshOptions>): string[] {
    const words = sshOptions(...args);
    expect(words.filter((_, at) => at % 2 === 0)).toEqual(Array(words.length / 2).fill("-o"));
    return words.filter((_, at) => at % 2 === 1);
}

test("key and host key are files under the home directory, named by ~", () => {
    expect(options(login, STACK, "vm1")).toEqual([
        "BatchMode=yes",
        "ConnectTimeout=5",
        `IdentityFile=${FOLDER}/key`,
        "IdentitiesOnly=yes",
        "HostKeyAlias=crosshost",
        "StrictHostKeyChecking=yes",
        `UserKnownHostsFile=${FOLDER}/known_hosts`,
    ]);
    const real = FOLDER.replace("~", home);
    expect(readFileSync(join(real, "key"), "utf8")).toBe(`${PRIVATE_KEY}\n`);
    expect(readFileSync(join(real, "known_hosts"), "utf8")).toBe(`crosshost ${HOST_KEY}\n`);
});

test("nobody else can read them, and no temporary file is left", () => {
    sshOptions(login, STACK, "vm1");
    sshOptions(login, STACK, "vm1");
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
    process.env["SSH_AUTH_SOCK"] = "/tmp/agent";
    expect(options(keyless, STACK, "vm1").join()).not.toMatch(/Identity/);
});

test("the jump host has a key and a known host of its own, on one command line", () => {
    const proxy = { ...login, host: "jump.example", port: 2222, user: "ops" };
    const [proxyCommand = ""] = options({ ...login, proxy }, STACK, "vm1").slice(-1);
    expect(proxyCommand).toBe(
        "ProxyCommand=ssh -o BatchMode=yes -o ConnectTimeout=5 " +
            `-o IdentityFile=${FOLDER.replace(/host$/, "proxy")}/key -o IdentitiesOnly=yes ` +
            "-o HostKeyAlias=crosshost -o StrictHostKeyChecking=yes " +
            `-o UserKnownHostsFile=${FOLDER.replace(/host$/, "proxy")}/known_hosts ` +
            "-p 2222 -l ops -W %h:%p -- jump.example",
    );
});

test.each([
    ["a password only", { host: "192.168.40.11", password: "hunter2", hostKey: HOST_KEY }],
    ["a key with a passphrase", { ...login, privateKeyPassword: "hunter2" }],
])("%s cannot make containers, and the message holds no secret", (_, given) => {
    expect(() => sshOptions(given, STACK, "vm1")).toThrow(
        "vm1: containers are created over OpenSSH, which takes a private key without passphrase, " +
            "or an agent (agentSocketPath or $SSH_AUTH_SOCK): give the connection one",
    );
});
