// One VXLAN device on each host. Routed, as flannel's: no flooding. On host 1 of 3:
//
//   container --- ch-mesh (bridge, 10.42.1.1/16) --- routing --- vx-mesh (10.42.1.0/32) === UDP === peers
//
// For each peer one route (its subnet, via its .0 address), one neighbour (that address's MAC) and
// one fdb entry (that MAC's host): n-1 of each on n hosts. Nothing is learned and nothing flooded,
// so broadcast and multicast do not cross hosts.
//
// Switched, it is a port of the bridge:
//
//   container --- ch-mesh (bridge, 10.42.0.1/16) --- vx-mesh === UDP === peers
//
// What has no known place goes to each peer, by one fdb entry for each; from whom frames come is learned. No frame comes
// back from where it went: a bridge sends nothing out of the port that it came by, and the port is one for all peers.
import { z } from "zod";
import { networkAddress } from "../../wire/address";
import { port as udpPort, whole } from "../../wire/fields";
import { linkName, macAddress } from "../../wire/identity";
import { type Backend, type Member, type OverlayPlan } from "./backend";
import { derived, portWire, tunnelRoute, tunnelWire } from "./tunnel";
import { addrEntry } from "../../entries/addr/addr";
import { fdbEntry, floodEntry } from "../../entries/fdb/fdb";
import { vxlanLink } from "../../entries/link/link";
import { neighEntry } from "../../entries/neigh/neigh";

/** VNIs are 24 bits wide. Swarm counts its own up from 4096: derived ones keep to the upper range. */
const VNI = { min: 1, max: 2 ** 24 - 1, derivedFrom: 2 ** 20 };
/** Below Linux's ephemeral ports (32768 up), so that no client's socket is in the way. */
const DERIVED_PORT = { from: 20_000, to: 29_999 };
const VXLAN_MAC_ROLE = 0xc1;

const OVERHEAD = { "outer IPv4": 20, UDP: 8, VXLAN: 8, "inner Ethernet": 14 };

const options = z.strictObject({
    vni: whole(VNI.min, VNI.max)
        .optional()
        .describe("VXLAN network identifier. Default: derived from project, stack and name."),
    port: udpPort
        .optional()
        .describe(
            "UDP port, which must be open between the hosts. Default: derived, 20000 to 29999.",
        ),
});

export const vxlan: Backend<typeof options> = {
    options,
    summary: "VXLAN with static routes.",
    overhead: OVERHEAD,
    needs: { modules: ["vxlan"] },
    claims(overlay, chosen) {
        const { id, dstport } = numbers(overlay, chosen);
        return [
            { path: "backend.vxlan.vni", thing: `VXLAN ${id} on UDP port ${dstport}` },
            {
                path: "backend.vxlan.port",
                thing: `UDP port ${dstport}`,
                sharedBy: "overlays with vxlan",
            },
        ];
    },
    plan(overlay, chosen, member, peers) {
        const { device, link, ...tunnel } = deviceOf(overlay, chosen, member);
        const mac = (of: Member) => macOf(overlay, of);
        return tunnelWire(overlay, member, peers, {
            ...tunnel,
            device,
            entries: [
                vxlanLink(device, link),
                addrEntry(device, `${networkAddress(member.subnet)}/32`),
                ...peers.flatMap((peer) => [
                    tunnelRoute(device, member, peer, networkAddress(peer.subnet)),
                    neighEntry(networkAddress(peer.subnet), device, mac(peer)),
                    fdbEntry(mac(peer), device, peer.underlay),
                ]),
            ],
        });
    },
    switched: {
        overhead: OVERHEAD,
        plan(overlay, chosen, member, peers) {
            const { device, link, ...tunnel } = deviceOf(overlay, chosen, member);
            return portWire(member, peers, {
                ...tunnel,
                device,
                link: vxlanLink(device, { ...link, bridge: overlay.bridge }),
                entries: peers.map(({ underlay }) => floodEntry(device, underlay)),
            });
        },
    },
};

function deviceOf(overlay: OverlayPlan, chosen: z.output<typeof options>, member: Member) {
    const { id, dstport } = numbers(overlay, chosen);
    return {
        device: linkName("vx", overlay.identity, overlay.name),
        carrier: { kind: "udp", port: dstport } as const,
        // 96 bits into UDP and VXLAN headers stand the VNI's 24
        packets: `udp dport ${dstport} @th,96,24 ${id}`,
        link: {
            id,
            local: member.underlay,
            dstport,
            mtu: overlay.mtu,
            mac: macOf(overlay, member),
        },
    };
}

function macOf({ identity, name }: OverlayPlan, { id }: Member): string {
    return macAddress(VXLAN_MAC_ROLE, identity, name, id);
}

function numbers(overlay: OverlayPlan, { vni, port }: z.output<typeof options>) {
    return {
        id: vni ?? derived(overlay, "vni", { from: VNI.derivedFrom, to: VNI.max }),
        dstport: port ?? derived(overlay, "port", DERIVED_PORT),
    };
}
