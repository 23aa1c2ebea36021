// Names are written last, by a command that knows all of the program's containers. One that is waited for until it is
// healthy may ask for them before: so the host hears what is known before it makes a container, and no resource waits
// for another host's.
import * as pulumi from "@pulumi/pulumi";
import { stackId } from "../wire/identity";
import { foretellCommand, SEND_NAMES } from "../remote/commands";
import { entriesHash } from "../facts/observation";
import { type HostSession } from "../run/session";
import { type Connection, runOverSsh } from "../remote/ssh";

/** Each text once. What goes wrong is told by the command of the names, which does the same. */
export async function foretell(session: HostSession, connection: Connection): Promise<void> {
    const text = await session.namesSoFar?.();
    if (!text || (await isThere(session, text))) {
        return;
    }
    if (session.foretold?.text !== text) {
        session.foretold = { text, done: sent(session, connection, text) };
    }
    await session.foretold.done;
}

async function isThere({ probe }: HostSession, text: string): Promise<boolean> {
    const probed = await probe;
    const unit = probed.status === "answered" ? probed.observation.units.get("names") : undefined;
    return unit?.hash === entriesHash(text) && unit.drift.length === 0;
}

async function sent(
    { name, stack, become, component }: HostSession,
    connection: Connection,
    text: string,
): Promise<void> {
    const command = foretellCommand(stackId(stack), become);
    const respond = (said: string) => (said.includes(SEND_NAMES) ? text : undefined);
    const failed = await runOverSsh(connection, command, respond).then(
        ({ status, stderr }) =>
            status === 0 ? "" : stderr.trim() || `status ${status ?? "unknown"}`,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    if (failed !== "") {
        await pulumi.log.info(
            `${name}: names of other hosts are only written after its containers are created: ${failed}`,
            component,
        );
    }
}
