import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { NetnsHost, STACK, TOOLS } from "../support/netns";

const SHIM = "mv-lan-9ca85";
const DOCKER =
    "docker network lan: macvlan eth0 mode bridge subnet 192.168.40.0/24 gateway 192.168.40.254 ip-range 192.168.40.64/29 aux 192.168.40.70\n";
const ACCESS = `addr ${SHIM} 192.168.40.70/32: scope global
link ${SHIM}: macvlan link eth0 mode bridge address 02:c3:bf:14:00:01
route 192.168.40.64/29: dev ${SHIM} src 192.168.40.70
sysctl net.ipv4.conf.eth0.arp_ignore: 1
sysctl net.ipv4.conf.${SHIM}.arp_ignore: 1
sysctl net.ipv6.conf.${SHIM}.disable_ipv6: 1
`;
const UNIT = DOCKER + ACCESS;
const WEB = `docker endpoint web lan: ipv4 192.168.40.200\nroute 192.168.40.200: dev ${SHIM} src 192.168.40.70\n`;

describe.each(TOOLS)("a LAN with $shell and $awk", (tools) => {
    let host: NetnsHost;
    let before: string;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh("echo 1 >/run/docker.pid; docker network ls");
        writeFileSync(join(host.folder, "docker/version"), "28.5.2\n");
        host.sh("docker network create -d bridge bridge");
        before = host.dump();
    });
    afterEach(() => host.close());

    const arpIgnore = () => host.sh("cat /proc/sys/net/ipv4/conf/eth0/arp_ignore").trim();

    test("is made, kept, told by its parts, and undone", () => {
        expect(host.apply("lan", UNIT)).toMatchObject({ status: 0, stderr: "" });
        expect(host.apply("lan", UNIT).stdout).toBe("lan: in step, nothing to do\n");
        expect(host.sh("grep create $FAKES/docker.log | tail -n 1")).toBe(
            `network create -d macvlan -o parent=eth0 -o macvlan_mode=bridge --subnet 192.168.40.0/24 --gateway 192.168.40.254 --ip-range 192.168.40.64/29 --aux-address host=192.168.40.70 --label crosshost=${STACK}:lan lan\n`,
        );
        expect(host.sh(`ip route get 192.168.40.65`)).toContain(`dev ${SHIM} src 192.168.40.70`);
        expect(arpIgnore()).toBe("1");
        expect(host.observe().facts).toContain(`mac 02:c3:bf:14:00:01 ${SHIM}`);
        for (const [act, told] of [
            [`ip link del ${SHIM}`, `link ${SHIM}: missing`],
            [`ip link set ${SHIM} down`, `link ${SHIM}: down`],
            [`ip route del 192.168.40.64/29`, "route 192.168.40.64/29: missing"],
            ["docker network rm lan", "docker network lan: missing"],
            [
                "echo 0 >/proc/sys/net/ipv4/conf/eth0/arp_ignore",
                "sysctl net.ipv4.conf.eth0.arp_ignore: 0",
            ],
        ] as const) {
            host.sh(act);
            expect(host.observe().drift).toContain(told);
            expect(host.apply("lan", UNIT)).toMatchObject({ status: 0, stderr: "" });
            expect(host.observe().drift).toEqual([]);
        }
        expect(host.delete("lan")).toMatchObject({ status: 0, stderr: "" });
        expect(arpIgnore()).toBe("0");
        expect(host.crosshost(["uninstall", STACK])).toMatchObject({ status: 0, stderr: "" });
        expect(host.dump()).toBe(before);
    });

    test("changes under its containers, and a change that fails is put back whole", () => {
        host.apply("lan", UNIT);
        host.sh("docker run web; docker run app lan app");
        host.apply("web", WEB);
        const whole = host.dump();
        const networks = host.sh("cat $FAKES/docker/networks/lan $FAKES/docker/containers/*/lan");
        const poison = "docker network poison: macvlan peer0 mode bridge subnet 10.9.0.0/24\n";
        const changed = UNIT.replaceAll("mode bridge", "mode vepa");
        const failed = host.apply("lan", changed + poison);
        expect(failed.stderr).toContain(
            "docker network poison: tried `docker network create -d macvlan -o parent=peer0 ",
        );
        expect(failed.stderr).not.toContain("not everything is as before");
        expect(host.dump()).toBe(whole);
        expect(host.sh("cat $FAKES/docker/networks/lan $FAKES/docker/containers/*/lan")).toBe(
            networks,
        );
        expect(host.apply("lan", changed)).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh("cat $FAKES/docker/networks/lan")).toContain(" =macvlan_mode =vepa");
        expect(host.sh(`ip -d link show ${SHIM}`)).toContain("macvlan mode vepa");
        expect(host.sh("ip route get 192.168.40.200")).toContain(`dev ${SHIM}`);
        expect(host.observe().drift).toEqual([]);
    });

    test("is another driver's network, or a bridge's, only by being made anew", () => {
        host.sh(`docker network create -d bridge --label crosshost=${STACK}:lan lan`);
        host.apply("lan", UNIT);
        expect(host.sh("cat $FAKES/docker/networks/lan")).toMatch(/^macvlan /);
        host.sh(
            `docker network rm lan; docker network create -d bridge --label crosshost=${STACK}:lan lan`,
        );
        expect(host.observe().drift).toEqual(["docker network lan: bridge"]);
    });

    test("is there after a boot, the way to its containers when Docker has started", () => {
        host.sh("docker run web");
        host.apply("lan", UNIT);
        expect(host.apply("attachment-web", WEB)).toMatchObject({ status: 0, stderr: "" });
        host.sh(
            `ip link del ${SHIM}; echo 0 >/proc/sys/net/ipv4/conf/eth0/arp_ignore; rm -r /run/crosshost`,
        );
        expect(host.crosshost(["boot", STACK, "links"])).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh("ip route get 192.168.40.65")).toContain(`dev ${SHIM}`);
        expect(arpIgnore()).toBe("1");
        expect(host.crosshost(["boot", STACK, "rules"])).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh("ip route get 192.168.40.200")).toContain(`dev ${SHIM}`);
        expect(host.observe().drift).toEqual([]);
        expect(host.delete("attachment-web").status).toBe(0);
        expect(host.delete("lan").status).toBe(0);
        expect(arpIgnore()).toBe("0");
    });

    test.each([
        [
            "no link of its name",
            ":",
            UNIT.replaceAll("eth0", "eth7"),
            "docker network lan: there is no link eth7 (found peer0, eth0)",
        ],
        [
            "a bridge's port",
            "ip link add br0 type bridge; ip link set eth0 master br0",
            DOCKER,
            "docker network lan: eth0 is a port of br0: use br0 as parent",
        ],
        [
            "a wireless link",
            "mount -t tmpfs none /sys/class/net; mkdir -p /sys/class/net/eth0/phy80211; echo 0 >/sys/class/net/eth0/phy80211/index",
            DOCKER,
            "docker network lan: eth0 is wireless, and an access point accepts no frames from other MACs: use a wired link",
        ],
        [
            "a driver of which nothing is known",
            ":",
            DOCKER.replace("macvlan", "weave"),
            "docker network lan: networks of the driver `weave` are not made by this converger (0.1.0)",
        ],
        [
            "a word of another driver",
            ":",
            DOCKER.replace(" aux ", " masquerade "),
            "docker network lan: the word `masquerade` is not known there",
        ],
        [
            "a promise that is none",
            ":",
            `${DOCKER}promisc eth0: off\n`,
            "promisc eth0: only `promisc LINK: on` is known",
        ],
    ])("is refused on %s", (_, act, unit, told) => {
        host.sh(act);
        const { status, stderr } = host.apply("lan", unit);
        expect(stderr.split("\n")).toContain(`crosshost: refused: unit lan: ${told}`);
        expect(status).toBe(2);
    });

    test("asks nothing of an engine that is stopped, which its socket would start", () => {
        host.put("docker", "#!/bin/sh\n: >/run/asked\n");
        host.sh("rm /run/docker.pid");
        host.observe();
        host.apply("lan", UNIT);
        expect(host.sh("ls /run")).not.toContain("asked");
    });

    test("is refused where another network has the parent, by engines and subnets that cannot share it", () => {
        const create = (name: string, subnet: string) =>
            host.sh(`docker network create -d macvlan -o parent=eth0 --subnet ${subnet} ${name}`);
        create("old", "10.9.0.0/24");
        expect(host.observe().facts).toContain("lan old macvlan eth0 10.9.0.0/24 -");
        expect(host.apply("lan", UNIT)).toMatchObject({ status: 0, stderr: "" });
        host.delete("lan");
        writeFileSync(join(host.folder, "docker/version"), "26.1.5\n");
        host.sh(`echo ${process.ppid} >/run/docker.pid`); // any process that runs
        const told =
            "crosshost: refused: unit lan: docker network lan: eth0 is the parent of a Docker network that Crosshost did not make, old: remove it (docker network rm old), or choose another parent or a vlan\n";
        expect(host.apply("lan", UNIT)).toMatchObject({ status: 2, stderr: told });
        writeFileSync(join(host.folder, "docker/version"), "28.5.2\n");
        host.sh(`echo ${process.pid} >/run/docker.pid; docker network rm old`);
        create("old", "192.168.0.0/16");
        expect(host.apply("lan", UNIT)).toMatchObject({ status: 2, stderr: told });
        host.sh("docker network rm old");
        host.apply("first", DOCKER.replace("network lan", "network first"), "crosshost-other-1");
        expect(host.apply("lan", DOCKER).stderr).toContain(
            "eth0 is the parent of first of unit first of stack crosshost-other-1: remove it",
        );
    });

    test("does not take the way back to who logs in", () => {
        const login = { SSH_CONNECTION: "192.168.40.66 50000 192.168.40.11 22" };
        const { stderr } = host.crosshost(["apply", STACK, "lan"], UNIT, login);
        expect(stderr).toContain(
            "docker network lan: 192.168.40.64/29 contains 192.168.40.66, the address of this SSH client: choose another ipRange\n",
        );
        expect(stderr).toContain(
            "route 192.168.40.64/29: contains 192.168.40.66, the address of this SSH client: choose another address\n",
        );
        host.apply("lan", UNIT);
        host.sh("docker run web");
        const web = { SSH_CONNECTION: "192.168.40.200 50000 192.168.40.11 22" };
        expect(host.crosshost(["apply", STACK, "web"], WEB, web).stderr).toContain(
            "route 192.168.40.200: contains 192.168.40.200, the address of this SSH client: choose another address\n",
        );
    });

    test("makes its parent promiscuous, together with others, and puts that back", () => {
        const unit = `${DOCKER}promisc eth0: on\n`;
        const flags = () => host.sh("ip -o link show eth0");
        host.apply("lan", unit);
        expect(host.apply("other", "promisc eth0: on\n", "crosshost-other-1").stdout).toContain(
            "in step",
        );
        expect(flags()).toContain("PROMISC");
        host.sh("ip link set eth0 promisc off");
        expect(host.observe().drift).toEqual(["promisc eth0: off"]);
        host.apply("lan", unit);
        expect(host.delete("lan").status).toBe(0);
        expect(flags()).toContain("PROMISC");
        expect(host.delete("other", "crosshost-other-1").status).toBe(0);
        expect(flags()).not.toContain("PROMISC");
        host.sh("ip link set eth0 promisc on");
        host.apply("lan", unit);
        host.delete("lan");
        expect(flags()).toContain("PROMISC");
    });

    test("what is left promiscuous when all units were lost goes with the stack", () => {
        host.apply("lan", `${DOCKER}promisc eth0: on\n`);
        host.sh("rm -r /var/lib/crosshost/*/units");
        expect(host.crosshost(["uninstall", STACK])).toMatchObject({ status: 0, stderr: "" });
        expect(host.dump()).toBe(before);
    });

    test("a parent with a dot in its name has its sysctl written, and put back", () => {
        host.sh("ip link add lan.7 type bridge; ip link set lan.7 up");
        const unit = UNIT.replaceAll("eth0", "lan.7").replace(
            "net.ipv4.conf.lan.7.arp_ignore",
            "net/ipv4/conf/lan.7/arp_ignore",
        );
        expect(host.apply("lan", unit)).toMatchObject({ status: 0, stderr: "" });
        expect(host.apply("lan", unit).stdout).toContain("in step");
        expect(host.sh("cat /proc/sys/net/ipv4/conf/lan.7/arp_ignore")).toBe("1\n");
        host.delete("lan");
        expect(host.sh("cat /proc/sys/net/ipv4/conf/lan.7/arp_ignore")).toBe("0\n");
    });
});

describe("a LAN is asked", () => {
    let host: NetnsHost;
    const mac = () => host.sh("cat /sys/class/net/peer0/address").trim();

    beforeEach(() => {
        host = new NetnsHost();
        host.sh(
            "mount -t sysfs none /sys; ip addr add 192.168.40.77/24 dev peer0; ip addr add 192.168.40.79/24 dev peer0",
        );
    });
    afterEach(() => host.close());

    test.each([
        ["perl", ":"],
        ["arping", "mount --bind /dev/null /usr/bin/perl"],
    ])("by %s, and nothing is changed by that", (_, without) => {
        host.put("arping", '#!/bin/sh\nexec busybox arping "$@"\n');
        host.sh(without);
        const before = host.dump() + host.sh("ip neigh");
        const { stdout, stderr } = host.crosshost([
            "ask",
            "eth0",
            "192.168.40.77",
            "192.168.40.78",
            "192.168.40.79",
        ]);
        expect(stdout.split("\n").sort()).toEqual([
            "",
            `answer 192.168.40.77 ${mac()}`,
            `answer 192.168.40.79 ${mac()}`,
            "asked",
        ]);
        expect(stderr).toBe("");
        expect(host.dump() + host.sh("ip neigh")).toBe(before);
    });

    test("not where it cannot be", () => {
        const said = (link: string) => host.crosshost(["ask", link, "192.168.40.77"]).stdout;
        expect(said("eth9")).toBe("cannot there is no link eth9 yet\nasked\n");
        host.sh("ip link set peer0 down");
        expect(said("eth0")).toBe("cannot eth0 is down\nasked\n");
        host.sh("ip link set peer0 up; mount --bind /dev/null /usr/bin/perl");
        expect(said("eth0")).toBe(
            "cannot neither perl nor arping is installed: apt install iputils-arping\nasked\n",
        );
    });

    test("for addresses only", () => {
        for (const words of [["eth0"], ["eth0", "1;reboot"], ["-x", "192.168.40.77"]]) {
            expect(host.crosshost(["ask", ...words]).status).toBe(1);
        }
    });
});
