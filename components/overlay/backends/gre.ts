// One GRE device on each host, with a key and no peer of its own. On host 1 of 3:
//
//   container --- ch-mesh (bridge, 10.42.1.1/16) --- routing --- gr-mesh === IP protocol 47 === peers
//
// For each peer one route (its subnet, via its .0 address) and one neighbour (that address's host): n-1 of each
// on n hosts, not n-1 tunnels. The key tells overlays apart that are on the same host.
import { z } from "zod";
import { networkAddress } from "../../wire/address";
import { whole } from "../../wire/fields";
import { GRE_PROTOCOL } from "../../wire/flow";
import { linkName } from "../../wire/identity";
import { type Backend, type OverlayPlan } from "./backend";
import { derived, tunnelRoute, tunnelWire } from "./tunnel";
import { greLink } from "../../entries/link/link";
import { neighEntry } from "../../entries/neigh/neigh";

/** 32 bits. Derived ones keep above those that people choose. */
const KEY = { min: 1, max: 2 ** 32 - 1, derivedFrom: 2 ** 24 };

const options = z.strictObject({
    key: whole(KEY.min, KEY.max)
        .optional()
        .describe("GRE key. Default: derived from project, stack and name."),
});

export const gre: Backend<typeof options> = {
    options,
    summary: "GRE with static routes.",
    overhead: { "outer IPv4": 20, GRE: 4, "GRE key": 4 },
    needs: { modules: ["ip_gre"] },
    claims: (overlay, chosen) => [
        { path: "backend.gre.key", thing: `GRE key ${keyOf(overlay, chosen)}` },
    ],
    plan(overlay, chosen, member, peers) {
        const device = linkName("gr", overlay.identity, overlay.name);
        const key = keyOf(overlay, chosen);
        const local = member.underlay;
        return tunnelWire(overlay, member, peers, {
            device,
            carrier: { kind: "protocol", protocol: GRE_PROTOCOL },
            // the header's third bit says that there is a key, which its second word is
            packets: `ip daddr ${local} ip protocol ${GRE_PROTOCOL} @th,2,1 1 @th,32,32 ${key}`,
            entries: [
                greLink(device, { local, key, mtu: overlay.mtu }),
                ...peers.flatMap((peer) => [
                    tunnelRoute(device, member, peer, networkAddress(peer.subnet)),
                    neighEntry(networkAddress(peer.subnet), device, peer.underlay),
                ]),
            ],
        });
    },
};

function keyOf(overlay: OverlayPlan, { key }: z.output<typeof options>): number {
    return key ?? derived(overlay, "key", { from: KEY.derivedFrom, to: KEY.max });
}
