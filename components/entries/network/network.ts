import { entry, type Entry, type Unit } from "../../wire/unit";
import { word, wordAfter } from "../../facts/words";

interface Addresses {
    readonly subnet: string;
    readonly ipRange: string;
}

/** A network of Docker's on a bridge that is there. Packets of its containers leave it with their own addresses. */
export function bridgeNetwork(
    name: string,
    wanted: Addresses & { readonly link: string; readonly gateway: string; readonly mtu: number },
): Entry {
    const { link, subnet, gateway, ipRange, mtu } = wanted;
    return entry(
        `docker network ${name}`,
        `bridge ${link} subnet ${subnet} gateway ${gateway} ip-range ${ipRange} mtu ${mtu} masquerade false`,
    );
}

/** One whose containers are on a NIC, as machines of its LAN. `own`: an address that is the host's. */
export function lanNetwork(
    name: string,
    wanted: Addresses & {
        readonly driver: string;
        readonly parent: string;
        readonly mode: string;
        readonly gateway?: string;
        readonly own?: string;
    },
): Entry {
    const { driver, parent, mode, subnet, gateway, ipRange, own } = wanted;
    const router = gateway === undefined ? "" : `gateway ${gateway} `;
    const aux = own === undefined ? "" : ` aux ${own}`;
    return entry(
        `docker network ${name}`,
        `${driver} ${parent} mode ${mode} subnet ${subnet} ${router}ip-range ${ipRange}${aux}`,
    );
}

/** A network that a unit wants. */
export interface WantedNetwork extends Addresses {
    readonly name: string;
    readonly driver: string;
    /** Its bridge, or the NIC that it is on. */
    readonly link: string;
    readonly gateway: string;
}

export function networksOf(unit: Unit): WantedNetwork[] {
    return unit
        .filter(({ key }) => key.startsWith("docker network "))
        .map(({ key, value }) => ({
            name: word(key, 2),
            driver: word(value, 0),
            link: word(value, 1),
            subnet: wordAfter(value, "subnet"),
            gateway: wordAfter(value, "gateway"),
            ipRange: wordAfter(value, "ip-range"),
        }));
}

/** Whether any of its entries is for Docker to hold. */
export function needsDocker(unit: Unit): boolean {
    return unit.some(({ key }) => key.startsWith("docker "));
}
