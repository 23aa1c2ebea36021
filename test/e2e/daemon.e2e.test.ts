import { join } from "node:path";
import { baseline, difference, HOSTS } from "../support/hosts";
import { labCommand, on, onAll } from "../support/lab";
import { Stack, UP_AS_FAR_AS_IT_GOES } from "../support/stack";

const PROGRAM = join(__dirname, "daemon");
const FILE = "/etc/docker/daemon.json";
const SETTINGS = {
    bip: "10.77.1.1/24",
    mtu: 1400,
    logDriver: "local",
    registryMirrors: ["https://mirror.example"],
};
/** Its engine looks for a plugin of that name for 15 s before it gives up. */
const BAD = { ...SETTINGS, logDriver: "nosuch" };
const STACK = "stack=$(basename /var/lib/crosshost/*-*)";
/** What an up does on the host, by hand: one that is about to wait for Docker. */
const TRY_BAD = `${STACK}; d=/var/lib/crosshost/$stack
    sed 's/^daemon log-driver: .*/daemon log-driver: nosuch/' $d/units/host >/dev/shm/bad
    setsid sh $d/crosshost apply $stack host </dev/shm/bad >/dev/null 2>&1 &
    t=/var/lib/crosshost/daemon.trying
    until grep -qs restart $t/loaded && pid=$(cat /run/docker.pid 2>/dev/null) && [ "$pid" != "$(cut -d - -f 1 $t/process)" ]; do sleep 0.1; done`;

describe("Docker's daemon.json", () => {
    let before: string[];
    let files: string[];
    let stack: Stack;

    const configure = (docker: object) => stack.configure({ docker: JSON.stringify(docker) });
    const texts = () => onAll(HOSTS, `cat ${FILE}; echo .`);
    const running = () => onAll(HOSTS, "docker ps --format '{{.Names}}' | sort | xargs");
    const all = (text: string) => HOSTS.map(() => text);

    beforeAll(async () => {
        // an admin's file, in his own manner, beside what the lab's engine needs
        await onAll(
            HOSTS,
            `cp -a ${FILE} ${FILE}.lab; printf '{\\t"log-opts" : {"max-size":"10m"},\\n%s' "$(sed '1s/{//' ${FILE})" >${FILE}.new
            mv ${FILE}.new ${FILE}; systemctl restart docker`,
        );
        before = await baseline();
        files = await texts();
        await onAll(
            HOSTS,
            `docker run -d --name always --restart unless-stopped lan-registry:5000/busybox:1 >/dev/null
            docker run -d --name once lan-registry:5000/busybox:1 >/dev/null`,
        );
        stack = new Stack("daemon", PROGRAM);
        configure(SETTINGS);
    });

    afterAll(async () => {
        stack.cleanUp();
        await onAll(
            HOSTS,
            `docker rm -f always once >/dev/null 2>&1; mv ${FILE}.lab ${FILE}; systemctl restart docker`,
        );
    });

    it("is told to change, with the containers that stop, and takes what is added", async () => {
        const shown = stack.preview();
        for (const host of HOSTS) {
            expect(shown).toContain(
                `${host}: this \`up\` restarts Docker there, for bip, mtu, logDriver, which stops and starts the containers always, once`,
            );
        }
        expect(await texts()).toEqual(files);
        stack.up();
        expect(
            await onAll(
                HOSTS,
                "docker info --format '{{.LoggingDriver}} {{.RegistryConfig.Mirrors}}'",
            ),
        ).toEqual(all("local [https://mirror.example/]\n"));
        expect(
            await onAll(
                HOSTS,
                `docker network inspect bridge --format '{{(index .IPAM.Config 0).Gateway}} {{index .Options "com.docker.network.driver.mtu"}}'; ip -o -4 addr show docker0 | cut -d ' ' -f 7`,
            ),
        ).toEqual(all("10.77.1.1 1400\n10.77.1.1/24\n"));
        expect(await running()).toEqual(all("always once\n"));
        const [old, now] = [files, await texts()];
        expect(
            now.map((text, at) => text.startsWith((old[at] ?? "").replace(/ }\s*\.\n$/, ""))),
        ).toEqual([true, true, true]);
        stack.nothingToDo("up");
        stack.nothingToDo("preview");
    });

    it("that an admin changes is drift, told and repaired", () => {
        on("vm1", `sed -i 's/"mtu": 1400/"mtu": 1300/' ${FILE}`);
        on("vm2", `sed -i 's/,[^,]*"log-driver": "local"//' ${FILE}`);
        const shown = stack.preview();
        expect(shown).toMatch(/drift daemon mtu *: 1300$/m);
        expect(shown).toMatch(/drift daemon log-driver *: "missing"/);
        stack.up();
        stack.nothingToDo("preview");
        expect(on("vm1", `grep -c '"mtu": 1400' ${FILE}`)).toBe("1\n");
    });

    it("is taken back where Docker does not start with it, and the containers run", async () => {
        const good = await texts();
        configure(BAD);
        const { status, output } = stack.attempt(...UP_AS_FAR_AS_IT_GOES);
        expect(status).not.toBe(0);
        for (const host of HOSTS) {
            expect(output).toMatch(
                new RegExp(
                    `unit host on ${host}: daemon log-driver: tried \`systemctl restart docker\`: .*plugin \\S+nosuch\\S+ not found; put back: daemon log-driver, and Docker runs as before`,
                ),
            );
        }
        expect(await texts()).toEqual(good);
        expect(await running()).toEqual(all("always once\n"));
        const shown = stack.preview();
        expect(shown).toMatch(
            /vm1: Docker did not take these settings when they were last tried, and runs with the former ones: .*nosuch/,
        );
        configure(SETTINGS);
        stack.nothingToDo("preview");
    });

    it("is as before after a power cut, and after a run that was killed, before anyone asks", async () => {
        const good = await texts();
        await Promise.all([
            onAll(["vm1"], TRY_BAD).then(() => labCommand("reboot", "vm1", "--hard")),
            onAll(["vm2"], `${TRY_BAD}; kill -9 $!`),
        ]);
        on(
            "vm2",
            `until docker version >/dev/null 2>&1 && ! [ -e /var/lib/crosshost/daemon.trying ]; do sleep 0.2; done`,
        );
        expect(await texts()).toEqual(good);
        expect(await running()).toEqual(["always\n", "always once\n", "always once\n"]);
        on("vm1", "docker start once >/dev/null");
        stack.nothingToDo("preview");
    });

    it("is reloaded where Docker can, and stops nothing", async () => {
        const started = await onAll(HOSTS, "cat /run/docker.pid");
        configure({ ...SETTINGS, liveRestore: true });
        expect(stack.preview()).toContain(
            "vm1: this `up` has Docker reload liveRestore: no container stops",
        );
        stack.up();
        expect(await onAll(HOSTS, "docker info --format '{{.LiveRestoreEnabled}}'")).toEqual(
            all("true\n"),
        );
        configure(SETTINGS);
        stack.up();
        expect(await onAll(HOSTS, "docker info --format '{{.LiveRestoreEnabled}}'")).toEqual(
            all("false\n"),
        );
        expect(await onAll(HOSTS, "cat /run/docker.pid")).toEqual(started);
        stack.nothingToDo("preview");
    });

    it("comes back byte for byte, and docker0 where it was", async () => {
        stack.destroy();
        expect(await texts()).toEqual(files);
        expect(await running()).toEqual(all("always once\n"));
        await onAll(HOSTS, "docker rm -f always once >/dev/null");
        expect(difference(before, await baseline())).toEqual([]);
    });
});
