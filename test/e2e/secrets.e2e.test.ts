import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { freshCanaries, publicHalf, traces } from "../support/canaries";
import { CANARY_FILE } from "../support/canaryFile";
import { executed } from "../support/hostile";
import { baseline, difference, dumps, HOSTS } from "../support/hosts";
import { lab, LAB_JSON, LAB_NAME, on, onAll, ROOT, run } from "../support/lab";
import { Stack, UP_AS_FAR_AS_IT_GOES } from "../support/stack";

const canaries = freshCanaries();
const { privateKey, lockedKey, passphrase, password, strangersKey, wrongPassword } = canaries;

/** What no host may learn. */
const LOGINS = [
    ...[passphrase, password, wrongPassword].flatMap((secret) => traces(secret)),
    ...[privateKey, strangersKey].flatMap((key) => traces(key)),
    ...traces(lockedKey, passphrase),
    ...traces(lab().privateRegistry.password),
];
/** Nor may anybody read these in an output or in the state; the container's own host has it. */
const ALL = [...LOGINS, ...traces(canaries.containerSecret)];

/** Every program that is started, with all of its arguments and its environment: none is too short. */
const WATCH = ["-f", "-qq", "-v", "-s", "200000", "-e", "trace=execve,execveat"];
const STARTED_HERE = join(tmpdir(), `crosshost-started-${LAB_NAME}`);
const STARTED_THERE = "/dev/shm/started";
const STATE = join(dirname(LAB_JSON), "state");
const BEGINNING = join(tmpdir(), `crosshost-beginning-${LAB_NAME}`);

describe("keys and passwords", () => {
    const stack = new Stack("secrets", join(__dirname, "secrets"), [
        ...["strace", ...WATCH, "--seccomp-bpf", "-A", "-o", STARTED_HERE, "--"],
    ]);
    const outputs: string[] = [];
    let before: string[];

    /** Runs an operation, keeps and returns all that it says; throws where it does not end so. */
    function ends(how: "well" | "badly", operation: string, ...flags: string[]): string {
        const { status, output } = stack.attempt(operation, ...flags);
        outputs.push(output);
        if ((status === 0) !== (how === "well")) {
            throw new Error(`pulumi ${operation} ended with ${status}:\n${output}`);
        }
        return output;
    }

    beforeAll(async () => {
        on("vm1", `echo '${publicHalf(privateKey)}' >>/root/.ssh/authorized_keys`);
        on("vm2", `${ADD_USER}; echo 'canary:${password}' | chpasswd`);
        on("vm3", `echo '${publicHalf(lockedKey, passphrase)}' >>/root/.ssh/authorized_keys`);
        before = await baseline();
        writeFileSync(BEGINNING, "");
        writeFileSync(CANARY_FILE, JSON.stringify(canaries), { mode: 0o600 });
        await onAll(HOSTS, WATCH_SSHD);
    });

    afterAll(async () => {
        stack.cleanUp();
        await onAll(HOSTS, FORGET);
        for (const file of [CANARY_FILE, STARTED_HERE, BEGINNING]) {
            rmSync(file, { force: true });
        }
    });

    it("let every kind of login in", () => {
        ends("well", "up", "--yes", "--diff");
        ends("well", "preview", "--json", "--expect-no-changes");
    });

    it("come with hostile texts that a container has in normal form C, in environment and labels", () => {
        const [inspected] = JSON.parse(on("vm1", "docker inspect crosshost-secrets-holder")) as {
            Config: { Env: string[]; Labels: Record<string, string> };
        }[];
        const { Env = [], Labels = {} } = inspected?.Config ?? {};
        const hostile = canaries.hostile.map((text) => text.normalize());
        expect(hostile).toHaveLength(200);
        expect(hostile.filter((text, at) => !Env.includes(`HOSTILE_${at}=${text}`))).toEqual([]);
        expect(hostile.filter((text, at) => Labels[`hostile.${at}`] !== text)).toEqual([]);
        expect(executed()).toBe(false);
    });

    it("are not with the programs that keep running on hosts", async () => {
        const script = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>&1; true";
        const running = (await onAll(HOSTS, script)).join("\n");
        expect(running.match(/dockerd/g)?.length).toBeGreaterThanOrEqual(HOSTS.length);
        expect(found(LOGINS, running)).toEqual([]);
    });

    it("are refused, beside a host that refuses a change", () => {
        stack.configure({ cidr: "10.78.0.0/16", logins: "stranger" });
        on("vm3", "ip route add 10.78.1.0/24 dev lo");
        const said = ends("badly", ...UP_AS_FAR_AS_IT_GOES);
        on("vm3", "ip route del 10.78.1.0/24 dev lo");
        expect(said).toContain("route 10.78.1.0/24: already exists and was not made by Crosshost");
        expect(said).toMatch(/vm1 was left unchanged: \S+ accepts none of the offered logins/);
        expect(said).toMatch(/vm2 was left unchanged: /);
    });

    it("cannot be read", () => {
        stack.configure({ cidr: "10.77.0.0/16", logins: "broken" });
        expect(ends("badly", ...UP_AS_FAR_AS_IT_GOES)).toMatch(
            /vm1 was left unchanged: .*Cannot parse privateKey/,
        );
    });

    it("are encrypted in the state, and in its backups", () => {
        const shown = stack.state("--show-secrets");
        expect(shown).toContain(password);
        expect(shown).toContain(lab().privateRegistry.password);
        expect(shown).toContain(canaries.containerSecret);
        expect(found(ALL, stack.state())).toEqual([]);
        expect(filesWith(["checkpoint"], [STATE])).not.toEqual([]);
        expect(filesWith(ALL, [STATE])).toEqual([]);
        const { deployment } = JSON.parse(shown) as Exported;
        const commands = deployment.resources.filter(({ type }) => type.startsWith("command:"));
        const [attachment, keyFiles] = [1, 1];
        expect(commands).toHaveLength(HOSTS.length * 3 + attachment + keyFiles);
        const others = commands.map(({ inputs }) => ({ ...inputs, connection: undefined }));
        expect(found(ALL, JSON.stringify(others))).toEqual([]);
    });

    it("are in one file on the driving machine, which its user alone can read", () => {
        stack.configure({});
        ends("well", "up", "--yes", "--skip-preview");
        const kept = filesWith(ALL, [KEYS], NO_KEYS);
        const folder = join(KEYS, "crosshost-secrets-");
        expect(kept.map((file) => file.replace(folder, "").replace(/[0-9a-f]{6,}/g, "X"))).toEqual([
            "X/host-vm1-X/host/key",
        ]);
        expect(kept.map((file) => statSync(file).mode & 0o777)).toEqual([0o600]);
        expect(kept.map((file) => statSync(join(file, "..")).mode & 0o777)).toEqual([0o700]);
    });

    it("go with the stack", () => {
        ends("well", "destroy", "--yes", "--refresh", "--diff");
    });

    it("were in no output", () => {
        expect(outputs).toHaveLength(6);
        expect(found(ALL, outputs.join("\n"))).toEqual([]);
        expect(outputs.join("\n")).not.toContain("PRIVATE KEY");
    });

    it("were in no argument and no environment of a program on the driving machine", () => {
        const started = readFileSync(STARTED_HERE, "utf8");
        expect(started).toMatch(
            /execve\("\S*\/ssh", \["ssh", .*"IdentityFile=~\/.cache\/crosshost\//,
        );
        expect(found(ALL, started)).toEqual([]);
    });

    it("were in no argument and no environment of a program on hosts", async () => {
        for (const started of await onAll(HOSTS, `cat ${STARTED_THERE}`)) {
            expect(started).toMatch(/\["\S*awk", .*"mode=plan"/);
            expect(found(LOGINS, started)).toEqual([]);
        }
    });

    it("are in no file on hosts", async () => {
        // The journal tells of logins: that it is found shows that all was looked into.
        for (const files of await onAll(HOSTS, grepOnHost(["Accepted ", ...LOGINS]))) {
            expect(files).toMatch(/^\/var\/log\/journal\/\S+:Accepted $/m);
            expect(files.replace(/^\/var\/log\/journal\/\S+:Accepted \n/gm, "")).toBe("");
        }
    });

    it("are in no file on the driving machine", () => {
        const places = [tmpdir(), "/dev/shm", "/run", "/var/tmp", join(homedir(), ".pulumi"), ROOT];
        expect(filesWith(ALL, places, [".git", "node_modules", "labs"])).toEqual([]);
        expect(filesWith(ALL, [KEYS], NO_KEYS)).toEqual([]);
    });

    it("leave no trace on hosts", async () => {
        expect(difference(before, await dumps())).toEqual([]);
    });
});

/** Where keys lie in files, and what else does there: nobody writes to the roots, and what is in labs is theirs. */
const KEYS = join(homedir(), ".cache/crosshost");
const NO_KEYS = ["labs", "roots"];

interface Exported {
    readonly deployment: {
        readonly resources: readonly { readonly type: string; readonly inputs: object }[];
    };
}

const ADD_USER = `
useradd -m -s /bin/bash canary
echo 'canary ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/canary`;

/**
 * sshd starts all that a login starts. What it was, and when it began, is noted in memory. By a
 * filter that the kernel runs, which a process has from its start: without, each call stops it twice.
 * strace 6.1, of Debian 12, takes the right to gain rights from what it watches so, and sudo with it.
 */
const WATCH_SSHD = `
touch /dev/shm/beginning
systemctl stop ssh
systemd-run -q --unit watched-sshd -p RuntimeDirectory=sshd strace ${WATCH.join(" ")} $(grep -q bookworm /etc/os-release || echo --seccomp-bpf) -o ${STARTED_THERE} /usr/sbin/sshd -D
until ss -Hltn 'sport = :22' | grep -q .; do sleep 0.05; done`;

const FORGET = `
systemctl stop watched-sshd
systemctl reset-failed watched-sshd 2>/dev/null
systemctl start ssh
sed -i 1q /root/.ssh/authorized_keys
rm -rf /dev/shm/beginning ${STARTED_THERE} /etc/sudoers.d/canary
! id canary >/dev/null 2>&1 || userdel -r canary >/dev/null 2>&1
true`;

/** `FILE:TEXT` of each file on a host that was written since the beginning and holds one of these. */
function grepOnHost(texts: readonly string[]): string {
    const mounts = "$(findmnt -rno TARGET -t overlay,tmpfs,ext4,ramfs)";
    const written = `find ${mounts} -xdev -type f -cnewer /dev/shm/beginning ! -path ${STARTED_THERE}`;
    return `${written} -print0 2>/dev/null | xargs -0 -r grep -HaoF ${patterns(texts)} | sort -u; true`;
}

/** The files of the driving machine, below some folders, that were and do. */
function filesWith(
    texts: readonly string[],
    places: readonly string[],
    skipped: readonly string[] = [],
): string[] {
    const there = places.filter((place) => existsSync(place)).join(" ");
    const names = skipped.map((name) => `-name ${name} -prune -o`).join(" ");
    const written = `find ${there} -xdev ${names} -type f -cnewer ${BEGINNING}`;
    const script = `${written} -print0 | xargs -0 -r grep -laF ${patterns(texts)}; true`;
    return run("sh", ["-c", script]).split("\n").filter(Boolean);
}

function patterns(texts: readonly string[]): string {
    return texts.map((text) => `-e '${text}'`).join(" ");
}

function found(secrets: readonly string[], text: string): string[] {
    return secrets.filter((secret) => text.includes(secret));
}
