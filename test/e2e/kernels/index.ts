import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { type BackendArgs, ContainerAttachment, Host, Macvlan, Overlay } from "pulumi-crosshost";
import { lab } from "../../support/lab";

const { hosts: machines, privateKeyFile, lan: wire } = lab();
const privateKey = pulumi.secret(readFileSync(privateKeyFile, "utf8"));
const image = "lan-registry:5000/busybox:1";
const home = wire.cidr.replace(/\.0\/24$/, "");
/** Where the hosts have a NIC of their own for the overlay: its addresses' first three numbers. */
const config = new pulumi.Config();
const underlay = config.get("underlay");
const backend = config.getObject<BackendArgs>("backend");

const hosts = ["vm4", "vm5"].map((name, at) => {
    const { address = "", hostKey } = machines[name] ?? {};
    return new Host(name, {
        connection: { host: address, privateKey, hostKey },
        address: underlay && `${underlay}.${at + 1}`,
    });
});

if (underlay === undefined && backend === undefined) {
    /** The hosts' own LAN, where all containers of a host have its MAC. */
    const flat = new Macvlan("flat", {
        hosts,
        parent: "eth0",
        driver: "ipvlan",
        subnet: `${home}.0/24`,
        gateway: `${home}.2`,
        ipRange: `${home}.192/26`,
        hostAccess: true,
    });
    const tagged = new Macvlan("tagged", {
        hosts,
        parent: "eth0",
        vlan: 20,
        subnet: "10.20.0.0/24",
        gateway: "10.20.0.1",
        ipRange: "10.20.0.128/26",
        hostAccess: true,
    });
    const routed = new Macvlan("routed", {
        hosts,
        parent: "eth0",
        vlan: 30,
        driver: "ipvlan",
        mode: "l3",
        subnet: "10.30.0.0/16",
        ipRange: "10.30.0.0/24",
        hostAccess: true,
    });
    for (const [at, host] of hosts.entries()) {
        const container = { image, restart: "unless-stopped" };
        const n = at + 1;
        new ContainerAttachment(`flat-${n}`, {
            host,
            network: flat,
            ipv4Address: `${home}.18${n}`,
            container: { ...container, name: "flat" },
        });
        new ContainerAttachment(`tagged-${n}`, {
            host,
            network: tagged,
            ipv4Address: `10.20.0.1${n}`,
            container: { ...container, name: "tagged" },
        });
        new ContainerAttachment(`routed-${n}`, {
            host,
            network: routed,
            container: { ...container, name: "routed" },
        });
    }
} else {
    const mesh = new Overlay("mesh", {
        hosts,
        cidr: "10.42.0.0/16",
        backend: backend ?? { vxlan: {} },
    });
    for (const [at, host] of hosts.entries()) {
        new ContainerAttachment(`meshed-${at + 1}`, {
            host,
            network: mesh,
            ipv4Address: `10.42.${at + 4}.200`,
            container: { image, name: "meshed", restart: "unless-stopped" },
        });
    }
}
