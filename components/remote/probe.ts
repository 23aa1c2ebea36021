import { parseObservation, type ProbeResult } from "../facts/observation";
import { observeCommand, SEND_PROGRAM } from "./commands";
import { type Answer, type Connection, runOverSsh, SshError } from "./ssh";

/** Another run is at work on the host; it is written at once, so it comes in one piece. */
const WAITING = /^crosshost: (waiting for .*)$/m;

/**
 * Asks a host what lies on it and what has drifted, over one SSH login. Never rejects: a host that
 * cannot be asked is an answer too. Changes nothing there, and needs nothing installed there.
 * `tell` hears whom it has to wait for.
 */
export async function probe(
    connection: Connection,
    become: "sudo" | undefined,
    stack: string,
    program: { readonly text: string; readonly hash: string },
    tell: (waiting: string) => void,
): Promise<ProbeResult> {
    try {
        const answer = await runOverSsh(
            connection,
            observeCommand(stack, program.hash, become),
            (stdout) => (hasLine(stdout, SEND_PROGRAM) ? program.text : undefined),
            (stderr) => {
                const waiting = WAITING.exec(stderr)?.[1];
                if (waiting) {
                    tell(waiting);
                }
            },
        );
        const said = answer.stdout.split(`${SEND_PROGRAM}\n`).at(-1) ?? "";
        const observation = parseObservation(said);
        if (observation) {
            return { status: "answered", observation, printed: printedBefore(answer.stdout) };
        }
        return { status: "refused", reason: refusal(answer, connection.user ?? "root", become) };
    } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const refused = error instanceof SshError && error.refused;
        return { status: refused ? "refused" : "unreachable", reason };
    }
}

/** The same of any request that changes nothing: what the program on the host prints. */
export async function answerTo(
    connection: Connection,
    command: string,
    program: { readonly text: string },
): Promise<string> {
    const { stdout } = await runOverSsh(connection, command, (said) =>
        hasLine(said, SEND_PROGRAM) ? program.text : undefined,
    );
    return stdout.split(`${SEND_PROGRAM}\n`).at(-1) ?? "";
}

/** The first line of what came before the host's first word. */
function printedBefore(stdout: string): string | undefined {
    const [before = ""] = stdout.split(/^crosshost(?:: send| 1)$/m);
    return before.split("\n").find((line) => line.trim() !== "");
}

/** Anywhere in it, as a talkative login shell may have said something before. */
function hasLine(text: string, line: string): boolean {
    return `\n${text}`.includes(`\n${line}\n`);
}

/** All that the converger refused, else the last that anybody said. */
function refusal(
    { stdout, stderr, status }: Answer,
    user: string,
    become: "sudo" | undefined,
): string {
    const refused = [...stderr.matchAll(/^crosshost: (?:refused: )?(.*)$/gm)].map(([, why]) => why);
    if (refused.length > 0) {
        return refused.join("\n    ");
    }
    const said = lastLine(stderr) || (/^crosshost /m.test(stdout) ? "" : lastLine(stdout));
    if (become && said.includes("sudo")) {
        return sudoRefusal(said, user);
    }
    return said || `the probe ended with status ${status ?? "unknown"}`;
}

function sudoRefusal(said: string, user: string): string {
    const file = `/etc/sudoers.d/${user} there`;
    if (/not found|No such file/.test(said)) {
        return "sudo is not installed there: install it, or log in as root and leave out become";
    }
    if (said.includes("must have a tty")) {
        return `sudo wants a terminal there (${said}): write "Defaults:${user} !requiretty" into ${file}`;
    }
    return /passw|authentication|not allowed|not in the sudoers|may not run/.test(said)
        ? `sudo does not let ${user} run commands without a password (${said}): ` +
              `write "${user} ALL=(ALL) NOPASSWD: ALL" into ${file}`
        : `sudo does not work there for ${user}: ${said}`;
}

function lastLine(text: string): string {
    return text.trim().split("\n").at(-1) ?? "";
}
