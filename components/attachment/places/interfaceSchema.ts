import { z } from "zod";
import { isAddressWithPrefix, prefixOf } from "../../wire/address";
import { address, cidr, isRecord, mtu } from "../../wire/fields";

/** Linux takes no more (IFNAMSIZ is 16 with the final NUL), and makes each name one of a file and of a sysctl. */
const LINK = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/;
const MAC = /^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/;
/** The loopback, and the kernel's words for all interfaces and for those to come. */
const TAKEN = ["lo", "all", "default"];

const link = (error: string) => z.string().refine((text) => LINK.test(text), { error });

const NIC = "is neither a Bridge nor the name of one of the host's NICs, such as eth0";

const route = z.strictObject({
    to: cidr
        .refine((to) => prefixOf(to) > 0, { error: "is the default route: write gateway" })
        .describe("Network that the route leads to."),
    via: address.describe("The router, in a subnet of the interface."),
});

export const interfaceSchema = z.strictObject({
    name: link("is not the name of an interface: 1 to 15 letters, digits, _ . and -, such as eth1")
        .refine((name) => !TAKEN.includes(name), {
            error: "is reserved by the kernel: use a name such as eth1",
        })
        .describe("Name of the interface in the container."),
    on: z
        .custom<object | string>((on) => (typeof on === "string" ? LINK.test(on) : isRecord(on)), {
            error: NIC,
        })
        .describe("What it lies on."),
    addresses: z
        .array(
            z.string().refine(isAddressWithPrefix, {
                error: "is not an IPv4 address with a prefix length, such as 192.168.40.50/24",
            }),
        )
        .min(1, { error: 'is empty: write one, such as "192.168.40.50/24"' })
        .describe("Its addresses; the container sends from the first."),
    macAddress: z
        .string()
        .regex(MAC, { error: "is not a MAC address, such as 02:42:c0:a8:28:32" })
        .refine((mac) => !isOfMany(mac), {
            error: "is a multicast address: the first byte must be even, as in 02:42:c0:a8:28:32",
        })
        .refine((mac) => !/^[0:]+$/.test(mac), { error: "is not usable: write another" })
        .optional()
        .describe("MAC address. Default: derived from the attachment's name."),
    mtu: mtu.optional().describe("MTU. Default: the MTU of what it lies on."),
    gateway: address.optional().describe("Router of the container's default route. Default: none."),
    routes: z.array(route).optional().describe("Further routes of the container. Default: none."),
});

export const routeSchema = route;

export type InterfaceSpec = z.output<typeof interfaceSchema>;

/** The lowest bit of the first byte. */
function isOfMany(mac: string): boolean {
    return parseInt(mac.slice(0, 2), 16) % 2 === 1;
}
