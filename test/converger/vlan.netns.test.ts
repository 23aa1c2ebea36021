import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { BARE, NetnsHost, STACK, TOOLS } from "../support/netns";

const SHIM = "mv-lan-9ca85";
/** This kernel may have no 802.1Q: a link of another kind takes its place. */
const VLAN = "eth0.20";
const DOCKER =
    "docker network lan: macvlan eth0 mode bridge subnet 192.168.40.0/24 gateway 192.168.40.254 ip-range 192.168.40.64/29 aux 192.168.40.70\n";
const WEB = "docker endpoint web lan: ipv4 192.168.40.200 alias www\n";

describe.each(TOOLS)("a network on a VLAN, with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh("echo 1 >/run/docker.pid; docker network create -d bridge bridge");
        writeFileSync(join(host.folder, "docker/version"), "28.5.2\n");
    });
    afterEach(() => {
        host.run(["docker", "halt", "web"]);
        host.run(["docker", "halt", "stranger"]);
        host.close();
    });

    test("is made anew under its containers when their links went with the parent", () => {
        const unit = DOCKER.replace("macvlan eth0", `macvlan ${VLAN}`);
        const reached = () => host.sh("docker inside web ip -o -4 addr").includes("192.168.40.200");
        host.sh(`ip link add ${VLAN} type bridge; ip link set ${VLAN} up`);
        host.sh(
            "docker run web; docker boot web; docker run db; docker run stranger; docker boot stranger",
        );
        host.apply("lan", unit);
        expect(host.apply("attachment-web", WEB)).toMatchObject({ status: 0, stderr: "" });
        host.sh(
            "docker network connect --ip 192.168.40.201 lan stranger; docker network connect lan db",
        );
        expect(host.observe().drift).toEqual([]);
        const whole = host.sh("cat $FAKES/docker/networks/lan $FAKES/docker/containers/*/lan");
        for (const cut of ["web", "stranger"]) {
            host.sh(`docker inside ${cut} ip link del lan`);
            expect(host.observe().drift).toEqual(["docker network lan: containers cut off"]);
            expect(host.apply("lan", unit)).toMatchObject({ status: 0, stderr: "" });
            expect(host.observe().drift).toEqual([]);
        }
        host.sh(`ip link del ${VLAN}; ip link add ${VLAN} type bridge; ip link set ${VLAN} up`);
        expect(reached()).toBe(false);
        expect(host.observe().drift).toEqual(["docker network lan: containers cut off"]);
        expect(host.apply("lan", unit)).toMatchObject({ status: 0, stderr: "" });
        expect(reached()).toBe(true);
        expect(host.observe().drift).toEqual([]);
        expect(host.apply("lan", unit).stdout).toBe("lan: in step, nothing to do\n");
        expect(host.sh("cat $FAKES/docker/networks/lan $FAKES/docker/containers/*/lan")).toBe(
            whole,
        );
        host.sh("docker halt web; docker halt stranger");
        expect(host.observe().drift).toEqual([]);
    });
});

/** `ip -d -o link` of a kernel that has VLANs and ipvlan, which the one that tests run on may lack. */
const OTHER_KERNEL = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0
2: eth0: <BROADCAST,MULTICAST,PROMISC,UP,LOWER_UP> mtu 1500 qdisc mq state UP mode DEFAULT group default qlen 1000\\    link/ether 52:54:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 1
3: eth0.20@eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group 201 qlen 1000\\    link/ether 52:54:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 0 maxmtu 65535 \\    vlan protocol 802.1Q id 20 <REORDER_HDR> addrgenmode eui64 \\    alias crosshost:${STACK}:lan
4: ${SHIM}@eth0.20: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UNKNOWN mode DEFAULT group 201 qlen 1000\\    link/ether 52:54:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0 \\    ipvlan  mode l2 bridge addrgenmode eui64 \\    alias crosshost:${STACK}:lan
`;

test("VLANs and ipvlan are read as other kernels print them", () => {
    const host = new NetnsHost();
    host.sh(`mkdir -p /run/crosshost /var/lib/crosshost/${STACK}/units`);
    const unit = `link eth0.20: vlan link eth0 id 20\nlink ${SHIM}: ipvlan link eth0.20 mode l2\npromisc eth0: on\n`;
    host.run(["sh", "-c", `cat >/var/lib/crosshost/${STACK}/units/lan`], unit);
    writeFileSync(join(host.folder, "links"), OTHER_KERNEL);
    const print = (change: string) => host.put("ip", `#!/bin/sh\nsed '${change}' $FAKES/links\n`);
    print("");
    expect(host.observe().drift).toEqual([]);
    expect(host.apply("lan", unit).stdout).toBe("lan: in step, nothing to do\n");
    print("s/ id 20 / id 21 /; s/mode l2/mode l3/; s/PROMISC,//");
    expect(host.observe().drift).toEqual([
        "link eth0.20: id 21",
        `link ${SHIM}: mode l3`,
        "promisc eth0: off",
    ]);
    host.close();
});

/** Such a kernel's `ip`, which takes all steps and shows of them whether the VLAN is there. */
const ITS_IP = `#!/bin/sh
[ "$*" != "-d -o -batch -" ] || exec cat $FAKES/links
[ "$1" = -batch ] || exit 0
cat $2 >>$FAKES/steps
! grep -q "^link del eth0.20" $2 || sed -i /eth0.20/d $FAKES/links
! grep -q "^link add name eth0.20 " $2 || cp $FAKES/whole $FAKES/links
`;

test.each([
    ["is gone", "/eth0.20/d"],
    ["is of another number", "s/ id 20 / id 21 /"],
])("a network on a VLAN that %s is made anew with it, under its containers", (_, change) => {
    const host = new NetnsHost();
    host.put("modprobe", "#!/bin/sh\nexit 0\n");
    const unit = `${DOCKER.replace("eth0", "eth0.20")}link eth0.20: vlan link eth0 id 20\n`;
    host.sh(`${BARE}\necho 1 >/run/docker.pid; docker network create -d bridge bridge`);
    host.sh("docker run web");
    for (const [name, text] of [
        ["docker/version", "28.5.2\n"],
        ["links", OTHER_KERNEL],
        ["whole", OTHER_KERNEL],
    ] as const) {
        writeFileSync(join(host.folder, name), text);
    }
    host.sh(`sed -i /${SHIM}/d $FAKES/links $FAKES/whole`);
    host.put("ip", ITS_IP);
    expect(host.apply("lan", unit)).toMatchObject({ status: 0, stderr: "" });
    host.apply("attachment-web", WEB);
    host.sh(`sed -i '${change}' $FAKES/links; rm -f $FAKES/steps; : >$FAKES/docker.log`);
    expect(host.observe().drift).toContainEqual(expect.stringMatching(/^link eth0\.20: /));
    expect(host.apply("lan", unit)).toMatchObject({ status: 0, stderr: "" });
    expect(host.sh("grep -A1 'add name' $FAKES/steps")).toBe(
        `link add name eth0.20 link eth0 group 201 type vlan id 20\nlink set eth0.20 alias crosshost:${STACK}:lan\n`,
    );
    expect(host.sh("cut -d' ' -f1-3 $FAKES/docker.log")).toBe(
        "network disconnect -f\nnetwork rm lan\nnetwork create -d\nnetwork connect --driver-opt\n",
    );
    expect(host.observe().drift).toEqual([]);
    expect(host.apply("lan", unit).stdout).toBe("lan: in step, nothing to do\n");
    host.close();
});

test("a kernel that lacks what a LAN needs is told of by the probe, and refused", () => {
    const host = new NetnsHost();
    host.sh(`${BARE}\necho 1 >/run/docker.pid; docker network ls`);
    host.put("modprobe", "#!/bin/sh\nexit 1\n");
    expect(host.observe().facts.filter((fact) => fact.startsWith("lacks "))).toEqual([
        "lacks vxlan",
        "lacks geneve",
        "lacks ip_gre",
        "lacks ipip",
        "lacks wireguard",
        "lacks macvlan",
        "lacks ipvlan",
        "lacks 8021q",
    ]);
    const unit = DOCKER.replace("macvlan eth0", "ipvlan eth0.20").replace("bridge", "l2");
    const { stderr } = host.apply("lan", `${unit}link eth0.20: vlan link eth0 id 20\n`);
    expect(stderr).toMatch(
        /docker network lan: this kernel \(\S+\) has no ipvlan: install its extra modules, or boot another\n/,
    );
    expect(stderr).toMatch(/link eth0\.20: this kernel \(\S+\) has no 8021q: /);
    const tunnel = "link gr-mesh-1: gre local 192.168.40.11 key 7 mtu 1472\n";
    expect(host.apply("mesh", tunnel).stderr).toMatch(/link gr-mesh-1: this kernel .* no ip_gre: /);
    host.put("modprobe", "#!/bin/sh\nexit 0\n");
    expect(host.observe().facts.filter((fact) => fact.startsWith("lacks "))).toEqual([]);
    host.close();
});
