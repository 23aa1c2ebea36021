import { lab, on } from "./lab";

/** What sets up a host's NIC, as Debian ships it. */
export interface Setup {
    readonly name: string;
    readonly packages: readonly string[];
    /** What an admin writes for it: a script. */
    readonly configure: (address: string, gateway: string) => string;
    /** What an admin does to it, after which it sets up the NIC anew. */
    readonly anew: readonly string[];
}

export interface Manager extends Setup {
    /** Prints links of ours, and ends of containers' links, that it has in its hands. */
    readonly holds: string;
}

/**
 * Whatever has set it up before: ifupdown, a file of systemd-networkd, or whoever gave the host a NIC with an address. A default
 * route that comes with the NIC is deleted by systemd-networkd, but not while our drop-in is there: it would look like our trace.
 */
const NOBODY_ELSE = `
rm -f /etc/systemd/network/10-lan.network
printf 'auto lo\\niface lo inet loopback\\n' >/etc/network/interfaces
cat >/etc/systemd/system/bare-nic.service <<E
[Unit]
DefaultDependencies=no
Before=network-pre.target
Wants=network-pre.target
[Service]
Type=oneshot
ExecStart=ip link set eth0 down
ExecStart=ip addr flush dev eth0
[Install]
WantedBy=sysinit.target
E
systemctl -q enable bare-nic
`;

/** A lab's NIC is a veth, which NetworkManager leaves alone where it is not told otherwise. */
const NETWORK_MANAGER_HAS_ETH0 = `
mkdir -p /etc/NetworkManager/conf.d
printf '[device-lan]\\nmatch-device=interface-name:eth0\\nmanaged=1\\n' >/etc/NetworkManager/conf.d/lan.conf
`;
const HELD_BY_NETWORK_MANAGER = `
nmcli -t -f DEVICE,STATE device | grep -E '^(ch-|vx-|br-|veth)' | grep -vE 'externally|unmanaged' || :`;

const netplan = (renderer: string) => (address: string, gateway: string) =>
    `install -m 0600 /dev/stdin /etc/netplan/lan.yaml <<E
network:
  version: 2
  renderer: ${renderer}
  ethernets:
    eth0:
      addresses: [${address}/24]
      routes: [{ to: default, via: ${gateway} }]
E
`;

/** A profile for the NIC, with such an [ipv4]. */
const profile = (ipv4: string) => `${NOBODY_ELSE}${NETWORK_MANAGER_HAS_ETH0}
install -m 0600 /dev/stdin /etc/NetworkManager/system-connections/lan.nmconnection <<E
[connection]
id=lan
type=ethernet
interface-name=eth0
[ipv4]
${ipv4}
E
`;

export const MANAGERS: readonly Manager[] = [
    {
        name: "NetworkManager",
        packages: ["network-manager"],
        configure: (address, gateway) =>
            profile(`method=manual\naddress1=${address}/24,${gateway}`),
        anew: [
            "nmcli connection reload; systemctl restart NetworkManager",
            "nmcli -w 10 device reapply eth0",
            "nmcli -w 10 connection up lan",
        ],
        holds: HELD_BY_NETWORK_MANAGER,
    },
    {
        name: "netplan with systemd-networkd",
        packages: ["netplan.io"],
        configure: (address, gateway) => `${NOBODY_ELSE}${netplan("networkd")(address, gateway)}`,
        anew: [
            "netplan apply",
            "networkctl reload; networkctl reconfigure eth0",
            "systemctl restart systemd-networkd",
        ],
        holds: `networkctl --no-legend list 'ch-*' 'vx-*' 'br-*' 'veth*' | grep -v unmanaged || :`,
    },
    {
        name: "netplan with NetworkManager",
        packages: ["netplan.io", "network-manager"],
        configure: (address, gateway) =>
            `${NOBODY_ELSE}${NETWORK_MANAGER_HAS_ETH0}${netplan("NetworkManager")(address, gateway)}`,
        anew: [
            "netplan apply",
            "systemctl restart NetworkManager",
            "nmcli -w 10 device reapply eth0",
        ],
        holds: HELD_BY_NETWORK_MANAGER,
    },
];

/** By a NIC's place in the machine, which a lab's has not, systemd-networkd and NetworkManager tell a DHCP server who they are. */
const HAS_A_PLACE = `
echo 'ACTION!="remove", SUBSYSTEM=="net", KERNEL=="eth0", ENV{ID_NET_NAME_PATH}="enp1s0"' >/etc/udev/rules.d/90-place.rules
`;
const NETWORKD_ANEW = [
    "networkctl reload; networkctl reconfigure eth0",
    "systemctl restart systemd-networkd",
];
const NETWORK_MANAGER_ANEW = [
    "nmcli connection reload; systemctl restart NetworkManager",
    "nmcli -w 10 device reapply eth0",
];

const MTU_ASTRAY = `ip link set dev "$(ip -o link show dev eth0 | sed 's/.* master \\([^ ]*\\) .*/\\1/')" mtu 1400`;
const profileAgain = (profile: string) => `nmcli -w 10 connection up ${profile}`;

interface UplinkSetup extends Setup {
    readonly dhcp: boolean;
    /** Debian's releases that have it no more. */
    readonly goneFrom?: readonly string[];
    /** By which the NIC leaves the bridge, or the bridge is not as the NIC; SSH stays. */
    readonly astray: string;
}

/** Those under which a NIC becomes the port of a bridge. */
export const SETUPS: readonly UplinkSetup[] = [
    {
        name: "netplan with systemd-networkd",
        dhcp: false,
        packages: ["netplan.io"],
        configure: (address, gateway) => `${NOBODY_ELSE}${netplan("networkd")(address, gateway)}`,
        anew: ["netplan apply", ...NETWORKD_ANEW],
        astray: MTU_ASTRAY,
    },
    {
        name: "systemd-networkd, DHCP",
        dhcp: true,
        packages: [],
        configure: () => `${NOBODY_ELSE}${HAS_A_PLACE}
printf '[Match]\\nName=eth0\\n[Network]\\nDHCP=yes\\n' >/etc/systemd/network/10-lan.network
systemctl -q enable systemd-networkd 2>/dev/null
`,
        anew: NETWORKD_ANEW,
        astray: MTU_ASTRAY,
    },
    {
        name: "netplan with systemd-networkd, DHCP",
        dhcp: true,
        packages: ["netplan.io"],
        configure: () => `${NOBODY_ELSE}${HAS_A_PLACE}
install -m 0600 /dev/stdin /etc/netplan/lan.yaml <<E
network: { version: 2, renderer: networkd, ethernets: { eth0: { dhcp4: true } } }
E
`,
        anew: ["netplan apply", ...NETWORKD_ANEW],
        astray: MTU_ASTRAY,
    },
    {
        name: "ifupdown, DHCP",
        dhcp: true,
        goneFrom: ["forky"],
        packages: ["ifupdown", "isc-dhcp-client"],
        configure: () =>
            `${NOBODY_ELSE}printf 'auto eth0\\niface eth0 inet dhcp\\n' >>/etc/network/interfaces`,
        anew: ["systemctl restart networking", "ifdown eth0; ifup eth0"],
        astray: MTU_ASTRAY,
    },
    {
        name: "NetworkManager",
        dhcp: false,
        packages: ["network-manager"],
        configure: (address, gateway) =>
            profile(`method=manual\naddress1=${address}/24,${gateway}\ndns=${gateway};`),
        anew: NETWORK_MANAGER_ANEW,
        astray: profileAgain("lan"),
    },
    {
        name: "NetworkManager, DHCP",
        dhcp: true,
        packages: ["network-manager"],
        configure: () => `${HAS_A_PLACE}${profile("method=auto")}`,
        anew: NETWORK_MANAGER_ANEW,
        astray: profileAgain("lan"),
    },
    {
        name: "netplan with NetworkManager",
        dhcp: false,
        packages: ["netplan.io", "network-manager"],
        configure: (address, gateway) =>
            `${NOBODY_ELSE}${NETWORK_MANAGER_HAS_ETH0}${netplan("NetworkManager")(address, gateway)}`,
        anew: ["netplan apply", ...NETWORK_MANAGER_ANEW],
        astray: profileAgain("netplan-eth0"),
    },
];

/** The host's NIC is this manager's from its next boot on. */
export function hand(host: string, manager: Setup): void {
    const { lan, hosts } = lab();
    on(host, `set -e\n${manager.configure(hosts[host]?.address ?? "", lan.address)}`);
}

export function heldBy(host: string, { holds }: Manager): string[] {
    return on(host, holds)
        .split("\n")
        .filter(Boolean)
        .map((line) => `${host}: ${line}`);
}

interface Link {
    readonly ifname: string;
    readonly mtu: number;
    readonly master?: string;
    readonly address: string;
    readonly flags: readonly string[];
    readonly addr_info: readonly Readonly<{ local: string; prefixlen: number; scope: string }>[];
}

interface Route {
    readonly dst: string;
    readonly gateway?: string;
    readonly dev: string;
    readonly prefsrc?: string;
}

/** Links of ours, with their addresses, and our routes. */
export function wiringOf(host: string): string[] {
    const shown = JSON.parse(on(host, "ip -j addr show group 201")) as readonly Partial<Link>[];
    const links = shown.filter((link): link is Link => "ifname" in link); // others are empty objects
    const routes = JSON.parse(on(host, "ip -j route show proto 201")) as readonly Route[];
    return [
        ...links.map(({ ifname, mtu, master, address, flags, addr_info }) => ({
            ifname,
            mtu,
            master,
            address,
            up: flags.includes("UP"),
            addresses: addr_info.map(({ local, prefixlen, scope }) => [local, prefixlen, scope]),
        })),
        ...routes.map(({ dst, gateway, dev, prefsrc }) => ({ dst, gateway, dev, prefsrc })),
    ]
        .map((object) => `${host}: ${JSON.stringify(object)}`)
        .sort();
}
