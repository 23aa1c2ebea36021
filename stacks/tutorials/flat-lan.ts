// ip link add br0 type bridge; ip link set eth0 master br0; and the address of eth0 to br0, without losing SSH, on each host
import * as pulumi from "@pulumi/pulumi";
import { Bridge, ContainerAttachment } from "../../components";
import { hosts } from "../inventory";

const config = new pulumi.Config();
const image = config.get("image") ?? "lan-registry:5000/busybox:1";
/** The first three numbers of the LAN; its .201 to .203 are free. */
const home = config.get("lan") ?? "192.168.40";
const router = config.get("router") ?? `${home}.2`;
const nic = config.get("nic") ?? "eth0";

hosts().forEach((host, at) => {
    const number = at + 1;
    const lan = new Bridge(`lan${number}`, { host, cidr: `${home}.0/24`, uplink: nic });

    /** pipework br0 -i eth1 web 192.168.40.201/24@192.168.40.2 */
    new ContainerAttachment(`web${number}`, {
        host,
        container: { name: "web", image, restart: "unless-stopped" },
        interface: {
            name: "eth1",
            on: lan,
            addresses: [`${home}.${200 + number}/24`],
            gateway: router,
        },
    });
});
