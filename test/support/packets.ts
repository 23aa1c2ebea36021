// Packets made by hand, as a machine sends them that is no peer of a tunnel.
import { within } from "./lab";

/** An echo request with its IPv4 header. */
export function echoRequest(from: string, to: string): Buffer {
    const icmp = Buffer.concat([Buffer.from([8, 0, 0, 0, 0, 7, 0, 1]), Buffer.alloc(56)]);
    icmp.writeUInt16BE(checksumOf(icmp), 2);
    const ends = [from, to].flatMap((address) => address.split(".").map(Number));
    const header = Buffer.from([0x45, 0, 0, 20 + icmp.length, 0, 0, 0, 0, 64, 1, 0, 0, ...ends]);
    header.writeUInt16BE(checksumOf(header), 10);
    return Buffer.concat([header, icmp]);
}

/** In GRE with a key. */
export function inGre(key: number, packet: Buffer): Buffer {
    const header = Buffer.from([0x20, 0, 0x08, 0, 0, 0, 0, 0]);
    header.writeUInt32BE(key, 4);
    return Buffer.concat([header, packet]);
}

/** In a frame, in GRE with a key. */
export function inGretap(
    { key, to }: Readonly<{ key: number; to: string }>,
    packet: Buffer,
): Buffer {
    const sent = inGre(key, inFrame(to, packet));
    sent.writeUInt16BE(0x6558, 2);
    return sent;
}

function inFrame(to: string, packet: Buffer): Buffer {
    const mac = Buffer.from(to.replaceAll(":", ""), "hex");
    return Buffer.concat([mac, Buffer.from("0200000000770800", "hex"), packet]);
}

/** In a frame, in VXLAN, in UDP. */
export function inVxlan(
    { vni, port, to }: Readonly<{ vni: number; port: number; to: string }>,
    packet: Buffer,
): Buffer {
    const frame = inFrame(to, packet);
    const vxlan = Buffer.from([8, 0, 0, 0, 0, 0, 0, 0]);
    vxlan.writeUIntBE(vni, 4, 3);
    const udp = Buffer.alloc(8); // without a checksum
    udp.writeUInt16BE(port, 0);
    udp.writeUInt16BE(port, 2);
    udp.writeUInt16BE(udp.length + vxlan.length + frame.length, 4);
    return Buffer.concat([udp, vxlan, frame]);
}

/** The same in Geneve, of Ethernet and without options. */
export function inGeneve(to: Parameters<typeof inVxlan>[0], packet: Buffer): Buffer {
    const sent = inVxlan(to, packet);
    Buffer.from([0, 0, 0x65, 0x58]).copy(sent, 8);
    return sent;
}

interface Sent {
    readonly protocol: number;
    readonly to: string;
    readonly payload: Buffer;
    readonly count: number;
}

/** Sends them from a namespace of the lab, below an IPv4 header of its own kernel's. */
export function send(namespace: string, sent: Sent): void {
    within(namespace, sending(sent));
}

/** As a machine of the LAN does that says it is another, to whomever it sends. */
export function withAddressOf<T>(
    namespace: string,
    { machine, to }: { readonly machine: string; readonly to: string },
    act: () => T,
): T {
    within(
        namespace,
        `ip addr add ${machine}/32 dev lo; ip route add ${to}/32 dev lan src ${machine}`,
    );
    try {
        return act();
    } finally {
        within(namespace, `ip route del ${to}/32; ip addr del ${machine}/32 dev lo`);
    }
}

/** The same as a command line, for whoever is elsewhere. */
export function sending({ protocol, to, payload, count }: Sent): string {
    const target = `pack_sockaddr_in(0, inet_aton("${to}"))`;
    const packet = `pack("H*", "${payload.toString("hex")}")`;
    const program = `use Socket; socket(S, PF_INET, SOCK_RAW, ${protocol}) or die; for (1..${count}) { send(S, ${packet}, 0, ${target}) or die }`;
    return `perl -e '${program}'`;
}

function checksumOf(bytes: Buffer): number {
    let sum = 0;
    for (let at = 0; at < bytes.length; at += 2) {
        sum += bytes.readUInt16BE(at);
    }
    const folded = (sum & 0xffff) + (sum >>> 16);
    return ~((folded & 0xffff) + (folded >>> 16)) & 0xffff;
}
