// The UDP port of a WireGuard device: the kernel opens it for one, and shows it as its own.
import { type Facts } from "../facts/clouds";
import { isStranger, listed, ownerText } from "../facts/words";
import { wireguardPortsOf } from "../entries/wireguard/wireguard";
import { type Unit } from "../wire/unit";
import { takenBy } from "./ports";

export function wireguardMisfits(unit: Unit, own: string, facts: Facts): string[] {
    return wireguardPortsOf(unit).flatMap(({ device, port }) => {
        const holder = holderOf(port, device, own, facts);
        return holder === undefined
            ? []
            : [
                  `UDP port ${port} is taken by ${holder}: choose another backend.wireguard.port, or stop it`,
              ];
    });
}

/** A tunnel of the unit's own goes, or stays, in the same run. */
function holderOf(port: number, device: string, own: string, facts: Facts): string | undefined {
    const tunnels = [
        ...listed(facts, "wireguard").map(([name = "", at, owner = ""]) => ({ name, at, owner })),
        ...["vxlan", "geneve"].flatMap((kind) =>
            listed(facts, kind).map(([name = "", , at, owner = ""]) => ({ name, at, owner })),
        ),
    ].filter(({ at }) => at === String(port));
    const stranger = tunnels.find(({ name, owner }) => name !== device && isStranger(owner, own));
    if (stranger) {
        return `${stranger.name}, ${ownerText(stranger.owner)}`;
    }
    const [stack = ""] = own.split(":");
    return tunnels.length > 0
        ? undefined
        : takenBy({ ip: "*", port, protocol: "udp" }, stack, facts);
}
