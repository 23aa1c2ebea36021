// The backends by which a network can be switched, and what of them shows on a host.
import { capture } from "../../support/capture";
import { addressOfContainer } from "../../support/docker";
import { inside, lab, on, programOn, run, succeeds } from "../../support/lab";
import {
    echoRequest,
    inGeneve,
    inGretap,
    inVxlan,
    send,
    withAddressOf,
} from "../../support/packets";

interface Drift {
    /** Which of the hosts. */
    readonly at: 0 | 1;
    readonly breaks: string;
    readonly told: RegExp;
}

export interface Way {
    readonly name: string;
    /** The kernel's name of its devices, and how ours are called. */
    readonly kind: string;
    readonly ports: string;
    readonly mtu: number;
    readonly protocol: number;
    /** A frame to a container, as the device of a host takes it. */
    readonly wrapped: (packet: Buffer, host: string, mac: string) => Buffer;
    /** The kernel takes packets from no other than a port's peer, with or without our rule. */
    readonly knowsItsPeer: boolean;
    /** Between two hosts, by their numbers. */
    readonly drifts: (one: number, other: number) => readonly Drift[];
}

const UDP = 17;
const GRE = 47;
const RECEIVED = "cat /sys/class/net/eth0/statistics/rx_packets";
const SENT = 5;
/** Of the part from which neither Docker nor the plan gives out any. */
export const NOBODY = "10.42.0.9";

export const vxlan: Way = {
    name: "vxlan",
    kind: "vxlan",
    ports: "vx-mesh-",
    mtu: 1450,
    protocol: UDP,
    wrapped: (packet, host, to) => inVxlan({ ...numbersOn(host, "vxlan"), to }, packet),
    knowsItsPeer: false,
    drifts: (_one, other) => [
        {
            at: 0,
            breaks: `ip link set dev ${link("vx-mesh-")} nomaster`,
            told: /drift link vx-mesh-\S+ *: "no-master"/,
        },
        {
            at: 1,
            breaks: `ip link set dev ${link("vx-mesh-")} type vxlan nolearning`,
            told: /drift link vx-mesh-\S+ *: "nolearning"/,
        },
        {
            at: 0,
            breaks: `bridge fdb del 00:00:00:00:00:00 dev ${link("vx-mesh-")} dst ${addressOf(`vm${other}`)}`,
            told: new RegExp(
                `drift fdb 00:00:00:00:00:00 dev vx-mesh-\\S+ dst ${addressOf(`vm${other}`)} *: "missing"`,
            ),
        },
        {
            at: 1,
            breaks: `bridge fdb append 00:00:00:00:00:00 dev ${link("vx-mesh-")} dst 192.0.2.9`,
            told: /drift fdb 00:00:00:00:00:00 dev vx-mesh-\S+ dst 192\.0\.2\.9 *: "not in the plan/,
        },
    ],
};

const geneve: Way = {
    name: "geneve",
    kind: "geneve",
    ports: "gn\\w-mesh-",
    mtu: 1450,
    protocol: UDP,
    wrapped: (packet, host, to) => inGeneve({ ...numbersOn(host, "geneve"), to }, packet),
    knowsItsPeer: true,
    drifts: driftsOfPorts("gn"),
};

const gre: Way = {
    name: "gre",
    kind: "gretap",
    ports: "gt\\w-mesh-",
    mtu: 1458,
    protocol: GRE,
    wrapped: (packet, host, to) => inGretap({ key: keyOn(host), to }, packet),
    knowsItsPeer: true,
    drifts: driftsOfPorts("gt"),
};

export const ALL_WAYS: readonly Way[] = [vxlan, geneve, gre];

function driftsOfPorts(kind: string): Way["drifts"] {
    return (one, other) => [
        {
            at: 0,
            breaks: `ip link set dev ${link(`${kind}${other}-mesh-`)} nomaster`,
            told: new RegExp(`drift link ${kind}${other}-mesh-\\S+ *: "no-master no-isolated"`),
        },
        {
            at: 1,
            breaks: `ip link set dev ${link(`${kind}${one}-mesh-`)} type bridge_slave isolated off`,
            told: new RegExp(`drift link ${kind}${one}-mesh-\\S+ *: "isolated off"`),
        },
    ];
}

/** As a word of a shell. */
function link(begin: string): string {
    return `$(basename /sys/class/net/${begin}*)`;
}

export function addressOf(host: string): string {
    return lab().hosts[host]?.address ?? "";
}

function numbersOn(host: string, kind: string): { vni: number; port: number } {
    const shown = on(host, `ip -d -o link show type ${kind}`);
    const [vni, port] = [/ id (\d+)/, / dstport (\d+)/].map((at) => Number(at.exec(shown)?.[1]));
    return { vni: vni ?? NaN, port: port ?? NaN };
}

function keyOn(host: string): number {
    const shown = on(host, "ip -d -o link show type gretap | grep mesh");
    const [, key = ""] = / okey ([\d.]+)/.exec(shown) ?? [];
    return key.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** The ports of a host's bridge that lead to others. */
export function portsOn(host: string, { ports }: Way): string[] {
    return on(host, `ls /sys/class/net | grep -E '^${ports}' || true`).split("\n").filter(Boolean);
}

/** What hosts have of the network beside its bridge and containers, and is not what the backend makes. */
export function strangePorts(hosts: readonly string[], { ports }: Way): string[] {
    return hosts.flatMap((host) =>
        on(host, "ip -o link show group 201")
            .split("\n")
            .flatMap((line) => /^\d+: (?!ch-|veth)(\S+-mesh-)/.exec(line)?.[1] ?? [])
            .filter((name) => !new RegExp(`^${ports}$`).test(name))
            .map((name) => `${host}: ${name}`),
    );
}

/** What goes over the wire of each host for 10 s, by its own ports. */
export async function seenOnWires(
    hosts: readonly string[],
    way: Way,
    filter: string,
): Promise<{ seen: () => Promise<string[]> }> {
    const all = await Promise.all(
        hosts.map((host) =>
            Promise.all(
                portsOn(host, way).map((port) =>
                    capture(...programOn(host, "timeout", "10", "tcpdump", "-lnei", port, filter)),
                ),
            ),
        ),
    );
    const together = async (captures: (typeof all)[number]) =>
        (await Promise.all(captures.map(({ seen }) => seen))).join("").trim();
    return { seen: () => Promise.all(all.map(together)) };
}

/** Whether frames from the LAN reach a container: by our rules, without the one that is closed to strangers, and as a peer says it is. */
export function takesStrangers(
    { protocol, wrapped }: Way,
    {
        host,
        peer,
        container,
        table,
    }: { host: string; peer: string; container: string; table: string },
): { closed: boolean; open: boolean; asPeer: boolean } {
    const { namespace } = lab().lan;
    const address = addressOfContainer(host, container);
    const mac = on(host, inside(container, "cat /sys/class/net/eth0/address")).trim();
    const payload = wrapped(echoRequest(NOBODY, address), host, mac);
    const received = () => Number(on(host, inside(container, RECEIVED)));
    const come = () => {
        const start = received();
        send(namespace, { protocol, to: addressOf(host), payload, count: SENT });
        return received() - start >= SENT;
    };
    const closed = come();
    on(host, `nft flush chain inet ${table} input`);
    const open = come();
    const asPeer = withAddressOf(
        namespace,
        { machine: addressOf(peer), to: addressOf(host) },
        come,
    );
    return { closed, open, asPeer };
}

/** What is asked of `takesStrangers`: with our rule nobody comes in, and without it whoever the kernel does not know. */
export function strangersWanted({ knowsItsPeer }: Way): ReturnType<typeof takesStrangers> {
    return { closed: false, open: !knowsItsPeer, asPeer: true };
}

/** Whether a kernel has it: this machine's is asked, which hosts share, unless they have their own. */
export function isPossible({ kind }: Way): boolean {
    const [host] = Object.values(lab().hosts);
    const tried = {
        vxlan: "id 1 dstport 4789",
        geneve: "id 1 remote 192.0.2.1",
        gretap: "local 192.0.2.2 remote 192.0.2.1",
    };
    const words = tried[kind as keyof typeof tried];
    return (
        host?.kernel === "own" ||
        succeeds(() =>
            run("unshare", ["-n", "ip", "link", "add", "tried", "type", kind, ...words.split(" ")]),
        )
    );
}
