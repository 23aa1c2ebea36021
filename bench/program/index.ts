// One overlay over the first hosts of the lab, and one container on each, or more.
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { ContainerAttachment, Host, Overlay } from "pulumi-crosshost";

interface Lab {
    readonly privateKeyFile: string;
    readonly hosts: Readonly<
        Record<string, { readonly address: string; readonly hostKey: string }>
    >;
}

const config = new pulumi.Config();
const lab = JSON.parse(readFileSync(config.require("lab"), "utf8")) as Lab;
const privateKey = pulumi.secret(readFileSync(lab.privateKeyFile, "utf8"));

const containers = config.getNumber("containers") ?? 1;
/** The host whose first container leaves by the overlay. */
const leaving = config.get("leaving");

const hosts = new Map(
    Object.entries(lab.hosts)
        .slice(0, config.requireNumber("hosts"))
        .map(([name, { address, hostKey }]) => [
            name,
            new Host(name, { connection: { host: address, privateKey, hostKey } }),
        ]),
);
const mesh = new Overlay("mesh", {
    hosts: [...hosts.values()],
    cidr: "10.77.0.0/16",
    backend: { vxlan: {} },
});
for (const [name, host] of hosts) {
    for (let number = 1; number <= containers; number += 1) {
        new ContainerAttachment(number === 1 ? `app-${name}` : `app${number}-${name}`, {
            host,
            network: mesh,
            ...(name === leaving && number === 1 ? { defaultRoute: true } : {}),
            container: { image: "lan-registry:5000/busybox:1", restart: "unless-stopped" },
        });
    }
}
