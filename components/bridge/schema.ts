import { z } from "zod";
import { address, cidr, dockerObjectName, handle, link, mtu } from "../wire/fields";

export const bridgeSchema = z.strictObject({
    host: handle("is not a Host").describe("The host that the bridge is on."),
    cidr: cidr.describe("The bridge's network."),
    uplink: link
        .optional()
        .describe("The host's NIC that becomes a port of the bridge. Default: none."),
    defaultNetwork: z
        .literal(true)
        .optional()
        .describe("Docker's default network is on it, in place of docker0. Default: not."),
    gateway: address
        .optional()
        .describe("Address of the bridge itself. Default: the network's first address."),
    ipRange: cidr
        .optional()
        .describe("Part from which Docker gives out addresses. Default: the first quarter."),
    mtu: mtu.optional().describe("MTU of the bridge and its containers. Default: 1500."),
    dockerName: dockerObjectName
        .optional()
        .describe("Name of the Docker network. Default: project-stack-name."),
});

export type BridgeSpec = z.output<typeof bridgeSchema>;
