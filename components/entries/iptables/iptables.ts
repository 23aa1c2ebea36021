import { entry, type Entry, type Unit } from "../../wire/unit";

const RAW = "iptables raw-PREROUTING";

/** A rule in the chain that Docker leaves to the host's admin. */
export function dockerUserEntry(name: string, rule: string): Entry {
    return entry(`iptables DOCKER-USER ${name}`, rule);
}

/** A rule before those by which Docker drops what is sent to a container's own address; nothing where it has none. */
export function directAccessEntry(name: string, rule: string): Entry {
    return entry(`${RAW} ${name}`, rule);
}

/** Whether packets are to reach containers at their own addresses by a network that Docker closes to them. */
export function hasDirectAccess(unit: Unit): boolean {
    return unit.some(({ key }) => key.startsWith(`${RAW} `));
}
