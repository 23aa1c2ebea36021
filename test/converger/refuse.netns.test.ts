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
        `link ${TUNNEL}: VNI 1048999 on port 20473 is taken by vx9 (not ours)`,
    ],
    [
        "ip route add 10.42.2.0/24 via 192.168.40.7",
        "",
        "route 10.42.2.0/24: is there already and not ours (10.42.2.0/24 via 192.168.40.7 dev eth0 proto boot scope global)",
    ],
    [
        "ip addr add 10.61.0.1/24 dev eth0",
        "addr eth0 10.61.0.1/24: scope global",
        "addr eth0 10.61.0.1/24: is there already and not ours (scope global)",
    ],
    [
        "ip neigh add 192.168.40.77 lladdr 02:00:00:00:00:01 dev eth0 nud permanent",
        "neigh 192.168.40.77 dev eth0: lladdr 02:00:00:00:00:02",
        "neigh 192.168.40.77 dev eth0: is there already and not ours (lladdr 02:00:00:00:00:01)",
    ],
    [
        `nft add table inet ${TABLE}`,
        "",
        `nft table inet ${TABLE}: is there already and not ours (no mark)`,
    ],
    [
        "ip addr flush dev eth0; ip addr add 10.0.0.5/24 dev eth0",
        "",
        "no interface has address 192.168.40.11, found: eth0 10.0.0.5/24",
    ],
    [
        "ip link set eth0 mtu 1400",
        "",
        "eth0 has mtu 1400, needs 1500: set the overlay's mtu to 1350",
    ],
    [
        ":",
        "macvlan lan: parent eth0",
        "macvlan lan: this converger (0.1.0) knows no such kind of entry; put a newer one on the host: pulumi up",
    ],
    [
        ":",
        "link gre1: gre local 192.168.40.11",
        "link gre1: links of kind `gre` are not made by this converger (0.1.0)",
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
    [":", `sysctl net.ipv4.ip_forward: 1`, "sysctl net.ipv4.ip_forward: is in the unit twice"],
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

test("what another unit or stack holds is refused, naming it", () => {
    const host = new NetnsHost();
    host.apply("mesh", meshUnit());
    const whole = host.dump();
    const other = host.apply("web", `link ${TUNNEL}: vxlan id 5 local 192.168.40.11 dstport 9\n`);
    expect(other).toMatchObject({ status: 2 });
    expect(other.stderr).toContain(`link ${TUNNEL}: belongs to unit mesh\n`);
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

test("names and verbs are checked", () => {
    const host = new NetnsHost();
    expect(host.crosshost(["apply", "../x", "mesh"], "")).toMatchObject({ status: 1 });
    expect(host.crosshost(["observe", "a b"])).toMatchObject({ status: 1 });
    expect(host.crosshost(["observe"]).stderr).toMatch(/^crosshost: usage: /);
    host.close();
});

test("a user who is not root is told what to do", () => {
    const host = new NetnsHost();
    host.sh(`chmod 755 ${host.folder} ${host.bin()}`);
    const nobody = ["setpriv", "--reuid=65534", "--clear-groups", "sh", host.program];
    expect(host.run([...nobody, "observe", STACK])).toMatchObject({
        status: 2,
        stderr: "crosshost: refused: user nobody may not look at everything: run as root (become: sudo)\n",
    });
    expect(host.run([...nobody, "apply", STACK, "mesh"], meshUnit()).stderr).toMatch(
        /run as root \(become: sudo\)/,
    );
    host.close();
});
