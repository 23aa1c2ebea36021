import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { ContainerAttachment, Host, Overlay } from "pulumi-crosshost";
import { type Canaries, CANARY_FILE } from "../../support/canaryFile";
import { lab } from "../../support/lab";

const { hosts, privateRegistry } = lab();
const canaries = JSON.parse(readFileSync(CANARY_FILE, "utf8")) as Canaries;
const config = new pulumi.Config();

/** `own` are right; `stranger` are well made, and refused on vm1 and vm2; `broken` cannot be read. */
const { privateKey, lockedKey, passphrase, password } = {
    own: canaries,
    stranger: {
        ...canaries,
        privateKey: canaries.strangersKey,
        password: canaries.wrongPassword,
    },
    broken: {
        ...canaries,
        privateKey: canaries.privateKey.replace("AAAA", ""),
        passphrase: canaries.wrongPassword,
    },
}[config.get("logins") ?? "own"] as Canaries;

function at(name: string) {
    return { host: hosts[name]?.address ?? "", hostKey: hosts[name]?.hostKey };
}

// Plain texts, not marked as secrets by the program: the library has to do that itself.
const vm1 = new Host("vm1", {
    connection: { ...at("vm1"), privateKey },
    registryAuth: [
        {
            address: privateRegistry.address,
            username: privateRegistry.username,
            password: privateRegistry.password,
        },
    ],
});
const vm2 = new Host("vm2", {
    connection: { ...at("vm2"), user: "canary", password },
    become: "sudo",
});
const vm3 = new Host("vm3", {
    connection: {
        ...at("vm3"),
        privateKey: pulumi.secret(lockedKey),
        privateKeyPassword: pulumi.secret(passphrase),
    },
});

const net = new Overlay("net", {
    hosts: [vm1, vm2, vm3],
    cidr: config.get("cidr") ?? "10.77.0.0/16",
    backend: { vxlan: {} },
});

new ContainerAttachment("holder", {
    host: vm1,
    network: net,
    container: {
        image: `${privateRegistry.address}/busybox:1`,
        envs: [
            pulumi.interpolate`TOKEN=${pulumi.secret(canaries.containerSecret)}`,
            ...canaries.hostile.map((text, at) => `HOSTILE_${at}=${text}`),
        ],
        labels: canaries.hostile.map((value, at) => ({ label: `hostile.${at}`, value })),
    },
});
