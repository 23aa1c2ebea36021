import { entry, type Entry } from "../../wire/unit";

export function sysctlEntry(name: string, value: number): Entry {
    return entry(`sysctl ${name}`, value);
}

/** A key of one link. With a dot in its name, sysctl wants slashes between the parts. */
export function linkSysctlEntry(
    [family, folder]: readonly ["ipv4" | "ipv6", "conf" | "neigh"],
    link: string,
    name: string,
    value: number,
): Entry {
    const parts = ["net", family, folder, link, name];
    return sysctlEntry(parts.join(link.includes(".") ? "/" : "."), value);
}
