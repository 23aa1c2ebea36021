import { overlap } from "../wire/address";
import { type CloudName, cloudOf, type Facts } from "../facts/clouds";
import { cutOff } from "./lockout";
import { isStranger, listed, type Misfits, ownerText } from "../facts/words";
import { nicsOf } from "../entries/interface/interface";
import { linksOf } from "../entries/link/link";
import { networksOf, type WantedNetwork } from "../entries/network/network";
import { type Unit } from "../wire/unit";

const NOTHING: Misfits = { errors: [], warnings: [] };

/** Why containers cannot lie on a host's link, or may not be heard from there. */
export function lanMisfits(unit: Unit, own: string, facts: Facts): Misfits {
    const network = networksOf(unit).find(({ driver }) => /^(mac|ip)vlan$/.test(driver));
    if (!network) {
        return NOTHING;
    }
    const { driver, link: parent, ipRange } = network;
    const vlanOf = linksOf(unit).find(({ name }) => name === parent)?.vlanOf;
    const nic = vlanOf ?? parent;
    const { errors, warnings } = cloudMisfits(driver, facts);
    const ssh = cutOff(ipRange, "ipRange", "choose another", own, facts);
    return {
        errors: [
            ...lackMisfits(driver, vlanOf !== undefined, facts),
            ...nicMisfits(nic, facts, "as its parent"),
            ...networkMisfits(network, own, facts),
            ...ssh.errors,
            ...errors,
        ],
        warnings: [...warnings, ...ssh.warnings],
    };
}

/** The same for interfaces of containers' own on a NIC: `interface web eth1: macvlan eth0 mac ...`. */
export function interfaceMisfits(unit: Unit, facts: Facts): Misfits {
    const nics = nicsOf(unit);
    if (nics.length === 0) {
        return NOTHING;
    }
    const { errors, warnings } = cloudMisfits("macvlan", facts);
    const lacks = facts.get("lacks")?.includes("macvlan") === true;
    const kernel = facts.get("kernel")?.[0] ?? "";
    return {
        errors: [
            ...nics.flatMap((nic) => nicMisfits(nic, facts, "in interface.on")),
            ...(lacks
                ? [
                      `its kernel, ${kernel}, lacks macvlan: install its extra modules (linux-modules-extra on Ubuntu), boot another, or use a Bridge in interface.on`,
                  ]
                : []),
            ...errors,
        ],
        warnings,
    };
}

function lackMisfits(driver: string, onVlan: boolean, facts: Facts): string[] {
    const lacks = (name: string) => facts.get("lacks")?.includes(name) === true;
    const kernel = facts.get("kernel")?.[0] ?? "";
    const install = "install its extra modules (linux-modules-extra on Ubuntu), boot another";
    const other = driver === "macvlan" ? "ipvlan" : "macvlan";
    return [
        ...(lacks(driver)
            ? [`its kernel, ${kernel}, lacks ${driver}: ${install}, or write driver: "${other}"`]
            : []),
        ...(onVlan && lacks("8021q")
            ? [`its kernel, ${kernel}, lacks VLANs (8021q): ${install}, or leave out vlan`]
            : []),
    ];
}

/** Links of containers, `veth...`, are not told. */
function nicMisfits(nic: string, facts: Facts, as: string): string[] {
    const links = listed(facts, "link").map(([name = ""]) => name);
    if (links.length > 0 && !links.includes(nic) && !nic.startsWith("veth")) {
        const [, below, vlan] = /^(.+)\.(\d+)$/.exec(nic) ?? [];
        const way =
            below !== undefined && links.includes(below) && as === "as its parent"
                ? `write parent: "${below}", vlan: ${vlan ?? ""} to have it created`
                : `write one of ${links.filter((name) => name !== "lo").join(", ")} ${as}`;
        return [`there is no link ${nic}: ${way}`];
    }
    const [, master] = listed(facts, "port").find(([name]) => name === nic) ?? [];
    if (master !== undefined) {
        return [
            `${nic} is a port of ${master}, which receives all its traffic: write "${master}" ${as}`,
        ];
    }
    return facts.get("wireless")?.includes(nic) === true
        ? [
              `${nic} is wireless, and an access point accepts no frames from other MACs: use a wired link ${as}`,
          ]
        : [];
}

/** The first engine that takes two networks for one parent, of macvlan alone; never two of one subnet. */
const SHARING_ENGINE = 28;

/** `old macvlan eth0 192.168.40.0/24 OWNER` is a fact of each of Docker's networks on a link. */
function networkMisfits(
    { driver, link: parent, subnet }: WantedNetwork,
    own: string,
    facts: Facts,
): string[] {
    const shares = parseInt(facts.get("docker")?.[0] ?? "", 10) >= SHARING_ENGINE;
    const macvlans = (other: string) => driver === "macvlan" && other === "macvlan";
    return listed(facts, "lan")
        .filter(([, , on, , owner]) => on === parent && isStranger(owner ?? "", own))
        .filter(
            ([, other = "", , theirs = ""]) =>
                !shares || !macvlans(other) || overlap(subnet, theirs),
        )
        .map(
            ([name = "", , , , owner = ""]) =>
                `${parent} is the parent of Docker's network "${name}", ${ownerText(owner)}: remove it (docker network rm ${name}), or choose another parent or a vlan`,
        );
}

/** Where no switch of the cloud's can be told to let other MACs pass. */
const CLOSED: readonly CloudName[] = [
    "Amazon EC2",
    "Google Cloud",
    "Azure",
    "Oracle Cloud",
    "DigitalOcean",
    "Hetzner Cloud",
];

/** Hypervisors that check a guest's MACs unless told otherwise, by their vendor's name. */
const HYPERVISORS: readonly (readonly [RegExp, string])[] = [
    [
        /^VMware/,
        "VMware drops frames of containers' MACs unless the port group allows forged transmits and promiscuous mode (or MAC learning)",
    ],
    [
        /^innotek/,
        "VirtualBox drops frames of containers' MACs unless the adapter's promiscuous mode is Allow All",
    ],
    [
        /^Microsoft/,
        "Hyper-V drops frames of containers' MACs unless MacAddressSpoofing is on for the adapter",
    ],
];

export function cloudMisfits(driver: string, facts: Facts): Misfits {
    const cloud = cloudOf(facts);
    if (cloud !== undefined) {
        const text =
            driver === "macvlan"
                ? `${cloud} drops frames from MACs that it did not assign, so containers would reach nothing`
                : `${cloud} drops packets with addresses that it did not assign to the machine`;
        const closed = driver === "macvlan" && CLOSED.includes(cloud);
        return closed
            ? { errors: [`${text}: use an Overlay`], warnings: [] }
            : { errors: [], warnings: [`${text}: allow them there, or use an Overlay`] };
    }
    const vendor = facts.get("vendor")?.[0] ?? "";
    const found = driver === "macvlan" && HYPERVISORS.find(([pattern]) => pattern.test(vendor));
    return found ? { errors: [], warnings: [found[1]] } : NOTHING;
}
