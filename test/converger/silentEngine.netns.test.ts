import { meshUnit, NetnsHost, STACK, TOOLS } from "../support/netns";

const NETWORK =
    "docker network mesh: bridge ch-mesh-4f2a1 subnet 10.42.1.0/24 gateway 10.42.1.1 ip-range 10.42.1.0/26 mtu 1450 masquerade false\n";
const ENDPOINT = "docker endpoint api mesh: ipv4 10.42.1.200 alias api alias www\n";

describe.each(TOOLS)("an engine that runs and does not answer, with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh("echo 1 >/run/docker.pid; docker network ls; echo 26.1.5 >$FAKES/docker/version");
        host.sh("docker network create -d bridge bridge");
        expect(host.apply("mesh", meshUnit() + NETWORK)).toMatchObject({ status: 0, stderr: "" });
    });
    afterEach(() => host.close());

    test("is no engine without containers", () => {
        host.sh(`docker run api; docker mark api ${STACK}:api`);
        expect(host.apply("api", ENDPOINT).status).toBe(0);
        host.sh(": >$FAKES/docker/silent");
        const told = /Docker is not answering/;
        expect(host.delete("api").stderr).toMatch(told);
        expect(host.apply("api", ENDPOINT.replace("www", "web")).stderr).toMatch(told);
        host.sh("rm $FAKES/docker/silent");
        expect(host.delete("api")).toMatchObject({ status: 0, stderr: "" });
    });

    test("is not waited for with the lock in hand", () => {
        host.sh(": >$FAKES/docker/hangs");
        const began = Date.now();
        const { facts, drift } = host.observe();
        expect(Date.now() - began).toBeLessThan(20_000);
        expect(facts).toContain("docker silent");
        expect(drift).toEqual(["docker: not answering"]);
        host.sh("rm $FAKES/docker/hangs; flock -n -x /run/crosshost true");
        expect(host.observe().drift).toEqual([]);
    });

    test("is told by a change that waits for it", () => {
        host.put("timeout", '#!/bin/sh\nshift 4; exec /usr/bin/timeout --foreground 0.5 "$@"\n');
        host.sh(": >$FAKES/docker/hangs");
        const told = "Docker is not answering: systemctl status docker says why";
        const changed = meshUnit() + NETWORK.replace("mtu 1450", "mtu 1400");
        expect(host.apply("mesh", changed).stderr).toContain(`docker network mesh: ${told}`);
        expect(host.apply("api", ENDPOINT).stderr).toContain(told);
        expect(host.crosshost(["vacate", STACK, "api", "api"]).stderr).toContain(told);
        expect(host.delete("mesh").stderr).toContain("Docker is not answering, so it cannot");
    });
});
