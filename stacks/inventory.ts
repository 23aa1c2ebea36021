import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { Host } from "../components";

/** A host as `Pulumi.<stack>.yaml` lists it, under `hosts`. */
interface HostConfig {
    name: string;
    address: string;
    hostKey: string;
    user?: string;
    become?: "sudo";
}

/** What the lab writes of its hosts. */
interface Lab {
    privateKeyFile: string;
    hosts: Record<string, { address: string; hostKey: string; user: string }>;
}

/**
 * This environment's hosts: those of its config, with the key as a Pulumi secret, or the lab's. Their ids, from which their subnets
 * come, are the numbers at the end of their names, or count from `firstId`.
 */
export function hosts(firstId?: number): [Host, Host, Host] {
    const config = new pulumi.Config();
    const listed = config.getObject<HostConfig[]>("hosts");
    const lab = listed ? undefined : labFile();
    const privateKey = lab
        ? pulumi.secret(readFileSync(lab.privateKeyFile, "utf8"))
        : config.requireSecret("privateKey");
    const strict = config.getBoolean("strict");
    const [first, second, third] = (listed ?? labHosts(lab)).map(
        ({ name, address, hostKey, user, become }, at) =>
            new Host(name, {
                id: firstId === undefined ? undefined : firstId + at,
                connection: { host: address, user, privateKey, hostKey },
                become,
                strict,
            }),
    );
    if (!first || !second || !third) {
        throw new pulumi.RunError("this program wants three hosts: set them in the stack's config");
    }
    return [first, second, third];
}

function labFile(): Lab | undefined {
    const path = process.env["CROSSHOST_LAB_JSON"];
    if (!path) {
        throw new pulumi.RunError(
            "no hosts: `pulumi config set --path 'hosts[0].name' vm1` and so on, or start the lab",
        );
    }
    return JSON.parse(readFileSync(path, "utf8")) as Lab;
}

function labHosts(lab: Lab | undefined): HostConfig[] {
    return Object.entries(lab?.hosts ?? {}).map(([name, host]) => ({ name, ...host }));
}
