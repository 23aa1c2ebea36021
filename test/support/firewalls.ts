import { HOSTS, type HostName } from "./hosts";
import { lab, on } from "./lab";

/** A firewall as an admin of a host has it, in force over what comes in and what is forwarded; SSH may come in. */
export interface Firewall {
    readonly name: "ufw" | "firewalld" | "nftables" | "iptables-legacy";
    readonly packages: readonly string[];
    readonly enable: string;
    readonly disable: string;
    readonly reload: string;
    /** Whose rules a reload takes away. */
    readonly flushes: "nobody's" | "everybody's" | "those of iptables";
    /** Lets in what comes to port 8080 by a link, also after a reload. */
    readonly letIn: (link: string) => string;
    /** Keeps the rules that commands have made, where the firewall does not by itself. */
    readonly keep: (commands: readonly string[]) => string[];
    /** Its own rules, of all that nft lists. */
    readonly owns: (rule: Rule) => boolean;
}

interface Rule {
    readonly family: string;
    readonly table: string;
    readonly chain?: string;
    readonly name?: string;
}

const NFTABLES_CONF = `flush ruleset
table inet admin {
    chain input {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iif "lo" accept
        meta l4proto icmp accept
        tcp dport 22 accept
    }
    chain forward {
        type filter hook forward priority filter; policy drop;
    }
}`;

const RULES_V4 = `*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -p icmp -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
COMMIT`;

/** As an admin does it who wants Docker's rules there too: what it had by nft would stay in force beside them. */
const iptablesAre = (kind: "legacy" | "nft") => `
update-alternatives --set iptables /usr/sbin/iptables-${kind} >/dev/null
update-alternatives --set ip6tables /usr/sbin/ip6tables-${kind} >/dev/null`;
const WITHOUT_LEGACY_RULES = `
for table in filter nat; do iptables-legacy -t $table -F; iptables-legacy -t $table -X; done
for chain in INPUT FORWARD; do iptables-legacy -P $chain ACCEPT; done`;

export const FIREWALLS: readonly Firewall[] = [
    {
        name: "ufw",
        packages: ["ufw"],
        enable: "ufw allow 22/tcp >/dev/null; ufw --force enable >/dev/null",
        disable: "ufw --force disable >/dev/null",
        reload: "ufw reload >/dev/null",
        flushes: "nobody's",
        letIn: (link) => `ufw allow in on ${link} to any port 8080 proto tcp >/dev/null`,
        keep: () => [],
        owns: ({ chain, name }) => (chain ?? name ?? "").startsWith("ufw-"),
    },
    {
        name: "firewalld",
        packages: ["firewalld"],
        enable: "systemctl enable -q --now firewalld; firewall-cmd -q --state",
        disable: "systemctl disable -q --now firewalld",
        reload: "firewall-cmd -q --reload",
        flushes: "nobody's",
        letIn: (link) =>
            ["", "--permanent"]
                .flatMap((how) =>
                    [`--add-interface=${link}`, "--add-port=8080/tcp", "--add-service=ssh"].map(
                        (change) => `firewall-cmd -q ${how} --zone=home ${change}`,
                    ),
                )
                .join("; "),
        keep: () => [],
        owns: ({ table }) => table === "firewalld",
    },
    {
        name: "nftables",
        packages: [],
        enable: `echo '${NFTABLES_CONF}' >/etc/nftables.conf; systemctl enable -q --now nftables`,
        disable: "systemctl disable -q --now nftables",
        reload: "systemctl reload nftables",
        flushes: "everybody's",
        letIn: (link) => {
            const rule = `add rule inet admin input iifname "${link}" tcp dport 8080 accept`;
            return `echo '${rule}' >>/etc/nftables.conf; nft '${rule}'`;
        },
        keep: (commands) =>
            commands.map(
                (command) => `echo '${command.replace(/^nft /, "")}' >>/etc/nftables.conf`,
            ),
        owns: ({ table }) => table === "admin",
    },
    {
        name: "iptables-legacy",
        packages: ["iptables-persistent"],
        enable: `echo '${RULES_V4}' >/etc/iptables/rules.v4${iptablesAre("legacy")}
systemctl stop docker.socket docker; nft flush ruleset
systemctl enable -q netfilter-persistent; systemctl restart netfilter-persistent; systemctl start docker`,
        disable: `systemctl disable -q netfilter-persistent${iptablesAre("nft")}${WITHOUT_LEGACY_RULES}`,
        reload: "netfilter-persistent reload",
        flushes: "those of iptables",
        letIn: (link) => {
            const rule = `-A INPUT -i ${link} -p tcp -m tcp --dport 8080 -j ACCEPT`;
            return `iptables-legacy ${rule}; sed -i '/^COMMIT/i ${rule}' /etc/iptables/rules.v4`;
        },
        keep: (commands) =>
            commands.map(
                (command) =>
                    `sed -i '/^COMMIT/i ${command.replace("iptables-legacy -I", "-A")}' /etc/iptables/rules.v4`,
            ),
        owns: () => false,
    },
];

/** A firewall's own rules, without the zone that Docker makes in firewalld when it restarts, and what is in that. */
export function rulesOf(host: string, { name, owns }: Firewall): string[] {
    if (name === "iptables-legacy") {
        return on(host, "iptables-legacy-save -t filter")
            .split("\n")
            .filter((line) => /^-A (INPUT|OUTPUT|FORWARD) /.test(line) && !OF_OTHERS.test(line))
            .sort(); // commands put theirs on top, the file that keeps them at the end
    }
    const { nftables } = JSON.parse(on(host, "nft -j list ruleset 2>/dev/null")) as {
        readonly nftables: readonly Readonly<Record<string, Rule>>[];
    };
    return nftables
        .flatMap((object) =>
            ["chain", "rule"].flatMap((kind) => (object[kind] ? [{ kind, ...object[kind] }] : [])),
        )
        .filter(owns)
        .sort((one, other) => chainOf(one).localeCompare(chainOf(other)))
        .map((rule) =>
            JSON.stringify(rule, (key, value: unknown) =>
                OF_NO_RULE.has(key) ? undefined : value,
            ),
        )
        .filter((text) => !OF_OTHERS.test(text));
}

const OF_OTHERS = /docker|[" ](br|ch|vx)-/i;

/** firewalld makes its chains in another order each time; that of a chain's rules stays. */
function chainOf({ table, chain, name }: Rule): string {
    return `${table} ${chain ?? name ?? ""}`;
}

const OF_NO_RULE = new Set(["handle", "packets", "bytes"]);

/** What a preview says of a host's firewall. */
export interface Told {
    readonly firewall: string;
    readonly drops: string;
    readonly commands: readonly string[];
}

export function toldOf(host: string, shown: string): Told[] {
    const text = new RegExp(
        String.raw`${host}: its firewall \((.*)\) drops (.*); to let it through.*:\n((?:\s+(?:ufw|firewall-cmd|iptables\S*|nft) .*\n)+)`,
        "g",
    );
    return [...shown.matchAll(text)].map(([, firewall = "", drops = "", commands = ""]) => ({
        firewall,
        drops,
        commands: commands
            .split("\n")
            .map((command) => command.trim())
            .filter(Boolean),
    }));
}

/** What admins write of their firewalls, and how it is kept and put back. */
const FILES = "/etc/ufw /etc/default/ufw /etc/firewalld /etc/nftables.conf /etc/iptables";
const KEPT = "/root/firewall.tar";
export const KEEP_FILES = `tar -cPf ${KEPT} $(ls -d ${FILES} 2>/dev/null)`;
export const RESTORE_FILES = `rm -rf ${FILES}; tar -xPf ${KEPT}`;

export const DOCKERS_RULES_ARE_GONE =
    /(vm\d): Docker's own firewall rules are gone: .*:\s+systemctl restart docker/g;

/** The hosts of which a preview has told it. */
export function restartDockerWhereTold(shown: string): string[] {
    const hosts = [...shown.matchAll(DOCKERS_RULES_ARE_GONE)].map(([, host = ""]) => host);
    hosts.forEach((host) => on(host, "systemctl restart docker"));
    return hosts;
}

/** Which host has which firewall. CROSSHOST_SEED repeats a run, and `npm run sweep` has all of them. */
export function drawnFirewalls() {
    const seed = Number(process.env["CROSSHOST_SEED"] ?? Date.now() % FIREWALLS.length);
    const of = Object.fromEntries(
        HOSTS.map((host, at) => [host, FIREWALLS[(at + seed) % FIREWALLS.length]]),
    ) as Record<HostName, Firewall>;
    const who = HOSTS.map(
        (host) => `${host} ${of[host].name} (Docker ${lab().hosts[host]?.engine})`,
    ).join(", ");
    return { of, who: `${who} (CROSSHOST_SEED=${seed})` };
}
