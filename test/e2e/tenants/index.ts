import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { ContainerAttachment, Host, Overlay } from "pulumi-crosshost";
import { lab } from "../../support/lab";

const config = new pulumi.Config();
const { hosts, privateKeyFile, registry } = lab();
const privateKey = pulumi.secret(readFileSync(privateKeyFile, "utf8"));

/** Names of hosts in the stack's config, as `vm1 vm3`. */
function listed(key: string): readonly string[] | undefined {
    return config.get(key)?.split(" ");
}

const machines = (listed("hosts") ?? Object.keys(hosts)).map((name) => {
    const { address = "", hostKey } = hosts[name] ?? {};
    const gone = listed("gone")?.includes(name);
    return new Host(name, { connection: { host: address, privateKey, hostKey }, gone });
});

const net = new Overlay("net", {
    hosts: machines,
    cidr: config.require("cidr"),
    backend: { vxlan: { vni: config.getNumber("vni"), port: config.getNumber("port") } },
    dockerName: config.get("dockerName"),
});

const apps = machines.map(
    (host, at) =>
        new ContainerAttachment(`app${at + 1}`, {
            host,
            network: net,
            container: { image: `${registry.address}/busybox:1`, restart: "unless-stopped" },
        }),
);

export const addresses = apps.map((app) => app.ipv4Address);
export const containers = apps.map((app) => app.containerName);
