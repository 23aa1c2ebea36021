import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { baseline, difference, dumps } from "../support/hosts";
import { lab, on, run } from "../support/lab";
import { Stack } from "../support/stack";

const IMAGE = "lan-registry:5000/busybox:1";
/** They took a minute, of which a program's start is 10 s where other tests run beside this one. */
const AT_ONCE_MS = 40_000;
const NO_LOGIN =
    "vm3: containers are created over OpenSSH, which needs a private key without a passphrase, or an agent " +
    "(agentSocketPath or $SSH_AUTH_SOCK): add one to the connection";

const BY_HAND = `docker run -d --name crosshost-late-web ${IMAGE} sleep 1d >/dev/null`;
const STRANGER =
    "vm3: container crosshost-late-web exists, but is not the one that this program creates: remove it " +
    "(docker rm -f crosshost-late-web), and `pulumi up --refresh` creates it; or choose another name";

/** What comes to light when resources are on their way already, or the program has ended. */
describe("a refusal that comes late is told at once, once, and by its text alone", () => {
    const stack = new Stack("late", join(__dirname, "refusals"));
    const folder = mkdtempSync(join(tmpdir(), "crosshost-late-"));
    const agent = process.env["SSH_AUTH_SOCK"];
    let before: string[];

    beforeAll(async () => {
        delete process.env["SSH_AUTH_SOCK"];
        before = await baseline();
        run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "key")]);
    });

    afterAll(() => {
        rmSync(folder, { recursive: true });
        on("vm3", "docker rm -f crosshost-late-web >/dev/null 2>&1 || :");
        stack.cleanUp();
        if (agent !== undefined) {
            process.env["SSH_AUTH_SOCK"] = agent;
        }
    });

    /** Of a run that fails: what the CLI says of it, and how long it took. */
    function refused(ways: object, image?: string, ...up: string[]): string {
        stack.configure({ ways: JSON.stringify(ways), ...(image ? { image } : {}) });
        const began = Date.now();
        const { status, output } = stack.attempt(up.length > 0 ? "up" : "preview", ...up);
        expect(status).not.toBe(0);
        expect(output).not.toMatch(/^\s+at |Error: /m);
        expect(output).not.toContain("does not answer");
        expect(Date.now() - began).toBeLessThan(AT_ONCE_MS);
        return output.slice(output.indexOf("Diagnostics:"));
    }

    function onlyOnce(text: string, said: string): void {
        expect({ said, times: said.split(text).length - 1 }).toMatchObject({ times: 1 });
    }

    it("a container over a password, known when the program runs", () => {
        onlyOnce(
            `error: ContainerAttachment "web" cannot be made:\n        host: ${NO_LOGIN}`,
            refused({ vm3: { password: "x" } }, IMAGE),
        );
    });

    it("over a key with a passphrase, known when the values are there", () => {
        const said = refused({ vm3: { late: { privateKeyPassword: "x" } } }, IMAGE);
        onlyOnce(`error: ${NO_LOGIN}`, said);
    });

    it("a host key that is none, known when the values are there", () => {
        const said = refused({ vm3: { late: { hostKey: "none" } } });
        onlyOnce(
            'error: Host "vm3" cannot be made:\n        connection.hostKey: "none" is not',
            said,
        );
    });

    it("a key that the host does not take, and a strict host that is off: the program has ended by then", () => {
        const { vm1, vm2 } = lab().hosts;
        const ways = {
            vm1: { privateKey: readFileSync(join(folder, "key"), "utf8") },
            vm2: { port: 1, strict: true },
        };
        const previewed = refused(ways);
        const vm1Said = `root@${vm1?.address ?? ""}:22 accepts none of the offered logins`;
        const vm2Said = `root@${vm2?.address ?? ""}:1 refuses the connection: no sshd listens there`;
        onlyOnce(`error: vm1: ${vm1Said}\n`, previewed);
        onlyOnce(`error: vm2: changes to vm2 are not shown: ${vm2Said}\n`, previewed);
        const tried = refused(ways, undefined, "--yes", "--skip-preview");
        onlyOnce(`error: vm1 was left unchanged: ${vm1Said}\n`, tried);
        onlyOnce(`error: vm2 was left unchanged: ${vm2Said}. Run \`pulumi up\` again`, tried);
    });

    it("an agent that is dead beside good keys, in preview and up; none of the hosts is touched", () => {
        process.env["SSH_AUTH_SOCK"] = join(folder, "nobody");
        const noAgent = `no SSH agent answers at ${join(folder, "nobody")}, where SSH_AUTH_SOCK points: unset SSH_AUTH_SOCK`;
        const previewed = refused({});
        const tried = refused({}, undefined, "--yes", "--skip-preview");
        delete process.env["SSH_AUTH_SOCK"];
        for (const host of Object.keys(lab().hosts)) {
            onlyOnce(`error: ${host}: ${noAgent}`, previewed);
            onlyOnce(`error: ${host} was left unchanged: ${noAgent}`, tried);
        }
        expect(previewed + tried).not.toContain("dial unix");
    });

    it("a wrong password, where sshd takes 6 s to refuse it", () => {
        on("vm2", `sed -i '1i auth optional pam_faildelay.so delay=6000000' /etc/pam.d/sshd`);
        try {
            const said = refused({ vm2: { password: "wrong" } });
            onlyOnce(
                `error: vm2: root@${lab().hosts["vm2"]?.address ?? ""}:22 accepts none of the offered logins\n`,
                said,
            );
        } finally {
            on("vm2", "sed -i '/pam_faildelay/d' /etc/pam.d/sshd");
        }
    });

    it("a container of somebody else under our name, which the hook of an up finds", () => {
        on("vm3", BY_HAND);
        onlyOnce(
            "vm3: crosshost: container crosshost-late-web: Docker has a container of this name that does not belong to the unit",
            refused({}, IMAGE, "--yes", "--skip-preview"),
        );
        onlyOnce(`error: ${STRANGER}`, refused({}, IMAGE));
        on("vm3", "docker rm -f crosshost-late-web >/dev/null");
        stack.up();
        stack.nothingToDo("up");
        stack.nothingToDo("preview");
    });

    it("one that took the place of ours, in a preview without --refresh; it is not wired", () => {
        on("vm3", `docker rm -f crosshost-late-web >/dev/null; ${BY_HAND}`);
        onlyOnce(`error: ${STRANGER}`, refused({}, IMAGE));
        onlyOnce(`error: ${STRANGER}`, refused({}, IMAGE, "--yes", "--skip-preview"));
        const networks =
            "docker inspect -f '{{range $n, $_ := .NetworkSettings.Networks}}{{$n}} {{end}}' crosshost-late-web";
        expect(on("vm3", networks).trim()).toBe("bridge");
        on("vm3", "docker rm -f crosshost-late-web >/dev/null");
        stack.up("--refresh");
        stack.nothingToDo("up");
        stack.nothingToDo("preview");
    });

    it("leaves no trace after destroy", async () => {
        stack.destroy();
        expect(difference(before, await dumps())).toEqual([]);
    });
});
