// The tutorial flat-lan in a lab: the NIC of each host is the port of a bridge, with a container on it.
import { HOSTS, type HostName } from "./hosts";
import { inNetworkOf, lab, succeeds, within } from "./lab";

/** The first three numbers of the LAN. */
export const HOME = lab().lan.cidr.replace(/\.0\/24$/, "");

export function addressOf(host: string): string {
    return lab().hosts[host]?.address ?? "";
}

/** The address of a host's container. */
export function webOf(host: string): string {
    return `${HOME}.${201 + HOSTS.indexOf(host as HostName)}`;
}

/** Who does not reach whom: the LAN each container, and each container the LAN, its own host, and the others. */
export function lostOnLan(): string[] {
    const { namespace, address: router } = lab().lan;
    return HOSTS.flatMap((host) => {
        const fromLan = succeeds(() => within(namespace, `ping -c 1 -W 1 ${webOf(host)}`));
        const targets = [router, ...HOSTS.map(addressOf), ...HOSTS.map(webOf)];
        const missed = targets.filter(
            (to) => !succeeds(() => inNetworkOf(host, "web", `ping -c 1 -W 1 ${to}`)),
        );
        return [
            ...(fromLan ? [] : [`the LAN does not reach ${webOf(host)}`]),
            ...missed.map((to) => `${webOf(host)} does not reach ${to}`),
        ];
    });
}
