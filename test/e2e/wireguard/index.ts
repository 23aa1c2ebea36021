import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { type BackendArgs, ContainerAttachment, Host, Overlay } from "pulumi-crosshost";
import { lab } from "../../support/lab";

const { hosts: machines, privateKeyFile } = lab();
const privateKey = pulumi.secret(readFileSync(privateKeyFile, "utf8"));
const config = new pulumi.Config();
const names = config.require("hosts").split(" ");

const hosts = names.map((name) => {
    const { address = "", hostKey } = machines[name] ?? {};
    return new Host(name, { connection: { host: address, privateKey, hostKey } });
});
const mesh = new Overlay("mesh", {
    hosts,
    cidr: "10.42.0.0/16",
    backend: config.requireObject<BackendArgs>("backend"),
});
for (const [at, host] of hosts.entries()) {
    const name = names[at] ?? "";
    new ContainerAttachment(`meshed-${name}`, {
        host,
        network: mesh,
        ipv4Address: `10.42.${name.replace("vm", "")}.200`,
        container: {
            image: "lan-registry:5000/busybox:1",
            name: "meshed",
            restart: "unless-stopped",
        },
    });
}
