import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { homedir } from "node:os";

/** The lab's own description of itself; see lab/README.md. */
export interface Lab {
    readonly lan: { readonly cidr: string; readonly namespace: string; readonly address: string };
    readonly internet: { readonly namespace: string; readonly address: string };
    readonly registry: { readonly address: string };
    readonly privateRegistry: {
        readonly address: string;
        readonly username: string;
        readonly password: string;
    };
    readonly privateKeyFile: string;
    readonly sshConfigFile: string;
    readonly hosts: Readonly<
        Record<
            string,
            {
                readonly address: string;
                readonly hostKey: string;
                readonly user: string;
                readonly release: string;
                readonly engine: string;
                /** This machine's, or one of the host's own, whose processes this machine does not see. */
                readonly kernel: "shared" | "own";
            }
        >
    >;
}

const PATH_OF_ROOT = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export const ROOT = join(__dirname, "../..");
/** Each worker of jest has a lab of its own; the first has the one that a run of a single file uses too. */
const WORKER = process.env["JEST_WORKER_ID"] ?? "1";
export const LAB_NAME = (process.env["CROSSHOST_LAB"] ?? "e2e") + (WORKER === "1" ? "" : WORKER);
export const CACHE = process.env["CROSSHOST_CACHE"] ?? join(homedir(), ".cache/crosshost");
export const LAB_JSON = join(CACHE, "labs", LAB_NAME, "lab.json");

export function lab(): Lab {
    return JSON.parse(readFileSync(LAB_JSON, "utf8")) as Lab;
}

/** `lab/lab ARGS...` on this test run's lab. */
export function labCommand(...args: string[]): string {
    return run(join(ROOT, "lab/lab"), args, { CROSSHOST_LAB: LAB_NAME });
}

/** The same, side by side with others. */
export function startLabCommand(...args: string[]): Promise<string> {
    return start(join(ROOT, "lab/lab"), args, { CROSSHOST_LAB: LAB_NAME });
}

/** Reboots hosts side by side, and waits until they answer; with `--hard` as a power cut does. */
export async function rebootAll(hosts: readonly string[], ...how: "--hard"[]): Promise<void> {
    await Promise.all(hosts.map((host) => startLabCommand("reboot", host, ...how)));
}

/** Hosts as they came from their installer, each with the engine that it had. */
export function reinstall(hosts: readonly string[]): void {
    const engines = Object.values(lab().hosts).map(({ engine }) => engine);
    labCommand("down", ...hosts, "--purge");
    run(join(ROOT, "lab/lab"), ["up", String(engines.length)], {
        CROSSHOST_LAB: LAB_NAME,
        CROSSHOST_LAB_ENGINES: engines.join(","),
    });
}

/** Puts Debian packages into hosts, side by side. */
export async function installAll(
    packages: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
    const wanted = Object.entries(packages).filter(([, names]) => names.length > 0);
    await Promise.all(wanted.map(([host, names]) => startLabCommand("install", host, ...names)));
}

/** Waits until the watcher has done what it has heard of: what is broken by hand before, it may repair. */
export async function watchersRest(hosts: readonly string[]): Promise<void> {
    await onAll(hosts, RESTS);
}

/**
 * A start is several events, one for each network: it rests when it does so for 0.3 s. By bash alone:
 * nobody asks as often. The brackets keep it from finding itself.
 */
export const RESTS = `
exec 3<> <(:)
busy() {
    local file words
    for file in /run/crosshost/seen/*/*; do [ ! -f "$file" ] || return 0; done
    for file in /proc/[0-9]*/cmdline; do
        mapfile -d '' words <"$file"
        case "\${words[*]}" in *[c]rosshost\\ attach* | *[c]rosshost\\ boot*) return 0 ;; esac
    done 2>/dev/null
    return 1
}
rested=0
for ((tries = 200; tries > 0; tries--)); do
    if busy; then rested=0; else rested=$((rested + 1)); fi
    [ $rested -lt 6 ] || exit 0
    read -rt 0.05 -u 3
done
echo 'the watcher does not rest' >&2; exit 1`;

/** Runs a script on a host as root; throws with its output where it fails. */
export function on(host: string, script: string): string {
    return run(...programOn(host, "bash", "--norc", "-c", script));
}

/** The same on several hosts at once. */
export async function onAll(hosts: readonly string[], script: string): Promise<string[]> {
    return Promise.all(
        hosts.map((host) => start(...programOn(host, "bash", "--norc", "-c", script))),
    );
}

/**
 * A command line that runs a program of a host as root, in the host's own namespaces: an SSH login
 * takes 0.15 s of a core, and would stand among those that are counted. A kernel of the host's own
 * leaves no other way.
 */
export function programOn(host: string, ...words: readonly string[]): [string, string[]] {
    if (lab().hosts[host]?.kernel === "own") {
        const command = words.map(quoted).join(" ");
        return ["ssh", ["-nF", lab().sshConfigFile, "-o", "BatchMode=yes", host, command]];
    }
    const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"];
    const environment = ["env", "-i", "HOME=/root", "USER=root", `PATH=${PATH_OF_ROOT}`];
    return ["nsenter", ["--target", initOf(host), ...namespaces, ...environment, ...words]];
}

/**
 * A container's process, as a word of a host's script: by the file that Docker keeps of the
 * container, as `docker inspect` takes ten times the time.
 */
export function pidOf(container: string): string {
    const files = "/var/lib/docker/containers/*/config.v2.json";
    return `$(sed -n '/"Name":"\\/${container}"/s/.*"Pid":\\([0-9]*\\).*/\\1/p' ${files})`;
}

/** A command of a host's script that runs a container's own programs in it: `docker exec` takes ten times the time. */
export function inside(container: string, script: string): string {
    return `nsenter -t ${pidOf(container)} -n -m sh -c ${quoted(script)}`;
}

/** Runs with a host's own programs in a container's network: `docker exec` takes three times the time. */
export function inNetworkOf(host: string, container: string, script: string): string {
    return on(host, `nsenter -t ${pidOf(container)} -n sh -c ${quoted(script)}`);
}

function quoted(word: string): string {
    return `'${word.replaceAll("'", "'\\''")}'`;
}

/** For bash: asks by HTTP at `192.168.40.11/80`, and says the first line of the answer. */
export function firstLineAt(socket: string): string {
    return `exec 3<>/dev/tcp/${socket}; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; head -n 1 <&3`;
}

/** A request from the LAN: any answer in HTTP will do. */
export function answersOnLan(socket: string): boolean {
    const request = `${firstLineAt(socket)} | grep -q HTTP`;
    return succeeds(() => within(lab().lan.namespace, `timeout 2 bash --norc -c '${request}'`));
}

/** Those of the targets that do not answer a ping from a container's network; all of them where it is not there. */
export function unanswered(host: string, container: string, targets: readonly string[]): string[] {
    const pings = targets.map(
        (target) => `{ ping -c 1 -W 1 ${target} >/dev/null 2>&1 || echo ${target}; } &`,
    );
    try {
        return inNetworkOf(host, container, `${pings.join(" ")} wait`)
            .split("\n")
            .filter(Boolean);
    } catch {
        return [...targets];
    }
}

/** The host is a chain of processes: unshare, nspawn, the host's own process 1. */
export function initOf(host: string): string {
    const machine = readFileSync(join(dirname(LAB_JSON), "run", `${host}.machine`), "utf8").trim();
    return childOf(childOf(machine));
}

function childOf(pid: string): string {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
}

/** Runs a script in one of the lab's own namespaces, on the LAN or beyond it. */
export function within(namespace: string, script: string): string {
    return run("ip", ["netns", "exec", namespace, "sh", "-c", script]);
}

export function succeeds(act: () => unknown): boolean {
    try {
        act();
        return true;
    } catch {
        return false;
    }
}

export function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
    const done = spawnSync(command, args, {
        encoding: "utf8",
        env: { ...process.env, ...env },
        maxBuffer: 64 * 1024 * 1024,
    });
    if (done.status !== 0) {
        const how = done.error?.message ?? `status ${done.status}`;
        throw failed([command, ...args], how, `${done.stdout}${done.stderr}`);
    }
    return done.stdout;
}

export function start(
    command: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
): Promise<string> {
    const options = { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
    return new Promise((resolve, reject) => {
        execFile(command, args, options, (error, stdout, stderr) => {
            if (error) {
                const how = `status ${error.code ?? error.signal ?? "?"}`;
                reject(failed([command, ...args], how, `${stdout}${stderr}`));
            } else {
                resolve(stdout);
            }
        });
    });
}

/** What it said comes first: a log that is cut short loses the command's text, which is known. */
function failed(command: readonly string[], how: string, said: string): Error {
    return new Error(`${how}\n${said}\nfrom: ${command.join(" ")}`);
}
