import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { Bridge, ContainerAttachment, Host, Macvlan, Overlay } from "pulumi-crosshost";
import { lab } from "../../support/lab";

const config = new pulumi.Config();
const { hosts, privateKeyFile, registry, lan } = lab();
const privateKey = pulumi.secret(readFileSync(privateKeyFile, "utf8"));
const image = `${registry.address}/busybox:1`;
const aliased = config.get("aliases")?.split(" ") ?? [];

/** The name that the configuration gives a component that was called otherwise before. */
function renamed(former: string): [string, pulumi.ComponentResourceOptions] {
    const name = config.get(former) ?? former;
    const aliases = aliased.includes(former) ? [{ name: former }] : [];
    return [name, { aliases, parent: config.getBoolean("moved") ? new Group("group") : undefined }];
}

class Group extends pulumi.ComponentResource {
    constructor(name: string) {
        super("tests:index:Group", `${name}-${Group.count++}`);
    }

    private static count = 0;
}

function machine(at: "vm1" | "vm2", id: number): Host {
    const [name, opts] = renamed(at);
    const { address = "", hostKey } = hosts[at] ?? {};
    const args = { connection: { host: address, privateKey, hostKey } };
    return new Host(name, config.getBoolean("ids") ? { ...args, id } : args, opts);
}

const vm1 = machine("vm1", 1);
const vm2 = machine("vm2", 2);

const [meshName, meshOpts] = renamed("mesh");
const mesh = new Overlay(
    meshName,
    {
        hosts: [vm1, vm2],
        cidr: "10.42.0.0/16",
        backend: { vxlan: { vni: 4242, port: 24242 } },
        dockerName: config.get("dockerName"),
    },
    meshOpts,
);
const backbone = new Overlay("backbone", {
    hosts: [vm1, vm2],
    cidr: "10.43.0.0/16",
    backend: { vxlan: {} },
});

const [yardName, yardOpts] = renamed("yard");
const yard = new Bridge(yardName, { host: vm1, cidr: "10.60.0.0/24" }, yardOpts);

const [lanName, lanOpts] = renamed("lan");
const flat = new Macvlan(
    lanName,
    {
        hosts: [vm1, vm2],
        parent: "eth0",
        subnet: lan.cidr,
        gateway: lan.address,
        ipRange: lan.cidr.replace(/\.0\/24$/, ".128/26"),
    },
    lanOpts,
);

const [webName, webOpts] = renamed("web");
const container = { image, restart: "unless-stopped" };
const site = new ContainerAttachment(
    webName,
    {
        host: vm1,
        network: mesh,
        ipv4Address: config.get("webAddress"),
        container: {
            ...container,
            name: config.get("webContainer"),
            ports: [{ internal: 80, external: 8080 }],
        },
    },
    webOpts,
);
const store = new ContainerAttachment("db", {
    host: vm2,
    network: mesh,
    container: { ...container, name: "db" },
});
new ContainerAttachment("left", {
    host: vm1,
    network: backbone,
    container: { ...container, name: "left" },
});
export const right = new ContainerAttachment("right", {
    host: vm2,
    network: backbone,
    container: { ...container, name: "right" },
}).ipv4Address;
export const guest = new ContainerAttachment("guest", {
    host: vm2,
    network: flat,
    container: { ...container, name: "guest" },
}).ipv4Address;

export const web = { container: site.containerName, address: site.ipv4Address };
export const db = store.ipv4Address;

const [handName, handOpts] = renamed("hand");
new ContainerAttachment(
    handName,
    { host: vm1, network: yard, containerName: "postgres" },
    handOpts,
);
