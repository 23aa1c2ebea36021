import * as pulumi from "@pulumi/pulumi";
import { Bridge, ContainerAttachment } from "../../components";
import { hosts } from "../inventory";

const config = new pulumi.Config();
const image = config.get("image") ?? "lan-registry:5000/busybox:1";
/** The first three numbers of the LAN; its .50 and .51 are free. */
const home = config.get("lan") ?? "192.168.40";
const router = config.get("router") ?? `${home}.2`;
const nic = config.get("nic") ?? "eth0";

const [vm1, vm2, vm3] = hosts();

/** pipework eth0 -i eth1 web 192.168.40.50/24@192.168.40.2, and a route to a network behind another router. */
new ContainerAttachment("web", {
    host: vm1,
    container: { image, restart: "unless-stopped" },
    interface: {
        name: "eth1",
        on: nic,
        addresses: [`${home}.50/24`],
        gateway: router,
        routes: [{ to: "10.9.0.0/16", via: `${home}.51` }],
    },
});

/** An existing container, made by `docker run --name printer --network none`; with its own MAC. */
new ContainerAttachment("printer", {
    host: vm2,
    containerName: "printer",
    interface: {
        name: "eth1",
        on: nic,
        addresses: [`${home}.51/24`],
        macAddress: "02:42:c0:a8:28:33",
        gateway: router,
    },
});

/** pipework br1 -i eth1 db 10.60.0.200/24@10.60.0.1: on a bridge of its host, with or without Docker's network. */
const lan1 = new Bridge("lan1", { host: vm3, cidr: "10.60.0.0/24" });
new ContainerAttachment("db", {
    host: vm3,
    containerName: "db",
    interface: { name: "eth1", on: lan1, addresses: ["10.60.0.200/24"], gateway: "10.60.0.1" },
});
