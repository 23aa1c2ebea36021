import { contains } from "../wire/address";
import { type Facts } from "../facts/clouds";
import { isStranger, listed, type Misfits } from "../facts/words";

/**
 * Whether a network that comes to a host holds the address that SSH comes from. One that held it before may stay: the
 * program runs in one of its containers then, as a CI runner does.
 */
export function cutOff(
    range: string,
    what: string,
    instead: string,
    own: string,
    facts: Facts,
): Misfits {
    const client = facts.get("ssh")?.[0] ?? "";
    if (!/^[0-9.]+$/.test(client) || !contains(range, client)) {
        return { errors: [], warnings: [] };
    }
    const isHeld = listed(facts, "ssh-in").some(([, owner = ""]) => !isStranger(owner, own));
    return isHeld
        ? { errors: [], warnings: [warning(what, client)] }
        : {
              errors: [`${what} contains ${client}, the address of this SSH client: ${instead}`],
              warnings: [],
          };
}

function warning(what: string, client: string): string {
    return `${what} contains ${client}, the address of this SSH client, and is about to change: if that cuts this run off, start it again`;
}
