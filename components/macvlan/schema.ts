import { z } from "zod";
import { cidrProblem, isAddress } from "../wire/address";
import { address, cidr, dockerObjectName, handle, link, whole } from "../wire/fields";

/** `192.168.40.9`, `192.168.40.100-192.168.40.199` or `192.168.40.0/26`. */
const addresses = z.string().refine(isRange, {
    error: 'is neither an address, nor a range such as "192.168.40.100-192.168.40.199", nor a network such as "192.168.40.0/26"',
});

export const macvlanSchema = z.strictObject({
    hosts: z
        .array(handle("is not a Host"))
        .min(1, { error: "needs at least one host" })
        .describe("The hosts on the LAN."),
    parent: link.describe("The hosts' link to the LAN, such as eth0."),
    parents: z
        .record(z.string(), link)
        .optional()
        .describe("A different parent for some hosts, by their logical names."),
    vlan: whole(1, 4094)
        .optional()
        .describe("VLAN of the parent, created for the LAN. Default: none."),
    subnet: cidr.describe("The LAN's network."),
    gateway: address.optional().describe("The LAN's router."),
    ipRange: cidr.describe(
        "Part of the LAN from which Docker gives out addresses, on all hosts together.",
    ),
    hostPrefix: whole(9, 30)
        .optional()
        .describe("Prefix length of each host's part of ipRange. Default: an eighth of ipRange."),
    reserved: z
        .array(addresses)
        .optional()
        .describe("Addresses that belong to others, such as the LAN's DHCP pool. Default: none."),
    driver: z.enum(["macvlan", "ipvlan"]).optional().describe("Docker's driver. Default: macvlan."),
    mode: z
        .enum(["bridge", "private", "vepa", "passthru", "l2", "l3"])
        .optional()
        .describe("Mode of the driver. Default: bridge, or l2 with ipvlan."),
    promiscuous: z.boolean().optional().describe("Make the parent promiscuous. Default: false."),
    hostAccess: z
        .boolean()
        .optional()
        .describe("Let each host reach its own containers. Default: false."),
    dockerName: dockerObjectName
        .optional()
        .describe("Name of the Docker network. Default: project-stack-name."),
});

export type MacvlanSpec = z.output<typeof macvlanSchema>;

function isRange(text: string): boolean {
    const ends = text.split("-");
    return cidrProblem(text) === undefined || (ends.length <= 2 && ends.every(isAddress));
}
