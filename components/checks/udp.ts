// The UDP port of a tunnel: the kernel opens it for one kind, and shows it as its own. WireGuard's is one device's alone.
import { type Facts } from "../facts/clouds";
import { isStranger, listed, ownerText } from "../facts/words";
import { linksOf } from "../entries/link/link";
import { wireguardPortsOf } from "../entries/wireguard/wireguard";
import { type Unit } from "../wire/unit";
import { takenBy } from "./ports";

interface Tunnel {
    readonly kind: string;
    readonly name: string;
    readonly port: number;
}

export function udpMisfits(unit: Unit, own: string, facts: Facts): string[] {
    const tunnels = tunnelsOf(unit);
    const texts = [
        ...tunnels.flatMap((tunnel) => takenMisfits(tunnel, own, facts)),
        ...tunnels.flatMap((tunnel) => formerMisfits(tunnel, own, facts)),
    ];
    return [...new Set(texts)];
}

function tunnelsOf(unit: Unit): Tunnel[] {
    return [
        ...wireguardPortsOf(unit).map(({ device: name, port }) => ({
            kind: "wireguard",
            name,
            port,
        })),
        ...linksOf(unit).flatMap(({ name, numbered }) =>
            numbered ? [{ kind: numbered.kind, name, port: Number(numbered.port) }] : [],
        ),
    ];
}

/** Of VXLAN its number is looked at, with the links. */
function takenMisfits(tunnel: Tunnel, own: string, facts: Facts): string[] {
    const holder = tunnel.kind === "vxlan" ? undefined : holderOf(tunnel, own, facts);
    return holder === undefined
        ? []
        : [
              `UDP port ${tunnel.port} is taken by ${holder}: choose another backend.${tunnel.kind}.port, or stop it`,
          ];
}

/**
 * Where an overlay gets another backend, a device of WireGuard is made before the former one goes, and goes after the new one is
 * there: the two cannot have one port.
 */
function formerMisfits({ kind, port }: Tunnel, own: string, facts: Facts): string[] {
    return tunnelsAt(port, facts)
        .filter((former) => former.kind !== kind && isOfSameOverlay(former.owner, own))
        .map(
            ({ name }) =>
                `UDP port ${port} is that of ${name}, which this overlay has until the change is made: choose another backend.${kind}.port`,
        );
}

/** By another unit of it. */
function isOfSameOverlay(owner: string, own: string): boolean {
    const former = owner.replace(/^crosshost:/, "");
    const overlayOf = (unit: string) => unit.replace(/:(overlay|tunnel\d+)-/, ":");
    return former !== own && overlayOf(former) === overlayOf(own);
}

/** A tunnel of the stack's own goes, or stays, in the same run. */
function holderOf({ kind, name, port }: Tunnel, own: string, facts: Facts): string | undefined {
    const there = tunnelsAt(port, facts);
    const isShared = (other: string) => kind === "geneve" && other === "geneve";
    const stranger = there.find(
        (other) => other.name !== name && !isShared(other.kind) && isStranger(other.owner, own),
    );
    if (stranger) {
        return `${stranger.name}, ${ownerText(stranger.owner)}`;
    }
    const [stack = ""] = own.split(":");
    return there.length > 0 ? undefined : takenBy({ ip: "*", port, protocol: "udp" }, stack, facts);
}

function tunnelsAt(port: number, facts: Facts): (Tunnel & { readonly owner: string })[] {
    return [
        ...listed(facts, "wireguard").map(([name = "", at, owner = ""]) => ({
            kind: "wireguard",
            name,
            port: Number(at),
            owner,
        })),
        ...["vxlan", "geneve"].flatMap((kind) =>
            listed(facts, kind).map(([name = "", , at, owner = ""]) => ({
                kind,
                name,
                port: Number(at),
                owner,
            })),
        ),
    ].filter((tunnel) => tunnel.port === port);
}
