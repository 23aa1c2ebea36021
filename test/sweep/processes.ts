import { readdirSync, readFileSync } from "node:fs";
import { LAB_NAME } from "../support/lab";
import { type Victim } from "./point";

interface Process {
    readonly pid: number;
    readonly parent: number;
    readonly command: string;
}

/** Put into the environment of an operation: whom it started can be found when it is dead. */
export const TAG = "CROSSHOST_CRASH";

const CLIENT_SIDE: Partial<Record<Victim, RegExp>> = {
    client: /^\S*\/pulumi --color/,
    "language host": /pulumi-language-nodejs|@pulumi\/pulumi\/cmd\/run/,
    "command plugin": /pulumi-resource-command/,
    "docker plugin": /pulumi-resource-docker|^ssh .*dial-stdio/,
};
const PARENT = 1;
const START_TIME = 19;
const CONVERGER = /crosshost (apply|delete|commit|install|uninstall|vacate) /;
const SESSION = /^sshd(-session)?: \w+(@notty| \[priv\])/;

/** Kills the victims that are there; true if any was. */
export function kill(victim: Victim, tag: string, hosts: readonly string[]): boolean {
    const pids = find(victim, tag, hosts);
    pids.forEach(killOne);
    return pids.length > 0;
}

export function killOne(pid: number): void {
    try {
        process.kill(pid, "SIGKILL");
    } catch {
        // It has ended by itself.
    }
}

export function find(victim: Victim, tag: string, hosts: readonly string[]): number[] {
    const client = CLIENT_SIDE[victim];
    if (client) {
        return ofOperation(tag).flatMap(({ pid, command }) => (client.test(command) ? [pid] : []));
    }
    const onHosts = hosts.flatMap(ofHost);
    const working = onHosts.filter(({ command }) => CONVERGER.test(command));
    const sessions = onHosts.filter(({ command }) => SESSION.test(command));
    switch (victim) {
        case "sshd":
            return sessions.map(({ pid }) => pid);
        case "converger":
            return working.map(({ pid }) => pid);
        case "converger with its children":
            return withDescendants(working, onHosts);
        default:
            return [
                ...ofOperation(tag).map(({ pid }) => pid),
                ...sessions.map(({ pid }) => pid),
                ...withDescendants(working, onHosts),
            ];
    }
}

/** All that an operation has started on this machine and that is still there. */
export function ofOperation(tag: string): Process[] {
    return pids()
        .filter((pid) => read(pid, "environ").includes(`${TAG}=${tag}\0`))
        .flatMap(described);
}

/**
 * A process never leaves its host: each is asked once, as they are looked for many times a second. A
 * sweep starts more than the 32768 that have a number of their own, so the time of its start belongs to it.
 */
const hostOf = new Map<string, string>();

function ofHost(host: string): Process[] {
    return pids().flatMap((pid) => {
        const process = `${pid} ${statusOf(pid)[START_TIME] ?? ""}`;
        const path = hostOf.get(process) ?? read(pid, "cgroup");
        hostOf.set(process, path);
        return path.includes(`/crosshost-lab/${LAB_NAME}/${host}/machine/payload`)
            ? described(pid)
            : [];
    });
}

function withDescendants(parents: readonly Process[], among: readonly Process[]): number[] {
    const pids = new Set(parents.map(({ pid }) => pid));
    for (let size = 0; size !== pids.size;) {
        size = pids.size;
        for (const { pid, parent } of among) {
            if (pids.has(parent)) {
                pids.add(pid);
            }
        }
    }
    return [...pids];
}

function pids(): number[] {
    return readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .map(Number);
}

function described(pid: number): Process[] {
    const command = read(pid, "cmdline").replaceAll("\0", " ");
    const parent = Number(statusOf(pid)[PARENT]);
    return command === "" ? [] : [{ pid, parent, command }];
}

/** The fields of proc(5)'s stat behind the name, which may hold blanks. */
function statusOf(pid: number): string[] {
    return read(pid, "stat")
        .replace(/^.*\) /, "")
        .split(" ");
}

/** Empty for a process that has just ended. */
function read(pid: number, file: string): string {
    try {
        return readFileSync(`/proc/${pid}/${file}`, "utf8");
    } catch {
        return "";
    }
}
