// One GRE device on each host, with a key and no peer of its own. On host 1 of 3:
//
//   container --- ch-mesh (bridge, 10.42.1.1/16) --- routing --- gr-mesh === IP protocol 47 === peers
//
// For each peer one route (its subnet, via its .0 address) and one neighbour (that address's host): n-1 of each
// on n hosts, not n-1 tunnels. The key tells overlays apart that are on the same host.
//
// Switched, it carries frames, and that a device of the kernel does for each peer (gretap), as a port of the bridge:
//
//   container --- ch-mesh (bridge, 10.42.0.1/16) --- gt2-mesh === IP protocol 47 === host 2
//                                                \- gt3-mesh === IP protocol 47 === host 3
//
// One without a peer would have to be told of each frame whom it goes to, and a bridge's table has no place for that.
// The ports are isolated: what has come by one goes out by no other. Else three hosts are a loop.
import { z } from "zod";
import { networkAddress } from "../../wire/address";
import { whole } from "../../wire/fields";
import { GRE_PROTOCOL } from "../../wire/flow";
import { linkName, macAddress } from "../../wire/identity";
import { type Backend, type Member, type OverlayPlan } from "./backend";
import { derived, deviceTo, portsWire, tunnelRoute, tunnelWire } from "./tunnel";
import { greLink, gretapLink } from "../../entries/link/link";
import { neighEntry } from "../../entries/neigh/neigh";

/** 32 bits. Derived ones keep above those that people choose. */
const KEY = { min: 1, max: 2 ** 32 - 1, derivedFrom: 2 ** 24 };

const GRETAP_MAC_ROLE = 0xc4;
const OVERHEAD = { "outer IPv4": 20, GRE: 4, "GRE key": 4 };

const options = z.strictObject({
    key: whole(KEY.min, KEY.max)
        .optional()
        .describe("GRE key. Default: derived from project, stack and name."),
});

export const gre: Backend<typeof options> = {
    options,
    summary: "GRE with static routes.",
    overhead: OVERHEAD,
    needs: { modules: ["ip_gre"] },
    claims: (overlay, chosen) => [
        { path: "backend.gre.key", thing: `GRE key ${keyOf(overlay, chosen)}` },
    ],
    plan(overlay, chosen, member, peers) {
        const device = linkName("gr", overlay.identity, overlay.name);
        const { link, ...tunnel } = tunnelOf(overlay, chosen, member);
        return tunnelWire(overlay, member, peers, {
            ...tunnel,
            device,
            entries: [
                greLink(device, link),
                ...peers.flatMap((peer) => [
                    tunnelRoute(device, member, peer, networkAddress(peer.subnet)),
                    neighEntry(networkAddress(peer.subnet), device, peer.underlay),
                ]),
            ],
        });
    },
    switched: {
        overhead: { ...OVERHEAD, "inner Ethernet": 14 },
        plan(overlay, chosen, member, peers) {
            const { identity, name, bridge } = overlay;
            const { link, ...tunnel } = tunnelOf(overlay, chosen, member);
            const mac = macAddress(GRETAP_MAC_ROLE, identity, name, member.id);
            const ports = peers.map((peer) => {
                const device = deviceTo("gt", overlay, peer);
                const wanted = { ...link, remote: peer.underlay, mac, bridge };
                return { device, link: gretapLink(device, wanted) };
            });
            return portsWire(overlay, member, peers, { ...tunnel, ports });
        },
    },
};

function tunnelOf(overlay: OverlayPlan, chosen: z.output<typeof options>, member: Member) {
    const key = keyOf(overlay, chosen);
    const local = member.underlay;
    return {
        carrier: { kind: "protocol", protocol: GRE_PROTOCOL } as const,
        // the header's third bit says that there is a key, which its second word is
        packets: `ip daddr ${local} ip protocol ${GRE_PROTOCOL} @th,2,1 1 @th,32,32 ${key}`,
        link: { local, key, mtu: overlay.mtu },
    };
}

function keyOf(overlay: OverlayPlan, { key }: z.output<typeof options>): number {
    return key ?? derived(overlay, "key", { from: KEY.derivedFrom, to: KEY.max });
}
