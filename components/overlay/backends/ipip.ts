// One IPIP device on each host, with no peer of its own, as flannel's. On host 1 of 3:
//
//   container --- ch-mesh (bridge, 10.42.1.1/16) --- routing --- ip-mesh === IP protocol 4 === peers
//
// For each peer one route, its subnet via its own address: the device sends to whom the route says. Nothing in a
// packet says which overlay it is of, so a host has one of these.
import { z } from "zod";
import { IPIP_PROTOCOL } from "../../wire/flow";
import { linkName } from "../../wire/identity";
import { type Backend } from "./backend";
import { tunnelRoute, tunnelWire } from "./tunnel";
import { ipipLink } from "../../entries/link/link";

const options = z.strictObject({});

export const ipip: Backend<typeof options> = {
    options,
    summary: "IPIP with static routes.",
    overhead: { "outer IPv4": 20 },
    needs: { modules: ["ipip"] },
    claims: () => [{ path: "backend", thing: `IPIP (IP protocol ${IPIP_PROTOCOL})` }],
    plan(overlay, _options, member, peers) {
        const device = linkName("ip", overlay.identity, overlay.name);
        const local = member.underlay;
        return tunnelWire(overlay, member, peers, {
            device,
            carrier: { kind: "protocol", protocol: IPIP_PROTOCOL },
            packets: `ip daddr ${local} ip protocol ${IPIP_PROTOCOL}`,
            entries: [
                ipipLink(device, { local, mtu: overlay.mtu }),
                ...peers.map((peer) => tunnelRoute(device, member, peer, peer.underlay)),
            ],
        });
    },
};
