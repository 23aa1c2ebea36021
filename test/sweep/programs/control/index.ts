import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { Bridge, Host } from "pulumi-crosshost";
import { lab } from "../../../support/lab";

const config = new pulumi.Config();
const { hosts, lan, privateKeyFile } = lab();
const privateKey = pulumi.secret(readFileSync(privateKeyFile, "utf8"));
const name = config.require("host");
const { address, hostKey } = hosts[name] ?? { address: "", hostKey: "" };
const pool = config.get("pools");
const host = new Host(name, {
    connection: { host: address, privateKey, hostKey },
    guard: { seconds: config.requireNumber("seconds") },
    docker: {
        bip: config.get("bip"),
        defaultAddressPools: pool === undefined ? undefined : [{ base: pool, size: 24 }],
    },
});
const bridge = config.get("bridge");
if (bridge !== undefined) {
    const cidr = config.get("cidr") ?? lan.cidr;
    const uplink = config.require("uplink");
    new Bridge(bridge, { host, cidr, ...(uplink === "" ? {} : { uplink }) });
}
