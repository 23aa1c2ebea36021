// docker run -d -p 8080:80 web; docker run -d --network host edge; docker run -d --network none batch
import * as pulumi from "@pulumi/pulumi";
import { ContainerAttachment } from "../../components";
import { hosts } from "../inventory";

const config = new pulumi.Config();
const image = config.get("image") ?? "lan-registry:5000/busybox:1";
const external = config.getNumber("port") ?? 8080;
const listens = config.getNumber("listens") ?? 80;

const [vm1, vm2, vm3] = hosts();

const web = new ContainerAttachment("web", {
    host: vm1,
    mode: "bridge",
    container: { image, restart: "unless-stopped", ports: [{ internal: 80, external }] },
});
/** It listens on the host's own port; a preview reports who already has that port. */
const edge = new ContainerAttachment("edge", {
    host: vm2,
    mode: "host",
    listens: [listens],
    container: { image, restart: "unless-stopped" },
});
const batch = new ContainerAttachment("batch", {
    host: vm3,
    mode: "none",
    container: { image, restart: "unless-stopped" },
});

export const urls = {
    web: pulumi.interpolate`http://${vm1.address}:${external}`,
    edge: pulumi.interpolate`http://${edge.ipv4Address}:${listens}`,
};
export const containers = [web, edge, batch].map(({ containerName }) => containerName);
