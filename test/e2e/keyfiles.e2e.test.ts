import { mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { baseline, difference } from "../support/hosts";
import { CACHE, lab, run } from "../support/lab";
import { Stack } from "../support/stack";

const KEYS = join(homedir(), ".cache/crosshost");

/** What lies there of the stack, without the digests in its names. */
function keyFiles(): string[] {
    const found = run("sh", ["-c", `cd ${KEYS} 2>/dev/null && find crosshost-keys-* | sort; true`]);
    return found
        .split("\n")
        .filter((path) => path !== "")
        .map((path) => path.replace(/-[0-9a-f]{6,8}(?=-|\/|$)/g, ""));
}

/** What one login has, by the name that its folder shall have. */
const login = (folder: string, ...files: string[]) => [
    `crosshost-keys/host-${folder}`,
    ...files.map((file) => `crosshost-keys/host-${folder}/${file}`),
];
const DIRECT = ["host", "host/key", "host/known_hosts"];
const JUMP = ["proxy", "proxy/key", "proxy/known_hosts"];

/** What nobody wants for the hosts of a program, in the configuration that OpenSSH reads by itself. */
const OPERATORS_CONFIG = `Host *
    HostName 192.0.2.1
    ProxyCommand false
    RemoteCommand false
    RequestTTY force
    PermitLocalCommand yes
    LocalCommand echo hello
    IdentityFile /nowhere/key
    Ciphers 3des-cbc
    AddressFamily inet6
    BindAddress 192.0.2.7
    SendEnv *
    VisualHostKey yes
    LogLevel DEBUG3
`;

const otherHome = mkdtempSync(join(tmpdir(), "crosshost-home-"));

/** The CLI where all of that holds, in files that it alone sees; and the shell for ProxyCommand puts HOME for a tilde. */
const OPERATOR = [
    "unshare",
    "-m",
    "env",
    "SHELL=/bin/bash",
    `HOME=${otherHome}`,
    `CROSSHOST_CACHE=${CACHE}`, // the lab's, which else is below HOME
    "sh",
    "-c",
    `mount -t tmpfs none /etc/ssh && printf '%s' '${OPERATORS_CONFIG}' >/etc/ssh/ssh_config && exec "$@"`,
    "sh",
];

describe("the files that OpenSSH needs to make containers, in spite of the operator's own configuration", () => {
    let stack = new Stack("keys", join(__dirname, "keys"), OPERATOR);
    let before: string[];
    let agent: string;

    beforeAll(async () => {
        before = await baseline();
        agent = run("sh", ["-c", "ssh-agent -s"]).replace(/^SSH_AUTH_SOCK=([^;]*);[^]*/, "$1");
        run("ssh-add", ["-q", lab().privateKeyFile], { SSH_AUTH_SOCK: agent });
    });

    afterAll(() => {
        stack.cleanUp();
        rmSync(otherHome, { recursive: true });
        run("sh", ["-c", `fuser -k -TERM ${agent} 2>/dev/null; rm -f ${agent}`]);
    });

    it("are gone after a preview, which no up may ever follow", () => {
        stack.preview();
        expect(keyFiles()).toEqual([]);
    });

    it("are not there after a first up that no host has let in", () => {
        stack.configure({ user: "stranger" });
        const { status } = stack.attempt("up", "--yes", "--skip-preview");
        stack.configure({});
        expect([status === 0, keyFiles()]).toEqual([false, []]);
    });

    it("lie there after an up, also when a preview has followed", () => {
        stack.up();
        stack.nothingToDo("preview", "--refresh");
        expect(keyFiles()).toEqual([
            "crosshost-keys",
            ...login("one", ...DIRECT),
            ...login("two", ...DIRECT),
        ]);
    });

    it("are no more after runs that the engine ends, under another name of the stack", () => {
        const there = keyFiles();
        stack = stack.rename("keys-renamed");
        for (const [operation, ...flags] of [["preview"], ["up", "--yes", "--skip-preview"]]) {
            const { status, output } = stack.attempt(operation ?? "", ...flags);
            expect([status === 0, output]).toEqual([false, expect.stringContaining("knownAs")]);
        }
        expect(keyFiles()).toEqual(there);
        stack = stack.rename("keys");
        stack.nothingToDo("up");
    });

    it("go when another way is taken, which has its own", () => {
        stack.configure({ jump: true });
        stack.up();
        expect(keyFiles()).toEqual([
            "crosshost-keys",
            ...login("one", ...DIRECT),
            ...login("two-proxy", ...DIRECT, ...JUMP),
        ]);
    });

    it("hold no key where an agent has it", () => {
        stack.configure({ agent });
        stack.up();
        expect(keyFiles()).toEqual([
            "crosshost-keys",
            ...login("one-agent", "host", "host/known_hosts"),
            ...login("two-agent", "host", "host/known_hosts"),
        ]);
        stack.configure({});
        stack.up();
        stack.nothingToDo("up");
    });

    it("are gone after destroy, and so are their folders", async () => {
        stack.destroy();
        expect(keyFiles()).toEqual([]);
        expect(difference(before, await baseline())).toEqual([]);
    });
});
