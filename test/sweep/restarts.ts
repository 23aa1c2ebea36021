import { HOSTS } from "../support/hosts";
import { lab, on, onAll } from "../support/lab";

/** What happens to a container, or to all of a host. */
export const EVENTS = ["docker restart", "made anew", "systemctl restart docker"] as const;
export type Event = (typeof EVENTS)[number];

export interface Return {
    readonly event: Event;
    readonly host: string;
    readonly container: string;
    /** From the container's start, by Docker's word, until all of it is there; none within the limit. */
    readonly milliseconds: number | undefined;
}

/** Of a machine that has much else to do; the sweep holds each to a second. */
const LIMIT_MS = 60_000;
const IMAGE = "lan-registry:5000/busybox:1";
const RUN = {
    hand: `docker run -d --name hand --restart unless-stopped ${IMAGE} >/dev/null`,
    plain: `docker run -d --name plain --restart unless-stopped --network none ${IMAGE} >/dev/null`,
} as const;
const CONTAINERS = ["made", ...(["hand", "plain"] as const)] as const;

export async function runByHand(): Promise<void> {
    await onAll(HOSTS, Object.values(RUN).join("; "));
}

export async function removeByHand(): Promise<void> {
    await onAll(HOSTS, `docker rm -f ${Object.keys(RUN).join(" ")} >/dev/null 2>&1 || true`);
}

/** One event after the other, so that what is measured is one; hosts and containers take turns. */
export function* restarts(counts: Readonly<Record<Event, number>>): Generator<Return> {
    for (const event of EVENTS) {
        for (let turn = 0; turn < counts[event]; turn++) {
            const host = HOSTS[turn % HOSTS.length] ?? HOSTS[0];
            yield* returnsAfter(event, host, Math.floor(turn / HOSTS.length));
        }
    }
}

function returnsAfter(event: Event, host: string, round: number): Return[] {
    switch (event) {
        case "docker restart": {
            const container = CONTAINERS[round % CONTAINERS.length] ?? "made";
            return measured(event, host, `docker restart -t 0 ${container} >/dev/null`, [
                container,
            ]);
        }
        case "made anew": {
            const container = round % 2 === 0 ? "hand" : "plain";
            const anew = `docker rm -f ${container} >/dev/null; ${RUN[container]}`;
            return measured(event, host, anew, [container]);
        }
        default:
            // systemd starts a service three times in a minute, and then no more.
            return measured(event, host, `systemctl reset-failed docker; ${event}`, CONTAINERS);
    }
}

/** Containers of a host that are not whole within a minute. */
export function neverBack(host: string): string[] {
    return untilWhole(host, "after=0", CONTAINERS)
        .filter(({ milliseconds }) => milliseconds === undefined)
        .map(({ container }) => container);
}

function measured(
    event: Event,
    host: string,
    script: string,
    containers: readonly string[],
): Return[] {
    return untilWhole(host, script, containers).map((found) => ({ event, host, ...found }));
}

function untilWhole(
    host: string,
    script: string,
    containers: readonly string[],
): Pick<Return, "container" | "milliseconds">[] {
    const waits = containers.map((name) => `back ${name} ${wantedOf(host, name)} &`);
    const answer = on(host, [WATCHING, script, ...waits, "wait"].join("\n"));
    return containers.map((container) => {
        const time = new RegExp(`^${container} (\\d+)$`, "m").exec(answer)?.[1];
        return { container, milliseconds: time === undefined ? time : Number(time) };
    });
}

/** Names in its hosts file, its default route's router, and addresses. */
function wantedOf(host: string, container: string): string {
    const n = HOSTS.findIndex((one) => one === host) + 1;
    const home = lab().lan.cidr.replace(/\.0\/24$/, "");
    switch (container) {
        case "made":
            return `4 10.60.${n}.1 10.42.${n}.200/24 10.60.${n}.200/24`;
        case "hand":
            return `6 any 10.42.${n}.201/24 ${home}.5${n}/24 10.60.${n}.210/24`;
        default:
            return `0 ${home}.2 ${home}.6${n}/24`;
    }
}

/**
 * Looks by the kernel's own word, from the container's namespace. An overlay is one link: its prefix is the whole of it.
 * Docker is asked once for each container: asking it again and again would take what the work needs.
 */
const WATCHING = `
started() {
    docker inspect -f '{{if .State.Running}}{{.State.Pid}} {{.HostsPath}} {{.State.StartedAt}}{{end}}' "$1" 2>/dev/null
}
whole() {
    have=$(nsenter -t "$pid" -n ip -o -4 addr show 2>/dev/null)
    for address; do [[ $have = *" \${address%/*}/"* ]] || return 1; done
    [ "$names" = 0 ] || [ "$(grep -c ' # crosshost ' "$hosts" 2>/dev/null)" = "$names" ] || return 1
    [ "$router" = any ] || nsenter -t "$pid" -n ip route show default | grep -q "via $router "
}
late() { [ $(($(date +%s%3N) - began)) -gt ${LIMIT_MS} ]; }
back() {
    local name=$1 names=$2 router=$3 pid hosts start
    shift 3
    until read -r pid hosts start < <(started "$name") && start=$(date -d "$start" +%s%3N) && [ "$start" -ge "$after" ]; do
        ! late && sleep 0.05 || return
    done
    until whole "$@"; do ! late && sleep 0.02 || return; done
    echo "$name $(($(date +%s%3N) - start))"
}
began=$(date +%s%3N) after=$began`;

/** Links of a host that lead nowhere, and addresses that two namespaces have. */
export async function leftOver(): Promise<string[]> {
    const said = await onAll(HOSTS, LEFT_OVER);
    return said.flatMap((text, at) =>
        text
            .split("\n")
            .filter(Boolean)
            .map((line) => `${HOSTS[at] ?? ""}: ${line}`),
    );
}

const LEFT_OVER = `
pids=$(docker inspect -f '{{.State.Pid}}' $(docker ps -q))
inside=$(for pid in $pids; do nsenter -t $pid -n ip -o link show type veth; done | wc -l)
outside=$(ip -o link show type veth | grep -vc ": eth0")
[ "$inside" = "$outside" ] || echo "$outside veths outside of containers, $inside inside"
{ ip -o -4 addr show; for pid in $pids; do nsenter -t $pid -n ip -o -4 addr show; done; } |
    awk '$2 != "lo" { sub("/.*", "", $4); print $4 }' | sort | uniq -d | sed 's/^/twice: /'
`;
