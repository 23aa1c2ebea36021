import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import {
    chmodSync,
    copyFileSync,
    existsSync,
    lstatSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    readdirSync,
    readlinkSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convergerProgram } from "../../components/converger/program";

export const STACK = "crosshost-test-3fa9c1";

export interface Answer {
    readonly status: number;
    readonly stdout: string;
    readonly stderr: string;
}

export interface Tools {
    readonly shell: "dash" | "bash";
    readonly awk: "mawk" | "gawk" | "busybox";
}

/** What hosts have: Debian's pair, and the pair of other distributions. */
export const TOOLS: readonly Tools[] = [
    { shell: "dash", awk: "mawk" },
    { shell: "bash", awk: "gawk" },
];

/** How often something is to be tried that is no other the second time: with one pair of tools only. */
export function timesWith({ shell }: Tools): number {
    return shell === "dash" ? 2 : 1;
}

const SETUP = `
set -e
mount --make-rprivate /
mount -t tmpfs none /run
mount -t tmpfs -o noexec none /var/lib
mount -t tmpfs none /mnt
mkdir /mnt/etc /mnt/work
mount -t overlay none -o lowerdir=/etc,upperdir=/mnt/etc,workdir=/mnt/work /etc
mkdir -p /etc/docker
mount -t tmpfs none /etc/docker
mount -t tmpfs none /etc/systemd
mount --bind "$BIN" /usr/local/sbin
mkdir -p /etc/systemd/system /etc/systemd/network
[ "$SHELL_PROGRAM" = dash ] || mount --bind "$(command -v "$SHELL_PROGRAM")" "$(readlink -f /bin/sh)"
ip -batch - <<.
link set lo up
link add eth0 type veth peer name peer0
link set eth0 up
link set peer0 up
addr add 192.168.40.11/24 brd + dev eth0
route add default via 192.168.40.1 dev eth0
.
for f in all default eth0 peer0; do echo 1 >/proc/sys/net/ipv6/conf/$f/disable_ipv6; done
echo ready
exec sleep 100000
`;

/** What the kernel has, then the rules, whose order counts. */
const DUMP = `
ip -d -o -batch - <<.
link show
addr show
route show table all
neigh show nud permanent
.
bridge fdb show
for file in ip_forward conf/all/rp_filter; do read -r value </proc/sys/net/ipv4/$file; echo "$file: $value"; done
echo '== rules'
nft -s list ruleset
iptables-save 2>/dev/null
`;
const FOLDERS = ["/etc/systemd", "/var/lib/crosshost", "/run/crosshost"];

const NOBODY = new Int32Array(new SharedArrayBuffer(4));

/** Waits without a process for it, or an event. */
function pause(milliseconds: number): void {
    Atomics.wait(NOBODY, 0, 0, milliseconds);
}

/** A host of namespaces: network and files of its own, the machine's kernel and programs. */
export class NetnsHost {
    readonly folder = mkdtempSync(join(tmpdir(), "crosshost-netns-"));
    readonly program = join(this.folder, "crosshost");
    private readonly keeper: ChildProcess;
    private hasSent = false;

    constructor(readonly tools: Tools = { shell: "dash", awk: "mawk" }) {
        mkdirSync(this.bin());
        symlinkSync(which(tools.awk), join(this.bin(), "awk"));
        for (const fake of ["systemctl", "docker"]) {
            copyFileSync(join(__dirname, `fake-${fake}.sh`), join(this.bin(), fake));
            chmodSync(join(this.bin(), fake), 0o755);
        }
        writeFileSync(this.program, convergerProgram().text); // which sh reads: nothing of ours has to be executable
        const ready = join(this.folder, "ready");
        // A test that fails before it closes the host leaves no process that the run would wait for.
        this.keeper = spawn(
            "setpriv",
            [
                ...["--pdeathsig", "KILL", "unshare", "--net", "--mount"],
                ...["sh", "-c", SETUP.replace("echo ready", `: >${ready}`)],
            ],
            {
                env: { ...process.env, SHELL_PROGRAM: tools.shell, BIN: this.bin() },
                stdio: ["ignore", "ignore", "inherit"],
            },
        );
        const deadline = Date.now() + 10_000;
        while (!existsSync(ready)) {
            if (Date.now() > deadline) {
                throw new Error("the namespaces were not set up within 10 s");
            }
            pause(5);
        }
    }

    /** The host's /usr/local/sbin, first in PATH: programs put there are taken instead of the machine's. */
    bin(name = ""): string {
        return join(this.folder, "bin", name);
    }

    put(name: string, script: string): void {
        writeFileSync(this.bin(name), script, { mode: 0o755 });
    }

    remove(name: string): void {
        rmSync(this.bin(name), { force: true });
    }

    /** Runs a program inside, and gives what it answers. */
    run(command: readonly string[], input = "", environment: NodeJS.ProcessEnv = {}): Answer {
        const inside = this.command(command);
        const { status, stdout, stderr } = spawnSync(inside.command, inside.args, {
            input,
            encoding: "utf8",
            maxBuffer: 64 * 1024 * 1024,
            env: { ...inside.env, ...environment },
        });
        return { status: status ?? 128, stdout, stderr };
    }

    /** The command line that does, for whoever runs it himself. */
    command(words: readonly string[]): {
        readonly command: string;
        readonly args: readonly string[];
        readonly env: NodeJS.ProcessEnv;
    } {
        return {
            command: "nsenter",
            args: ["-t", String(this.keeper.pid), "--net", "--mount", "--", ...words],
            env: {
                ...process.env,
                PATH: `${this.bin()}:/usr/sbin:/usr/bin:/sbin:/bin`,
                FAKES: this.folder,
            },
        };
    }

    /** A script that must succeed; its output. */
    sh(script: string): string {
        // From a socket, as Node's pipes are, bash takes itself for a login of rsh's, and would read the developer's .bashrc.
        const { status, stdout, stderr } = this.run(["bash", "--norc", "-c", script]);
        if (status !== 0) {
            throw new Error(`${script}: exit ${status}: ${stderr}`);
        }
        return stdout;
    }

    crosshost(args: readonly string[], input = "", environment: NodeJS.ProcessEnv = {}): Answer {
        return this.run([this.tools.shell, this.program, ...args], input, environment);
    }

    apply(unit: string, text: string, stack = STACK): Answer {
        return this.crosshost(["apply", stack, unit], text);
    }

    delete(unit: string, stack = STACK): Answer {
        return this.crosshost(["delete", stack, unit]);
    }

    /** The program as a probe sends it; bash reads it byte by byte from there, which takes 0.1 s, so only once. */
    private sends(): boolean {
        const sends = this.tools.shell === "dash" || !this.hasSent;
        this.hasSent = true;
        return sends;
    }

    private sent(stack: string, environment: NodeJS.ProcessEnv): Answer {
        const command = [this.tools.shell, "-s", "--", "observe", stack];
        return this.run(command, convergerProgram().text, environment);
    }

    observe(stack = STACK, environment: NodeJS.ProcessEnv = {}): Observation {
        const answer = this.sends()
            ? this.sent(stack, environment)
            : this.crosshost(["observe", stack], "", environment);
        if (answer.status !== 0 || answer.stderr !== "") {
            throw new Error(`observe: exit ${answer.status}: ${answer.stderr}`);
        }
        return observation(answer.stdout);
    }

    /** Everything a change could leave behind, without what moves by itself. */
    dump(): string {
        const [kernel = "", rules = ""] = this.sh(DUMP).split("== rules\n");
        const files = FOLDERS.flatMap((folder) =>
            filesBelow(`/proc/${this.keeper.pid ?? 0}/root`, folder),
        );
        return [...[...settled(kernel), ...files].sort(), ...uncounted(rules), ""].join("\n");
    }

    /** Changes whenever a file is written, made, renamed or touched. */
    stamps(): string {
        return this.sh("find /etc/systemd /var/lib /run -printf '%p %i %T@ %C@\\n' | sort");
    }

    close(): void {
        this.keeper.kill("SIGKILL");
        rmSync(this.folder, { recursive: true, force: true });
    }
}

export interface Observation {
    readonly lines: readonly string[];
    readonly facts: readonly string[];
    readonly drift: readonly string[];
    readonly fresh: readonly string[];
    readonly units: readonly string[];
    readonly absent: string;
}

function observation(text: string): Observation {
    const lines = text.trimEnd().split("\n");
    const after = (word: string) =>
        lines
            .filter((line) => line.startsWith(`${word} `))
            .map((line) => line.slice(word.length + 1));
    if (lines[0] !== "crosshost 1" || lines[lines.length - 1] !== "end") {
        throw new Error(`not an answer of observe: ${text}`);
    }
    return {
        lines,
        facts: after("fact"),
        drift: after("drift"),
        fresh: after("fresh"),
        units: after("unit"),
        absent: after("absent").join(),
    };
}

/** Lines without indices, carriers and what is on trial. */
export function settled(text: string): string[] {
    return linesOf(text)
        .filter((line) => !line.startsWith("33:33"))
        .map((line) =>
            line
                .replace(/^\d+: /, "")
                .replace(/@if\d+:/, ":")
                .replace(/(?<=<)NO-CARRIER,|,LOWER_UP/g, "") // both, as long as the kernel has not looked
                .replace(/_timer +[\d.]+/g, "")
                .replace(/ (state [A-Z]+|tentative|linkdown)/, ""),
        );
}

function uncounted(rules: string): string[] {
    return linesOf(rules)
        .filter((line) => !line.startsWith("#"))
        .map((line) => line.replace(/\[[\d:]*\]/, ""));
}

function linesOf(text: string): string[] {
    return text.split("\n").filter((line) => line !== "");
}

/** Paths as a host sees them, with what a link leads to and a file holds; of what is in /run the paths alone. */
function filesBelow(root: string, path: string): string[] {
    const here = join(root, path);
    const kind = lstatSync(here, { throwIfNoEntry: false });
    if (kind === undefined) {
        return [];
    }
    if (kind.isDirectory()) {
        return [path, ...readdirSync(here).flatMap((name) => filesBelow(root, join(path, name)))];
    }
    if (path.startsWith("/run/")) {
        return [path];
    }
    const held = kind.isSymbolicLink()
        ? readlinkSync(here)
        : createHash("sha256").update(readFileSync(here)).digest("hex");
    return [`${path} ${held}`];
}

function which(program: string): string {
    for (const folder of ["/usr/bin", "/bin", "/usr/local/bin"]) {
        if (existsSync(join(folder, program))) {
            return join(folder, program);
        }
    }
    throw new Error(`${program} is needed for this test: install it`);
}

/** A script: a kernel whose modules are known, and no links are among them. */
export const BARE = `
mount -t tmpfs none /sys/module
mkdir -p $FAKES/lib/modules/$(uname -r)
echo kernel/net/netfilter/nf_tables.ko >$FAKES/lib/modules/$(uname -r)/modules.builtin
mount -t overlay none -o lowerdir=$FAKES/lib:/usr/lib /usr/lib
`;

/** The unit of an overlay on a host with two peers, as the plan writes it. */
export function meshUnit(change: (line: string) => string | undefined = (line) => line): string {
    const text = readFileSync(join(__dirname, "../converger/mesh.unit"), "utf8");
    return text
        .trimEnd()
        .split("\n")
        .map(change)
        .filter((line) => line !== undefined)
        .map((line) => `${line}\n`)
        .join("");
}
