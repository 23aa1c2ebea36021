import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { type BackendArgs, ContainerAttachment, Host, Overlay } from "pulumi-crosshost";
import { lab } from "../../support/lab";

const { hosts, privateKeyFile } = lab();
const privateKey = pulumi.secret(readFileSync(privateKeyFile, "utf8"));
const config = new pulumi.Config();
const backend: BackendArgs = config.get("backend") === "vxlan" ? { vxlan: {} } : { direct: {} };

const members = (config.get("hosts") ?? "vm1 vm2 vm3").split(" ").map((name) => {
    const { address = "", hostKey = "" } = hosts[name] ?? {};
    return {
        name,
        host: new Host(name, {
            connection: { host: address, privateKey, hostKey },
            address: config.get(`addressOf-${name}`),
        }),
    };
});

const mesh = new Overlay("mesh", {
    hosts: members.map(({ host }) => host),
    cidr: "10.42.0.0/16",
    backend,
});

for (const { name, host } of members) {
    new ContainerAttachment(name, {
        host,
        network: mesh,
        container: {
            image: "lan-registry:5000/busybox:1",
            restart: "unless-stopped",
            ports: [{ internal: 80, external: 8080 }],
        },
    });
}
