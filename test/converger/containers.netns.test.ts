import { rmSync } from "node:fs";
import { join } from "node:path";
import { meshUnit, NetnsHost, STACK, TOOLS } from "../support/netns";

const NETWORK =
    "docker network mesh: bridge ch-mesh-4f2a1 subnet 10.42.1.0/24 gateway 10.42.1.1 ip-range 10.42.1.0/26 mtu 1450 masquerade false\n";
const ENDPOINT = "docker endpoint api mesh: ipv4 10.42.1.200 alias www\n";
const RUN = "docker run api --ip 10.42.1.200 --alias www mesh api";
const MARK = `docker mark api ${STACK}:attachment-api`;

describe.each(TOOLS)("created containers that no state knows, with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh("echo 1 >/run/docker.pid; docker network ls");
        host.sh("echo 26.1.5 >$FAKES/docker/version; docker network create -d bridge bridge");
        expect(host.apply("mesh", meshUnit() + NETWORK)).toMatchObject({ status: 0, stderr: "" });
        rmSync(join(host.folder, "docker.log"));
    });
    afterEach(() => host.close());

    const vacate = () => host.crosshost(["vacate", STACK, "attachment-api", "api"]);
    const containers = () => host.sh("ls $FAKES/docker/containers").trim();

    test("one that bears the unit's mark is removed before Docker makes it", () => {
        host.sh(`${RUN}; ${MARK}`);
        expect(vacate()).toEqual({ status: 0, stdout: "", stderr: "" });
        expect(containers()).toBe("");
        expect(vacate()).toEqual({ status: 0, stdout: "", stderr: "" });
    });

    test("one that is newer than its unit is removed too: it was made in place of another", () => {
        host.sh(`${RUN}; ${MARK}`);
        expect(host.apply("attachment-api", ENDPOINT)).toMatchObject({ status: 0, stderr: "" });
        host.sh(`docker rm -f -v api; sleep 0.05; ${RUN}; ${MARK}`);
        expect(vacate().status).toBe(0);
        expect(containers()).toBe("");
    });

    test("one that its unit has connected stays: a state that is not at hand knows it", () => {
        host.sh(`${RUN}; ${MARK}; sleep 0.05`);
        expect(host.apply("attachment-api", ENDPOINT)).toMatchObject({ status: 0, stderr: "" });
        expect(vacate()).toMatchObject({
            status: 1,
            stderr: "crosshost: container api: this stack has made and connected it, but its state does not know it: use the state that does, or remove it (docker rm -f api)\n",
        });
        expect(containers()).toBe("api");
    });

    test.each([
        ["", ""],
        ["docker mark api other-stack:attachment-api", ", made by other-stack:attachment-api"],
        [`docker mark api ${STACK}:attachment-old`, `, made by ${STACK}:attachment-old`],
    ])("one of that name that is not the unit's stays, and is named: %s", (mark, made) => {
        host.sh(`${RUN}; ${mark}`);
        expect(vacate()).toMatchObject({
            status: 1,
            stderr: `crosshost: container api: Docker has a container of this name that does not belong to the unit (image busybox:1${made}): remove it (docker rm -f api) or choose another name\n`,
        });
        expect(containers()).toBe("api");
    });

    test("what leaves goes too, if this stack has made it", () => {
        host.sh(
            `for name in old other mine kept; do docker run $name; done; docker mark old ${STACK}:attachment-old; docker mark other other-stack:attachment-old; docker mark kept ${STACK}:attachment-kept`,
        );
        const names = ["api", "old", "other", "mine"];
        const vacated = host.crosshost(["vacate", STACK, "attachment-api", ...names]);
        expect(vacated).toEqual({ status: 0, stdout: "", stderr: "" });
        expect(containers()).toBe("kept\nmine\nother");
    });

    test("a connected one that leaves goes, as its unit has another owner now", () => {
        host.sh(`${RUN}; ${MARK}; sleep 0.05`);
        expect(host.apply("attachment-api", ENDPOINT)).toMatchObject({ status: 0, stderr: "" });
        const vacated = host.crosshost(["vacate", STACK, "attachment-api", "api", "api"]);
        expect(vacated).toEqual({ status: 0, stdout: "", stderr: "" });
        expect(containers()).toBe("");
    });

    test("a name with a command in it runs none", () => {
        const entry = "docker endpoint api|id>/run/canary mesh: connected\n";
        expect(host.apply("attachment-api", entry)).toMatchObject({ status: 2 });
        expect(host.sh("ls /run")).not.toContain("canary");
    });

    test("one keeps no network from being removed, unless its unit is there or it is not ours", () => {
        host.sh(`${RUN}; ${MARK}; docker run alone; docker mark alone ${STACK}:attachment-alone`);
        expect(host.delete("mesh")).toMatchObject({ status: 0, stderr: "" });
        expect(containers()).toBe("alone");
        expect(host.sh("ls $FAKES/docker/networks").trim()).toBe("bridge");

        host.apply("mesh", meshUnit() + NETWORK);
        host.sh(`${RUN}; docker mark api other-stack:attachment-api`);
        expect(host.delete("mesh").stderr).toContain("docker network mesh: still used by api");
        host.sh(MARK);
        host.apply("attachment-api", ENDPOINT);
        host.delete("mesh");
        expect(containers()).toBe("alone\napi");
    });

    test("none is left when the stack leaves the host", () => {
        host.sh(
            `${RUN}; ${MARK}; docker run stranger; docker run other; docker mark other other-stack:attachment-api`,
        );
        expect(host.crosshost(["uninstall", STACK])).toMatchObject({ status: 0, stderr: "" });
        expect(containers()).toBe("other\nstranger");
    });
});
