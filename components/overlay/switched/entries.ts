// The gateway of a switched network is on every host, with one address and one MAC, so a container that moves finds it
// where it was. Nobody hears of that of another host:
//
//   container --- ch-mesh (bridge, 10.42.0.1/16, one MAC for all hosts) --- vx-mesh, a port === UDP === peers
//                                                                      ^ nothing from the gateway or for it
import { nftEntry } from "../../entries/nft/nft";
import { type Entry } from "../../wire/unit";

/** What would cross the wire from the gateway or for it is dropped on both ends: a peer's rules may be the ones that are amiss. */
export function gatewayEntries(
    ports: readonly string[],
    { address, mac }: { readonly address: string; readonly mac: string },
): Entry[] {
    if (ports.length === 0) {
        return [];
    }
    const names = ports.length === 1 ? ports.join() : `{ ${ports.join(", ")} }`;
    const matches = [
        ["gateway-1-from", `ether saddr ${mac}`],
        ["gateway-2-to", `ether daddr ${mac}`],
        ["gateway-3-says", `arp saddr ip ${address}`],
        ["gateway-4-asked", `arp daddr ip ${address}`],
    ] as const;
    return matches.flatMap(([name, match]) => [
        nftEntry("bridge-prerouting", name, `iifname ${names} ${match} drop`),
        nftEntry("bridge-postrouting", name, `oifname ${names} ${match} drop`),
    ]);
}
