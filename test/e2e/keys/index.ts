import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { ContainerAttachment, Host } from "../../../components";
import { lab } from "../../support/lab";

const config = new pulumi.Config();
const { hosts, privateKeyFile, registry } = lab();
/** As an editor on Windows leaves it. */
const privateKey = pulumi.secret(readFileSync(privateKeyFile, "utf8").replaceAll("\n", "\r\n"));
const agent = config.get("agent");

/** By a key, by way of vm1 where the stack's config says so; or by an agent. */
function login(machine: string, proxy?: { host: string; hostKey?: string }) {
    const { address = "", hostKey } = hosts[machine] ?? {};
    const key = agent ? { agentSocketPath: agent } : { privateKey };
    const user = config.get("user");
    return { host: address, user, hostKey, ...key, proxy: proxy && { ...proxy, ...key } };
}

const jump = hosts["vm1"] && { host: hosts["vm1"].address, hostKey: hosts["vm1"].hostKey };
const one = new Host(config.get("name") ?? "one", { connection: login("vm1") });
const two = new Host("two", { connection: login("vm2", config.get("jump") ? jump : undefined) });

for (const [name, host] of Object.entries({ app1: one, app2: two })) {
    new ContainerAttachment(name, {
        host,
        mode: "host",
        listens: [],
        container: { image: `${registry.address}/busybox:1`, command: ["sleep", "infinity"] },
    });
}
