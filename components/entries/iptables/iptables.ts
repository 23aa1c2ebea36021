import { entry, type Entry } from "../../wire/unit";

/** A rule in the chain that Docker leaves to the host's admin. */
export function dockerUserEntry(name: string, rule: string): Entry {
    return entry(`iptables DOCKER-USER ${name}`, rule);
}
