import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { convergerProgram } from "../../components/converger/program";
import { Following } from "../support/following";
import { meshUnit, NetnsHost, STACK, timesWith, TOOLS } from "../support/netns";

const NETWORK =
    "docker network mesh: bridge ch-mesh-4f2a1 subnet 10.42.1.0/24 gateway 10.42.1.1 ip-range 10.42.1.0/26 mtu 1450 masquerade false\n";
const WATCH = "watch containers: attach on start\n";
const SERVICE = `crosshost-${STACK}-watch.service`;
const FILE = `/etc/systemd/system/${SERVICE}`;
const PLACE = "docker endpoint db mesh: ipv4 10.42.1.200 alias www\n";
const CHANGED = `${STACK}: 1 of its entries changed`;
const IN_STEP = `${STACK}: in step, nothing to do`;
const CONNECT = "network connect --driver-opt crosshost=";

describe.each(TOOLS)("containers that others make, with $shell and $awk", (tools) => {
    const times = timesWith(tools);
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh("echo 1 >/run/docker.pid; docker network ls; mkfifo $FAKES/docker/events");
        host.sh("echo 26.1.5 >$FAKES/docker/version; docker network create -d bridge bridge");
        host.sh("docker run db; docker run web");
        expect(host.apply("mesh", meshUnit() + NETWORK)).toMatchObject({ status: 0, stderr: "" });
    });
    afterEach(() => host.close());

    const log = (name: string) => readFileSync(join(host.folder, name), "utf8");
    const changes = () => log("systemctl.log").replace(/^is-active .*\n/gm, "");
    const connected = () => existsSync(join(host.folder, "docker/containers/db/mesh"));
    const attach = () => host.apply("attachment-db", PLACE + WATCH);

    test("are watched by one service of systemd, as long as any attachment is there", () => {
        const before = host.dump();
        expect(attach()).toMatchObject({ status: 0, stderr: "" });
        host.apply("attachment-web", `docker endpoint web mesh: ipv4 10.42.1.201\n${WATCH}`);
        expect(changes()).toBe(`daemon-reload\nstart ${SERVICE}\n`);
        expect(host.sh(`grep -h ^ExecStart ${FILE}`)).toBe(
            `ExecStart=/bin/sh /var/lib/crosshost/${STACK}/crosshost watch ${STACK}\n`,
        );
        host.delete("attachment-db");
        expect(host.sh(`ls ${FILE}`)).toBe(`${FILE}\n`);
        host.delete("attachment-web");
        expect(changes()).toContain(`stop ${SERVICE}\ndaemon-reload\n`);
        expect(host.dump()).toBe(before);
    });

    test.each([
        [`rm ${FILE}`, "missing"],
        [`echo '# mine' >>${FILE}`, "changed"],
        [`rm /etc/systemd/system/docker.service.wants/${SERVICE}`, "disabled"],
        [`rm $FAKES/running.${SERVICE}`, "stopped"],
    ])("a service that is not as it was is drift: %s", (command, told) => {
        attach();
        const whole = host.dump();
        for (let time = 1; time <= times; time++) {
            host.sh(command);
            expect(host.observe().drift).toEqual([`watch containers: ${told}`]);
            expect(attach()).toMatchObject({ status: 0, stderr: "" });
            expect(host.observe().drift).toEqual([]);
            expect(host.dump()).toBe(whole);
        }
    });

    test("are watched by the program that an update puts there", () => {
        const { version, hash } = convergerProgram();
        const install = () => host.crosshost(["install", STACK], `converger: ${version} ${hash}\n`);
        expect(install()).toMatchObject({ status: 0, stderr: "" });
        attach();
        expect(changes()).not.toContain("restart");
        host.sh(`echo '# of yesterday' >>/var/lib/crosshost/${STACK}/crosshost`);
        expect(install()).toMatchObject({ status: 0, stderr: "" });
        expect(changes()).toContain(`--no-block try-restart ${SERVICE}\n`);
    });

    test("are attached again when they start anew, and no others are touched", async () => {
        attach();
        host.apply("attachment-web", "docker endpoint web mesh: ipv4 10.42.1.201\n");
        host.sh("docker rm -f db; docker run db; : >$FAKES/docker.log");
        const watching = new Watching(host);
        await watching.said(CHANGED);
        expect(connected()).toBe(true);
        host.sh("docker rm -f db; docker run db");
        watching.sees(
            "container start web idweb ",
            "container start stranger idstranger ",
            "network connect mesh net1 nobody",
        );
        await watching.said(IN_STEP);
        expect(connected()).toBe(false);
        watching.sees("container die db iddb ", "network connect mesh net1 iddb");
        watching.sees("container start db iddb2 ");
        await watching.said(CHANGED, 2);
        expect(connected()).toBe(true);
        host.sh("docker network disconnect -f mesh db");
        watching.sees("network disconnect mesh net1 iddb2", "network connect other net2 iddb2");
        watching.sees("container rename web idweb ");
        await watching.said(IN_STEP, 2);
        expect(connected()).toBe(false);
        watching.end();
        expect(await watching.ended).toBe(0);
        const calls = log("docker.log").split("\n");
        expect(calls.filter((call) => call.startsWith("network connect"))).toEqual(
            Array(2).fill(`${CONNECT}${STACK}:attachment-db --ip 10.42.1.200 --alias www mesh db`),
        );
    });

    test("and those that have another's network are started again with it, whoever made it", async () => {
        const state = "$FAKES/docker/containers";
        const started = (name: string, year: number) => {
            host.sh(`echo ${year}-01-01T00:00:00Z >${state}/${name}/.started`);
        };
        host.sh(`docker run side; echo container:0123456789abcdef >${state}/side/.mode`);
        started("web", 2020);
        started("side", 2021);
        host.apply("attachment-side", `docker container side web: mode container\n${WATCH}`);
        started("web", 2022);
        const watching = new Watching(host);
        const changed = `${STACK}: 1 of its entries changed`;
        await watching.said(changed);
        started("web", 3000);
        watching.sees("container start side idside ", "container start web idweb ");
        await watching.said(changed, 2);
        watching.end();
        expect(await watching.ended).toBe(0);
        expect(log("docker.log").match(/^restart side$/gm)).toHaveLength(2);
    });

    test("are left alone where somebody else has put them on the network", () => {
        attach();
        host.sh("docker rm -f db; docker run db mesh db");
        const { status, stderr } = host.crosshost(["attach", STACK, "db"]);
        expect(status).not.toBe(0);
        expect(stderr).toContain(
            "container db is already on the network mesh, not connected by Crosshost",
        );
    });
});

/** A run of `crosshost watch`, and the pipe that takes the place of Docker's events. */
class Watching extends Following {
    private readonly events: string;
    private readonly keepsOpen;

    constructor(host: NetnsHost) {
        super(host, "watch");
        this.events = join(host.folder, "docker/events");
        this.keepsOpen = spawn("sh", ["-c", `exec sleep 100 >"${this.events}"`]);
    }

    sees(...events: readonly string[]): void {
        writeFileSync(this.events, events.map((event) => `${event}\n`).join(""));
    }

    end(): void {
        this.keepsOpen.kill();
    }
}
