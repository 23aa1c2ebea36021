import { meshUnit, NetnsHost, STACK } from "../support/netns";

const TUNNEL = "vx-mesh-4f2a1";
const BRIDGE = "ch-mesh-4f2a1";
const TABLE = "crosshost_crosshost_test_3fa9c1_mesh";

/** What somebody else has on the host, the entry that meets it, and how the refusal reads. */
const FOREIGN: readonly (readonly [string, string, string])[] = [
    [
        `ip link add ${BRIDGE} type bridge`,
        "",
        `link ${BRIDGE}: belongs to somebody else (bridge, no mark)`,
    ],
    [
        `ip link add ${TUNNEL} type veth peer name x; ip link set ${TUNNEL} alias theirs`,
        "",
        `link ${TUNNEL}: belongs to somebody else (veth, alias theirs)`,
    ],
    [
        "ip link add vx9 type vxlan id 1048999 dstport 20473 local 192.168.40.11",
        "",
        `link ${TUNNEL}: VNI 1048999 on port 20473 is taken by vx9 (not made by Crosshost)`,
    ],
    [
        "ip route add 10.42.2.0/24 via 192.168.40.7",
        "",
        "route 10.42.2.0/24: already exists and was not made by Crosshost (10.42.2.0/24 via 192.168.40.7 dev eth0 proto boot scope global)",
    ],
    [
        "ip addr add 10.61.0.1/24 dev eth0",
        "addr eth0 10.61.0.1/24: scope global",
        "addr eth0 10.61.0.1/24: already exists and was not made by Crosshost (scope global)",
    ],
    [
        "ip neigh add 192.168.40.77 lladdr 02:00:00:00:00:01 dev eth0 nud permanent",
        "neigh 192.168.40.77 dev eth0: lladdr 02:00:00:00:00:02",
        "neigh 192.168.40.77 dev eth0: already exists and was not made by Crosshost (lladdr 02:00:00:00:00:01)",
    ],
    [
        `nft add table inet ${TABLE}`,
        "",
        `nft table inet ${TABLE}: already exists and was not made by Crosshost (no mark)`,
    ],
    [
        "ip addr flush dev eth0; ip addr add 10.0.0.5/24 dev eth0",
        "",
        "no interface has address 192.168.40.11, found: eth0 10.0.0.5/24",
    ],
    [
        "ip link add vx9 type vxlan external dstport 20473",
        "",
        `link ${TUNNEL}: VNI 1048999 on port 20473 is taken by vx9 (not made by Crosshost)`,
    ],
    [
        "ip route add 10.61.7.0/24 via 192.168.40.7",
        "range 10.61.0.0/16: ours alone",
        "range 10.61.0.0/16: overlaps the route 10.61.7.0/24 via 192.168.40.7 dev eth0 proto boot scope global: choose another network",
    ],
    [
        "ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up",
        "range 172.17.4.0/22: ours alone",
        "range 172.17.4.0/22: overlaps the route 172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1: choose another network",
    ],
    [
        ":",
        "range 192.168.0.0/16: ours alone",
        "range 192.168.0.0/16: overlaps the route 192.168.40.0/24 dev eth0 proto kernel scope link src 192.168.40.11: choose another network",
    ],
    [
        ":",
        "range 10.61.0.0/16: mine",
        "range 10.61.0.0/16: needs a network, such as 10.42.0.0/16, and `ours alone`",
    ],
    [
        "ip link set eth0 mtu 1400",
        "",
        "eth0 has mtu 1400, needs 1500: set the overlay's mtu to 1350",
    ],
    [
        ":",
        "macvlan lan: parent eth0",
        "macvlan lan: this converger (0.1.0) does not know this kind of entry; install a newer one: pulumi up",
    ],
    [
        ":",
        "link l2tp1: l2tp local 192.168.40.11",
        "link l2tp1: links of kind `l2tp` are not made by this converger (0.1.0)",
    ],
    [":", "link br-x: bridge mtu 1450 shiny", "link br-x: the word `shiny` is not known there"],
    [
        ":",
        "route 10.9.0.0/24: dev eth0 weight",
        "route 10.9.0.0/24: the word `weight` is not known there",
    ],
    [":", "sysctl net.ipv4.no_such: 1", "sysctl net.ipv4.no_such: this kernel has no such key"],
    [
        ":",
        "route 10.9.0.0/24: dev eth0; reboot",
        "route 10.9.0.0/24: dev eth0; reboot: not an entry (key: value, plain characters)",
    ],
    [
        ":",
        "docker network mesh: bridge ch-mesh-4f2a1 subnet 10.42.1.0/24 gateway 10.42.1.1",
        "docker network mesh: Docker is not running: systemctl start docker",
    ],
    [
        ":",
        "docker endpoint api|reboot mesh: connected",
        "docker endpoint api|reboot mesh: is not a valid Docker name",
    ],
    [":", `sysctl net.ipv4.ip_forward: 1`, "sysctl net.ipv4.ip_forward: occurs twice in the unit"],
];

test.each(FOREIGN)("%s: refused before anything is done", (command, entry, told) => {
    const host = new NetnsHost();
    host.sh(command);
    const before = host.dump();
    const { status, stderr } = host.apply("mesh", meshUnit() + (entry === "" ? "" : `${entry}\n`));
    expect(stderr.split("\n")).toContain(`crosshost: refused: unit mesh: ${told}`);
    expect(status).toBe(2);
    host.sh("rmdir /run/crosshost 2>/dev/null || :");
    expect(host.dump()).toBe(before);
    host.close();
});

test("what another stack holds is refused, naming it", () => {
    const host = new NetnsHost();
    host.apply("mesh", meshUnit());
    const whole = host.dump();
    const stranger = host.apply(
        "web",
        `link ${TUNNEL}: bridge\nsysctl net.ipv4.ip_forward: 0\n`,
        "crosshost-other-1",
    );
    expect(stranger.stderr).toContain(`link ${TUNNEL}: belongs to unit mesh of stack ${STACK}\n`);
    expect(stranger.stderr).toContain(
        `sysctl net.ipv4.ip_forward: unit mesh of stack ${STACK} wants 1\n`,
    );
    expect(host.dump()).toBe(whole);
    host.close();
});

test("a range is not in the way of a default route, its VPN halves, or a gateway's wider one", () => {
    const host = new NetnsHost();
    host.sh("for r in 0.0.0.0/1 128.0.0.0/1 10.0.0.0/8; do ip route add $r via 192.168.40.7; done");
    const unit = `${meshUnit()}range 10.42.0.0/16: ours alone\n`;
    expect(host.apply("mesh", unit)).toMatchObject({ status: 0, stderr: "" });
    expect(host.apply("mesh", unit).stdout).toContain("in step");
    host.sh("ip route add 10.42.99.0/24 via 192.168.40.7");
    expect(host.observe().drift).toEqual([
        "range 10.42.0.0/16: overlaps the route 10.42.99.0/24 via 192.168.40.7 dev eth0 proto boot scope global",
    ]);
    host.close();
});

test("a range of another stack, or one that holds who logs in, is refused", () => {
    const host = new NetnsHost();
    host.apply("mesh", `${meshUnit()}range 10.42.0.0/16: ours alone\n`);
    const told = (range: string, stack = STACK, environment?: NodeJS.ProcessEnv) =>
        host.crosshost(["apply", stack, "web"], `range ${range}: ours alone\n`, environment).stderr;
    expect(told("10.0.0.0/8", "crosshost-other-1")).toContain(
        `range 10.0.0.0/8: overlaps 10.42.0.0/16 of unit mesh of stack ${STACK}: choose another`,
    );
    expect(told("10.42.0.0/16", "crosshost-other-1")).toContain(
        `range 10.42.0.0/16: belongs to unit mesh of stack ${STACK}\n`,
    );
    const login = { SSH_CONNECTION: "10.77.0.9 50000 192.168.40.11 22" };
    expect(told("10.77.0.0/24", STACK, login)).toContain(
        "range 10.77.0.0/24: contains 10.77.0.9, the address of this SSH client: choose another network\n",
    );
    expect(host.observe().facts).toEqual(
        expect.not.arrayContaining([expect.stringMatching(/^range/)]),
    );
    host.close();
});

test("who logs in from a network that is ours already may apply it again, and no wider one newly", () => {
    const host = new NetnsHost();
    const login = { SSH_CONNECTION: "10.42.1.7 50000 192.168.40.11 22" };
    const unit = (range: string, more = "") =>
        `${meshUnit().replace(/^route .*\n/m, "")}${more}range ${range}: ours alone\n`;
    const apply = (name: string, text: string) =>
        host.crosshost(["apply", STACK, name], text, login);
    expect(apply("mesh", unit("10.42.0.0/16")).stderr).toContain("the address of this SSH client");
    expect(host.apply("mesh", unit("10.42.0.0/16"))).toMatchObject({ status: 0 });
    expect(apply("mesh", unit("10.42.0.0/16"))).toMatchObject({ status: 0, stderr: "" });
    expect(apply("mesh", unit("10.42.0.0/16", "seen: a2\n"))).toMatchObject({ status: 0 });
    expect(apply("renamed", unit("10.42.0.0/17"))).toMatchObject({ status: 0 });
    // A route that was not there could lead the answers away.
    const led = apply("renamed", unit("10.42.0.0/17", "route 10.42.1.4/30: dev eth0\n"));
    expect(led.stderr).toContain(
        "route 10.42.1.4/30: contains 10.42.1.7, the address of this SSH client",
    );
    const { facts } = host.observe(STACK, login);
    expect(facts).toContain("ssh 10.42.1.7");
    expect(facts).toContain(`ssh-in 10.42.0.0/17 ${STACK}:renamed`);
    host.close();
});

test("a VPN's wider route is no conflict, one that lies inside is", () => {
    const host = new NetnsHost();
    host.sh(
        "ip tuntap add wg0 mode tun; ip addr add 10.8.0.2/24 dev wg0; ip link set wg0 up; ip route add 10.0.0.0/8 dev wg0",
    );
    const told = () => host.apply("mesh", "range 10.42.0.0/16: ours alone\n");
    expect(told()).toMatchObject({ status: 0, stderr: "" });
    expect(host.observe().facts).toContain("tunnel wg0");
    host.sh("ip route add 10.42.7.0/24 dev wg0");
    expect(host.observe().drift).toEqual([
        expect.stringContaining("range 10.42.0.0/16: overlaps the route 10.42.7.0/24 dev wg0"),
    ]);
    host.close();
});

test("an address that is routed to the host may lie on its loopback, or on a link of no wire", () => {
    const host = new NetnsHost();
    host.sh(
        "ip addr add 192.0.2.5/32 dev lo; ip link add any0 type bridge; ip addr add 192.0.2.6/32 dev any0; ip link set any0 up",
    );
    const { facts } = host.observe();
    expect(facts.filter((fact) => fact.startsWith("address "))).toEqual([
        "address lo 192.0.2.5/32 65536",
        "address eth0 192.168.40.11/24 1500",
        "address any0 192.0.2.6/32 1500",
    ]);
    for (const address of ["192.0.2.5", "192.0.2.6"]) {
        const unit = `underlay ${address}: mtu 1280\n`;
        expect(host.apply("host", unit)).toMatchObject({ status: 0, stderr: "" });
    }
    expect(host.apply("host", "underlay 192.0.2.9: mtu 1280\n").stderr).toContain(
        "no interface has address 192.0.2.9, found: lo 192.0.2.5/32, eth0 192.168.40.11/24, any0 192.0.2.6/32",
    );
    host.close();
});

test("two tunnels share a port, as long as their VNIs differ", () => {
    const host = new NetnsHost();
    host.sh(
        "ip link add vx9 type vxlan id 9 dstport 20473 local 192.168.40.11; ip link set vx9 up",
    );
    expect(host.apply("mesh", meshUnit())).toMatchObject({ status: 0, stderr: "" });
    host.close();
});

/** A kernel whose modules are known, but vxlan is none of them; nothing may be loaded to find out. */
const NO_VXLAN = `
mount -t tmpfs none /sys/module
mkdir -p $FAKES/lib/modules/$(uname -r)
echo kernel/net/netfilter/nf_tables.ko >$FAKES/lib/modules/$(uname -r)/modules.builtin
mount -t overlay none -o lowerdir=$FAKES/lib:/usr/lib /usr/lib
`;

test("a kernel without vxlan is told by the probe and refused, and no module is loaded for it", () => {
    const host = new NetnsHost();
    host.sh(NO_VXLAN);
    host.put("modprobe", '#!/bin/sh\necho "$*" >>"$FAKES/modprobe.log"\n[ "$1" = -n ]; exit 1\n');
    expect(host.observe().facts).toContain("lacks vxlan");
    expect(host.apply("mesh", meshUnit())).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(
            /^crosshost: refused: unit mesh: link vx-mesh-4f2a1: this kernel \(\S+\) has no vxlan: install its extra modules, or boot another\n$/,
        ) as string,
    });
    expect(host.sh("sort -u $FAKES/modprobe.log")).toMatch(/^(-n -q .*\n)+$/);
    host.close();
});

test("a kernel that tells what it was built with is believed, and modprobe not asked", () => {
    const host = new NetnsHost();
    host.sh(
        "mount -t tmpfs none /sys/module; [ ! -d /lib/modules ] || mount -t tmpfs none /lib/modules",
    );
    host.put(
        "gzip",
        "#!/bin/sh\nprintf '%s\\n' CONFIG_NET=y CONFIG_NF_TABLES=y CONFIG_NET_IPIP=m CONFIG_MACVLAN=m\n",
    );
    host.put("modprobe", '#!/bin/sh\n: >"$FAKES/modprobe.log"\nexit 1\n');
    expect(host.observe().facts.filter((fact) => fact.startsWith("lacks "))).toEqual([
        "lacks vxlan",
        "lacks geneve",
        "lacks ip_gre",
        "lacks wireguard",
        "lacks ipvlan",
        "lacks 8021q",
    ]);
    const { status, stderr } = host.apply("mesh", meshUnit());
    expect(status).toBe(2);
    expect(stderr).toMatch(/: this kernel \(\S+\) has no vxlan: /);
    expect(host.sh("ls $FAKES")).not.toContain("modprobe.log");
    host.close();
});

test("a look at the firewall is not taken where it would load a module", () => {
    const host = new NetnsHost();
    host.sh(NO_VXLAN.replace("nf_tables.ko", "x_tables.ko"));
    host.put(
        "nft",
        '#!/bin/sh\n[ "$1" = -v ] && echo "nftables v1.0.6" && exit\necho "$*" >>"$FAKES/nft.log"\n',
    );
    host.observe();
    expect(host.sh("cat $FAKES/nft.log 2>/dev/null || :")).toBe("");
    host.close();
});

test.each([
    [
        "BusyBox",
        '#!/bin/sh\necho "BusyBox v1.36.1 (Debian) multi-call binary."\nexit 1\n',
        "`ip` is BusyBox's, which cannot show everything that is needed: install iproute2",
    ],
    [
        "no",
        "#!/bin/sh\nexit 127\n",
        "iproute2 is not installed (no program `ip`): apt install iproute2",
    ],
])("a host with %s ip", (_, ip, told) => {
    const host = new NetnsHost();
    host.put("ip", ip);
    expect(host.crosshost(["observe", STACK])).toMatchObject({
        status: 2,
        stderr: `crosshost: refused: ${told}\n`,
    });
    expect(host.apply("mesh", meshUnit())).toMatchObject({
        status: 2,
        stderr: `crosshost: refused: unit mesh: ${told}\n`,
    });
    host.close();
});

test("names and verbs are checked", () => {
    const host = new NetnsHost();
    expect(host.crosshost(["apply", "../x", "mesh"], "")).toMatchObject({ status: 1 });
    expect(host.crosshost(["observe", "a b"])).toMatchObject({ status: 1 });
    expect(host.crosshost(["observe"]).stderr).toMatch(
        /^crosshost: usage:\n {2}crosshost facts [^]*\n {2}crosshost observe STACK /,
    );
    host.close();
});

test("a user who is not root is told what to do", () => {
    const host = new NetnsHost();
    host.sh(`chmod 755 ${host.folder} ${host.bin()}`);
    const nobody = ["setpriv", "--reuid=65534", "--clear-groups", "sh", host.program];
    expect(host.run([...nobody, "observe", STACK])).toMatchObject({
        status: 2,
        stderr: 'crosshost: refused: commands run there as nobody, who is not root: set become: "sudo"\n',
    });
    expect(host.run([...nobody, "apply", STACK, "mesh"], meshUnit()).stderr).toMatch(
        /who is not root: set become: "sudo"/,
    );
    host.close();
});
