import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { Bridge, ContainerAttachment, Host, Macvlan, Overlay } from "pulumi-crosshost";
import { lab } from "../../../support/lab";

const { hosts: machines, privateKeyFile, lan: wire } = lab();
const privateKey = pulumi.secret(readFileSync(privateKeyFile, "utf8"));
const image = "lan-registry:5000/busybox:1";
const home = wire.cidr.replace(/\.0\/24$/, "");

const hosts = Object.entries(machines)
    .slice(0, 3)
    .map(
        ([name, { address, hostKey }]) =>
            new Host(name, { connection: { host: address, privateKey, hostKey } }),
    );
const mesh = new Overlay("mesh", { hosts, cidr: "10.42.0.0/16", backend: { vxlan: {} } });
const lan = new Macvlan("lan", {
    hosts,
    parent: "eth0",
    subnet: `${home}.0/24`,
    gateway: `${home}.2`,
    ipRange: `${home}.128/26`,
});

/** On each host `made`, and by hand `hand` and `plain`, which Docker gives no network: all kinds of attachment. */
for (const [at, host] of hosts.entries()) {
    const n = at + 1;
    const inner = new Bridge(`inner-${n}`, { host, cidr: `10.60.${n}.0/24` });
    const made = new ContainerAttachment(`made-${n}`, {
        host,
        network: mesh,
        ipv4Address: `10.42.${n}.200`,
        container: { name: "made", image, restart: "unless-stopped" },
    });
    new ContainerAttachment(`made-inner-${n}`, {
        host,
        network: inner,
        ipv4Address: `10.60.${n}.200`,
        containerName: made.containerName,
        defaultRoute: true,
    });
    new ContainerAttachment(`hand-${n}`, {
        host,
        network: mesh,
        ipv4Address: `10.42.${n}.201`,
        containerName: "hand",
    });
    new ContainerAttachment(`hand-lan-${n}`, {
        host,
        network: lan,
        ipv4Address: `${home}.5${n}`,
        containerName: "hand",
    });
    new ContainerAttachment(`hand-inner-${n}`, {
        host,
        containerName: "hand",
        interface: { name: "pipe0", on: inner, addresses: [`10.60.${n}.210/24`] },
    });
    new ContainerAttachment(`plain-${n}`, {
        host,
        containerName: "plain",
        interface: {
            name: "eth1",
            on: "eth0",
            addresses: [`${home}.6${n}/24`],
            gateway: `${home}.2`,
        },
    });
}
