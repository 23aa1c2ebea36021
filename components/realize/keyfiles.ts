import {
    chmodSync,
    existsSync,
    mkdirSync,
    renameSync,
    rmdirSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { userInfo } from "node:os";
import { basename, dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { machineTag, unitName } from "../wire/identity";
import { containerLoginProblem } from "./containerLogin";
import { Refusal } from "./refuse";
import { type Connection, type Login } from "./ssh";

/** Under the home directory; `ssh` expands `~` itself, so that options are the same everywhere. */
const FOLDER = ".cache/crosshost";

/**
 * Options for OpenSSH to log in as the host's connection says. The Docker provider takes no key as
 * text, so key and host key are put into files that only this user can read. An agent needs none.
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
    const options = ["BatchMode=yes", "ConnectTimeout=5", ...identity(login, folder)];
    if (login.hostKey) {
        const knownHosts = write(`${folder}/known_hosts`, `crosshost ${login.hostKey.trim()}\n`);
        options.push(
            "HostKeyAlias=crosshost",
            "StrictHostKeyChecking=yes",
            `UserKnownHostsFile=${knownHosts}`,
        );
    } else {
        options.push("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null");
    }
    return options.flatMap((option) => ["-o", option]);
}

function identity(login: Login, folder: string): string[] {
    if (login.privateKey && hasKeyFile(login)) {
        const key = `${login.privateKey.trim()}\n`;
        return [`IdentityFile=${write(`${folder}/key`, key)}`, "IdentitiesOnly=yes"];
    }
    return login.agentSocketPath ? [`IdentityAgent=${login.agentSocketPath}`] : [];
}

function hasKeyFile({ privateKey, privateKeyPassword }: Login): boolean {
    return Boolean(privateKey) && !privateKeyPassword;
}

function jump(proxy: Login, folder: string): string {
    const options = loginOptions(proxy, folder).join(" ");
    return `ssh ${options} -p ${proxy.port ?? 22} -l ${proxy.user ?? "root"} -W %h:%p -- ${proxy.host}`;
}

/** Whole or not at all, and never readable by others, not even while it is written. */
function write(path: string, content: string): string {
    const file = join(userInfo().homedir, FOLDER, path);
    keepOnlyForPreview(file);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const temporary = `${file}.${process.pid}`;
    writeFileSync(temporary, content, { mode: 0o600 });
    chmodSync(temporary, 0o600);
    renameSync(temporary, file);
    return `~/${FOLDER}/${path}`;
}

/** Files that a preview has made: no `destroy` may ever follow, so they end with the program. */
const ofPreviews = new Set<string>();

function keepOnlyForPreview(file: string): void {
    if (!pulumi.runtime.isDryRun()) {
        ofPreviews.delete(file); // of a program that previews and updates in one process
    } else if (!existsSync(file)) {
        if (ofPreviews.size === 0) {
            process.once("exit", removeThoseOfPreviews);
        }
        ofPreviews.add(file);
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
