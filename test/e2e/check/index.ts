import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { Bridge, ContainerAttachment, Host, Macvlan, Overlay } from "pulumi-crosshost";
import { lab } from "../../support/lab";

const privateKey = pulumi.secret(readFileSync(lab().privateKeyFile, "utf8"));
const image = "lan-registry:5000/busybox:1";

/** One of them by another user, as a check has to become root there. */
const hosts = Object.entries(lab().hosts).map(([name, { address, hostKey }]) => {
    const other = name === "vm2" ? { user: "ops" } : {};
    return new Host(name, {
        connection: { host: address, privateKey, hostKey, ...other },
        become: name === "vm2" ? "sudo" : undefined,
    });
});
const mesh = new Overlay("mesh", { hosts, cidr: "10.42.0.0/16", backend: { vxlan: {} } });

const home = lab().lan.cidr.replace(/\.0\/24$/, "");
const lan = new Macvlan("lan", {
    hosts,
    parent: "eth0",
    subnet: `${home}.0/24`,
    gateway: `${home}.2`,
    ipRange: `${home}.128/26`,
});

for (const [at, host] of hosts.entries()) {
    const n = at + 1;
    const inner = new Bridge(`inner-${n}`, { host, cidr: `10.60.${n}.0/24` });
    const container = (name: string) => ({ name, image, restart: "unless-stopped" });
    for (const [name, network] of [
        [`web-${n}`, mesh],
        [`db-${n}`, inner],
    ] as const) {
        new ContainerAttachment(name, { host, network, container: container(name) });
    }
    new ContainerAttachment(`dns-${n}`, {
        host,
        network: lan,
        ipv4Address: `${home}.10${n}`,
        container: container(`dns-${n}`),
    });
    const cache = new ContainerAttachment(`cache-${n}`, {
        host,
        network: inner,
        container: container(`cache-${n}`),
    });
    new ContainerAttachment(`cache-${n}-mesh`, {
        host,
        network: mesh,
        aliases: [`cache-${n}`],
        containerName: cache.containerName,
    });
}
