import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { type BackendArgs, ContainerAttachment, Host, Overlay } from "pulumi-crosshost";
import { lab } from "../../../support/lab";

const config = new pulumi.Config();
const { hosts, privateKeyFile } = lab();
const privateKey = pulumi.secret(readFileSync(privateKeyFile, "utf8"));

const names = config.require("hosts").split(" ");
const members = names.map((name, at) => {
    const { address, hostKey } = hosts[name] ?? { address: "", hostKey: "" };
    return new Host(`host${at + 1}`, { connection: { host: address, privateKey, hostKey } });
});

const mesh = new Overlay("mesh", {
    hosts: members,
    cidr: "10.70.0.0/16",
    backend: config.requireObject<BackendArgs>("backend"),
    mtu: config.getNumber("mtu"),
    dockerName: "mesh",
});

for (const [at, host] of members.entries()) {
    new ContainerAttachment(`app${at}`, {
        host,
        network: mesh,
        ipv4Address: `10.70.${at + 1}.200`,
        container: {
            name: `app${at}`,
            image: "lan-registry:5000/busybox:1",
            restart: "unless-stopped",
            envs: [`VERSION=${config.get("version") ?? "1"}`],
        },
    });
}
