// docker run -d --name app -p 8082:80 -p 8083:81 app; docker run -d --network container:app side
import * as pulumi from "@pulumi/pulumi";
import { ContainerAttachment } from "../../components";
import { hosts } from "../inventory";

const config = new pulumi.Config();
const image = config.get("image") ?? "lan-registry:5000/busybox:1";

const [vm1, vm2] = hosts();

const app = new ContainerAttachment("app", {
    host: vm1,
    mode: "bridge",
    container: {
        image,
        restart: "unless-stopped",
        envs: [`RELEASE=${config.get("release") ?? "1"}`],
        ports: [
            { internal: 80, external: 8082 },
            { internal: 81, external: 8083 },
        ],
    },
});
/** It has the app's links, addresses and ports, and is restarted or replaced together with it. */
const side = new ContainerAttachment("side", {
    host: vm1,
    mode: { container: app },
    container: {
        image,
        restart: "unless-stopped",
        command: ["httpd", "-f", "-p", "81"],
        stopTimeout: 1,
    },
});
/** The same with an existing container, made by compose or by hand. */
const guest = new ContainerAttachment("guest", {
    host: vm2,
    mode: { container: config.get("beside") ?? "vpn" },
    container: {
        image,
        restart: "unless-stopped",
        command: ["httpd", "-f", "-p", "81"],
        stopTimeout: 1,
    },
});

export const containers = [app, side, guest].map(({ containerName }) => containerName);
