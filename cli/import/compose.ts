import { Address6 } from "ip-address";
import { LONGEST_CIDR } from "../../components/overlay/switched/slices";
import { networkAddress, prefixOf, subnet as subnetOf } from "../../components/wire/address";
import { PREFIX as LAN_PREFIX } from "../../components/macvlan/problems";
import { type Arguments, type Component } from "./program";
import { type Section } from "./section";

/** The networks of a compose file, for the host that it runs on. */
export function fromCompose(sections: readonly Section[]): Component[] {
    return sections.flatMap((file) => {
        const networks = file.section("networks");
        file.leave("include", "import the included files too, each by itself");
        file.ignoreRest();
        return (networks?.keys() ?? []).flatMap((key, at): Component[] => {
            const network = networks?.section(key);
            if (network) {
                return networkOf(network, key, at);
            }
            networks?.leave(key, PROPOSED);
            return [{ kind: "Bridge", name: key, args: { cidr: proposed(at), dockerName: key } }];
        });
    });
}

const PROPOSED = "Docker chooses its addresses; the program proposes some";

function proposed(at: number): string {
    return `10.200.${at}.0/24`;
}

function networkOf(network: Section, key: string, at: number): Component[] {
    if (network.isMapping("external") || network.isTrue("external")) {
        network.leave("external", "it is created elsewhere");
        network.ignoreRest();
        return [];
    }
    const driver = network.text("driver") ?? "bridge";
    const componentOf = Object.hasOwn(BY_DRIVER, driver) ? BY_DRIVER[driver] : undefined;
    if (!componentOf) {
        network.leave(
            "driver",
            `has no counterpart in Crosshost, which has one for ${Object.keys(BY_DRIVER).join(", ")}`,
        );
        network.ignoreRest();
        return [];
    }
    network.ignore("attachable");
    network.leave("internal", "a Bridge always lets its containers out");
    network.leave("enable_ipv6", "its containers have IPv4 addresses only");
    network.leave("labels", "the Docker network has no labels but Crosshost's own");
    const dockerName = network.text("name") ?? key;
    const component = componentOf({
        network,
        ipam: ipamOf(network),
        options: network.section("driver_opts"),
        at,
    });
    return component === undefined
        ? []
        : [{ ...component, name: key, args: { ...component.args, dockerName } }];
}

interface Parts {
    readonly network: Section;
    readonly ipam: Section | undefined;
    readonly options: Section | undefined;
    readonly at: number;
}

/** Its first subnet of IPv4. */
function ipamOf(network: Section): Section | undefined {
    const ipam = network.section("ipam");
    if ((ipam?.text("driver") ?? "default") !== "default") {
        ipam?.leave("driver", "Docker's own driver gives out the addresses");
    }
    const configs = ipam?.list("config") ?? [];
    const chosen = configs.find((config) => !Address6.isValid(config.text("subnet") ?? ""));
    for (const other of configs.filter((config) => config !== chosen)) {
        other.leave("subnet", "a network has one subnet, of IPv4");
        other.ignoreRest();
    }
    return chosen;
}

type Made = Pick<Component, "kind" | "args">;

/** Nothing, where no component could have what the network is; which the network then tells. */
type Reader = (parts: Parts) => Made | undefined;

const BY_DRIVER: Readonly<Record<string, Reader>> = {
    bridge({ network, ipam, options, at }) {
        options?.leave(BRIDGE_NAME, "Crosshost names the bridge itself");
        const cidr = cidrOf(network, ipam, proposed(at));
        const ipRange = ipam?.cidr("ip_range");
        return {
            kind: "Bridge",
            args: {
                cidr,
                gateway: ipam?.text("gateway") ?? gatewayByDocker(cidr, ipRange),
                ipRange,
                mtu: options?.number(MTU),
            },
        };
    },
    overlay({ network, ipam, options, at }) {
        const cidr = cidrOf(network, ipam, `10.${201 + at}.0.0/16`);
        ipam?.leave("subnet", "add the swarm's other hosts to `hosts`");
        ipam?.leave("gateway", "each host is the gateway, at the first address");
        ipam?.leave("ip_range", "each host gives out addresses of its own part");
        options?.leave("encrypted", "packets of vxlan are not encrypted");
        return {
            kind: "Overlay",
            args: {
                cidr,
                ...sharedByAll(cidr),
                backend: { vxlan: {} },
                mtu: options?.number(MTU),
            },
        };
    },
    macvlan: (parts) =>
        lan(parts, { driver: undefined, mode: parts.options?.text("macvlan_mode") }),
    ipvlan: (parts) => lan(parts, { driver: "ipvlan", mode: parts.options?.text("ipvlan_mode") }),
};

/** One subnet over all hosts, as in a swarm, where it has room for it. */
export function sharedByAll(cidr: string): Arguments {
    return prefixOf(cidr) <= LONGEST_CIDR ? { switched: true } : { subnetPrefix: 28 };
}

/** Docker takes the first address of the range, a Bridge that of the network; Docker tells what it took only since 29. */
function gatewayByDocker(cidr: string, ipRange: string | undefined): string | undefined {
    if (ipRange === undefined || networkAddress(ipRange) === networkAddress(cidr)) {
        return undefined;
    }
    return networkAddress(ipRange);
}

/** The option of a network of Docker's that names its bridge. */
export const BRIDGE_NAME = "com.docker.network.bridge.name";
const MTU = "com.docker.network.driver.mtu";

function cidrOf(network: Section, ipam: Section | undefined, proposal: string): string {
    const cidr = ipam?.cidr("subnet");
    if (cidr === undefined) {
        network.tell(PROPOSED);
    }
    ipam?.leave("aux_addresses", "attachments name their addresses");
    return cidr ?? proposal;
}

function leaveOut(...sections: readonly (Section | undefined)[]): void {
    sections.forEach((section) => section?.ignoreRest());
}

/** `eth0.20`: a parent of another name is what it is, `eth0.10.20` too. */
const VLAN_LINK = /^([^.]+)\.(\d+)$/;

function lan({ network, ipam, options }: Parts, kind: Arguments): Made | undefined {
    const subnet = ipam?.cidr("subnet");
    const parent = options?.text("parent");
    if (
        ipam === undefined ||
        subnet === undefined ||
        options === undefined ||
        parent === undefined
    ) {
        network.leave(
            "driver",
            "a Macvlan needs a subnet in ipam and the parent in driver_opts: left out",
        );
        leaveOut(network, ipam, options);
        return undefined;
    }
    const ipRange = ipam.cidr("ip_range");
    if (prefixOf(subnet) > LAN_PREFIX.max) {
        ipam.leave(
            "subnet",
            `${subnet} is too small, a Macvlan has /${LAN_PREFIX.max} at most: left out`,
        );
        leaveOut(network, ipam, options);
        return undefined;
    }
    if (ipRange === undefined) {
        ipam.leave(
            "subnet",
            "Docker gives out all of it, the program its upper half: choose a part that the LAN's DHCP leaves free",
        );
    }
    const [, link = parent, vlan] = VLAN_LINK.exec(parent) ?? [];
    return {
        kind: "Macvlan",
        args: {
            parent: link,
            vlan: vlan === undefined ? undefined : Number(vlan),
            subnet,
            gateway: ipam.text("gateway"),
            ipRange: ipRange ?? subnetOf(subnet, prefixOf(subnet) + 1, 1),
            reserved: ipam.section("aux_addresses")?.texts(),
            ...kind,
        },
    };
}
