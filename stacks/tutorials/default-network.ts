// ip link add bridge0 type bridge; ip addr add 172.17.51.1/24 dev bridge0; DOCKER_OPTS="-b=bridge0"; ip route add 172.17.52.0/24 via THERE
import * as pulumi from "@pulumi/pulumi";
import { ContainerAttachment, Overlay } from "../../components";
import { hosts } from "../inventory";

const config = new pulumi.Config();
const image = config.get("image") ?? "lan-registry:5000/busybox:1";
/** The hosts' bridges are 172.17.51.1, 172.17.52.1 ... */
const net = config.get("net") ?? "172.17";

const members = hosts(51);

const bridge0 = new Overlay("bridge0", {
    hosts: members,
    cidr: `${net}.0.0/16`,
    backend: { direct: {} },
    defaultNetwork: true,
});
/** docker run -d --restart unless-stopped -p 8080:80 --name app1 IMAGE; and any other that says no network. */
const apps = members.map(
    (host, at) =>
        new ContainerAttachment(`app${at + 1}`, {
            host,
            mode: "bridge",
            container: {
                name: `app${at + 1}`,
                image,
                restart: "unless-stopped",
                ports: [{ internal: 80, external: 8080 }],
            },
        }),
);

export const subnets = bridge0.subnets;
export const containers = apps.map(({ containerName }) => containerName);
