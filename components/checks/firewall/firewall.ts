// checks/firewall/: whose rules drop the packets of a unit.
import { networkAddress } from "../../wire/address";
import { type Line, linesOf, listed, wordAfter } from "../../facts/words";
import { type Observation } from "../../facts/observation";
import { type Chain, chainsOf, droppedBy, LEGACY, type Packet } from "./ruleset";

/** A way that packets of a unit take through the host. */
interface Way {
    readonly packets: readonly Packet[];
    readonly what: string;
    readonly open: (kind: Kind, by: Chain) => readonly string[];
    /** Docker tells firewalld of its bridges, where it may. */
    readonly isDockersZone?: boolean;
}

type Kind = "ufw" | "firewalld" | "iptables" | "iptables-legacy" | "nft";

/** Loopbacks, and bridges and tunnels, Docker's and ours. */
const NO_NIC = /^(lo$|dummy|docker\d|docker_|br-|ch-|vx-)/;
/** Of an address that nobody has. */
const ELSEWHERE = "192.0.2.1";

const DOCKERS_RULES_ARE_GONE =
    "Docker's own firewall rules are gone: published ports and traffic out of Docker's networks may be blocked, " +
    "and networks that Docker isolates may not be isolated; Docker creates the rules when it starts:\n    systemctl restart docker";

/** Firewalls of the host that would eat what a unit is for: one warning each, with what opens it. */
export function firewallWarnings(
    text: string,
    { rules, facts }: Pick<Observation, "rules" | "facts">,
): string[] {
    const chains = chainsOf(rules);
    const ways = [...tunnels(text, facts), ...passages(text, facts), ...waysOut(text, facts)];
    return [
        ...(facts.has("docker-rules") ? [DOCKERS_RULES_ARE_GONE] : []),
        ...(chains.length === 0 ? [] : ways.flatMap((way) => warning(way, chains, facts))),
    ];
}

function warning(
    { packets, what, open, isDockersZone = false }: Way,
    chains: readonly Chain[],
    facts: Observation["facts"],
): string[] {
    const isLeft = facts.get("docker-iptables")?.[0] === "off";
    const dockersTable = facts.get("iptables")?.[0] === "legacy" ? LEGACY : "ip filter";
    const [by] = packets
        .flatMap((packet) => droppedBy(chains, packet, isLeft ? undefined : dockersTable))
        .filter((chain) => !isDockersZone || isLeft || kindOf(chain, chains) !== "firewalld");
    if (!by) {
        return [];
    }
    const kind = kindOf(by, chains);
    const name =
        kind === "ufw" || kind === "firewalld" ? kind : `chain ${by.name} of table ${by.table}`;
    return [
        `its firewall (${name}) drops ${what}; to let it through:${open(kind, by).map(line).join("")}`,
    ];
}

function line(command: string): string {
    return `\n    ${command}`;
}

/** UDP from each peer to the port of a tunnel. */
function tunnels(text: string, facts: Observation["facts"]): Way[] {
    const lines = linesOf(text);
    return lines.flatMap(([key, value]): Way[] => {
        const port = Number(wordAfter(value, "dstport"));
        if (!key.startsWith("link ") || !port) {
            return [];
        }
        const local = wordAfter(value, "local");
        const device = key.slice("link ".length);
        const peers = lines
            .filter(([other]) => other.startsWith("fdb ") && other.endsWith(` dev ${device}`))
            .map(([, to]) => wordAfter(to, "dst"));
        const iifname = nicOf(local, facts);
        return [
            {
                what: `UDP to port ${port} from ${peers.join(", ")}, which ${device} needs`,
                packets: peers.map((saddr) => ({
                    hook: "input",
                    iifname,
                    saddr,
                    daddr: local,
                    udp: port,
                })),
                open: (kind, by) => openPort(kind, by, peers, port),
            },
        ];
    });
}

/** What a bridge lets in by a rule of its own, from a device or the NIC that has the address. */
function passages(text: string, facts: Observation["facts"]): Way[] {
    const lines = linesOf(text);
    const underlay = lines.find(([key]) => key.startsWith("underlay "))?.[0].split(" ")[1] ?? "";
    return lines.flatMap(([key, value]): Way[] => {
        const bridge = wordAfter(value, "oifname");
        const device = wordAfter(value, "iifname") || nicOf(underlay, facts);
        const range = wordAfter(value, "saddr");
        if (!key.startsWith("nft forward ") || !value.endsWith(" accept") || !range || !device) {
            return [];
        }
        const peer = networkAddress(range);
        const own = gatewayOf(bridge, lines) ?? peer;
        return [
            {
                what: `traffic from ${device} to ${bridge} or back`,
                packets: [
                    { hook: "forward", iifname: device, oifname: bridge, saddr: peer, daddr: own },
                    { hook: "forward", iifname: bridge, oifname: device, saddr: own, daddr: peer },
                ],
                open: (kind, by) => openPassage(kind, by, { device, bridge, range }),
            },
        ];
    });
}

/** What containers send to elsewhere. */
function waysOut(text: string, facts: Observation["facts"]): Way[] {
    const lines = linesOf(text);
    const [nic = ""] = (facts.get("address") ?? [])
        .map((fact) => fact.split(" ")[0] ?? "")
        .filter((name) => !NO_NIC.test(name));
    return lines.flatMap(([key, value]): Way[] => {
        const bridge = wordAfter(value, "bridge");
        if (!key.startsWith("docker network ") || !bridge || !nic) {
            return [];
        }
        const range = wordAfter(value, "subnet");
        const saddr = wordAfter(value, "gateway");
        return [
            {
                what: `traffic that leaves ${bridge}`,
                packets: [
                    { hook: "forward", iifname: bridge, oifname: nic, saddr, daddr: ELSEWHERE },
                ],
                open: (kind, by) => openWayOut(kind, by, bridge, range),
                isDockersZone: true,
            },
        ];
    });
}

/** An address of the part of the network that the host has. */
function gatewayOf(bridge: string, lines: readonly Line[]): string | undefined {
    const network = lines.find(
        ([key, value]) =>
            key.startsWith("docker network ") && value.startsWith(`bridge ${bridge} `),
    );
    return network && wordAfter(network[1], "gateway");
}

/** Empty where it does not tell by which NIC packets come: an address that is routed to the host lies on a link of no wire. */
function nicOf(address: string, facts: Observation["facts"]): string {
    const held = listed(facts, "address");
    const link = held.find(([, prefixed]) => prefixed?.split("/")[0] === address)?.[0] ?? "";
    const isDummy = listed(facts, "link").some(([name, kind]) => name === link && kind === "dummy");
    return link === "lo" || isDummy ? "" : link;
}

function kindOf({ table }: Chain, chains: readonly Chain[]): Kind {
    if (table === "inet firewalld") {
        return "firewalld";
    }
    if (table !== "ip filter" && table !== LEGACY) {
        return "nft";
    }
    if (chains.some((other) => other.table === table && other.name === "ufw-user-input")) {
        return "ufw";
    }
    return table === LEGACY ? "iptables-legacy" : "iptables";
}

function openPort(kind: Kind, by: Chain, peers: readonly string[], port: number): string[] {
    switch (kind) {
        case "ufw":
            return peers.map((peer) => `ufw allow proto udp from ${peer} to any port ${port}`);
        case "firewalld":
            return [
                ...peers.map(
                    (peer) =>
                        `firewall-cmd --permanent --add-rich-rule='rule family="ipv4" source address="${peer}" port port="${port}" protocol="udp" accept'`,
                ),
                "firewall-cmd --reload",
            ];
        case "iptables":
        case "iptables-legacy":
            return peers.map(
                (peer) => `${kind} -I INPUT -p udp -s ${peer} --dport ${port} -j ACCEPT`,
            );
        case "nft":
            return [
                `nft insert rule ${by.table} ${by.name} ip saddr { ${peers.join(", ")} } udp dport ${port} accept`,
            ];
    }
}

function openPassage(
    kind: Kind,
    by: Chain,
    { device, bridge, range }: Readonly<Record<"device" | "bridge" | "range", string>>,
): string[] {
    const ways: [string, string][] = [
        [device, bridge],
        [bridge, device],
    ];
    switch (kind) {
        case "ufw":
            return ways.map(([from, to]) => `ufw route allow in on ${from} out on ${to}`);
        case "firewalld":
            return trustedByFirewalld(range);
        case "iptables":
        case "iptables-legacy":
            return ways.map(([from, to]) => `${kind} -I FORWARD -i ${from} -o ${to} -j ACCEPT`);
        case "nft":
            return ways.map(
                ([from, to]) =>
                    `nft insert rule ${by.table} ${by.name} iifname "${from}" oifname "${to}" accept`,
            );
    }
}

function trustedByFirewalld(range: string): string[] {
    return [
        `firewall-cmd --permanent --zone=trusted --add-source=${range}`,
        "firewall-cmd --reload",
    ];
}

function openWayOut(kind: Kind, by: Chain, bridge: string, range: string): string[] {
    switch (kind) {
        case "ufw":
            return [`ufw route allow in on ${bridge}`];
        case "firewalld":
            return trustedByFirewalld(range);
        case "iptables":
        case "iptables-legacy":
            return [
                `${kind} -I FORWARD -i ${bridge} -j ACCEPT`,
                `${kind} -I FORWARD -o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
            ];
        case "nft":
            return [
                `nft insert rule ${by.table} ${by.name} iifname "${bridge}" accept`,
                `nft insert rule ${by.table} ${by.name} oifname "${bridge}" ct state established,related accept`,
            ];
    }
}
