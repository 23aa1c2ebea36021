import * as pulumi from "@pulumi/pulumi";
import { ContainerAttachment, Overlay } from "../components";
import { hosts } from "./inventory";

const config = new pulumi.Config();
const image = config.get("image") ?? "lan-registry:5000/busybox:1";

const [vm1, vm2, vm3] = hosts();

const mesh = new Overlay("mesh", {
    hosts: [vm1, vm2, vm3],
    cidr: config.get("cidr") ?? "10.42.0.0/16",
    backend: { vxlan: { vni: config.getNumber("vni") } },
    mtu: config.getNumber("mtu"),
});

const web = new ContainerAttachment("web", {
    host: vm1,
    network: mesh,
    container: { image, restart: "unless-stopped", ports: [{ internal: 80, external: 8080 }] },
});
const api = new ContainerAttachment("api", {
    host: vm2,
    network: mesh,
    container: { image, restart: "unless-stopped" },
});
const db = new ContainerAttachment("db", {
    host: vm3,
    network: mesh,
    container: { image, restart: "unless-stopped" },
});

export const network = mesh.handle;
export const addresses = { web: web.ipv4Address, api: api.ipv4Address, db: db.ipv4Address };
export const containers = { web: web.containerName, api: api.containerName, db: db.containerName };
