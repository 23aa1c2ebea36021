import { entry, type Entry, type Unit } from "../../wire/unit";
import { word, wordAfter } from "../../facts/words";

export function bridgeLink(
    name: string,
    { mtu, mac }: { readonly mtu: number; readonly mac: string },
): Entry {
    return entry(`link ${name}`, `bridge mtu ${mtu} address ${mac}`);
}

/** One that has its MAC and its MTU from a NIC. No port waits before it is used: there is no second way. */
export function uplinkedBridge(name: string): Entry {
    return entry(`link ${name}`, "bridge forward_delay 0");
}

export function vxlanLink(
    name: string,
    wanted: {
        readonly id: number;
        readonly local: string;
        readonly dstport: number;
        readonly mtu: number;
        readonly mac: string;
        /** That it is a port of; then it learns from whom frames come, and else the plan says where they go. */
        readonly bridge?: string;
    },
): Entry {
    const { id, local, dstport, mtu, mac, bridge } = wanted;
    const [learning, master] =
        bridge === undefined ? [" nolearning", ""] : ["", ` master ${bridge}`];
    const port = `local ${local} dstport ${dstport}${learning}`;
    return entry(`link ${name}`, `vxlan id ${id} ${port} mtu ${mtu} address ${mac}${master}`);
}

/** Of a bridge with a port for each peer, where each peer is a port of the others' bridges too: from port to port, frames would go round. */
function isolatedPort(bridge: string | undefined): string {
    return bridge === undefined ? "" : ` master ${bridge} isolated on`;
}

/** To one peer, from which alone it takes packets. It sends by the address that the route to the peer says. */
export function geneveLink(
    name: string,
    wanted: {
        readonly id: number;
        readonly remote: string;
        readonly dstport: number;
        readonly mtu: number;
        readonly mac: string;
        /** That it is a port of. */
        readonly bridge?: string;
    },
): Entry {
    const { id, remote, dstport, mtu, mac, bridge } = wanted;
    const port = `remote ${remote} dstport ${dstport}`;
    const link = `geneve id ${id} ${port} mtu ${mtu} address ${mac}`;
    return entry(`link ${name}`, `${link}${isolatedPort(bridge)}`);
}

/** Whose packets may be fragmented on their way. */
const GRE_SENT = "ttl 64 nopmtudisc ignore-df";

/** A device with no peer of its own: whom a packet goes to is said by routes and neighbours. */
export function greLink(
    name: string,
    { local, key, mtu }: { readonly local: string; readonly key: number; readonly mtu: number },
): Entry {
    return entry(`link ${name}`, `gre local ${local} key ${key} ${GRE_SENT} mtu ${mtu}`);
}

/** GRE that carries frames, to one peer, from which alone it takes packets. */
export function gretapLink(
    name: string,
    wanted: {
        readonly local: string;
        readonly remote: string;
        readonly key: number;
        readonly mtu: number;
        readonly mac: string;
        /** That it is a port of. */
        readonly bridge: string;
    },
): Entry {
    const { local, remote, key, mtu, mac, bridge } = wanted;
    const ends = `local ${local} remote ${remote} key ${key}`;
    const link = `gretap ${ends} ${GRE_SENT} mtu ${mtu} address ${mac}`;
    return entry(`link ${name}`, `${link}${isolatedPort(bridge)}`);
}

/** As that of GRE. The kernel takes no TTL of its own where packets may be fragmented on their way. */
export function ipipLink(
    name: string,
    { local, mtu }: { readonly local: string; readonly mtu: number },
): Entry {
    return entry(`link ${name}`, `ipip local ${local} nopmtudisc mtu ${mtu}`);
}

/** Whom it talks to is said of it by `wg`. */
export function wireguardLink(name: string, { mtu }: { readonly mtu: number }): Entry {
    return entry(`link ${name}`, `wireguard mtu ${mtu}`);
}

export function vlanLink(name: string, nic: string, id: number): Entry {
    return entry(`link ${name}`, `vlan link ${nic} id ${id}`);
}

/** A link of the host's own beside those of containers on the same parent. Only of macvlan it has a MAC of its own. */
export function siblingLink(
    name: string,
    wanted: {
        readonly driver: string;
        readonly parent: string;
        readonly mode: string;
        readonly mac?: string;
    },
): Entry {
    const { driver, parent, mode, mac } = wanted;
    const own = mac === undefined ? "" : ` address ${mac}`;
    return entry(`link ${name}`, `${driver} link ${parent} mode ${mode}${own}`);
}

/** A link that a unit wants. */
export interface WantedLink {
    readonly name: string;
    /** Of a VXLAN or Geneve device; the latter takes a number from one host only, as `7@192.168.40.12`. */
    readonly numbered?: { readonly kind: string; readonly id: string; readonly port: string };
    /** Of a GRE or IPIP device, whatever it carries; the key is `-` where there is none. */
    readonly tunnel?: { readonly kind: string; readonly key: string; readonly local: string };
    /** The NIC of a VLAN. */
    readonly vlanOf?: string;
}

export function linksOf(unit: Unit): WantedLink[] {
    return unit
        .filter(({ key }) => key.startsWith("link "))
        .map(({ key, value }) => ({
            name: word(key, 1),
            numbered: /^(vxlan|geneve) /.test(value)
                ? {
                      kind: word(value, 0),
                      id: [wordAfter(value, "id"), wordAfter(value, "remote")]
                          .filter(Boolean)
                          .join("@"),
                      port: wordAfter(value, "dstport"),
                  }
                : undefined,
            tunnel: /^(gre|gretap|ipip) /.test(value)
                ? {
                      kind: word(value, 0).replace("gretap", "gre"),
                      key: wordAfter(value, "key") || "-",
                      local: wordAfter(value, "local"),
                  }
                : undefined,
            vlanOf: value.startsWith("vlan ") ? wordAfter(value, "link") : undefined,
        }));
}
