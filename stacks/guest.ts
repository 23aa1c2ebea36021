import * as pulumi from "@pulumi/pulumi";
import { ContainerAttachment, type NetworkHandle } from "../components";
import { hosts } from "./inventory";

const config = new pulumi.Config();
const image = config.get("image") ?? "lan-registry:5000/busybox:1";
const owner = new pulumi.StackReference(config.get("owner") ?? "organization/crosshost/demo");
const mesh: pulumi.Output<NetworkHandle> = owner
    .requireOutput("network")
    .apply((network: NetworkHandle) => network);

const [, vm2] = hosts();

/** A container of this stack on the other stack's network. */
const visitor = new ContainerAttachment("visitor", {
    host: vm2,
    network: mesh,
    container: { image, restart: "unless-stopped" },
});

export const address = visitor.ipv4Address;
export const container = visitor.containerName;
