import { z } from "zod";
import { cidr, dockerObjectName, handle, mtu, whole } from "../wire/fields";
import { backendChoice } from "./backends/choice";

/** From /8 (a whole private class A) down to what still has room for a gateway and containers. */
const SUBNET_PREFIX = { min: 9, max: 28 };

export const overlaySchema = z.strictObject({
    hosts: z
        .array(handle("is not a Host"))
        .min(1, {
            error: "needs at least one host",
        })
        .describe("The hosts to span."),
    cidr: cidr.describe("The network that every host gets a subnet of."),
    subnetPrefix: whole(SUBNET_PREFIX.min, SUBNET_PREFIX.max)
        .optional()
        .describe("Prefix length of each host's subnet. Default: 24, for 253 containers per host."),
    switched: z
        .boolean()
        .optional()
        .describe("One subnet over all hosts. Default: a subnet for each host."),
    backend: backendChoice.describe("How packets travel between hosts."),
    over: handle("is not an Overlay")
        .optional()
        .describe("The overlay whose host addresses it takes. Default: the hosts' own."),
    mtu: mtu
        .optional()
        .describe("MTU of the containers' interfaces. Default: the hosts' mtu minus the overhead."),
    defaultNetwork: z
        .literal(true)
        .optional()
        .describe("Docker's default network is on it, in place of docker0. Default: not."),
    dockerName: dockerObjectName
        .optional()
        .describe("Name of the Docker network. Default: project-stack-name."),
});

export type OverlaySpec = z.output<typeof overlaySchema>;

/** Room for 253 containers on each host. */
export function subnetPrefixOf({ subnetPrefix = 24 }: OverlaySpec): number {
    return subnetPrefix;
}
