import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { Bridge, Host } from "pulumi-crosshost";
import { lab } from "../../../support/lab";

const privateKey = pulumi.secret(readFileSync(lab().privateKeyFile, "utf8"));

for (const [name, { address, hostKey }] of Object.entries(lab().hosts)) {
    const host = new Host(name, {
        connection: { host: address, user: "root", privateKey, hostKey },
        guard: { seconds: 60 },
    });
    new Bridge(`lan-${name}`, { host, cidr: lab().lan.cidr, uplink: "eth0" });
}
