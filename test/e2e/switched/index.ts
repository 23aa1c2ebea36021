import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { type BackendArgs, ContainerAttachment, Host, Overlay } from "pulumi-crosshost";
import { lab } from "../../support/lab";

const { hosts, privateKeyFile } = lab();
const privateKey = pulumi.secret(readFileSync(privateKeyFile, "utf8"));
const config = new pulumi.Config();
const image = "lan-registry:5000/busybox:1";

const members = ["vm1", "vm2", "vm3"].map((name) => {
    const { address = "", hostKey = "" } = hosts[name] ?? {};
    return { name, host: new Host(name, { connection: { host: address, privateKey, hostKey } }) };
});

const switched = config.getBoolean("switched") ?? true;
const mesh = new Overlay("mesh", {
    hosts: members.map(({ host }) => host),
    cidr: "10.42.0.0/16",
    switched,
    backend: config.getObject<BackendArgs>("backend") ?? { vxlan: {} },
});

for (const [at, { host }] of members.entries()) {
    const name = `c${at + 1}`;
    new ContainerAttachment(name, {
        host,
        network: mesh,
        container: {
            image,
            name,
            restart: "unless-stopped",
            ports: [{ internal: 80, external: 8080 }],
        },
    });
}

const home = members.find(({ name }) => name === (config.get("home") ?? "vm1"));
if (home && switched) {
    new ContainerAttachment("mover", {
        host: home.host,
        network: mesh,
        container: { image, name: "mover", restart: "unless-stopped" },
    });
}
