import * as pulumi from "@pulumi/pulumi";
import { checkContainers } from "../../components/preview/containers";
import { type ProbeResult } from "../../components/facts/observation";
import { answered } from "../support/builders";

const CONNECTION = { host: "192.168.40.11", user: "ops" };

function objection(probed: ProbeResult): Promise<void> {
    return checkContainers({
        name: "vm1",
        probe: Promise.resolve(probed),
        connection: pulumi.output(CONNECTION),
    });
}

function facts(more: Readonly<Record<string, string>>): ProbeResult {
    const all = Object.entries({ docker: "26.1.5", ...more });
    return answered({ facts: new Map(all.map(([name, value]) => [name, [value]])) });
}

test.each([
    [
        "prints a line",
        { ...answered(), printed: "Hello \u001b[1mops" },
        /whose login prints "Hello \[1mops", which the Docker provider mistakes .* \(~\/.bashrc or .*~\/.ssh\/rc/,
    ],
    [
        "has Docker speak TLS",
        facts({ "login-tls": "yes" }),
        /whose environment has DOCKER_TLS or DOCKER_TLS_VERIFY.*\/etc\/environment/,
    ],
    [
        "is not let to the socket",
        facts({ socket: "no" }),
        /who is not in the docker group: run `usermod -aG docker ops` there/,
    ],
])("no container is created over a login that %s", async (_, probed, why) => {
    await expect(objection(probed)).rejects.toThrow("vm1: containers are created there as ops, ");
    await expect(objection(probed)).rejects.toThrow(why);
});

test.each([
    ["an ordinary login", facts({ socket: "yes" })],
    ["a host whose engine is stopped", facts({ socket: "no", docker: "stopped" })],
    ["a host that does not answer", { status: "unreachable", reason: "x" } as const],
])("nothing is said of %s", async (_, probed) => {
    await expect(objection(probed)).resolves.toBeUndefined();
});
