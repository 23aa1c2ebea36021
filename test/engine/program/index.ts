import { readFileSync } from "node:fs";
import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Lab } from "../../support/lab";

const config = new pulumi.Config("crosshost");
const lab = JSON.parse(readFileSync(process.env["CROSSHOST_LAB_JSON"] ?? "", "utf8")) as Lab;
const privateKey = readFileSync(lab.privateKeyFile, "utf8");
const { address, username, password } = lab.privateRegistry;

for (const [name, host] of Object.entries(lab.hosts)) {
    const network = new command.remote.Command(`${name}-network`, {
        connection: { host: host.address, user: host.user, privateKey, hostKey: host.hostKey },
        create: "docker network create --subnet 10.98.0.0/24 engine >/dev/null && cat",
        update: "cat",
        delete: "docker network rm engine",
        stdin: config.get("unit") ?? "mtu: 1450\nsubnet: 10.98.0.0/24\n",
        addPreviousOutputInEnv: false,
        logging: "none",
    });
    const provider = new docker.Provider(`${name}-docker`, {
        host: `ssh://${host.user}@${host.address}`,
        sshOpts: ["-F", lab.sshConfigFile],
        registryAuth: [{ address, username, password }],
    });
    const image = new docker.RemoteImage(
        `${name}-image`,
        { name: `${lab.registry.address}/busybox:1`, keepLocally: true },
        { provider },
    );
    new docker.Container(
        `${name}-api`,
        {
            name: "engine-api",
            image: config.getBoolean("private") ? `${address}/busybox:1` : image.name,
            command: ["sleep", "infinity"],
            restart: config.get("restart") ?? "unless-stopped",
            envs: ["A=1", pulumi.secret("TOKEN=hunter2")],
            labels: [{ label: "made-by", value: "engine" }],
            ports: [
                { internal: 80, external: 18080 },
                { internal: 53, external: 15353, protocol: "udp" },
            ],
            healthcheck: { tests: ["CMD", "true"], interval: "1s", retries: 2 },
            wait: true,
            hosts: [{ host: "other", ip: "10.98.0.9" }],
            capabilities: { adds: ["CAP_NET_ADMIN"] },
            uploads: [{ file: "/etc/greeting", content: "hello\n" }],
            networksAdvanced: [
                { name: "engine", ipv4Address: "10.98.0.200", aliases: ["api", "www"] },
            ],
        },
        { provider, dependsOn: [network] },
    );
}
