// One WireGuard device on each host, whose peers are the other hosts. On host 1 of 3:
//
//   container --- ch-mesh (bridge, 10.42.1.1/16) --- routing --- wg-mesh === UDP, encrypted === peers
//
// For each peer one route and one line of the device: its public key, its host, its subnet. Each host makes its
// private key itself and tells only the public one. A packet is of the peer whose key it is encrypted by, and of
// that peer's subnet, or it is dropped: no machine on the way can read, change or forge any.
//
// Keys are rolled by a second device beside the first, as a device knows one key of its own and one peer for an address.
// In one `up`: each host makes a key, then the device with all peers, then routes lead to it, then the first one goes. Each
// waits for the one before on all hosts, so a packet is taken by whichever device it comes to.
import { z } from "zod";
import { port as udpPort, whole } from "../../wire/fields";
import { linkName } from "../../wire/identity";
import { type Problem } from "../../wire/problem";
import { type Backend, type Keys, type Member, type OverlayPlan } from "./backend";
import { derived, tunnelWire } from "./tunnel";
import { addrEntry } from "../../entries/addr/addr";
import { wireguardLink } from "../../entries/link/link";
import { nftEntry } from "../../entries/nft/nft";
import { routeEntry } from "../../entries/route/route";
import { linkSysctlEntry, sysctlEntry } from "../../entries/sysctl/sysctl";
import { wireguardEntry, wireguardPeerEntry } from "../../entries/wireguard/wireguard";

/** Between those of vxlan and Linux's ephemeral ones, which begin at 32768. */
const DERIVED_PORT = { from: 30_000, to: 32_767 };

/** NAT forgets UDP of which it has seen nothing for 30 s (Linux, until both sides have spoken twice), and many firewalls do. */
const NAT_KEEPALIVE = 25;

/** Of those that have none (RFC 7600): every host may have it on every device. */
const DUMMY_ADDRESS = "192.0.0.8/32";
const LAST_PORT = 65_535;
const MOST_GENERATIONS = 9999;

const options = z.strictObject({
    port: udpPort
        .optional()
        .describe(
            "UDP port, which must be open between the hosts. Default: derived, 30000 to 32767.",
        ),
    keyGeneration: whole(1, MOST_GENERATIONS)
        .default(1)
        .describe("Number of the hosts' keys; the next one is a roll. Default: 1."),
    keepalive: whole(1, 65_535)
        .optional()
        .describe("Seconds after which a silent host sends an empty packet. Default: none."),
    behindNat: z
        .array(z.string())
        .default([])
        .describe("Hosts that no other can reach first, by their names. Default: none."),
});

type Options = z.output<typeof options>;

export const wireguard: Backend<typeof options> = {
    options,
    summary: "WireGuard with static routes, encrypted.",
    // message type, receiver and counter: 16; the tag that proves the sender: 16
    overhead: { "outer IPv4": 20, UDP: 8, WireGuard: 32 },
    needs: { modules: ["wireguard"], programs: ["wg"] },
    claims: (overlay, chosen) =>
        portsOf(overlay, chosen).map((port) => ({
            path: "backend.wireguard.port",
            thing: `UDP port ${port}`,
        })),
    problems: (chosen, hosts) => [...natProblems(chosen.behindNat, hosts), ...portProblems(chosen)],
    notes: ({ behindNat }) => natNotes(behindNat),
    keys: keysOf,
    plan(overlay, chosen, member, peers) {
        const { device, devices } = keysOf(overlay, chosen);
        const port = portOf(overlay, chosen);
        const isBehindNat = ({ host }: Member) => chosen.behindNat.includes(host);
        const keepalive = chosen.keepalive ?? (isBehindNat(member) ? NAT_KEEPALIVE : undefined);
        const reached = peers.filter((peer) => !isBehindNat(peer));
        const linked = isBehindNat(member) ? reached : peers;
        const { entries, flows, ...wire } = tunnelWire(overlay, member, reached, {
            device,
            carrier: { kind: "udp", port },
            packets: `udp dport ${port}`,
            roaming: linked.length > reached.length,
            calls: isBehindNat(member),
            entries: [
                wireguardLink(device, { mtu: overlay.mtu }),
                wireguardEntry(device, { port, publicKey: member.publicKey }),
                ...linked.flatMap((peer) =>
                    peer.publicKey === undefined
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
                          ],
                ),
                // the device listens on all addresses, IPv6 among them, and no peer has one
                nftEntry("input", "no-ipv6", `meta nfproto ipv6 udp dport ${port} drop`),
                // the kernel does that by itself, and leaves it so: it is put back when the device goes
                sysctlEntry("net.ipv4.conf.all.send_redirects", 0),
                // During a roll a peer may send by one device and be sent to by the other; whose a packet is, its key says. What comes by
                // a device without any address, the kernel takes from where it sends back alone, whatever rp_filter is.
                linkSysctlEntry(["ipv4", "conf"], device, "rp_filter", 2),
                addrEntry(device, DUMMY_ADDRESS),
            ],
        });
        return {
            ...wire,
            arrivals: [
                {
                    name: "overlay",
                    match: `iifname { ${devices.join(", ")} } ip saddr ${overlay.cidr}`,
                },
            ],
            flows: [],
            entries: linked.map((peer) =>
                routeEntry(peer.subnet, { dev: device, src: member.gateway }),
            ),
            tunnel: { entries, flows },
        };
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

function portProblems({ port, keyGeneration }: Options): Problem[] {
    const message = `${LAST_PORT} has no port after it, which every other keyGeneration needs: choose a lower one`;
    return port === LAST_PORT && keyGeneration > 1
        ? [{ path: "backend.wireguard.port", message }]
        : [];
}

function keysOf(overlay: OverlayPlan, { keyGeneration: generation }: Options): Keys {
    const around = [generation - 1, generation, generation + 1].filter((one) => one > 0);
    return {
        generation,
        device: deviceOf(overlay, generation),
        devices: around.map((one) => deviceOf(overlay, one)),
    };
}

function deviceOf({ identity, name }: OverlayPlan, generation: number): string {
    return linkName("wg", identity, generation === 1 ? name : `${name}\n${generation}`);
}

/** That of the generation before is another one, as both are open during a roll. */
function portOf(overlay: OverlayPlan, chosen: Options): number {
    return firstPortOf(overlay, chosen) + ((chosen.keyGeneration + 1) % 2);
}

function portsOf(overlay: OverlayPlan, chosen: Options): number[] {
    const first = firstPortOf(overlay, chosen);
    return chosen.keyGeneration === 1 ? [first] : [first, first + 1];
}

function firstPortOf(overlay: OverlayPlan, { port }: Options): number {
    return port ?? derived(overlay, "wireguard port", DERIVED_PORT);
}
