import { linksOf } from "../entries/link/link";
import { uplinksOf } from "../entries/uplink/uplink";
import { type Facts } from "../facts/clouds";
import { listed, type Misfits } from "../facts/words";
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
    const links = listed(facts, "link").map(([name = ""]) => name);
    if (links.length > 0 && !links.includes(nic) && !nic.startsWith("veth")) {
        const there = links.filter((name) => name !== "lo").join(", ");
        return [`there is no link ${nic}: write one of ${there} in uplink`];
    }
    return (facts.get("no-uplink") ?? []).filter((fact) => fact.startsWith(`${nic} `));
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
