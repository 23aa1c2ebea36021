import { readFileSync } from "node:fs";
import { join } from "node:path";
import { meshUnit, NetnsHost, STACK, TOOLS } from "../support/netns";

const NETWORK =
    "docker network mesh: bridge ch-mesh-4f2a1 subnet 10.42.1.0/24 gateway 10.42.1.1 ip-range 10.42.1.0/26 mtu 1450 masquerade false\n";
const MESH = meshUnit() + NETWORK;
const at = (address: string, container = "api") =>
    `docker endpoint ${container} mesh: ipv4 ${address} alias www\n`;

describe.each(TOOLS)("connections that Docker refuses with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh(
            "docker network create -d bridge bridge; echo 26.1.5 >$FAKES/docker/version; echo 1 >/run/docker.pid",
        );
        expect(host.apply("mesh", MESH)).toMatchObject({ status: 0, stderr: "" });
        host.sh("docker run db --ip 10.42.1.200 mesh db; docker run api");
    });
    afterEach(() => host.close());

    const place = () => host.sh("cat $FAKES/docker/containers/api/mesh 2>/dev/null || echo none");
    const changes = () => readFileSync(join(host.folder, "docker.log"), "utf8").split("\n");
    /** As versions have left it that did not look what a failed connection leaves. */
    const breakIt = () =>
        host.sh(
            `docker network connect --driver-opt crosshost=${STACK}:api --ip 10.42.1.200 mesh api 2>/dev/null || true`,
        );

    test.each(["true", "false"])(
        "an address that another has is refused, running: %s",
        (running) => {
            host.sh(`echo ${running} >$FAKES/docker/containers/db/.running`);
            expect(host.observe().facts).toContain("endpoint db mesh 10.42.1.200 -");
            expect(host.apply("api", at("10.42.1.200"))).toMatchObject({
                status: 2,
                stderr: "crosshost: refused: unit api: docker endpoint api mesh: 10.42.1.200 is the address of the container db on the network mesh: give one of them another (ipv4Address)\n",
            });
            expect(place()).toBe("none\n");
        },
    );

    test("what Docker keeps of a connection that failed is taken back", () => {
        host.sh("echo 10.42.1.9 >$FAKES/docker/taken");
        const { status, stderr } = host.apply("api", at("10.42.1.9"));
        expect(stderr).toContain("Address already in use; nothing was changed");
        expect(status).toBe(1);
        expect(place()).toBe("none\n");
    });

    test("what is left from before is drift of the network, and goes with its next change", () => {
        breakIt();
        expect(host.observe().drift).toEqual([
            "docker endpoint api mesh: not in the plan, left by a change that failed",
        ]);
        const told =
            "drift docker endpoint api mesh: not in the plan, left by a change that failed\n";
        expect(host.apply("mesh", MESH + told)).toMatchObject({ status: 0, stderr: "" });
        expect(place()).toBe("none\n");
        expect(host.observe().drift).toEqual([]);
    });

    test.each(["true", "false"])(
        "it heals with another address, and as it goes, running: %s",
        (running) => {
            breakIt();
            host.sh(`echo ${running} >$FAKES/docker/containers/api/.running`);
            expect(host.apply("api", at("10.42.1.201"))).toMatchObject({ status: 0, stderr: "" });
            expect(place()).toMatch(/^id idmesh mark \S+ ipv4 10\.42\.1\.201 alias =www\n$/);
            host.sh(
                "rm $FAKES/docker/containers/api/mesh; echo true >$FAKES/docker/containers/api/.running",
            );
            breakIt();
            expect(host.observe().drift).toEqual([
                "docker endpoint api mesh: not connected, though Docker has noted it",
            ]);
            expect(host.delete("api")).toMatchObject({ status: 0, stderr: "" });
            expect(place()).toBe("none\n");
        },
    );

    test("two of a stack change their addresses, one after the other", () => {
        host.sh("docker run web");
        host.apply("api", at("10.42.1.210"));
        host.apply("web", at("10.42.1.211", "web"));
        expect(host.apply("api", at("10.42.1.211"))).toMatchObject({ status: 0, stderr: "" });
        expect(host.apply("web", at("10.42.1.210", "web"))).toMatchObject({
            status: 0,
            stderr: "",
        });
        expect(host.observe().drift).toEqual([]);
    });

    test("one that Docker starts over and over is held still while it joins and leaves", () => {
        host.sh(": >$FAKES/docker/containers/api/.looping");
        expect(host.apply("api", at("10.42.1.201"))).toMatchObject({ status: 0, stderr: "" });
        expect(changes().slice(-5, -1)).toEqual([
            expect.stringContaining("network connect "),
            "stop api",
            expect.stringContaining("network connect "),
            "start api",
        ]);
        expect(host.delete("api")).toMatchObject({ status: 0, stderr: "" });
        expect(place()).toBe("none\n");
        expect(changes().at(-2)).toBe("start api");
    });

    test("a network that was pruned while its container was stopped is one change", () => {
        host.apply("api", at("10.42.1.201"));
        host.sh(
            "echo false >$FAKES/docker/containers/api/.running; docker network disconnect -f mesh db",
        );
        host.sh(
            "mv $FAKES/docker/containers/api/mesh $FAKES/kept; docker network rm mesh; mv $FAKES/kept $FAKES/docker/containers/api/mesh",
        );
        host.sh("sed -i 's/id idmesh/id idold/' $FAKES/docker/containers/api/mesh");
        expect(host.observe().drift).toEqual([
            "docker endpoint api mesh: in a network that is gone",
            "docker network mesh: missing",
        ]);
        host.apply("mesh", MESH);
        host.apply("api", at("10.42.1.201"));
        expect(host.observe().drift).toEqual([]);
    });
});
