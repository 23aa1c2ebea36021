// One Geneve device on each host for each other host. On host 1 of 3:
//
//   container --- ch-mesh (bridge, 10.42.1.1/16) --- routing --- gn2-mesh === UDP === host 2
//                                                            \- gn3-mesh === UDP === host 3
//
// For each peer one device, which takes packets of that peer and number only, one route (its subnet, via its .0
// address) and one neighbour (that address's MAC). Nothing is learned and nothing flooded. The other shape, one
// device with all peers in routes (`encap ip`), takes every packet of its port, so a host could not have two of a port,
// nor one beside Open vSwitch's or Cilium's; and kernels without CONFIG_LWTUNNEL refuse it.
//
// Switched, each is a port of the bridge, and learning is the bridge's:
//
//   container --- ch-mesh (bridge, 10.42.0.1/16) --- gn2-mesh === UDP === host 2
//                                                \- gn3-mesh === UDP === host 3
//
// The ports are isolated: what has come by one goes out by no other. Else three hosts are a loop.
import { z } from "zod";
import { networkAddress } from "../../wire/address";
import { port as udpPort, whole } from "../../wire/fields";
import { macAddress } from "../../wire/identity";
import { type Backend, type Member, type OverlayPlan } from "./backend";
import { derived, deviceTo, peersOnly, portsWire, tunnelRoute } from "./tunnel";
import { geneveLink } from "../../entries/link/link";
import { neighEntry } from "../../entries/neigh/neigh";

/** 24 bits wide. Derived ones keep above those that people choose. */
const VNI = { min: 1, max: 2 ** 24 - 1, derivedFrom: 2 ** 20 };
/** By IANA. Overlays share it. */
const GENEVE_PORT = 6081;
const GENEVE_MAC_ROLE = 0xc2;

const OVERHEAD = { "outer IPv4": 20, UDP: 8, Geneve: 8, "inner Ethernet": 14 };

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
    overhead: OVERHEAD,
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
        const { bridge } = overlay;
        const { carrier, packets, linkTo } = tunnelOf(overlay, chosen, member);
        const addresses = peers.map(({ underlay }) => underlay);
        return {
            arrivals: peers.map((peer) => ({
                name: peer.subnet,
                match: `iifname ${linkTo(peer).device} ip saddr ${peer.subnet}`,
            })),
            flows: [
                { ...carrier, device: bridge, to: member.underlay, from: addresses },
                ...peers.map((peer) => ({
                    kind: "forward" as const,
                    bridge,
                    by: { device: linkTo(peer).device },
                    range: peer.subnet,
                    own: member.gateway,
                })),
            ],
            entries: [
                ...peers.flatMap((peer) => {
                    const { device, wanted } = linkTo(peer);
                    const via = networkAddress(peer.subnet);
                    return [
                        geneveLink(device, wanted),
                        tunnelRoute(device, member, peer, via),
                        neighEntry(via, device, macOf(overlay, peer)),
                    ];
                }),
                peersOnly(packets, addresses),
            ],
        };
    },
    switched: {
        overhead: OVERHEAD,
        plan(overlay, chosen, member, peers) {
            const { bridge } = overlay;
            const { linkTo, ...tunnel } = tunnelOf(overlay, chosen, member);
            const ports = peers.map(linkTo).map(({ device, wanted }) => ({
                device,
                link: geneveLink(device, { ...wanted, bridge }),
            }));
            return portsWire(overlay, member, peers, { ...tunnel, ports });
        },
    },
};

function tunnelOf(overlay: OverlayPlan, chosen: z.output<typeof options>, member: Member) {
    const { port } = chosen;
    const id = vniOf(overlay, chosen);
    return {
        carrier: { kind: "udp", port } as const,
        // 96 bits into UDP and Geneve headers stand the VNI's 24
        packets: `udp dport ${port} @th,96,24 ${id}`,
        linkTo: (peer: Member) => ({
            device: deviceTo("gn", overlay, peer),
            wanted: {
                id,
                remote: peer.underlay,
                dstport: port,
                mtu: overlay.mtu,
                mac: macOf(overlay, member),
            },
        }),
    };
}

function macOf({ identity, name }: OverlayPlan, { id }: Member): string {
    return macAddress(GENEVE_MAC_ROLE, identity, name, id);
}

function vniOf(overlay: OverlayPlan, { vni }: z.output<typeof options>): number {
    return vni ?? derived(overlay, "geneve vni", { from: VNI.derivedFrom, to: VNI.max });
}
