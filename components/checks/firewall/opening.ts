// The commands by which each firewall lets through what it drops.
import { type Chain } from "./ruleset";

/** `iptables` is the program that a host calls so; the others say what their rules lie in. */
export type Firewall =
    "ufw" | "firewalld" | "iptables" | "iptables-nft" | "iptables-legacy" | "nft";

export type Opening = PortOpening | Passage;

/** UDP to a port, the host's own from its peers, or theirs. */
interface PortOpening {
    readonly what: "port" | "peers' port";
    readonly peers: readonly string[];
    readonly port: number;
}

/** Packets that the host forwards. */
interface Passage {
    readonly what: "passage";
    /** Of the containers, where a firewall knows zones and not links. */
    readonly range: string;
    readonly rules: readonly Pass[];
}

interface Pass {
    readonly from?: string;
    readonly to?: string;
    /** Of all that goes this way. */
    readonly of?: "reply" | "published";
}

/** The commands, to be run as they are. */
export function commandsOf(opening: Opening, firewall: Firewall, by: Chain): string[] {
    return opening.what === "passage"
        ? passageCommands(opening, firewall, by)
        : portCommands(opening, firewall, by);
}

function portCommands({ what, peers, port }: PortOpening, firewall: Firewall, by: Chain): string[] {
    const isOut = what === "peers' port";
    switch (firewall) {
        case "ufw":
            return peers.map((peer) =>
                isOut
                    ? `ufw allow out proto udp to ${peer} port ${port}`
                    : `ufw allow proto udp from ${peer} to any port ${port}`,
            );
        case "firewalld":
            return peers.flatMap((peer) =>
                lasting(
                    isOut
                        ? `--direct --add-rule ipv4 filter OUTPUT 0 -p udp -d ${peer} --dport ${port} -j ACCEPT`
                        : `--add-rich-rule='rule family="ipv4" source address="${peer}" port port="${port}" protocol="udp" accept'`,
                ),
            );
        case "iptables":
        case "iptables-nft":
        case "iptables-legacy":
            return peers.map((peer) =>
                isOut
                    ? `${firewall} -I OUTPUT -p udp -d ${peer} --dport ${port} -j ACCEPT`
                    : `${firewall} -I INPUT -p udp -s ${peer} --dport ${port} -j ACCEPT`,
            );
        case "nft":
            return [
                `${insert(by)} ip ${isOut ? "daddr" : "saddr"} { ${peers.join(", ")} } udp dport ${port} accept`,
            ];
    }
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
