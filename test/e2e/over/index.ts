import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { type BackendArgs, ContainerAttachment, Host, Overlay } from "pulumi-crosshost";
import { lab } from "../../support/lab";

const { hosts: machines, privateKeyFile } = lab();
const privateKey = pulumi.secret(readFileSync(privateKeyFile, "utf8"));
const config = new pulumi.Config();
const members = config
    .require("hosts")
    .split(" ")
    .map((name) => {
        const { address = "", hostKey } = machines[name] ?? {};
        const connection = { host: address, privateKey, hostKey };
        return { name, host: new Host(name, { connection }) };
    });

/** From the lowest up, each over the one before; a container on the host's part of each. */
let below: Overlay | undefined;
for (const [at, backend] of config.requireObject<BackendArgs[]>("backends").entries()) {
    const level = new Overlay(`tier${at}`, {
        hosts: members.map(({ host }) => host),
        cidr: `10.${42 + at}.0.0/16`,
        backend,
        over: below,
        mtu: at === 0 ? config.getNumber("mtu") : undefined,
    });
    for (const { name, host } of members) {
        const [, number = ""] = /(\d+)$/.exec(name) ?? [];
        new ContainerAttachment(`${name}-${at}`, {
            host,
            network: level,
            ipv4Address: `10.${42 + at}.${number}.200`,
            container: {
                image: "lan-registry:5000/busybox:1",
                name: `tier${at}`,
                restart: "unless-stopped",
            },
        });
    }
    below = level;
}
