import { entry, type Entry, type Unit } from "../../wire/unit";
import { word, wordAfter } from "../../facts/words";

/** What a device listens on. Its private key is that of the host, by which its public one is known. */
export function wireguardEntry(
    device: string,
    { port, publicKey }: { readonly port: number; readonly publicKey: string | undefined },
): Entry {
    const own = publicKey === undefined ? "" : ` public-key ${publicKey}`;
    return entry(`wireguard ${device}`, `listen-port ${port}${own}`);
}

/** Packets to its subnet, and none else, come from the peer and go to it. */
export function wireguardPeerEntry(
    device: string,
    peer: {
        readonly publicKey: string;
        /** None of one that is to call first. */
        readonly endpoint: string | undefined;
        readonly subnet: string;
        readonly keepalive: number | undefined;
    },
): Entry {
    const { publicKey, endpoint, subnet, keepalive } = peer;
    const at = endpoint === undefined ? "" : `endpoint ${endpoint} `;
    const kept = keepalive === undefined ? "" : ` persistent-keepalive ${keepalive}`;
    return entry(`wireguard ${device} peer ${publicKey}`, `${at}allowed-ips ${subnet}${kept}`);
}

/** The UDP ports that devices of a unit want. */
export function wireguardPortsOf(unit: Unit): { readonly device: string; readonly port: number }[] {
    return unit
        .filter(({ key }) => /^wireguard \S+$/.test(key))
        .map(({ key, value }) => ({
            device: word(key, 1),
            port: Number(wordAfter(value, "listen-port")),
        }));
}
