// checks/firewall/: whose rules drop the packets of a unit.
import { networkAddress } from "../../wire/address";
import { type Flow, type ForwardFlow, type UdpFlow } from "../../wire/flow";
import { listed } from "../../facts/words";
import { type Observation } from "../../facts/observation";
import { type Chain, chainsOf, droppedBy, LEGACY, type Packet } from "./ruleset";
import { networksOf } from "../../entries/network/network";
import { type Unit } from "../../wire/unit";

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

/** What Docker's own guide to the change of its backend says. */
const DOCKERS_POLICY_IS_LEFT = (iptables: string) =>
    "Docker's firewall backend is nftables now, and the policy DROP that Docker left in the chain FORWARD of iptables blocks the " +
    `traffic of all containers; it is gone after a reboot, or with:${line(`${iptables} -P FORWARD ACCEPT`)}`;

/** Firewalls of the host that would eat what a unit is for: one warning each, with what opens it. */
export function firewallWarnings(
    { wanted, flows = [] }: { readonly wanted: Unit; readonly flows?: readonly Flow[] },
    { rules, facts }: Pick<Observation, "rules" | "facts">,
): string[] {
    const all = chainsOf(rules);
    const left = leftByDocker(all, facts);
    const chains = all.map((chain) => (chain === left ? { ...chain, drops: false } : chain));
    const ways = [...flows.flatMap((flow) => wayOf(flow, facts)), ...waysOut(wanted, facts)];
    return [
        ...(facts.has("docker-rules") ? [DOCKERS_RULES_ARE_GONE] : []),
        ...(left ? [DOCKERS_POLICY_IS_LEFT(kindOf(left, all))] : []),
        ...(chains.length === 0 ? [] : ways.flatMap((way) => warning(way, chains, facts))),
    ];
}

/** Of a Docker that had iptables before it had nftables; that of ufw is no less ufw's. */
function leftByDocker(chains: readonly Chain[], facts: Observation["facts"]): Chain | undefined {
    return facts.get("docker-iptables")?.[0] !== "nftables"
        ? undefined
        : chains
              .filter(({ hook, drops }) => hook === "forward" && drops)
              .filter((chain) => kindOf(chain, chains).startsWith("iptables"))
              .find(({ rules }) => rules.some((rule) => rule.endsWith("jump DOCKER-USER")));
}

function warning(
    { packets, what, open, isDockersZone = false }: Way,
    chains: readonly Chain[],
    facts: Observation["facts"],
): string[] {
    const isLeft = facts.has("docker-iptables");
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

function wayOf(flow: Flow, facts: Observation["facts"]): Way[] {
    return flow.kind === "udp" ? [tunnel(flow, facts)] : passage(flow, facts);
}

/** UDP from each peer to the port of a tunnel. */
function tunnel({ device, port, to, from }: UdpFlow, facts: Observation["facts"]): Way {
    const iifname = nicOf(to, facts);
    return {
        what: `UDP to port ${port} from ${from.join(", ")}, which ${device} needs`,
        packets: from.map((saddr) => ({ hook: "input", iifname, saddr, daddr: to, udp: port })),
        open: (kind, by) => openPort(kind, by, from, port),
    };
}

/** What a bridge lets in by a rule of its own, from a device or the NIC that has the address. */
function passage({ bridge, by, range, own }: ForwardFlow, facts: Observation["facts"]): Way[] {
    const device = "device" in by ? by.device : nicOf(by.address, facts);
    const peer = networkAddress(range);
    return device === ""
        ? []
        : [
              {
                  what: `traffic from ${device} to ${bridge} or back`,
                  packets: [
                      {
                          hook: "forward",
                          iifname: device,
                          oifname: bridge,
                          saddr: peer,
                          daddr: own,
                      },
                      {
                          hook: "forward",
                          iifname: bridge,
                          oifname: device,
                          saddr: own,
                          daddr: peer,
                      },
                  ],
                  open: (kind, chain) => openPassage(kind, chain, { device, bridge, range }),
              },
          ];
}

/** What containers send to elsewhere. */
function waysOut(unit: Unit, facts: Observation["facts"]): Way[] {
    const [nic = ""] = (facts.get("address") ?? [])
        .map((fact) => fact.split(" ")[0] ?? "")
        .filter((name) => !NO_NIC.test(name));
    const bridges = networksOf(unit).filter(({ driver }) => driver === "bridge" && nic !== "");
    return bridges.flatMap(({ link: bridge, subnet: range, gateway: saddr }): Way[] => {
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
