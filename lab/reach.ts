import { readFileSync } from "node:fs";
import { answer } from "./command";
import { green, red, table } from "./terminal";

/** A container, and what its host and its own network say of it. */
export interface Container {
    readonly host: string;
    readonly engine: string;
    readonly name: string;
    readonly address: string;
    readonly mtu: string;
}

/** One container called another. */
export interface Meeting {
    readonly from: Container;
    readonly to: Container;
    readonly milliseconds: string | undefined;
    /** The source address that the other saw. */
    readonly seenAs: string | undefined;
}

interface Lab {
    readonly sshConfigFile: string;
    readonly hosts: Readonly<Record<string, unknown>>;
}

const LOCATE = `
engine=$(docker version --format '{{.Server.Version}}')
for name in NAMES; do
    docker inspect "$name" >/dev/null 2>&1 || continue
    address=$(docker exec "$name" ip -4 -o addr show dev eth0 | awk '{ sub("/.*", "", $4); print $4 }')
    echo "$engine $name $address $(docker exec "$name" cat /sys/class/net/eth0/mtu)"
done`;

const CALL = `docker exec NAME sh -c '
    ping -c 1 -W 2 ADDRESS | sed -n "s/.*time=\\([0-9.]*\\).*/\\1/p"
    timeout 3 wget -qO- http://ADDRESS/cgi-bin/peer | sed "s/.* sees //"' || :`;

/** How a server that listens for both families writes an IPv4 address. */
const MAPPED = /^\[::ffff:([0-9.]+)\]$/;

/** Asks every host which of the containers run there; in the hosts' order. */
export async function locate(labFile: string, names: readonly string[]): Promise<Container[]> {
    const { hosts } = readLab(labFile);
    const script = LOCATE.replace("NAMES", names.join(" "));
    const found = await Promise.all(
        Object.keys(hosts).map(async (host) => {
            const lines = (await onHost(labFile, host, script)).split("\n").filter(Boolean);
            return lines.map((line) => {
                const [engine = "", name = "", address = "", mtu = ""] = line.split(" ");
                return { host, engine, name, address, mtu };
            });
        }),
    );
    return found.flat();
}

/** Each container calls each of the others. */
export async function meet(labFile: string, containers: readonly Container[]): Promise<Meeting[]> {
    const pairs = containers.flatMap((from) =>
        containers.filter((to) => to !== from).map((to) => ({ from, to })),
    );
    return Promise.all(
        pairs.map(async ({ from, to }) => {
            const call = CALL.replace("NAME", from.name).replaceAll("ADDRESS", to.address);
            const [milliseconds, seenAs] = (await onHost(labFile, from.host, call)).split("\n");
            return { from, to, milliseconds, seenAs: seenAs?.replace(MAPPED, "$1") };
        }),
    );
}

/** Reached means: by the address that the other has, seen with the address that this one has. */
export function reached({ from, milliseconds, seenAs }: Meeting): boolean {
    return Boolean(milliseconds) && seenAs === from.address;
}

export function reachTable(containers: readonly Container[], meetings: readonly Meeting[]): string {
    const rows = containers.map((container) => {
        const calls = meetings.filter(({ from }) => from === container).map(callCell);
        const { host, engine, name, address, mtu } = container;
        return [host, engine, name, address, mtu, calls.join(", ")];
    });
    return table(["host", "engine", "container", "address", "MTU", "reached"], rows);
}

function callCell(meeting: Meeting): string {
    const { to, milliseconds, seenAs } = meeting;
    if (reached(meeting)) {
        return green(`${to.address} in ${milliseconds ?? "?"} ms`);
    }
    return red(`${to.address} NOT${seenAs ? ` (seen there as ${seenAs})` : ""}`);
}

/** Runs a script on a host of the lab, as root. */
export async function onHost(labFile: string, host: string, script: string): Promise<string> {
    return answer(["ssh", "-F", readLab(labFile).sshConfigFile, host, script]);
}

function readLab(file: string): Lab {
    return JSON.parse(readFileSync(file, "utf8")) as Lab;
}
