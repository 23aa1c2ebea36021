import {
    chmodSync,
    existsSync,
    mkdirSync,
    renameSync,
    rmdirSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import { userInfo } from "node:os";
import { basename, dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { machineTag, unitName } from "../wire/identity";
import { containerLoginProblem } from "./containerLogin";
import { keyFileText } from "../remote/privateKey";
import { Refusal } from "../run/refuse";
import { type Connection, type Login } from "../remote/ssh";

/** Under the home directory; `ssh` expands `~` itself, so that options are the same everywhere. */
const FOLDER = ".cache/crosshost";

/** No configuration of the machine's or the user's: the program alone says how a host is reached. */
const OWN_CONFIG_ONLY = ["-F", "none"];

/**
 * Options for OpenSSH to log in as the host's connection says. The Docker provider takes no key as
 * text, so key and host key are named as files, see `writeKeyFiles`. An agent needs none.
 */
export function sshOptions(connection: Connection, stack: string, host: string): string[] {
    const problem = containerLoginProblem(host, connection);
    if (problem !== undefined) {
        throw new Refusal(problem);
    }
    const folder = keyFolder(connection, stack, host);
    const direct = loginOptions(connection, `${folder}/host`);
    return connection.proxy
        ? [...direct, "-o", `ProxyCommand=${jump(connection.proxy, `${folder}/proxy`)}`]
        : direct;
}

/** The files that these options name, which only this user can read. */
export function writeKeyFiles(connection: Connection, stack: string, host: string): void {
    const folder = keyFolder(connection, stack, host);
    const files = [
        ...filesOf(connection, `${folder}/host`),
        ...(connection.proxy ? filesOf(connection.proxy, `${folder}/proxy`) : []),
    ];
    for (const [path, content] of files) {
        write(path, content);
    }
}

/**
 * Where a host's files lie. Another machine, or a login that needs other files, has another folder:
 * so the old one can go as a whole, once nothing is left that logs in by it.
 */
export function keyFolder(connection: Connection, stack: string, host: string): string {
    const logins = [connection, ...(connection.proxy ? [connection.proxy] : [])];
    const agents = logins.map((login) => (hasKeyFile(login) ? "" : "-agent"));
    const shape = agents.join("-proxy");
    return `${stack}/${unitName("host", host)}-${machineTag(connection)}${shape}`;
}

/**
 * A program for Node, which takes the folder away, and those above it that are empty then. It stands
 * in the state and may run on another machine, so it looks for the home directory as ssh does.
 */
export function removalOf(folder: string): string {
    const [stack = "", name = ""] = folder.split("/");
    return [
        'const { rmSync, rmdirSync } = require("node:fs");',
        `const all = require("node:os").userInfo().homedir + "/${FOLDER}";`,
        `rmSync(all + "/${stack}/${name}", { recursive: true, force: true });`,
        `for (const above of [all + "/${stack}", all]) try { rmdirSync(above); } catch { break; }`,
    ].join("\n");
}

function loginOptions(login: Login, folder: string): string[] {
    const options = [
        "BatchMode=yes",
        "ConnectTimeout=5",
        ...identity(login, folder),
        "GlobalKnownHostsFile=/dev/null",
        "ControlPath=none",
    ];
    if (login.hostKey) {
        options.push(
            "HostKeyAlias=crosshost",
            "StrictHostKeyChecking=yes",
            `UserKnownHostsFile=~/${FOLDER}/${folder}/known_hosts`,
        );
    } else {
        options.push("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null");
    }
    return [...OWN_CONFIG_ONLY, ...options.flatMap((option) => ["-o", option])];
}

/** One way, as the network's half has it: by the key without an agent, or by an agent without the user's own keys. */
function identity(login: Login, folder: string): string[] {
    if (hasKeyFile(login)) {
        const file = `~/${FOLDER}/${folder}/key`;
        return [`IdentityFile=${file}`, "IdentitiesOnly=yes", "IdentityAgent=none"];
    }
    const agent = login.agentSocketPath ? [`IdentityAgent=${login.agentSocketPath}`] : [];
    return ["IdentityFile=none", ...agent];
}

function filesOf(login: Login, folder: string): [path: string, content: string][] {
    const files: [string, string][] = [];
    if (login.privateKey && hasKeyFile(login)) {
        files.push([`${folder}/key`, keyFileText(login.privateKey)]);
    }
    if (login.hostKey) {
        files.push([`${folder}/known_hosts`, `crosshost ${login.hostKey.trim()}\n`]);
    }
    return files;
}

function hasKeyFile({ privateKey, privateKeyPassword }: Login): boolean {
    return Boolean(privateKey) && !privateKeyPassword;
}

/** ssh has a shell run it, whichever the user has; in quotes, as some put $HOME for a tilde where ssh takes the account's. */
function jump(proxy: Login, folder: string): string {
    const options = loginOptions(proxy, folder)
        .map((word) => (word.includes("~") ? `"${word}"` : word))
        .join(" ");
    return `ssh ${options} -p ${proxy.port ?? 22} -l ${proxy.user ?? "root"} -W %h:%p -- ${proxy.host}`;
}

/** Whole or not at all, and never readable by others, not even while it is written. */
function write(path: string, content: string): void {
    const file = join(userInfo().homedir, FOLDER, path);
    const mode = keepOnlyForPreview(file) ? OF_PREVIEW : 0o600;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const temporary = `${file}.${process.pid}`;
    writeFileSync(temporary, content, { mode });
    chmodSync(temporary, mode);
    renameSync(temporary, file);
}

/** By this the next run knows the files of a preview that was killed, and takes them for its own. */
const OF_PREVIEW = 0o400;

/** Files that a preview has made: no `destroy` may ever follow, so they end with the program. */
const ofPreviews = new Set<string>();

/** The engine ends a program by the first; the others are of those who run it themselves. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function keepOnlyForPreview(file: string): boolean {
    if (!pulumi.runtime.isDryRun()) {
        ofPreviews.delete(file); // of a program that previews and updates in one process
        return false;
    }
    if (existsSync(file) && (statSync(file).mode & 0o777) !== OF_PREVIEW) {
        return false;
    }
    if (!process.listeners("exit").includes(removeThoseOfPreviews)) {
        process.once("exit", removeThoseOfPreviews);
        for (const signal of SIGNALS) {
            process.on(signal, endBySignal);
        }
    }
    ofPreviews.add(file);
    return true;
}

/** Whoever listens to a signal has to end the program himself; unless somebody else does too. */
function endBySignal(signal: NodeJS.Signals): void {
    removeThoseOfPreviews();
    process.removeListener(signal, endBySignal); // not before: the engine may send it twice
    if (process.listenerCount(signal) === 0) {
        process.kill(process.pid, signal);
    }
}

function removeThoseOfPreviews(): void {
    for (const file of ofPreviews) {
        rmSync(file, { force: true });
        removeEmpty(dirname(file));
    }
    ofPreviews.clear();
}

/** Upwards, as far as nothing else lies there. */
function removeEmpty(folder: string): void {
    try {
        rmdirSync(folder);
    } catch {
        return;
    }
    if (basename(folder) !== basename(FOLDER)) {
        removeEmpty(dirname(folder));
    }
}
