import { prefixOf } from "../../components/wire/address";
import { CliError } from "../error";
import { ALL_OR_NONE, type Arguments, type Component, IPV4_ONLY } from "./program";
import { type Section } from "./section";

/** flannel's net-conf.json, or the manifest whose ConfigMap holds it. */
export function fromFlannel(sections: readonly Section[]): Component[] {
    return sections.flatMap((section) => {
        if (!section.has("apiVersion")) {
            return [overlayOf(section.inAnyCase())];
        }
        const data = section.text("kind") === "ConfigMap" ? section.section("data") : undefined;
        const isFlannels = data?.has(NET_CONF) === true;
        section.ignoreRest();
        data?.ignoreRest();
        return isFlannels ? data.inside(NET_CONF).map((conf) => overlayOf(conf.inAnyCase())) : [];
    });
}

const NET_CONF = "net-conf.json";

function overlayOf(conf: Section): Component {
    const cidr = conf.cidr("Network");
    if (cidr === undefined) {
        throw new CliError(`${conf.placeOf("Network")} is missing: an Overlay has IPv4 addresses`);
    }
    const subnetPrefix = conf.number("SubnetLen") ?? defaultSubnetLen(cidr);
    conf.ignore("EnableIPv4");
    conf.leave("EnableNFTables", "Crosshost always uses nftables");
    const byNumber = "the `id` of each Host decides its subnet";
    conf.leave("SubnetMin", byNumber);
    conf.leave("SubnetMax", byNumber);
    for (const key of [
        "EnableIPv6",
        "IPv6Network",
        "IPv6SubnetLen",
        "IPv6SubnetMin",
        "IPv6SubnetMax",
    ]) {
        conf.leave(key, IPV4_ONLY);
    }
    return {
        kind: "Overlay",
        name: "flannel",
        args: { cidr, subnetPrefix, backend: backendOf(conf) },
    };
}

/** As flannel does (pkg/subnet/config.go): a /24 for each host, or a quarter of a network that is too small for that. */
function defaultSubnetLen(network: string): number {
    const prefix = prefixOf(network);
    return prefix > 22 ? prefix + 2 : 24;
}

function backendOf(conf: Section): Arguments {
    const section = conf.section("Backend");
    const type = section?.text("Type") ?? "udp";
    const read = Object.hasOwn(BY_TYPE, type) ? BY_TYPE[type] : undefined;
    const backend = read?.(section);
    if (!backend) {
        const place = section ? section.placeOf("Type") : conf.placeOf("Backend");
        const all = Object.keys(BY_TYPE).join(", ");
        throw new CliError(
            `${place} ${JSON.stringify(type)} has no counterpart in Crosshost, which has one for ${all}`,
        );
    }
    section?.leave("DirectRouting", ALL_OR_NONE);
    section?.leave("MTU", "this is the MTU between the hosts: set `mtu` on each Host");
    return backend;
}

type Reader = (section: Section | undefined) => Arguments;

const BY_TYPE: Readonly<Record<string, Reader>> = {
    vxlan(section) {
        for (const key of ["GBP", "Learning", "VtepMAC", "MacPrefix"]) {
            section?.leave(key, "Crosshost derives MAC addresses and learns none");
        }
        return { vxlan: { vni: section?.number("VNI"), port: section?.number("Port") } };
    },
    "host-gw": () => ({ direct: {} }),
    ipip: () => ({ ipip: {} }),
    wireguard(section) {
        section?.leave("PSK", "hosts know each other by their keys alone");
        section?.leave("Mode", "hosts are reached by IPv4");
        const keepalive = section?.number("PersistentKeepaliveInterval");
        return {
            wireguard: {
                port: section?.number("ListenPort"),
                keepalive: keepalive === 0 ? undefined : keepalive,
            },
        };
    },
    udp(section) {
        section?.leave(
            "Type",
            "udp encapsulates in userspace, which is slow; vxlan also needs only UDP, and the kernel does it",
        );
        section?.leave(
            "Port",
            "vxlan has a port of its own, which the hosts' firewalls must let through",
        );
        return { vxlan: {} };
    },
};
