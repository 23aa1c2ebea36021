// One WireGuard device on each host, whose peers are the other hosts. On host 1 of 3:
//
//   container --- ch-mesh (bridge, 10.42.1.1/16) --- routing --- wg-mesh === UDP, encrypted === peers
//
// For each peer one route and one line of the device: its public key, its host, its subnet. Each host makes its
// private key itself and tells only the public one. A packet is of the peer whose key it is encrypted by, and of
// that peer's subnet, or it is dropped: no machine on the way can read, change or forge any.
import { z } from "zod";
import { port as udpPort, whole } from "../../wire/fields";
import { derivedNumber, linkName } from "../../wire/identity";
import { type Problem } from "../../wire/problem";
import { type Backend, type Member, type OverlayPlan } from "./backend";
import { tunnelWire } from "./tunnel";
import { wireguardLink } from "../../entries/link/link";
import { nftEntry } from "../../entries/nft/nft";
import { privateKeyEntry } from "../../entries/private-key/private-key";
import { routeEntry } from "../../entries/route/route";
import { sysctlEntry } from "../../entries/sysctl/sysctl";
import { wireguardEntry, wireguardPeerEntry } from "../../entries/wireguard/wireguard";

/** Between those of vxlan and Linux's ephemeral ones, which begin at 32768. */
const DERIVED_PORT = { from: 30_000, to: 32_767 };

/** NAT forgets UDP of which it has seen nothing for 30 s (Linux, until both sides have spoken twice), and many firewalls do. */
const NAT_KEEPALIVE = 25;

const options = z.strictObject({
    port: udpPort
        .optional()
        .describe(
            "UDP port, which must be open between the hosts. Default: derived, 30000 to 32767.",
        ),
    keepalive: whole(1, 65_535)
        .optional()
        .describe("Seconds after which a silent host sends an empty packet. Default: none."),
    behindNat: z
        .array(z.string())
        .default([])
        .describe("Hosts that no other can reach first, by their names. Default: none."),
});

export const wireguard: Backend<typeof options> = {
    options,
    summary: "WireGuard with static routes, encrypted.",
    // message type, receiver and counter: 16; the tag that proves the sender: 16
    overhead: { "outer IPv4": 20, UDP: 8, WireGuard: 32 },
    needs: { modules: ["wireguard"], programs: ["wg"] },
    claims: (overlay, chosen) => [
        { path: "backend.wireguard.port", thing: `UDP port ${portOf(overlay, chosen)}` },
    ],
    problems: ({ behindNat }, hosts) => natProblems(behindNat, hosts),
    notes: ({ behindNat }) => natNotes(behindNat),
    privateKey: (overlay) => privateKeyEntry(deviceOf(overlay)),
    plan(overlay, chosen, member, peers) {
        const device = deviceOf(overlay);
        const port = portOf(overlay, chosen);
        const isBehindNat = ({ host }: Member) => chosen.behindNat.includes(host);
        const keepalive = chosen.keepalive ?? (isBehindNat(member) ? NAT_KEEPALIVE : undefined);
        const reached = peers.filter((peer) => !isBehindNat(peer));
        const linked = isBehindNat(member) ? reached : peers;
        return tunnelWire(overlay, member, reached, {
            device,
            carrier: { kind: "udp", port },
            packets: `udp dport ${port}`,
            roaming: linked.length > reached.length,
            calls: isBehindNat(member),
            entries: [
                wireguardLink(device, { mtu: overlay.mtu }),
                wireguardEntry(device, { port, publicKey: member.publicKey }),
                ...linked.flatMap((peer) => [
                    routeEntry(peer.subnet, { dev: device, src: member.gateway }),
                    ...(peer.publicKey === undefined
                        ? []
                        : [
                              wireguardPeerEntry(device, {
                                  publicKey: peer.publicKey,
                                  endpoint: isBehindNat(peer)
                                      ? undefined
                                      : `${peer.underlay}:${port}`,
                                  subnet: peer.subnet,
                                  keepalive,
                              }),
                          ]),
                ]),
                // the device listens on all addresses, IPv6 among them, and no peer has one
                nftEntry("input", "no-ipv6", `meta nfproto ipv6 udp dport ${port} drop`),
                // the kernel does that by itself, and leaves it so: it is put back when the device goes
                sysctlEntry("net.ipv4.conf.all.send_redirects", 0),
            ],
        });
    },
};

function natProblems(behindNat: readonly string[], hosts: readonly string[]): Problem[] {
    return behindNat
        .filter((host, at) => !hosts.includes(host) || behindNat.indexOf(host) !== at)
        .map((host) => ({
            path: "backend.wireguard.behindNat",
            message: hosts.includes(host)
                ? `"${host}" stands there twice`
                : `"${host}" is none of its hosts: ${hosts.join(", ")}`,
        }));
}

function natNotes(behindNat: readonly string[]): string[] {
    const pairs = behindNat.flatMap((one, at) =>
        behindNat.slice(at + 1).map((other) => `${one} and ${other}`),
    );
    return pairs.map(
        (pair) =>
            `${pair} are both behind NAT, so their containers do not reach each other: make one of them reachable at its address, and take it out of backend.wireguard.behindNat`,
    );
}

function deviceOf({ identity, name }: OverlayPlan): string {
    return linkName("wg", identity, name);
}

function portOf({ identity, name }: OverlayPlan, { port }: z.output<typeof options>): number {
    const { project, stack } = identity;
    const { from, to } = DERIVED_PORT;
    return port ?? derivedNumber(from, to, "wireguard port", project, stack, name);
}
