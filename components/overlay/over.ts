// An overlay whose packets travel in another one. On host 1 of 3, of `top` over `base`:
//
//   container --- ch-top (bridge, 10.43.1.1/16) --- routing --- vx-top === UDP to 10.42.2.1 === peers
//                                                                  |
//                 ch-base (bridge, 10.42.1.1/16) --- routing --- wg-base === UDP, encrypted === peers
//
// Hosts reach each other at the addresses that their bridges have in the lower one. The upper one takes packets
// from these only, and only by the way that leads to them: those of a machine of the LAN come by another.
import { type LocalOverlay } from "../network/handle";
import { type Problem } from "../wire/problem";
import { type Entry } from "../wire/unit";
import { type ChosenBackend } from "./backends/choice";
import { nftEntry } from "../entries/nft/nft";

/** What goes through a fourth, Linux takes for a loop and drops (measured by VXLAN in VXLAN on 6.18). */
const MOST_TUNNELS = 3;

export const NO_OVERLAY: Problem = {
    path: "over",
    message:
        "is not an Overlay made by this program with this version of the library: what it carries between its hosts has to be known",
};

/** What the one below cannot do for the one above. */
export function belowProblems(
    { name, gateways, tunnels, isSwitched }: LocalOverlay,
    { name: backend, needs }: Pick<ChosenBackend, "name" | "needs">,
    hosts: readonly { readonly name: string }[],
): Problem[] {
    const link = `${backend} needs a link that the hosts share, and the hosts of Overlay "${name}" reach each other by routes: choose a backend that is a tunnel`;
    const deep = `packets of Overlay "${name}" go through ${tunnels} tunnels, and Linux drops what goes through more: choose one with fewer below it`;
    const same = `Overlay "${name}" is switched, so all of its hosts have one address there: choose one that is not`;
    return [
        ...(isSwitched ? [{ path: "over", message: same }] : []),
        ...(tunnels >= MOST_TUNNELS ? [{ path: "over", message: deep }] : []),
        ...(needs.oneLink ? [{ path: "over", message: link }] : []),
        ...hosts.flatMap((host, at) =>
            host.name in gateways
                ? []
                : [
                      {
                          path: `hosts[${at}]`,
                          message: `${host.name} is not among the hosts of Overlay "${name}": add it there, or leave it out here`,
                      },
                  ],
        ),
    ];
}

/**
 * Who is a member is told by his address in the lower overlay, so nobody else may send by one: neither from another side,
 * nor a container of the lower overlay that makes packets by hand.
 */
export function belowEntries({ bridge, proving }: LocalOverlay, peers: readonly string[]): Entry[] {
    const hosts = `ip saddr { ${[...peers].sort().join(", ")} }`;
    const others = proving.length > 0 ? ` iifname != { ${proving.join(", ")} }` : "";
    return peers.length === 0
        ? []
        : [
              nftEntry("input", "below", `${hosts}${others} fib saddr . iif oif missing drop`),
              nftEntry("forward", "0-below", `iifname ${bridge} ${hosts} drop`),
          ];
}
