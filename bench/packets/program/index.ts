// Each way of Crosshost's on two hosts of its own, so that no packet crosses the rules of another's.
import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { ContainerAttachment, Host, Macvlan, Overlay } from "pulumi-crosshost";

interface Lab {
    readonly lan: { readonly cidr: string };
    readonly privateKeyFile: string;
    readonly hosts: Readonly<
        Record<string, { readonly address: string; readonly hostKey: string }>
    >;
}

const config = new pulumi.Config();
const lab = JSON.parse(readFileSync(config.require("lab"), "utf8")) as Lab;
const privateKey = pulumi.secret(readFileSync(lab.privateKeyFile, "utf8"));

/** `macvlan`, or the name of a backend, such as `vxlan` or `vxlan, switched`; and its two hosts. */
const ways = JSON.parse(config.require("ways")) as Readonly<Record<string, readonly string[]>>;

const [firstNumbers = ""] = lab.lan.cidr.split(".0/");
const addresses: Record<string, pulumi.Output<string>> = {};
for (const [way, names] of Object.entries(ways)) {
    const hosts = names.map((name) => {
        const { address = "", hostKey = "" } = lab.hosts[name] ?? {};
        return new Host(name, { connection: { host: address, privateKey, hostKey } });
    });
    const [backend = "", switched] = way.split(", ");
    const name = way.replace(", ", "-");
    const network =
        way === "macvlan"
            ? new Macvlan(way, {
                  hosts,
                  parent: "eth0",
                  subnet: lab.lan.cidr,
                  gateway: `${firstNumbers}.2`,
                  ipRange: `${firstNumbers}.128/26`,
              })
            : new Overlay(name, {
                  hosts,
                  cidr: "10.77.0.0/16",
                  backend: { [backend]: {} },
                  switched: switched !== undefined,
              });
    hosts.forEach((host, index) => {
        const app = new ContainerAttachment(`${name}-${index}`, {
            host,
            network,
            container: { image: "lan-registry:5000/busybox:1", name: "app" },
        });
        addresses[names[index] ?? ""] = app.ipv4Address;
    });
}

export const addressOf = addresses;
