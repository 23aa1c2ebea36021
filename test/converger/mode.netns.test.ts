import { readFileSync } from "node:fs";
import { join } from "node:path";
import { NetnsHost, STACK, TOOLS } from "../support/netns";

const WATCH = "watch containers: attach on start\n";
const JOINS = "docker container side web: mode container\n";
const EARLY = "2026-01-01T10:00:00.5";
const LATE = "2026-01-01T10:00:00.51";

describe.each(TOOLS)("containers in no network of ours, with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh("echo 1 >/run/docker.pid; echo 26.1.5 >$FAKES/docker/version; docker network ls");
        host.sh(
            "docker network create -d bridge bridge; docker run web bridge web; docker run side",
        );
        started("web", EARLY);
        started("side", LATE);
        mode("side", "container:0123456789abcdef");
        host.sh(": >$FAKES/docker.log");
    });
    afterEach(() => host.close());

    const file = (name: string, field: string, text: string) => {
        host.sh(`echo '${text}' >$FAKES/docker/containers/${name}/.${field}`);
    };
    const started = (name: string, at: string) => {
        file(name, "started", `${at}Z`);
    };
    const mode = (name: string, text: string) => {
        file(name, "mode", text);
    };
    const log = () => readFileSync(join(host.folder, "docker.log"), "utf8");
    const done = { status: 0, stderr: "" };

    test.each(["none", "host", "bridge"])("mode %s is held: in step, and nothing done", (word) => {
        mode("web", word === "bridge" ? "default" : word);
        const unit = `docker container web: mode ${word}\n`;
        expect(host.apply("attachment-web", unit)).toMatchObject(done);
        expect(host.observe().drift).toEqual([]);
        expect(host.apply("attachment-web", unit).stdout).toContain("in step");
        expect(log()).toBe("");
        expect(host.delete("attachment-web")).toMatchObject(done);
    });

    test("another mode is drift, and refused, as Docker changes none", () => {
        mode("web", "host");
        host.apply("attachment-web", "docker container web: mode host\n");
        mode("web", "none");
        expect(host.observe().drift).toEqual(["docker container web: mode none"]);
        const { status, stderr } = host.apply(
            "attachment-web",
            "docker container web: mode host\n",
        );
        expect(status).toBe(2);
        expect(stderr).toBe(
            "crosshost: refused: unit attachment-web: container web has mode none, not mode host: remove it (docker rm -f web), and `pulumi up --refresh` recreates it\n",
        );
    });

    test("Docker's own bridge is joined again", () => {
        const unit = "docker container web: mode bridge\n";
        expect(host.apply("attachment-web", unit)).toMatchObject(done);
        for (let time = 1; time <= 2; time++) {
            host.sh("docker network disconnect -f bridge web");
            expect(host.observe().drift).toEqual(["docker container web: disconnected"]);
            expect(host.apply("attachment-web", unit)).toMatchObject(done);
            expect(host.observe().drift).toEqual([]);
        }
    });

    test("one that was cut off is started anew, one that could not start is started", () => {
        expect(host.apply("attachment-side", JOINS + WATCH)).toMatchObject(done);
        expect(log()).toBe("");
        for (let time = 1; time <= 2; time++) {
            started("web", `203${time}-01-01T10:59:59.9`);
            expect(host.observe().drift).toEqual([
                "docker container side web: cut off since web started anew",
            ]);
            expect(host.apply("attachment-side", JOINS + WATCH)).toMatchObject(done);
            started("side", `203${time}-01-01T11:00:00`);
            expect(host.observe().drift).toEqual([]);
        }
        file("side", "running", "false");
        file("side", "failed", "yes");
        expect(host.observe().drift).toEqual([
            "docker container side web: not started, as web did not run",
        ]);
        expect(host.crosshost(["boot", STACK, "rules"])).toMatchObject({ status: 0 });
        expect(host.observe().drift).toEqual([]);
        expect(log()).toBe("restart side\nrestart side\nstart side\n");
    });

    test("one that somebody stopped stays so, and nothing is done while the other does not run", () => {
        host.apply("attachment-side", JOINS + WATCH);
        file("side", "running", "false");
        expect(host.observe().drift).toEqual([]);
        expect(host.observe().lines).toContain("stopped side");
        host.crosshost(["boot", STACK, "rules"]);
        file("side", "failed", "yes");
        file("web", "running", "false");
        expect(host.observe().drift).toEqual([]);
        host.crosshost(["attach", STACK, "web"]);
        expect(log()).toBe("");
    });

    test("one of a container that is gone is told, and refused", () => {
        host.apply("attachment-side", JOINS + WATCH);
        mode("side", "container:ffff");
        expect(host.observe().drift).toEqual([
            "docker container side web: mode container, of one that is gone",
        ]);
        expect(host.apply("attachment-side", JOINS + WATCH).stderr).toContain(
            "container side has mode container, of one that is gone, not mode container",
        );
        host.sh("docker rm -f side");
        expect(host.apply("attachment-side", JOINS + WATCH).stderr).toContain(
            "container side does not exist on this host",
        );
        expect(host.delete("attachment-side")).toMatchObject(done);
    });

    test("the host's watch starts it anew when the other has started", () => {
        host.apply("attachment-side", JOINS + WATCH);
        started("web", "2026-01-01T12:00:00");
        expect(host.crosshost(["attach", STACK, "web"])).toMatchObject({ status: 0 });
        expect(log()).toBe("restart side\n");
        expect(host.crosshost(["attach", STACK, "side"])).toMatchObject({ status: 0 });
        expect(log()).toBe("restart side\n");
    });

    test("the ports that an image declares are told, and no name is run as a command", () => {
        host.sh("printf '80/tcp\\n443/udp\\n' >$FAKES/docker/exposes");
        const exposes = (image: string) => host.crosshost(["exposes", image]);
        expect(exposes("registry.example:5000/caddy:2")).toEqual({
            status: 0,
            stdout: "80/tcp\n443/udp\n",
            stderr: "",
        });
        for (const hostile of ["--help", "a b", "a;id", "$(id)", ""]) {
            expect(exposes(hostile)).toMatchObject({ status: 1, stdout: "" });
        }
    });

    test.each([
        ["docker container web: mode other\n", "needs `mode none`"],
        ["docker container side web: mode host\n", "needs `mode none`"],
        ["docker container a;b: mode host\n", "not an entry"],
    ])("refused: %s", (unit, why) => {
        expect(host.apply("attachment-x", unit).stderr).toContain(why);
    });
});
