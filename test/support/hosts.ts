import { containersOf, isStopped, makeNetworkOnce, networksOf, volumesOf } from "./docker";
import { canonical, DUMP } from "./dump";
import { lab, on, onAll, succeeds } from "./lab";

export const HOSTS = ["vm1", "vm2", "vm3"] as const;
export type HostName = (typeof HOSTS)[number];

/** Whether its Docker keeps rules by iptables, among which some of ours stand. */
export function hasIptables(host: string): boolean {
    return lab().hosts[host]?.engine !== "29-nftables";
}

/** Of any three hosts of a lab, one at most has none. */
export function hostWithIptables(): HostName {
    return HOSTS.find(hasIptables) ?? "vm1";
}

/** containerd makes its folder whenever it starts; what once failed is forgotten. */
export const AS_AFTER_A_REBOOT = "mkdir -p /etc/cni/net.d; systemctl reset-failed";

/** What hosts are like before Crosshost has ever touched them. */
export async function baseline(hosts: readonly string[] = HOSTS): Promise<string[]> {
    await Promise.all(hosts.map(firstNetwork));
    return dumps(hosts);
}

/** Docker's own chains and sysctls come with its first network after a start; they are no trace of ours. */
async function firstNetwork(host: string): Promise<void> {
    if (!succeeds(() => on(host, "cmp -s /run/docker.pid /dev/shm/engine"))) {
        await makeNetworkOnce(host);
        on(host, "cp /run/docker.pid /dev/shm/engine");
    }
}

/** Canonical dumps, one for each host, with the host's name on top. */
export async function dumps(hosts: readonly string[] = HOSTS): Promise<string[]> {
    const [texts, objects] = await Promise.all([
        onAll(hosts, DUMP),
        Promise.all(hosts.map((host) => dockerObjects(host).catch(silentIfStopped))),
    ]);
    return texts.map((text, at) => `${hosts[at] ?? ""}\n${canonical(text)}${objects[at] ?? ""}`);
}

function silentIfStopped(error: unknown): string {
    if (!isStopped(error)) {
        throw error;
    }
    return "docker is stopped\n";
}

async function dockerObjects(host: string): Promise<string> {
    const [networks, containers, volumes] = await Promise.all([
        networksOf(host, "all"),
        containersOf(host, "all"),
        volumesOf(host),
    ]);
    const lines = [
        ...networks.map(({ Name, Driver, Scope }) => `docker network ${Name} ${Driver} ${Scope}`),
        ...containers.map(({ Names, Image }) => `docker container ${Names.join(",")} ${Image}`),
        ...volumes.map(({ Name }) => `docker volume ${Name}`),
    ];
    return lines
        .sort()
        .map((line) => `${line}\n`)
        .join("");
}

/** Each host with each other. */
export function pairs(): [HostName, HostName][] {
    return HOSTS.flatMap((from) =>
        HOSTS.filter((to) => to !== from).map((to): [HostName, HostName] => [from, to]),
    );
}

/** The lines by which two dumps differ, for a message that a person can read. */
export function difference(before: readonly string[], after: readonly string[]): string[] {
    return before.flatMap((text, at) => {
        const old = text.split("\n");
        const now = (after[at] ?? "").split("\n");
        const host = old[0] ?? "";
        const [were, are] = [new Set(old), new Set(now)]; // of thousands of lines
        const gone = old.filter((line) => !are.has(line));
        const come = now.filter((line) => !were.has(line));
        return [
            ...gone.map((line) => `${host} - ${line}`),
            ...come.map((line) => `${host} + ${line}`),
        ];
    });
}
