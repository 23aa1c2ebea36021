// The bridges and tunnels of a host that neither Docker nor Crosshost has made.
import { contains, networkOf, prefixOf } from "../../../components/wire/address";
import { BRIDGE_NAME, sharedByAll } from "../compose";
import { type Arguments } from "../program";
import { type DockerNetwork, type Link, type Seen } from "./collect";
import { type Found, NOTHING, together } from "./found";

/** Of every link that Crosshost makes: `ip link show group 201`. */
const CROSSHOSTS_GROUP = "201";
/** What hosts make by themselves, or for something that is told where it is. */
const SILENT = ["veth", "tun", "ifb", "dummy", "vlan", "bond", "vrf", "team"];
/** A bridge's ports that lead to the LAN. */
const NIC_KINDS = [undefined, "vlan", "bond", "team"];
const FULL_MTU = 1500;

export function linksOf(seen: Seen): Found {
    const dockers = seen.networks.flatMap(bridgesOf);
    const foreign = seen.links.filter(
        ({ ifname, group }) =>
            group !== CROSSHOSTS_GROUP &&
            !dockers.includes(ifname) &&
            !/^(docker0|docker_gwbridge)$/.test(ifname),
    );
    return together(foreign.map((link) => BY_KIND[kindOf(link) ?? ""]?.(link, seen) ?? told(link)));
}

function bridgesOf({ Id, Options }: DockerNetwork): string[] {
    return [Options?.[BRIDGE_NAME] ?? `br-${Id.slice(0, 12)}`];
}

function kindOf({ linkinfo }: Link): string | undefined {
    return linkinfo?.info_kind;
}

type Reader = (link: Link, seen: Seen) => Found;

const BY_KIND: Readonly<Record<string, Reader>> = { bridge: fromBridge, vxlan: fromVxlan };

function told(link: Link): Found {
    const kind = kindOf(link);
    if (kind === undefined || SILENT.includes(kind)) {
        return NOTHING;
    }
    const why = ELSEWHERE[kind] ?? "has no counterpart in Crosshost";
    return { components: [], left: [`${kind} ${link.ifname}: ${why}`] };
}

const ELSEWHERE: Readonly<Record<string, string>> = {
    gre: "an Overlay with the backend `gre` is a mesh of such tunnels",
    gretap: "an Overlay with the backend `gre` and `switched: true` is a mesh of such tunnels",
    ipip: "an Overlay with the backend `ipip` is a mesh of such tunnels",
    geneve: "an Overlay with the backend `geneve` is a mesh of such tunnels",
    wireguard:
        "an Overlay with the backend `wireguard` is a mesh of such devices, with keys of its own",
    macvlan: "a Macvlan is Docker's network on a NIC; it makes no address for the host",
    ipvlan: 'a Macvlan with `driver: "ipvlan"` is Docker\'s network on a NIC; it makes no address for the host',
};

function fromBridge({ ifname, mtu, linkinfo }: Link, seen: Seen): Found {
    const ports = seen.links.filter(({ master }) => master === ifname);
    if (ports.some((port) => kindOf(port) === "vxlan")) {
        return NOTHING; // the vxlan device tells of both
    }
    const nics = ports.filter(
        (port) => port.link_type === "ether" && NIC_KINDS.includes(kindOf(port)),
    );
    const [address, ...others] = seen.addresses.get(ifname) ?? [];
    if (address === undefined) {
        return {
            components: [],
            left: [
                `bridge ${ifname}: has no IPv4 address, and a Bridge has one, which is its containers' gateway`,
            ],
        };
    }
    const [uplink, ...more] = nics.map((nic) => nic.ifname);
    const left = [
        ...others.map((other) => `${other}: a Bridge has one IPv4 address of its own`),
        ...more.map((nic) => `port ${nic}: a Bridge has one uplink`),
        ...["stp_state", "vlan_filtering"].flatMap((option) =>
            linkinfo?.info_data?.[option] === 1 ? [`${option}: a Bridge has it off`] : [],
        ),
    ];
    const own = uplink === undefined ? ownNetwork(address, mtu) : { uplink };
    return {
        components: [{ kind: "Bridge", name: ifname, args: { cidr: networkOf(address), ...own } }],
        left: left.map((why) => `bridge ${ifname}: ${why}`),
    };
}

function ownNetwork(address: string, mtu: number): Arguments {
    return { gateway: address.split("/")[0], mtu: mtu === FULL_MTU ? undefined : mtu };
}

function fromVxlan(link: Link, seen: Seen): Found {
    const { ifname, master, linkinfo } = link;
    const { id, port, remote, group } = linkinfo?.info_data ?? {};
    const cidr = master === undefined ? routedOver(ifname, seen) : networkAt(master, seen);
    if (cidr === undefined) {
        return {
            components: [],
            left: [`vxlan ${ifname}: neither an address nor a route tells its network`],
        };
    }
    const told = seen.fdb.flatMap(({ ifname: at, dst }) => (at === ifname ? [dst] : []));
    const peers = [...told, remote, group].filter((one) => typeof one === "string");
    const why = [
        `add the other hosts to \`hosts\`${peers.length === 0 ? "" : `: it sends to ${[...new Set(peers)].sort().join(", ")}`}`,
        ...(master === undefined
            ? [`${cidr} is the least that has its routes: set \`cidr\` if it is larger`]
            : []),
    ];
    return {
        components: [
            {
                kind: "Overlay",
                name: ifname,
                args: {
                    cidr,
                    ...(master === undefined ? {} : sharedByAll(cidr)),
                    backend: { vxlan: { vni: number(id), port: number(port) } },
                },
            },
        ],
        left: why.map((one) => `vxlan ${ifname}: ${one}`),
    };
}

function number(value: unknown): number | undefined {
    return typeof value === "number" ? value : undefined;
}

function networkAt(link: string, { addresses }: Seen): string | undefined {
    const [address] = addresses.get(link) ?? [];
    return address === undefined ? undefined : networkOf(address);
}

/** The least network that has all routes over a link, and its own addresses. */
function routedOver(ifname: string, { addresses, routes }: Seen): string | undefined {
    const routed = routes.flatMap(({ dst, dev }) =>
        dev === ifname && dst !== "default" ? [dst.includes("/") ? dst : `${dst}/32`] : [],
    );
    const [first, ...rest] = [...routed, ...(addresses.get(ifname) ?? []).map(networkOf)];
    return first === undefined ? undefined : rest.reduce(spanning, networkOf(first));
}

function spanning(one: string, other: string): string {
    let prefix = Math.min(prefixOf(one), prefixOf(other));
    const [address = ""] = one.split("/");
    while (!contains(networkOf(`${address}/${prefix}`), other)) {
        prefix -= 1;
    }
    return networkOf(`${address}/${prefix}`);
}
