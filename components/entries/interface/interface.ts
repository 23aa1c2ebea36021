import { entry, type Entry, type Unit } from "../../wire/unit";
import { word } from "../../facts/words";

/** An interface of a container's own: one end of a veth whose other end is on a bridge, or a macvlan on a NIC. */
export interface InterfaceEntry {
    readonly container: string;
    readonly name: string;
    readonly on: { readonly bridge: string; readonly host: string } | { readonly nic: string };
    readonly mac: string;
    readonly mtu?: number;
    readonly addresses: readonly string[];
    readonly gateway?: string;
    readonly routes: readonly { readonly to: string; readonly via: string }[];
}

export function interfaceEntry({ container, name, ...wanted }: InterfaceEntry): Entry {
    const { on, mac, mtu, addresses, gateway, routes } = wanted;
    const words = [
        "bridge" in on ? `veth ${on.bridge} host ${on.host}` : `macvlan ${on.nic}`,
        `mac ${mac}`,
        ...(mtu === undefined ? [] : [`mtu ${mtu}`]),
        ...addresses.map((one) => `ipv4 ${one}`),
        ...(gateway === undefined ? [] : [`gateway ${gateway}`]),
        ...routes.map(({ to, via }) => `route ${to} via ${via}`),
    ];
    return entry(`interface ${container} ${name}`, words.join(" "));
}

/** NICs that interfaces of containers lie on. */
export function nicsOf(unit: Unit): string[] {
    return unit
        .filter(({ key, value }) => key.startsWith("interface ") && value.startsWith("macvlan "))
        .map(({ value }) => word(value, 1));
}

export function hasInterfaces(unit: Unit): boolean {
    return unit.some(({ key }) => key.startsWith("interface "));
}
