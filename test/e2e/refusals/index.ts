import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { type ConnectionArgs, ContainerAttachment, Host, Overlay } from "pulumi-crosshost";
import { lab } from "../../support/lab";

interface Way extends Partial<ConnectionArgs> {
    become?: "sudo";
    strict?: boolean;
    /** What arrives at run time. */
    late?: Record<string, string>;
}

const config = new pulumi.Config();
/** How each host is reached, where that is otherwise than rightly. */
const ways = JSON.parse(config.get("ways") ?? "{}") as Record<string, Way>;
const { hosts, privateKeyFile } = lab();
const privateKey = pulumi.secret(readFileSync(privateKeyFile, "utf8"));

const [vm1, vm2, vm3] = Object.entries(hosts).map(([name, { address, hostKey }]) => {
    const { become, strict, late = {}, ...way } = ways[name] ?? {};
    const key = way.password === undefined ? { privateKey } : {};
    const atRunTime: Partial<ConnectionArgs> = Object.fromEntries(
        Object.entries(late).map(([field, value]) => [field, pulumi.secret(value)]),
    );
    return new Host(name, {
        connection: { host: address, hostKey, ...key, ...way, ...atRunTime },
        become,
        strict,
    });
});
if (!vm1 || !vm2 || !vm3) {
    throw new pulumi.RunError("the lab has too few hosts");
}

const net = new Overlay("net", {
    hosts: [vm1, vm2, vm3],
    cidr: "10.43.0.0/16",
    backend: { vxlan: { vni: 4242, port: 24242 } },
});

const image = config.get("image");
if (image) {
    new ContainerAttachment("web", { host: vm3, network: net, container: { image } });
}
