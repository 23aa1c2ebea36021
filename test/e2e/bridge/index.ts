import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { Bridge, ContainerAttachment, Host, Overlay } from "pulumi-crosshost";
import { lab } from "../../support/lab";

const privateKey = pulumi.secret(readFileSync(lab().privateKeyFile, "utf8"));
const config = new pulumi.Config();
const image = "lan-registry:5000/busybox:1";

const hosts = Object.entries(lab().hosts).map(
    ([name, { address, hostKey }]) =>
        new Host(name, { connection: { host: address, privateKey, hostKey } }),
);
const mesh = new Overlay("mesh", { hosts, cidr: "10.42.0.0/16", backend: { vxlan: {} } });

for (const [at, name] of Object.keys(lab().hosts).entries()) {
    const host = hosts[at];
    if (host) {
        wire(name, host);
    }
}

/** Two bridges; a container on each, one of which is on the overlay too; one by hand on both.
    `a-lan1` comes before all others, so that it is where Docker takes the default route from. */
function wire(name: string, host: Host): void {
    const lan1 = new Bridge(`lan1-${name}`, { host, cidr: "10.60.0.0/24", dockerName: "a-lan1" });
    const lan2 = new Bridge(`lan2-${name}`, {
        host,
        cidr: "10.61.0.0/24",
        ipRange: "10.61.0.128/26",
        mtu: 1400,
    });
    const one = new ContainerAttachment(`one-${name}`, {
        host,
        network: lan1,
        ipv4Address: "10.60.0.200",
        aliases: ["one"],
        container: {
            name: "one",
            image,
            restart: "unless-stopped",
            envs: [`TIME=${config.get("time") ?? "first"}`],
            ports: [{ internal: 80, external: 8090 }],
        },
    });
    new ContainerAttachment(`one-mesh-${name}`, {
        host,
        network: mesh,
        containerName: one.containerName,
    });
    new ContainerAttachment(`two-${name}`, {
        host,
        network: lan2,
        ipv4Address: "10.61.0.10",
        container: { name: "two", image, restart: "unless-stopped" },
    });
    if (config.get("byHand") !== "detached") {
        const containerName = config.get("byHand") ?? "by-hand";
        for (const [network, address] of [
            [lan1, "10.60.0.201"],
            [lan2, "10.61.0.11"],
        ] as const) {
            const logical = `hand-${address.startsWith("10.60") ? 1 : 2}-${name}`;
            const aliases = ["hand"];
            new ContainerAttachment(logical, {
                host,
                network,
                ipv4Address: address,
                aliases,
                containerName,
            });
        }
    }
}
