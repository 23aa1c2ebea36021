// Routes by the hosts themselves, on one link: nothing is wrapped up, nothing is lost of the MTU. On host 1 of 3:
//
//   container --- ch-mesh (bridge, 10.42.1.1/16) --- routing --- NIC 192.168.40.11 --- link --- peers
//
// For each peer one route, its subnet via its own address, and one rule that lets its packets in:
// n-1 of each on n hosts, and no device. The link sees the containers' addresses as they are; its
// router and its other machines need not know them.
//
// Closed to strangers as far as an address tells: what enters the bridge comes from a peer's
// subnet, by the interface that leads to that peer. A machine on the link that sends by a
// container's address is not told from its host: no packet says who it is. Where others share
// the link, take a backend that encrypts.
import { z } from "zod";
import { type Backend } from "./backend";
import { KEEP_FOREIGN_ROUTES } from "../../entries/networkd/networkd";
import { routeEntry } from "../../entries/route/route";
import { WATCH_ROUTES } from "../../entries/watch/watch";

const options = z.strictObject({});

export const direct: Backend<typeof options> = {
    options,
    summary: "Plain routes, for hosts that share a link.",
    overhead: {},
    needs: { oneLink: true },
    claims: () => [],
    plan({ bridge }, _options, member, peers) {
        return {
            arrivals: peers.map(({ subnet }) => ({ name: subnet, match: from(subnet) })),
            flows: peers.map(({ subnet: range }) => ({
                kind: "forward",
                bridge,
                by: { address: member.underlay },
                range,
                own: member.gateway,
            })),
            entries: [
                KEEP_FOREIGN_ROUTES,
                WATCH_ROUTES,
                ...peers.map((peer) =>
                    routeEntry(peer.subnet, { via: peer.underlay, src: member.gateway }),
                ),
            ],
        };
    },
};

/** By the way that the answer will take, whatever the interface is called. */
function from(subnet: string): string {
    return `ip saddr ${subnet} fib saddr . iif oif exists`;
}
