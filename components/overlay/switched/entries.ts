// The gateway of a switched network is on every host, with one address and one MAC, so a container that moves finds it
// where it was. Nobody hears of that of another host:
//
//   container --- ch-mesh (bridge, 10.42.0.1/16, one MAC for all hosts) --- vx-mesh, a port === UDP === peers
//                                                                      ^ nothing from the gateway or for it
import { nftEntry } from "../../entries/nft/nft";
import { type Entry } from "../../wire/unit";
import { type Wire } from "../backends/backend";

const DIRECTIONS = [
    ["bridge-prerouting", "iifname"],
    ["bridge-postrouting", "oifname"],
] as const;

/**
 * What would cross the wire from the gateway or for it is dropped on both ends: a peer's rules may be the ones that are amiss. Where each
 * peer has a port, these are named once: what comes by others passes first.
 */
export function gatewayEntries(
    { device, ports = [] }: Pick<Wire, "device" | "ports">,
    { address, mac }: { readonly address: string; readonly mac: string },
): Entry[] {
    if (device === undefined && ports.length === 0) {
        return [];
    }
    const matches = [
        ["gateway-1-from", `ether saddr ${mac}`],
        ["gateway-2-to", `ether daddr ${mac}`],
        ["gateway-3-says", `arp saddr ip ${address}`],
        ["gateway-4-asked", `arp daddr ip ${address}`],
    ] as const;
    return DIRECTIONS.flatMap(([chain, by]) => {
        const drops = (ours: string) =>
            matches.map(([name, match]) => nftEntry(chain, name, `${ours}${match} drop`));
        if (device !== undefined) {
            return drops(`${by} ${device} `);
        }
        const others = `${by} != { ${ports.join(", ")} } accept`;
        return [nftEntry(chain, "gateway-0-others", others), ...drops("")];
    });
}
