// The commands by which each firewall lets through what it drops.
import { type Carrier, GRE_PROTOCOL } from "../../wire/flow";
import { zoneOf } from "./nicRules";
import { type Chain } from "./ruleset";

/** `iptables` is the program that a host calls so; the others say what their rules lie in. */
export type Firewall =
    "ufw" | "firewalld" | "iptables" | "iptables-nft" | "iptables-legacy" | "nft";

export type Opening = TunnelOpening | Passage | Switched;

/** To the host's own tunnel from its peers, or to theirs. */
interface TunnelOpening {
    readonly what: "tunnel" | "peers' tunnel";
    readonly peers: readonly string[];
    readonly carrier: Carrier;
}

/** Packets that the host forwards. */
interface Passage {
    readonly what: "passage";
    /** Of the containers, where a firewall knows zones and not links. */
    readonly range: string;
    readonly rules: readonly Pass[];
}

/** Packets that a bridge with a NIC of the host's switches. */
interface Switched {
    readonly what: "switched";
    readonly nic: string;
    readonly bridge: string;
}

interface Pass {
    readonly from?: string;
    readonly to?: string;
    /** Of all that goes this way. */
    readonly of?: "reply" | "published";
}

/** The commands, to be run as they are. */
export function commandsOf(
    opening: Opening,
    firewall: Firewall,
    by: Chain,
    chains: readonly Chain[],
): string[] {
    switch (opening.what) {
        case "passage":
            return passageCommands(opening, firewall, by);
        case "switched":
            return switchedCommands(opening, firewall, by, chains);
        default:
            return tunnelCommands(opening, firewall, by);
    }
}

/** Of firewalld's zones, that of the NIC; the default one where none names it. */
function switchedCommands(
    { nic, bridge }: Switched,
    firewall: Firewall,
    by: Chain,
    chains: readonly Chain[],
): string[] {
    if (firewall !== "firewalld") {
        const rules = [{ from: bridge, to: bridge }];
        return passageCommands({ what: "passage", range: "", rules }, firewall, by);
    }
    const zone = zoneOf(chains, nic);
    const of = zone === undefined ? "" : `--zone=${zone} `;
    return [`${of}--add-interface=${bridge}`, `${of}--add-forward`].flatMap(lasting);
}

function tunnelCommands(
    { what, peers, carrier }: TunnelOpening,
    firewall: Firewall,
    by: Chain,
): string[] {
    const isOut = what === "peers' tunnel";
    const udp = carrier.kind === "udp" ? carrier : undefined;
    const protocol = carrier.kind === "udp" ? "udp" : carrier.protocol;
    const dport = udp ? ` --dport ${udp.port}` : "";
    switch (firewall) {
        case "ufw":
            return ufwCommands(isOut, peers, carrier);
        case "firewalld":
            return peers.flatMap((peer) =>
                lasting(
                    isOut
                        ? `--direct --add-rule ipv4 filter OUTPUT 0 -p ${protocol} -d ${peer}${dport} -j ACCEPT`
                        : `--add-rich-rule='rule family="ipv4" source address="${peer}" ${udp ? `port port="${udp.port}" protocol="udp"` : `protocol value="${protocol}"`} accept'`,
                ),
            );
        case "iptables":
        case "iptables-nft":
        case "iptables-legacy":
            return peers.map((peer) =>
                isOut
                    ? `${firewall} -I OUTPUT -p ${protocol} -d ${peer}${dport} -j ACCEPT`
                    : `${firewall} -I INPUT -p ${protocol} -s ${peer}${dport} -j ACCEPT`,
            );
        case "nft":
            return [
                `${insert(by)} ip ${isOut ? "daddr" : "saddr"} { ${peers.join(", ")} } ${udp ? `udp dport ${udp.port}` : `ip protocol ${protocol}`} accept`,
            ];
    }
}

/** It knows but a few protocols by name. Rules of others stand in its file, behind the one for the loopback. */
function ufwCommands(isOut: boolean, peers: readonly string[], carrier: Carrier): string[] {
    if (carrier.kind === "udp" || carrier.protocol === GRE_PROTOCOL) {
        const [proto, port] =
            carrier.kind === "udp" ? ["udp", ` port ${carrier.port}`] : ["gre", ""];
        return peers.map((peer) =>
            isOut
                ? `ufw allow out proto ${proto} to ${peer}${port}`
                : `ufw allow proto ${proto} from ${peer} to any${port}`,
        );
    }
    const [chain, loopback, address] = isOut
        ? ["ufw-before-output", "-o lo", "-d"]
        : ["ufw-before-input", "-i lo", "-s"];
    return [
        ...peers.map(
            (peer) =>
                `sed -i '/^-A ${chain} ${loopback} /a -A ${chain} -p ${carrier.protocol} ${address} ${peer} -j ACCEPT' /etc/ufw/before.rules`,
        ),
        "ufw reload",
    ];
}

function passageCommands({ range, rules }: Passage, firewall: Firewall, by: Chain): string[] {
    switch (firewall) {
        case "ufw": // which lets in replies by itself
            return rules
                .filter(({ of }) => of !== "reply")
                .map(({ from, to }) =>
                    ["ufw route allow", from && `in on ${from}`, to && `out on ${to}`]
                        .filter(Boolean)
                        .join(" "),
                );
        case "firewalld":
            return lasting(`--zone=trusted --add-source=${range}`);
        case "iptables":
        case "iptables-nft":
        case "iptables-legacy":
            return rules.map(({ from, to, of }) =>
                [
                    `${firewall} -I FORWARD`,
                    from && `-i ${from}`,
                    to && `-o ${to}`,
                    of &&
                        `-m conntrack --ctstate ${of === "reply" ? "RELATED,ESTABLISHED" : "DNAT"}`,
                    "-j ACCEPT",
                ]
                    .filter(Boolean)
                    .join(" "),
            );
        case "nft":
            return rules.map(({ from, to, of }) =>
                [
                    insert(by),
                    from && `iifname "${from}"`,
                    to && `oifname "${to}"`,
                    of && (of === "reply" ? "ct state established,related" : "ct status dnat"),
                    "accept",
                ]
                    .filter(Boolean)
                    .join(" "),
            );
    }
}

function insert({ table, name }: Chain): string {
    return `nft insert rule ${table} ${name}`;
}

/** Without a reload, by which firewalld 1.3 (Debian 12) removes all rules of iptables, Docker's and those in DOCKER-USER too. */
function lasting(change: string): string[] {
    return [`firewall-cmd ${change}`, `firewall-cmd --permanent ${change}`];
}
