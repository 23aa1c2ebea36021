import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SYSTEMCTL } from "../support/fakeEngine";
import { NetnsHost, STACK, TOOLS } from "../support/netns";

const FILE = "/etc/docker/daemon.json";
const OTHER = "crosshost-other-9b8c7d";
const UNIT = "daemon dns: 9.9.9.9, 2001:db8::53\ndaemon mtu: 1400\n";

const JOURNALCTL = `#!/bin/sh
echo 'time="now" level=info msg="Starting up"'
echo 'failed to start daemon: no log driver named bad is registered'
`;

describe.each(TOOLS)("daemon.json, with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh("docker network ls; docker network create -d bridge bridge");
        writeFileSync(join(host.folder, "docker/version"), "26.1.5\n");
        writeFileSync(join(host.folder, "hup"), "reload\n");
        host.put("systemctl", SYSTEMCTL);
        host.put("journalctl", JOURNALCTL);
        host.put("dockerd", "#!/bin/sh\ncat $3 >$FAKES/validated\n");
        host.sh("systemctl restart docker.service; docker run web");
        done();
    });
    afterEach(() => {
        host.sh("kill $(cat $FAKES/main) 2>/dev/null || true");
        host.close();
    });

    const write = (text: string) => {
        writeFileSync(join(host.folder, "daemon.json"), text);
        host.sh(`cp $FAKES/daemon.json ${FILE}`);
    };
    const text = () => host.sh(`cat ${FILE}`);
    const apply = (unit: string) => host.apply("host", unit);
    const uninstall = (stack = STACK) => host.crosshost(["uninstall", stack]);
    const left = () => host.sh("ls -A /etc/docker; ls -A /var/lib/crosshost 2>/dev/null || true");

    function isStartedWith(flags: string): void {
        host.sh(
            `kill $(cat $FAKES/main); bash --norc -c 'exec -a "dockerd ${flags}" sleep 900' >/dev/null 2>&1 & echo $! | tee $FAKES/main >/run/docker.pid`,
        );
    }

    /** What was done to Docker since it was last asked. */
    function done(): string {
        const log = join(host.folder, "systemctl.log");
        const lines = host.sh("cat $FAKES/systemctl.log 2>/dev/null || true");
        rmSync(log, { force: true });
        return lines.trim().split("\n").join(" ");
    }

    test.each([
        ["nothing in it", "{}", '{\n    "mtu": 1400\n}'],
        ["nothing in it but blanks", "{ \n }\n", '{\n    "mtu": 1400\n}\n'],
        ["no byte", "", '{\n    "mtu": 1400\n}\n'],
        ["one line", '{"debug":true}', '{"debug":true, "mtu": 1400}'],
        ["one line with blanks", '{ "debug": true }\n', '{ "debug": true, "mtu": 1400 }\n'],
        [
            "odd spacing, nested objects, escapes and other alphabets",
            '\r\n{\t"labels" :["a=\\"b}\\u00e9","Ünïcode ✓ \\\\"] ,\r\n\t "runtimes":{"x":{"path":"/a","mtu":9}}\r\n}\r\n\r\n',
            '\r\n{\t"labels" :["a=\\"b}\\u00e9","Ünïcode ✓ \\\\"] ,\r\n\t "runtimes":{"x":{"path":"/a","mtu":9}},\t"mtu": 1400\r\n}\r\n\r\n',
        ],
        [
            "a mark of its byte order",
            '\uFEFF{\n  "debug": 1\n}',
            '\uFEFF{\n  "debug": 1,\n  "mtu": 1400\n}',
        ],
    ])("with %s keeps every byte, and has them alone again", (_, before, after) => {
        write(before);
        host.sh(`chmod 0640 ${FILE}; chown daemon ${FILE}`);
        expect(apply("daemon mtu: 1400\n")).toMatchObject({ status: 0, stderr: "" });
        expect(text()).toBe(after);
        expect(host.sh(`stat -c '%a %U' ${FILE}`)).toBe("640 daemon\n");
        expect(done()).toBe("restart");
        expect(host.sh("cat $FAKES/read; cat $FAKES/validated")).toBe(`${after}${after}\n`);
        expect(apply("daemon mtu: 1400\n").stdout).toBe("host: in step, nothing to do\n");
        expect(host.observe().drift).toEqual([]);
        expect(uninstall()).toMatchObject({ status: 0, stderr: "" });
        expect(text()).toBe(before);
        expect(host.sh(`stat -c '%a %U' ${FILE}`)).toBe("640 daemon\n");
        expect(left()).toBe("daemon.json\n");
        expect(done()).toBe("restart");
    });

    test("that is missing is made, and goes again", () => {
        expect(apply(UNIT)).toMatchObject({ status: 0, stderr: "" });
        expect(JSON.parse(text())).toEqual({ dns: ["9.9.9.9", "2001:db8::53"], mtu: 1400 });
        expect(uninstall()).toMatchObject({ status: 0, stderr: "" });
        expect(left()).toBe("");
    });

    test("has each kind of value as Docker wants it", () => {
        const unit =
            "daemon bip: 10.9.0.1/24\ndaemon default-address-pools: base 10.200.0.0/16 size 24, base 10.201.0.0/16 size 26\ndaemon registry-mirrors: https://mirror.example:5000/\ndaemon userland-proxy: false\n";
        expect(apply(unit)).toMatchObject({ status: 0, stderr: "" });
        expect(JSON.parse(text())).toEqual({
            bip: "10.9.0.1/24",
            "default-address-pools": [
                { base: "10.200.0.0/16", size: 24 },
                { base: "10.201.0.0/16", size: 26 },
            ],
            "registry-mirrors": ["https://mirror.example:5000/"],
            "userland-proxy": false,
        });
        expect(apply(unit).stdout).toBe("host: in step, nothing to do\n");
    });

    test("says which networks Docker makes others from, and so do the flags of its service", () => {
        const pools = () => host.observe().facts.filter((fact) => fact.startsWith("docker-pool "));
        write(
            '{"default-address-pools":[ {"size":24, "base" :"10.200.0.0/16"},{"base":"10.201.0.0/16","size":26}]}',
        );
        expect(pools()).toEqual(["docker-pool 10.200.0.0/16", "docker-pool 10.201.0.0/16"]);
        host.sh("mv /etc/docker/daemon.json /etc/docker/other.json");
        expect(pools()).toEqual([]);
        isStartedWith("--config-file /etc/docker/other.json");
        expect(pools()).toEqual(["docker-pool 10.200.0.0/16", "docker-pool 10.201.0.0/16"]);
        const pool = (base: string) => `base=${base},size=24`;
        isStartedWith(
            `--default-address-pool ${pool("10.7.0.0/16")} --default-address-pool=${pool("10.8.0.0/16")}`,
        );
        expect(pools()).toEqual(["docker-pool 10.7.0.0/16", "docker-pool 10.8.0.0/16"]);
    });

    test("that the admin edits meanwhile keeps what he wrote, and loses only ours", () => {
        write('{\n  "debug": true\n}\n');
        apply(UNIT);
        write(text().replace("true", "false").replace("\n}", ',\n  "labels": ["x"]\n}'));
        expect(host.observe().drift).toEqual([]);
        expect(uninstall().status).toBe(0);
        expect(text()).toBe('{\n  "debug": false,\n  "labels": ["x"]\n}\n');
    });

    test("in which the admin changes ours is drift, which a change repairs", () => {
        write('{\n  "debug": true\n}\n');
        apply(UNIT);
        const after = text();
        write(after.replace("1400", "1300").replace(/"dns": [^\n]*/, '"dns" : ["8.8.8.8"],'));
        expect(host.observe().drift).toEqual(["daemon dns: 8.8.8.8", "daemon mtu: 1300"]);
        expect(apply(`${UNIT}seen: x\n`)).toMatchObject({ status: 0, stderr: "" });
        expect(text()).toBe(after);
        write('{\n  "mtu": "1400"\n}\n');
        expect(host.observe().drift).toEqual([
            "daemon dns: missing",
            "daemon mtu: 1400 as a value of another type",
        ]);
        apply(`${UNIT}seen: y\n`);
        expect(JSON.parse(text())).toEqual({ dns: ["9.9.9.9", "2001:db8::53"], mtu: 1400 });
        uninstall();
        expect(text()).toBe("{}\n");
    });

    test("takes another value, more keys and fewer, and the last stack gives it back", () => {
        const before = '{\n    "debug": true\n}\n';
        write(before);
        apply(UNIT);
        host.apply("host", "daemon log-driver: local\n", OTHER);
        expect(apply("daemon mtu: 1300\n")).toMatchObject({ status: 0, stderr: "" });
        expect(JSON.parse(text())).toEqual({ debug: true, "log-driver": "local", mtu: 1300 });
        expect(host.apply("host", "daemon mtu: 1200\n", OTHER).stderr).toContain(
            `daemon mtu: belongs to unit host of stack ${STACK}`,
        );
        expect(uninstall().status).toBe(0);
        expect(text()).toBe('{\n    "debug": true,\n    "log-driver": "local"\n}\n');
        expect(uninstall(OTHER).status).toBe(0);
        expect(text()).toBe(before);
        expect(left()).toBe("daemon.json\n");
    });

    test("takes a key in place of another, and gives back what was there before both", () => {
        write('{ "debug": true }\n');
        apply(UNIT);
        expect(apply("daemon userland-proxy: false\n")).toMatchObject({ status: 0, stderr: "" });
        expect(done()).toBe("restart restart");
        expect(apply("daemon dns: 9.9.9.9\n").status).toBe(0);
        expect(done()).toBe("restart");
        expect(uninstall().status).toBe(0);
        expect(text()).toBe('{ "debug": true }\n');
    });

    test("that moves docker0 has it back where it was, which Docker does not do by itself", () => {
        host.sh("ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0");
        write('{ "debug": true }');
        apply("daemon bip: 10.9.0.1/24\n");
        host.sh("ip addr flush dev docker0; ip addr add 10.9.0.1/24 dev docker0");
        apply("daemon bip: 10.9.1.1/24\n");
        expect(uninstall().status).toBe(0);
        expect(JSON.parse(host.sh("cat $FAKES/read"))).toEqual({
            debug: true,
            bip: "172.17.0.1/16",
        });
        expect(text()).toBe('{ "debug": true }');
        expect(apply("daemon bip: 10.9.1.1/24\ndaemon log-driver: bad\n").status).toBe(1);
        expect(JSON.parse(host.sh("cat $FAKES/read"))).toEqual({ debug: true, bip: "10.9.0.1/24" });
        expect(text()).toBe('{ "debug": true }');
    });

    test("keeps what the admin has set as it is wanted", () => {
        write('{ "mtu": 1400 }\n');
        expect(apply(UNIT)).toMatchObject({ status: 0, stderr: "" });
        expect(uninstall().status).toBe(0);
        expect(text()).toBe('{ "mtu": 1400 }\n');
    });

    test.each([
        ['{"mtu": 1300}', `${FILE} has mtu 1300, which Crosshost has not set`],
        ['{"debug": tru}', `${FILE} is not JSON at line 1, before \`tru}\``],
        ['{\n"a": [1,\n}', `${FILE} is not JSON at line 3, before \`}\``],
        ['{"a": 1} x', `${FILE} is not JSON at line 1, before \`x\``],
    ])("%s is refused, and stays", (before, why) => {
        write(before);
        const { status, stderr } = apply("daemon mtu: 1400\n");
        expect(stderr).toContain(`daemon mtu: ${why}`);
        expect(status).toBe(2);
        expect(text()).toBe(before);
        expect(done()).toBe("");
    });

    test("with keys that a flag sets is refused, with the place", () => {
        host.sh(
            "sh -c 'sleep 30; :' dockerd --mtu 1300 --dns=1.1.1.1 >/dev/null 2>&1 </dev/null & echo $! >/run/docker.pid",
        );
        const { status, stderr } = apply(UNIT);
        expect(stderr).toContain("daemon dns: docker.service has --dns=1.1.1.1: remove it there");
        expect(stderr).toContain("daemon mtu: docker.service has --mtu 1300: remove it there");
        expect(status).toBe(2);
        expect(host.observe().facts).toContain("daemon-flag mtu docker.service has --mtu 1300");
    });

    test("that Docker's own check does not accept is not put there", () => {
        host.put(
            "dockerd",
            "#!/bin/sh\necho 'unable to configure the Docker daemon with file /dev/stdin: unknown directive: mtu' >&2; exit 1\n",
        );
        const { status, stderr } = apply("daemon mtu: 1400\n");
        expect(stderr).toContain(
            `daemon mtu: Docker does not accept ${FILE} with it: unknown directive: mtu`,
        );
        expect(status).toBe(2);
        expect(left()).toBe("");
        host.put("dockerd", "#!/bin/sh\necho 'unknown flag: --validate' >&2; exit 125\n");
        expect(apply("daemon mtu: 1400\n")).toMatchObject({ status: 0 });
    });

    test("is reloaded where Docker takes it over while it runs, also what is gone", () => {
        const before = '{ "debug": true }';
        write(before);
        const unit = "daemon live-restore: true\ndaemon registry-mirrors: https://mirror.example\n";
        expect(apply(unit)).toMatchObject({ status: 0, stderr: "" });
        expect(done()).toBe("reload");
        expect(JSON.parse(host.sh("cat $FAKES/read"))).toMatchObject({ "live-restore": true });
        expect(uninstall().status).toBe(0);
        expect(done()).toBe("reload");
        expect(JSON.parse(host.sh("cat $FAKES/read"))).toEqual({
            debug: true,
            "live-restore": false,
            "registry-mirrors": [],
        });
        expect(text()).toBe(before);
    });

    test("makes live-restore count before the restart that another key needs", () => {
        apply("daemon live-restore: true\ndaemon mtu: 1400\n");
        expect(done()).toBe("reload restart");
    });

    test("is taken back where Docker does not start with it, and what ran runs", () => {
        const before = '{ "debug": true }';
        write(before);
        const { status, stderr } = apply("daemon log-driver: bad\n");
        expect(status).toBe(1);
        expect(stderr).toMatch(
            /^crosshost: unit host on \S+: daemon log-driver: tried `systemctl restart docker`: failed to start daemon: no log driver named bad is registered; put back: daemon log-driver, and Docker runs as before\n$/,
        );
        expect(text()).toBe(before);
        expect(host.sh("cat $FAKES/read")).toBe(before);
        expect(done()).toBe("restart restart");
        expect(running()).toBe("true");
        expect(host.sh("ls /var/lib/crosshost")).not.toContain("daemon");
        expect(host.observe().facts).toEqual(
            expect.arrayContaining([
                "daemon-tried daemon log-driver: bad",
                "daemon-tried said failed to start daemon: no log driver named bad is registered",
            ]),
        );
        expect(apply("daemon log-driver: local\n")).toMatchObject({ status: 0, stderr: "" });
        expect(host.observe().facts.join()).not.toContain("daemon-tried");
        expect(running()).toBe("true");
    });

    test("is taken back where Docker does not take it over", () => {
        rmSync(join(host.folder, "hup"));
        writeFileSync(join(host.folder, "hup"), "");
        const { stderr } = apply("daemon live-restore: true\n");
        expect(stderr).toContain("daemon live-restore: tried `systemctl reload docker`: ");
        expect(left()).not.toContain("daemon.json");
    });

    test.each(["the next run", "a boot after a power cut"])(
        "that a run was killed with, Docker being down, is as before by %s",
        (by) => {
            const before = '{ "debug": true }';
            write(before);
            const killed = host.run(
                [
                    "sh",
                    "-c",
                    `echo $$ >$FAKES/die; exec ${tools.shell} ${host.program} apply ${STACK} host`,
                ],
                "daemon log-driver: bad\n",
            );
            expect(killed.status).not.toBe(0);
            expect(text()).toContain("bad");
            rmSync(join(host.folder, "die"));
            done();
            if (by === "the next run") {
                const { stderr } = host.crosshost(["boot", STACK, "rules"]);
                expect(stderr).toContain("undid an unfinished apply");
                expect(done()).toBe("restart");
                expect(running()).toBe("true");
            } else {
                host.sh("rm -rf /run/crosshost");
                host.crosshost(["boot", STACK, "links"]);
                expect(done()).toBe("");
            }
            expect(text()).toBe(before);
            expect(host.sh("ls -A /var/lib/crosshost")).not.toContain("trying");
        },
    );

    test("tells plans what it says and who has said it", () => {
        write(
            '{"insecure-registries": ["lan:5000", "10.0.0.0/8"], "bridge": "br0", "debug": true}',
        );
        apply("daemon mtu: 1400\n");
        const told = host.observe().facts.filter((fact) => fact.startsWith("daemon"));
        expect(told.sort()).toEqual([
            `daemon-file ${FILE}`,
            "daemon-key bridge - br0",
            "daemon-key insecure-registries - lan:5000, 10.0.0.0/8",
            `daemon-key mtu ${STACK}:host 1400`,
        ]);
        expect(apply("daemon bip: 10.9.0.1/24\n").stderr).toContain(
            "has bridge br0 in place of docker0",
        );
    });

    function running(): string {
        return readFileSync(join(host.folder, "docker/containers/web/.running"), "utf8").trim();
    }
});
