// docker network create --subnet 10.77.1.0/24 here; ip route add 10.77.2.0/24 via THERE; and so on, for each pair of hosts
import * as pulumi from "@pulumi/pulumi";
import { ContainerAttachment, Overlay } from "../../components";
import { hosts } from "../inventory";

const config = new pulumi.Config();
const image = config.get("image") ?? "lan-registry:5000/busybox:1";
/** Each host gets the subnet of its number: 10.77.1.0/24, 10.77.2.0/24 ... */
const net = config.get("net") ?? "10.77";

const members = hosts();

const routed = new Overlay("routed", {
    hosts: members,
    cidr: `${net}.0.0/16`,
    backend: { direct: {} },
});
const attachments = members.map(
    (host, at) =>
        new ContainerAttachment(`app${at + 1}`, {
            host,
            network: routed,
            ipv4Address: `${net}.${at + 1}.100`,
            container: { image, restart: "unless-stopped" },
        }),
);

export const network = routed.handle;
export const addresses = attachments.map(({ ipv4Address }) => ipv4Address);
export const containers = attachments.map(({ containerName }) => containerName);
