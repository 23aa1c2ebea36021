import * as pulumi from "@pulumi/pulumi";
import { ContainerAttachment, Macvlan } from "../../components";
import { hosts } from "../inventory";

const config = new pulumi.Config();
const image = config.get("image") ?? "lan-registry:5000/busybox:1";
/** The first three numbers of the LAN; its .128 to .191 are free, and no DHCP server gives them out. */
const home = config.get("lan") ?? "192.168.40";
const router = config.get("router") ?? `${home}.2`;

const [vm1, vm2, vm3] = hosts();

const lan = new Macvlan("lan", {
    hosts: [vm1, vm2, vm3],
    parent: config.get("parent") ?? "eth0",
    subnet: `${home}.0/24`,
    gateway: router,
    ipRange: `${home}.128/26`,
    driver: config.get("driver") === "ipvlan" ? "ipvlan" : "macvlan",
    hostAccess: config.getBoolean("hostAccess") ?? true,
});

const web = new ContainerAttachment("web", {
    host: vm1,
    network: lan,
    ipv4Address: `${home}.100`,
    container: { image, restart: "unless-stopped" },
});
const db = new ContainerAttachment("db", {
    host: vm2,
    network: lan,
    ipv4Address: `${home}.200`,
    container: { image, restart: "unless-stopped" },
});
/** An existing container, made by compose or by hand. */
const printer = new ContainerAttachment("printer", {
    host: vm3,
    network: lan,
    containerName: "printer",
});

export const network = lan.handle;
export const addresses = {
    web: web.ipv4Address,
    db: db.ipv4Address,
    printer: printer.ipv4Address,
};
