import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
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
    const folder = `${stack}/${unitName("host", host)}-${machineTag(connection)}`;
    const direct = loginOptions(connection, `${folder}/host`);
    return connection.proxy
        ? [...direct, "-o", `ProxyCommand=${jump(connection.proxy, `${folder}/proxy`)}`]
        : direct;
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
    if (login.privateKey && !login.privateKeyPassword) {
        const key = `${login.privateKey.trim()}\n`;
        return [`IdentityFile=${write(`${folder}/key`, key)}`, "IdentitiesOnly=yes"];
    }
    return login.agentSocketPath ? [`IdentityAgent=${login.agentSocketPath}`] : [];
}

function jump(proxy: Login, folder: string): string {
    const options = loginOptions(proxy, folder).join(" ");
    return `ssh ${options} -p ${proxy.port ?? 22} -l ${proxy.user ?? "root"} -W %h:%p -- ${proxy.host}`;
}

/** Whole or not at all, and never readable by others, not even while it is written. */
function write(path: string, content: string): string {
    const file = join(userInfo().homedir, FOLDER, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const temporary = `${file}.${process.pid}`;
    writeFileSync(temporary, content, { mode: 0o600 });
    chmodSync(temporary, 0o600);
    renameSync(temporary, file);
    return `~/${FOLDER}/${path}`;
}
