// One Geneve device on each host for each other host. On host 1 of 3:
//
//   container --- ch-mesh (bridge, 10.42.1.1/16) --- routing --- gn2-mesh === UDP === host 2
//                                                            \- gn3-mesh === UDP === host 3
//
// For each peer one device, which takes packets of that peer and number only, one route (its subnet, via its .0
// address) and one neighbour (that address's MAC). Nothing is learned and nothing flooded. The other shape, one
// device with all peers in routes (`encap ip`), takes every packet of its port, so a host could not have two of a port,
// nor one beside Open vSwitch's or Cilium's; and kernels without CONFIG_LWTUNNEL refuse it.
import { z } from "zod";
import { networkAddress } from "../../wire/address";
import { port as udpPort, whole } from "../../wire/fields";
import { linkName, macAddress } from "../../wire/identity";
import { type Backend, type Member, type OverlayPlan } from "./backend";
import { derived, peersOnly, tunnelRoute } from "./tunnel";
import { geneveLink } from "../../entries/link/link";
import { neighEntry } from "../../entries/neigh/neigh";

/** 24 bits wide. Derived ones keep above those that people choose. */
const VNI = { min: 1, max: 2 ** 24 - 1, derivedFrom: 2 ** 20 };
/** By IANA. Overlays share it. */
const GENEVE_PORT = 6081;
const GENEVE_MAC_ROLE = 0xc2;

const options = z.strictObject({
    vni: whole(VNI.min, VNI.max)
        .optional()
        .describe("Geneve network identifier. Default: derived from project, stack and name."),
    port: udpPort
        .default(GENEVE_PORT)
        .describe("UDP port, which must be open between the hosts. Default: 6081."),
});

export const geneve: Backend<typeof options> = {
    options,
    summary: "Geneve with static routes.",
    overhead: { "outer IPv4": 20, UDP: 8, Geneve: 8, "inner Ethernet": 14 },
    needs: { modules: ["geneve"] },
    claims(overlay, chosen) {
        const { port } = chosen;
        return [
            {
                path: "backend.geneve.vni",
                thing: `Geneve ${vniOf(overlay, chosen)} on UDP port ${port}`,
            },
            {
                path: "backend.geneve.port",
                thing: `UDP port ${port}`,
                sharedBy: "overlays with geneve",
            },
        ];
    },
    plan(overlay, chosen, member, peers) {
        const { bridge, mtu } = overlay;
        const { port } = chosen;
        const id = vniOf(overlay, chosen);
        const mac = (of: Member) =>
            macAddress(GENEVE_MAC_ROLE, overlay.identity, overlay.name, of.id);
        const addresses = peers.map(({ underlay }) => underlay);
        return {
            arrivals: peers.map((peer) => ({
                name: peer.subnet,
                match: `iifname ${deviceTo(overlay, peer)} ip saddr ${peer.subnet}`,
            })),
            flows: [
                { kind: "udp", port, device: bridge, to: member.underlay, from: addresses },
                ...peers.map((peer) => ({
                    kind: "forward" as const,
                    bridge,
                    by: { device: deviceTo(overlay, peer) },
                    range: peer.subnet,
                    own: member.gateway,
                })),
            ],
            entries: [
                ...peers.flatMap((peer) => {
                    const device = deviceTo(overlay, peer);
                    const via = networkAddress(peer.subnet);
                    const remote = peer.underlay;
                    return [
                        geneveLink(device, { id, remote, dstport: port, mtu, mac: mac(member) }),
                        tunnelRoute(device, member, peer, via),
                        neighEntry(via, device, mac(peer)),
                    ];
                }),
                // 96 bits into UDP and Geneve headers stand the VNI's 24
                peersOnly(`udp dport ${port} @th,96,24 ${id}`, addresses),
            ],
        };
    },
};

/** Called by the peer's number, in base 36, as there is little room in a link's name. */
function deviceTo({ identity, name }: OverlayPlan, { id }: Member): string {
    return linkName(`gn${id.toString(36)}`, identity, name);
}

function vniOf(overlay: OverlayPlan, { vni }: z.output<typeof options>): number {
    return vni ?? derived(overlay, "geneve vni", { from: VNI.derivedFrom, to: VNI.max });
}
