import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { ContainerAttachment, Host, Overlay } from "pulumi-crosshost";
import { lab } from "../../support/lab";

const { hosts, privateKeyFile, privateRegistry } = lab();
const privateKey = pulumi.secret(readFileSync(privateKeyFile, "utf8"));
const config = new pulumi.Config();

const [vm1, vm2] = Object.entries(hosts)
    .slice(0, 2)
    .map(
        ([name, { address, hostKey }]) =>
            new Host(name, {
                connection: { host: address, privateKey, hostKey },
                registryAuth: [
                    {
                        address: privateRegistry.address,
                        username: privateRegistry.username,
                        password: pulumi.secret(privateRegistry.password),
                    },
                ],
            }),
    );
if (!vm1 || !vm2) {
    throw new pulumi.RunError("the lab has too few hosts");
}

/** Reached by way of another host, as a user who may only use sudo. */
const { vm1: via, vm3: inner } = hosts;
const behind = new Host("behind", {
    id: 30,
    become: "sudo",
    connection: {
        host: inner?.address ?? "",
        user: "ops",
        privateKey,
        hostKey: inner?.hostKey,
        proxy: { host: via?.address ?? "", privateKey, hostKey: via?.hostKey },
    },
});

const net = new Overlay("net", {
    hosts: [vm1, vm2, behind],
    cidr: "10.60.0.0/16",
    backend: { vxlan: { vni: 77, port: 4790 } },
    dockerName: "net",
});

new ContainerAttachment("full", {
    host: vm1,
    network: net,
    ipv4Address: "10.60.1.200",
    aliases: ["full", "everything"],
    container: {
        name: "full",
        image: `${privateRegistry.address}/busybox:1`,
        command: ["sh", "-c", "trap exit TERM; while :; do sleep 1 & wait; done"],
        envs: ["GREETING=hello world", "QUOTE='\"$HOME`"],
        user: "1000:1000",
        workingDir: "/tmp",
        hostname: "full-host",
        restart: "unless-stopped",
        labels: [{ label: "owner", value: "tests" }],
        ports: [{ internal: 8000, external: Number(config.get("port") ?? "8181") }],
        volumes: [{ containerPath: "/data", volumeName: "crosshost-data" }],
        // Waited for until it has found a container of another host, whose name nobody but Crosshost tells it.
        healthcheck: {
            tests: ["CMD", "wget", "-q", "-O", "/dev/null", "http://peer/cgi-bin/peer"],
            interval: "1s",
            retries: 3,
        },
        wait: true,
        waitTimeout: 60,
        stopTimeout: 3,
    },
});

new ContainerAttachment("peer", {
    host: vm2,
    network: net,
    ipv4Address: "10.60.2.200",
    container: {
        name: "peer",
        image: `${privateRegistry.address}/busybox:1`,
        volumes: [{ hostPath: "/etc/hosts", containerPath: "/etc/hosts", readOnly: true }],
    },
});

/** Made by hand, each at an address that the tests say. */
for (const [name, host, subnet] of [
    ["hand", vm1, "10.60.1"],
    ["loop", vm1, "10.60.1"],
    ["loop-behind", behind, "10.60.30"],
] as const) {
    const last = config.get(name);
    if (last !== undefined) {
        new ContainerAttachment(name, {
            host,
            network: net,
            containerName: name,
            ipv4Address: `${subnet}.${last}`,
        });
    }
}
