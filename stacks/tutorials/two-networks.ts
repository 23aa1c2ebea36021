import * as pulumi from "@pulumi/pulumi";
import { Bridge, ContainerAttachment } from "../../components";
import { hosts } from "../inventory";

const config = new pulumi.Config();

/** A second network for a running container, `app` on each host, with its default route. */
for (const [at, host] of hosts().entries()) {
    const back = new Bridge(`back-${at + 1}`, { host, cidr: `10.6${at + 1}.0.0/24` });
    new ContainerAttachment(`app-${at + 1}`, {
        host,
        network: back,
        containerName: "app",
        ipv4Address: `10.6${at + 1}.0.200`,
        defaultRoute: config.getBoolean("defaultRoute") ?? true,
    });
}
