// What is done to a host, or to a run, while the way that SSH comes by is changed.
import { type Operation, OPERATIONS } from "../point";

/** `whole or not`: as before or as wanted, whichever; which of them is not for this to say. */
export type End = "taken back" | "committed" | "whole or not" | "refused";

/** By somebody else than the host: its lab, another run of Pulumi. */
export type Act =
    | "power cut"
    | "reboot"
    | "cable"
    | "hole"
    | "same stack"
    | "another stack"
    | "the NIC for another stack";

export interface Hostility {
    readonly name: string;
    readonly operations: readonly Operation[];
    readonly end: End;
    /** Runs on the host before the operation. */
    readonly before?: string;
    /** Runs on the host as soon as `of` is there, beside what goes on. */
    readonly meanwhile?: string;
    readonly of?: "armed" | "guard";
    readonly act?: Act;
    readonly mend?: string;
    /** Of the program: what the preview refuses, and how. */
    readonly asks?: { readonly config: Readonly<Record<string, string>>; readonly says: RegExp };
    /** Only where the host's kernel is its own. */
    readonly own?: true;
}

/** On a host: the run has ended, and whoever waits for more of it waits in vain. */
export const OVER = "/dev/shm/over";

/** Words of every script; $was is the link that had the address when the operation began, $now that which has it. */
export const WORDS = `
over() { [ -e ${OVER} ]; }
holder() { ip -o -4 addr show | awk -v a="$address" 'index($4, a "/") == 1 { print $2; exit }'; }
cut() { printf 'table %s hostile {\\n chain c {\\n type filter hook %s priority %s;\\n %s\\n }\\n}\\n' "$@" | nft -f -; }
`;

const SYN = "tcp flags & (syn | ack) == syn";
const NO_COMMIT = `cut inet input 0 "iifname != { lo, $was } tcp dport 22 ${SYN} drop"`;
const MEND = "for t in inet bridge arp; do nft delete table $t hostile 2>/dev/null; done; :";
const [UP, UPDATE] = OPERATIONS;
const TO_A_BRIDGE = [UP, UPDATE] as const;

/** The way is closed for whatever comes by another link than before. */
const FIREWALLS: readonly (readonly [string, string, readonly Operation[]])[] = [
    ["nft drops new connections of SSH", NO_COMMIT, OPERATIONS],
    [
        "nft lets SSH in by the former link alone",
        'cut inet input 0 "iifname != { lo, $was } tcp dport 22 drop"',
        OPERATIONS,
    ],
    [
        "nft drops what SSH answers",
        'cut inet output 0 "oifname != { lo, $was } tcp sport 22 drop"',
        OPERATIONS,
    ],
    [
        "nft drops all from the network that the client is in",
        'cut inet prerouting -400 "iifname != { lo, $was } ip saddr $client/24 drop"',
        OPERATIONS,
    ],
    ["nft takes no ARP", 'cut arp input 0 "iifname != $was drop"', OPERATIONS],
    ["nft drops SSH in bridges", 'cut bridge prerouting 0 "tcp dport 22 drop"', [UP]],
];

/** Done by somebody to the new way, as soon as it is there. */
const DEEDS: readonly (readonly [string, string, readonly Operation[], string?])[] = [
    [
        "a wrong address",
        "ip addr del $address/24 dev $now; ip addr add $wrong/24 dev $now",
        OPERATIONS,
        "ip addr del $wrong/24 dev eth0 2>/dev/null; :",
    ],
    [
        "a wrong prefix",
        "ip addr del $address/24 dev $now; ip addr add $address/32 dev $now",
        OPERATIONS,
        "ip addr del $address/32 dev eth0 2>/dev/null; :",
    ],
    ["a wrong gateway", "ip route replace default via $wrong dev $now", OPERATIONS],
    ["no gateway", "ip route del default", OPERATIONS],
    [
        "a wrong route to the client",
        "ip route add $client/32 via $wrong dev $now",
        OPERATIONS,
        "ip route del $client/32 2>/dev/null; :",
    ],
    [
        "a wrong neighbour for the gateway",
        "ip neigh replace $gateway lladdr 02:00:00:00:00:01 dev $now nud permanent",
        OPERATIONS,
        "ip neigh del $gateway dev eth0 2>/dev/null; :",
    ],
    ["the link is set down", "ip link set $now down", OPERATIONS],
    ["the NIC is set down", "ip link set eth0 down", TO_A_BRIDGE],
    ["the NIC leaves its bridge", "ip link set eth0 nomaster", TO_A_BRIDGE],
    ["the bridge is deleted", "ip link del $now", TO_A_BRIDGE],
    ["its addresses are flushed", "ip -4 addr flush dev $now", OPERATIONS],
];

/** Of the guard itself, with the commit kept away. */
const TRICKS: readonly (readonly [string, string])[] = [
    ["systemd starts itself anew", "systemctl daemon-reexec"],
    ["systemd reads its units anew", "systemctl daemon-reload"],
    [
        "what takes it back is killed",
        'for n in 1 2; do until p=$(pgrep -f "[g]uard/crosshost expire"); do ! over || exit 1; sleep 0.01; done; kill -9 $p; done',
    ],
    [
        "sshd is stopped until then",
        "systemctl stop ssh.socket ssh.service 2>/dev/null; while [ -e /run/crosshost/journal ]; do sleep 0.05; done; systemctl start ssh.service",
    ],
    [
        "somebody looks, and stops in the middle",
        'flock -s /run/crosshost sh -c "exec 8</run/crosshost; kill -STOP \\$\\$" >/dev/null 2>&1 &',
    ],
];

/** Nothing that matters: it is committed. */
const HARMLESS: readonly (readonly [string, string, true?])[] = [
    ["systemd starts itself anew, and no more", "systemctl daemon-reexec"],
    ["the clock is a day ahead", "date -s '+1 day' >/dev/null", true],
    ["the clock is a day behind", "date -s '-1 day' >/dev/null", true],
];

const CLOCKS = ["+1 day", "-1 day"] as const;

const REFUSED: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
    ["no such NIC", { uplink: "eth7" }, /there is no link eth7/],
    ["the loopback", { uplink: "lo" }, /lo is no NIC/],
    ["Docker's bridge", { uplink: "docker0" }, /docker0 is no NIC/],
    ["a NIC that is down", { uplink: "spare0" }, /spare0 is down/],
    ["a NIC that has a macvlan", { uplink: "spare1" }, /spare1 carries spare2 \(macvlan\)/],
    ["the client's network", { uplink: "", cidr: "198.51.100.0/24" }, /198\.51\.100\.1/],
    ["all networks of the client", { uplink: "", cidr: "198.0.0.0/8" }, /198\.51\.100\.1/],
    ["Docker's bridge on the client", { bip: "198.51.100.5/24" }, /198\.51\.100\.1/],
    ["Docker's own networks on the client", { pools: "198.51.100.0/24" }, /198\.51\.100\.1/],
];

const SPARES = `ip link add spare0 type veth peer name spare3; ip link add spare1 type veth peer name spare4
ip link set spare1 up; ip link set spare4 up; ip link add spare2 link spare1 type macvlan`;

export const HOSTILITIES: readonly Hostility[] = [
    ...FIREWALLS.map(([name, before, operations]): Hostility => ({
        name,
        operations,
        end: "taken back",
        before,
        mend: MEND,
    })),
    {
        name: "iptables drops SSH",
        operations: OPERATIONS,
        end: "taken back",
        before: `if command -v iptables; then iptables -I INPUT ! -i $was -p tcp --dport 22 -j DROP; else ${NO_COMMIT}; fi`,
        mend: `if command -v iptables; then iptables -D INPUT "$(iptables -L INPUT --line-numbers -n | awk '/dpt:22/ { print $1; exit }')"; else ${MEND}; fi`,
    },
    ...DEEDS.map(([name, meanwhile, operations, mend]): Hostility => ({
        name,
        operations,
        end: "taken back",
        // a login that is quicker would commit it before
        before: NO_COMMIT,
        meanwhile,
        mend: `${MEND}; ${mend ?? ":"}`,
    })),
    ...TRICKS.map(([name, meanwhile]): Hostility => ({
        name,
        operations: OPERATIONS,
        end: "taken back",
        before: NO_COMMIT,
        meanwhile,
        mend: `${MEND}; pkill -KILL -f 'exec 8</run/crossho[s]t'; :`,
    })),
    ...HARMLESS.map(([name, meanwhile, own]): Hostility => ({
        name,
        operations: OPERATIONS,
        end: "committed",
        meanwhile,
        own,
    })),
    ...CLOCKS.map((by): Hostility => ({
        name: `the clock jumps by ${by}, and no commit comes`,
        operations: OPERATIONS,
        end: "taken back",
        before: NO_COMMIT,
        meanwhile: `date -s '${by}' >/dev/null`,
        mend: MEND,
        own: true,
    })),
    {
        name: "the program on the host hangs",
        operations: OPERATIONS,
        end: "taken back",
        of: "guard",
        meanwhile: `pkill -STOP -f "^sh /var/lib/crosshost/.* (apply|delete) "`,
    },
    {
        name: "there is no room in /run",
        operations: OPERATIONS,
        end: "whole or not",
        before: `mount -o remount,size=$(($(df --output=used /run | tail -n 1) + 24))k /run`,
        mend: "mount -o remount,size=100m /run",
    },
    ...(["power cut", "reboot", "cable", "hole"] as const).map((act): Hostility => ({
        name: {
            "power cut": "the power fails",
            reboot: "it is rebooted",
            cable: "its cable is out",
            hole: "the LAN swallows new connections",
        }[act],
        operations: OPERATIONS,
        end: "taken back",
        before: NO_COMMIT,
        act,
        mend: MEND,
    })),
    ...(["same stack", "another stack", "the NIC for another stack"] as const).map(
        (act): Hostility => ({
            name: `another run: ${act}`,
            operations: [UP, UPDATE],
            end: "whole or not",
            act,
        }),
    ),
    ...REFUSED.map(([name, config, says]): Hostility => ({
        name: `asked for: ${name}`,
        operations: [UP],
        end: "refused",
        before: SPARES,
        mend: "ip link del spare0; ip link del spare1; :",
        asks: { config, says },
    })),
];
