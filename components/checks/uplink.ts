import { linksOf } from "../entries/link/link";
import { uplinksOf } from "../entries/uplink/uplink";
import { type Facts } from "../facts/clouds";
import { listed, type Misfits } from "../facts/words";
import { contains, isAddressWithPrefix, networkOf, prefixOf } from "../wire/address";
import { type Problem } from "../wire/problem";
import { type Unit } from "../wire/unit";
import { cloudMisfits } from "./lan";

/** Why a NIC of a host cannot become the port of a bridge, as the host itself judges, or nobody is heard from there. */
export function uplinkMisfits(unit: Unit, facts: Facts): Misfits {
    const uplinks = uplinksOf(unit);
    const cloud =
        uplinks.length === 0 ? { errors: [], warnings: [] } : cloudMisfits("macvlan", facts);
    return {
        errors: [
            ...uplinks.flatMap(({ nic }) => nicMisfits(nic, facts)),
            ...cloud.errors,
            ...leftMisfits(unit, facts),
        ],
        warnings: cloud.warnings,
    };
}

function nicMisfits(nic: string, facts: Facts): string[] {
    const links = listed(facts, "link");
    const isThere = links.some(([name]) => name === nic);
    if (links.length > 0 && !isThere && !nic.startsWith("veth")) {
        const could = links
            .filter(([name = "", kind]) => kind !== "bridge" && !/^(lo$|veth)/.test(name))
            .map(([name]) => name);
        return [`there is no link ${nic}: write one of ${could.join(", ")} in uplink`];
    }
    return (facts.get("no-uplink") ?? []).filter((fact) => fact.startsWith(`${nic} `));
}

/**
 * Before the NIC is a port, its network is the LAN's; later its addresses are the bridge's, and an admin's to change. What is
 * no NIC is told as that.
 */
export function lanProblems(cidr: string, nic: string, facts: Facts): Problem[] {
    const addresses = listed(facts, "address")
        .filter(([name, address = ""]) => name === nic && isAddressWithPrefix(address))
        .map(([, address = ""]) => address);
    const [first] = addresses;
    const isNoNic = facts.get("no-uplink")?.some((fact) => fact.startsWith(`${nic} is no NIC`));
    if (first === undefined || isNoNic || addresses.some((address) => isOf(cidr, address))) {
        return [];
    }
    const message = `"${cidr}" is not the network of ${nic}, which has ${addresses.join(" and ")}: write "${networkOf(first)}"`;
    return [{ path: "cidr", message }];
}

/** A cloud may give out an address by itself, as a /32. */
function isOf(cidr: string, addressWithPrefix: string): boolean {
    const [address = ""] = addressWithPrefix.split("/");
    return (
        networkOf(addressWithPrefix) === cidr ||
        (prefixOf(addressWithPrefix) === 32 && contains(cidr, address))
    );
}

/** Only a unit that is guarded gives a NIC back, and a Bridge without an uplink has none. */
function leftMisfits(unit: Unit, facts: Facts): string[] {
    const bridges = linksOf(unit).map(({ name }) => name);
    const wanted = uplinksOf(unit).map(({ bridge }) => bridge);
    return listed(facts, "uplink")
        .filter(([bridge = ""]) => bridges.includes(bridge) && !wanted.includes(bridge))
        .map(
            ([bridge = "", nic = ""]) =>
                `${bridge} has the NIC ${nic}, which goes back when the Bridge goes: remove the Bridge from the program, run \`pulumi up\`, and write it without uplink then`,
        );
}
