// One VXLAN device on each host, as flannel's: routes, no flooding. On host 1 of 3:
//
//   container --- ch-mesh (bridge, 10.42.1.1/16) --- routing --- vx-mesh (10.42.1.0/32) === UDP === peers
//
// For each peer one route (its subnet, via its .0 address), one neighbour (that address's MAC) and
// one fdb entry (that MAC's host): n-1 of each on n hosts. Nothing is learned and nothing flooded,
// so broadcast and multicast do not cross hosts.
import { z } from "zod";
import { networkAddress } from "../../wire/address";
import { port as udpPort, whole } from "../../wire/fields";
import { derivedNumber, linkName, macAddress } from "../../wire/identity";
import { type Backend, type Member, type OverlayPlan } from "./backend";
import { tunnelRoute, tunnelWire } from "./tunnel";
import { addrEntry } from "../../entries/addr/addr";
import { fdbEntry } from "../../entries/fdb/fdb";
import { vxlanLink } from "../../entries/link/link";
import { neighEntry } from "../../entries/neigh/neigh";

/** VNIs are 24 bits wide. Swarm counts its own up from 4096: derived ones keep to the upper range. */
const VNI = { min: 1, max: 2 ** 24 - 1, derivedFrom: 2 ** 20 };
/** Below Linux's ephemeral ports (32768 up), so that no client's socket is in the way. */
const DERIVED_PORT = { from: 20_000, to: 29_999 };
const VXLAN_MAC_ROLE = 0xc1;

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
    overhead: { "outer IPv4": 20, UDP: 8, VXLAN: 8, "inner Ethernet": 14 },
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
        const device = linkName("vx", overlay.identity, overlay.name);
        const { id, dstport } = numbers(overlay, chosen);
        const mac = (of: Member) =>
            macAddress(VXLAN_MAC_ROLE, overlay.identity, overlay.name, of.id);
        return tunnelWire(overlay, member, peers, {
            device,
            carrier: { kind: "udp", port: dstport },
            // 96 bits into UDP and VXLAN headers stand the VNI's 24
            packets: `udp dport ${dstport} @th,96,24 ${id}`,
            entries: [
                vxlanLink(device, {
                    id,
                    local: member.underlay,
                    dstport,
                    mtu: overlay.mtu,
                    mac: mac(member),
                }),
                addrEntry(device, `${networkAddress(member.subnet)}/32`),
                ...peers.flatMap((peer) => [
                    tunnelRoute(device, member, peer, networkAddress(peer.subnet)),
                    neighEntry(networkAddress(peer.subnet), device, mac(peer)),
                    fdbEntry(mac(peer), device, peer.underlay),
                ]),
            ],
        });
    },
};

function numbers(overlay: OverlayPlan, { vni, port }: z.output<typeof options>) {
    return {
        id: vni ?? derived("vni", overlay, VNI.derivedFrom, VNI.max),
        dstport: port ?? derived("port", overlay, DERIVED_PORT.from, DERIVED_PORT.to),
    };
}

function derived(what: string, { identity, name }: OverlayPlan, from: number, to: number): number {
    return derivedNumber(from, to, what, identity.project, identity.stack, name);
}
