import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { Bridge, ContainerAttachment, Host, Overlay } from "pulumi-crosshost";
import { lab } from "../../support/lab";

const privateKey = pulumi.secret(readFileSync(lab().privateKeyFile, "utf8"));
const image = "lan-registry:5000/busybox:1";

const hosts = Object.entries(lab().hosts).map(
    ([name, { address, hostKey }]) =>
        new Host(name, { connection: { host: address, privateKey, hostKey } }),
);
const tunnel = new Overlay("tunnel", { hosts, cidr: "10.42.0.0/16", backend: { vxlan: {} } });
const plain = new Overlay("plain", { hosts, cidr: "10.43.0.0/16", backend: { direct: {} } });

/** A container of each host on all networks, its port published; and one that it talks to on their bridge. */
for (const [at, host] of hosts.entries()) {
    const n = at + 1;
    const inner = new Bridge(`inner-${n}`, { host, cidr: "10.60.0.0/24" });
    const container = { image, restart: "unless-stopped" };
    const web = new ContainerAttachment(`web-${n}`, {
        host,
        network: inner,
        ipv4Address: "10.60.0.200",
        container: { name: "web", ...container, ports: [{ internal: 80, external: 8080 }] },
    });
    new ContainerAttachment(`db-${n}`, {
        host,
        network: inner,
        ipv4Address: "10.60.0.201",
        container: { name: "db", ...container },
    });
    for (const [name, network, address] of [
        ["tunnel", tunnel, `10.42.${n}.200`],
        ["plain", plain, `10.43.${n}.200`],
    ] as const) {
        const { containerName } = web;
        const opts = { host, network, ipv4Address: address, containerName };
        new ContainerAttachment(`web-${name}-${n}`, opts);
    }
}
