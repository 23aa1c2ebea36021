import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { Bridge, Host } from "pulumi-crosshost";
import { lab } from "../../support/lab";

const privateKey = pulumi.secret(readFileSync(lab().privateKeyFile, "utf8"));
const login = { port: 22, privateKey };
const seconds = new pulumi.Config().requireNumber("seconds");
const names = Object.entries(lab().hosts);
const jump = names[2]?.[1];

for (const [at, [name, { address, hostKey }]] of names.entries()) {
    // the second by sudo, and by way of the third
    const how =
        at === 1 && jump
            ? {
                  connection: {
                      ...login,
                      host: address,
                      hostKey,
                      user: "ops",
                      proxy: { ...login, host: jump.address, hostKey: jump.hostKey },
                  },
                  become: "sudo" as const,
              }
            : { connection: { ...login, host: address, hostKey } };
    const host = new Host(name, { ...how, guard: { seconds } });
    new Bridge(`lan-${name}`, { host, cidr: lab().lan.cidr, uplink: "eth0" });
}
