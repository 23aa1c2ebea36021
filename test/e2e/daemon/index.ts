import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { type DockerArgs, Host } from "pulumi-crosshost";
import { lab } from "../../support/lab";

const { hosts, privateKeyFile } = lab();
const privateKey = pulumi.secret(readFileSync(privateKeyFile, "utf8"));
const docker = JSON.parse(new pulumi.Config().get("docker") ?? "{}") as DockerArgs;

for (const name of ["vm1", "vm2", "vm3"]) {
    const { address = "", hostKey } = hosts[name] ?? {};
    new Host(name, { connection: { host: address, privateKey, hostKey }, docker });
}
