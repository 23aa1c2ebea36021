import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";
import type * as Crosshost from "pulumi-crosshost";
import { lab } from "../../support/lab";

const config = new pulumi.Config();
// which of two versions is for the configuration to say
const crosshost = createRequire(__filename)(config.require("package")) as typeof Crosshost;
const { Bridge, ContainerAttachment, Host, Macvlan, Overlay } = crosshost;
const { hosts, privateKeyFile, registry, lan } = lab();
const privateKey = pulumi.secret(readFileSync(privateKeyFile, "utf8"));
const container = { image: `${registry.address}/busybox:1`, restart: "unless-stopped" };

function machine(name: "vm1" | "vm2"): Crosshost.Host {
    const { address = "", hostKey } = hosts[name] ?? {};
    return new Host(name, { connection: { host: address, privateKey, hostKey } });
}

const [vm1, vm2] = [machine("vm1"), machine("vm2")];

const mesh = new Overlay("mesh", {
    hosts: [vm1, vm2],
    cidr: "10.42.0.0/16",
    backend: { vxlan: {} },
});
const plain = new Overlay("plain", {
    hosts: [vm1, vm2],
    cidr: "10.43.0.0/16",
    backend: { direct: {} },
});
const yard = new Bridge("yard", { host: vm1, cidr: "10.60.0.0/24" });
const flat = new Macvlan("flat", {
    hosts: [vm1, vm2],
    parent: "eth0",
    subnet: lan.cidr,
    gateway: lan.address,
    ipRange: lan.cidr.replace(/\.0\/24$/, ".128/26"),
});

new ContainerAttachment("web", {
    host: vm1,
    network: mesh,
    container: { ...container, name: "web", ports: [{ internal: 80, external: 8080 }] },
});
export const db = new ContainerAttachment("db", {
    host: vm2,
    network: mesh,
    container: { ...container, name: "db" },
}).ipv4Address;
export const near = new ContainerAttachment("near", {
    host: vm1,
    network: plain,
    container: { ...container, name: "near" },
}).ipv4Address;
new ContainerAttachment("far", {
    host: vm2,
    network: plain,
    container: { ...container, name: "far" },
});
new ContainerAttachment("guest", {
    host: vm2,
    network: flat,
    container: { ...container, name: "guest" },
});
// made by hand
new ContainerAttachment("hand", { host: vm1, network: yard, containerName: "postgres" });
