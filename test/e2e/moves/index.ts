import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { Bridge, ContainerAttachment, Host, Macvlan } from "pulumi-crosshost";
import { lab } from "../../support/lab";

const config = new pulumi.Config();
const { hosts, privateKeyFile, registry, lan } = lab();
const privateKey = pulumi.secret(readFileSync(privateKeyFile, "utf8"));
const image = `${registry.address}/busybox:1`;
const onLan = (number: number) => lan.cidr.replace(/\.0\/24$/, `.${number}`);

/** One of them has the name that the configuration gives it. */
const left = machine(config.get("left") ?? "left", 1);
const right = machine("right", 2);

function machine(name: string, id: number): Host {
    const { address = "", hostKey } = hosts[`vm${id}`] ?? {};
    return new Host(name, { id, connection: { host: address, privateKey, hostKey } });
}

const host = config.get("at") === "right" ? right : left;
const container = (name: string) => ({ name, image, restart: "unless-stopped" });

/** All is the same on either host. */
const yard = new Bridge("yard", { host, cidr: "10.60.0.0/24", dockerName: "yard" });
new ContainerAttachment("joined", {
    host,
    network: yard,
    ipv4Address: "10.60.0.200",
    container: container("joined"),
});
for (const mode of ["none", "host", "bridge"] as const) {
    new ContainerAttachment(`mode-${mode}`, { host, mode, container: container(`mode-${mode}`) });
}
new ContainerAttachment("wired", {
    host,
    interface: { name: "eth1", on: "eth0", addresses: [`${onLan(60)}/24`] },
    container: container("wired"),
});
new ContainerAttachment("beside", {
    host,
    mode: { container: "by-hand" },
    container: container("beside"),
});
const flat = new Macvlan("flat", {
    hosts: [left, right],
    hostPrefix: 28,
    parent: "eth0",
    subnet: lan.cidr,
    gateway: lan.address,
    ipRange: `${onLan(128)}/26`,
});
new ContainerAttachment("lodger", {
    host,
    network: flat,
    ipv4Address: onLan(61),
    container: container("lodger"),
});
