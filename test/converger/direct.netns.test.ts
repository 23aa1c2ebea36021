import { readFileSync } from "node:fs";
import { join } from "node:path";
import { meshUnit, NetnsHost, STACK, TOOLS } from "../support/netns";

const UNIT = readFileSync(join(__dirname, "direct.unit"), "utf8");
const OTHER = "crosshost-other-77aa11";
const BRIDGE = "ch-mesh-4f2a1";
const DROP_IN = "/etc/systemd/networkd.conf.d/50-crosshost.conf";
const NETWORKD = "mkdir -p /run/systemd/netif && echo '# private' >/run/systemd/netif/state";
const HANDLE = (rule: string) =>
    `$(nft -a list chain inet crosshost_crosshost_test_3fa9c1_mesh forward | sed -n 's/.*${rule}.*handle //p')`;

/** Folders of ours outlast a unit, until the stack goes. */
const dump = (host: NetnsHost) => host.dump().replace(/^\/run\/crosshost(\/\w+)?\n/gm, "");

const DRIFTS: readonly (readonly [string, readonly string[]])[] = [
    ["ip route del 10.42.2.0/24", ["route 10.42.2.0/24: missing"]],
    [
        "ip route replace 10.42.2.0/24 via 192.168.40.66 src 10.42.1.1 proto 201",
        ["route 10.42.2.0/24: via 192.168.40.66 src 10.42.1.1"],
    ],
    [
        "ip route add 10.42.9.0/24 via 192.168.40.66 src 10.42.1.1 proto 201",
        ["route 10.42.9.0/24: not in the plan, via 192.168.40.66 dev eth0 src 10.42.1.1"],
    ],
    [
        "ip link set eth0 down; ip link set eth0 up; ip route add default via 192.168.40.1",
        ["route 10.42.2.0/24: missing", "route 10.42.3.0/24: missing"],
    ],
    [
        `ip link del ${BRIDGE}`,
        [
            `addr ${BRIDGE} 10.42.1.1/24: missing`,
            `link ${BRIDGE}: missing`,
            "route 10.42.2.0/24: missing",
            "route 10.42.3.0/24: missing",
        ],
    ],
    [`rm ${DROP_IN}`, ["networkd foreign-routes: missing"]],
    [`echo more >>${DROP_IN}`, ["networkd foreign-routes: changed"]],
    [
        `nft delete rule inet crosshost_crosshost_test_3fa9c1_mesh forward handle ${HANDLE("4-10.42.2.0")}`,
        ["nft forward 4-10.42.2.0/24: missing"],
    ],
];

describe.each(TOOLS)("routes without a device, with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh(`iptables -N DOCKER-USER; iptables -A DOCKER-USER -j RETURN; ${NETWORKD}`);
    });
    afterEach(() => host.close());

    test("are applied, applied again without a write, and deleted without a trace", () => {
        const before = host.dump();
        expect(host.apply("mesh", UNIT)).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh("ip route show proto 201")).toMatch(
            /10\.42\.2\.0\/24 via 192\.168\.40\.12 dev eth0 src 10\.42\.1\.1[^]*10\.42\.3\.0\/24 via 192\.168\.40\.13 dev eth0/,
        );
        expect(host.sh(`cat ${DROP_IN}`)).toMatch(/\n\[Network\]\nManageForeignRoutes=no\n$/);
        const stamps = host.stamps();
        expect(host.apply("mesh", UNIT).stdout).toContain("in step");
        expect(host.stamps()).toBe(stamps);
        expect(host.delete("mesh")).toMatchObject({ status: 0, stderr: "" });
        expect(host.crosshost(["uninstall", STACK])).toMatchObject({ status: 0, stderr: "" });
        expect(host.dump()).toBe(before);
    });

    test("drift is told and repaired", () => {
        host.apply("mesh", UNIT);
        const whole = host.dump();
        for (const [command, told] of DRIFTS) {
            host.sh(command);
            expect([command, [...host.observe().drift].sort()]).toEqual([command, told]);
            expect(host.apply("mesh", UNIT)).toMatchObject({ status: 0, stderr: "" });
            expect([command, host.observe().drift]).toEqual([command, []]);
        }
        expect(host.dump()).toBe(whole);
    });

    test("take the place of a tunnel's, and give it back, with nothing left of either", () => {
        host.apply("mesh", meshUnit());
        const tunnelled = host.dump();
        expect(host.apply("mesh", UNIT)).toMatchObject({ status: 0, stderr: "" });
        const routed = host.dump();
        expect(routed).not.toContain("vx-mesh");
        expect(host.apply("mesh", meshUnit())).toMatchObject({ status: 0, stderr: "" });
        expect(host.dump()).toBe(tunnelled);
        expect(host.apply("mesh", UNIT)).toMatchObject({ status: 0, stderr: "" });
        expect(host.dump()).toBe(routed);
    });

    test.each([
        ["from nothing", ""],
        ["from a tunnel", meshUnit()],
        ["from themselves, elsewhere", UNIT.replaceAll("10.42.", "10.77.")],
        [
            "on a bridge that has to be made anew",
            UNIT.replace(
                /bridge (mtu 1500 address)/,
                "vxlan id 77 local 192.168.40.11 dstport 4790 nolearning $1",
            ),
        ],
    ])("a failure leaves all as it was, %s", (_, first) => {
        if (first !== "") {
            expect(host.apply("mesh", first)).toMatchObject({ status: 0 });
        }
        const before = dump(host);
        const poisoned = `${UNIT}iptables DOCKER-USER poison: -s 10.0.0.0/8 -j NOWHERE\n`;
        const { status, stderr } = host.apply("mesh", poisoned);
        expect(status).not.toBe(0);
        expect(stderr).toContain("iptables DOCKER-USER poison");
        expect(stderr).not.toContain("not everything is as before");
        expect(dump(host)).toBe(before);
    });
});

describe("a host that is not on the peers' link", () => {
    const apart = UNIT.replace("192.168.40.13", "192.168.50.13");

    test("refuses, and says why before it does anything", () => {
        const host = new NetnsHost();
        const before = dump(host);
        const { status, stderr } = host.apply("mesh", apart);
        expect({ status, stderr }).toEqual({
            status: 2,
            stderr: "crosshost: refused: unit mesh: route 10.42.3.0/24: no link of this host leads to its gateway 192.168.50.13 (found eth0 192.168.40.11/24): hosts on different links need the backend vxlan\n",
        });
        expect(dump(host)).toBe(before);
        host.close();
    });

    test("does the rest while it boots, and the routes when their link is there", () => {
        const host = new NetnsHost();
        host.sh("iptables -N DOCKER-USER");
        host.apply("mesh", UNIT);
        host.sh(`ip link del ${BRIDGE}; ip addr del 192.168.40.11/24 dev eth0`);
        expect(host.crosshost(["boot", STACK, "links"])).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh("ip route show proto 201")).toBe("");
        expect(host.sh(`ip -br link show ${BRIDGE}`)).toContain(BRIDGE);
        host.sh("ip addr add 192.168.40.11/24 dev eth0");
        expect(host.crosshost(["boot", STACK, "rules"])).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh("ip route show proto 201")).toMatch(/10\.42\.2\.0[^]*10\.42\.3\.0/);
        host.close();
    });

    test("tells by facts what is on its links, and who made the machine", () => {
        const host = new NetnsHost();
        host.sh(
            "mount -t tmpfs none /sys/class && mkdir -p /sys/class/dmi/id && echo 'Amazon EC2' >/sys/class/dmi/id/sys_vendor",
        );
        const { facts } = host.observe();
        expect(facts).toContain("on-link 192.168.40.0/24 eth0");
        expect(facts.filter((fact) => fact.startsWith("on-link default"))).toEqual([]);
        expect(facts).toContain("vendor Amazon EC2");
        expect(facts.filter((fact) => fact.startsWith("chassis"))).toEqual([]);
        host.close();
    });
});

describe("systemd-networkd's drop-in", () => {
    let host: NetnsHost;
    const exists = () => host.sh(`[ -e ${DROP_IN} ] && echo yes || echo no`).trim();

    beforeEach(() => {
        host = new NetnsHost();
    });
    afterEach(() => host.close());

    test("is no business of a host that does not run it", () => {
        expect(host.apply("mesh", UNIT)).toMatchObject({ status: 0 });
        expect(host.observe().drift).toEqual([]);
        expect(exists()).toBe("no");
    });

    test("stays until the last unit of the last stack is gone", () => {
        host.sh(NETWORKD);
        const before = host.dump();
        const other = UNIT.replaceAll("10.42.", "10.77.").replaceAll(BRIDGE, "ch-other");
        host.apply("mesh", UNIT);
        host.apply("second", "networkd foreign-routes: keep\n");
        expect(host.apply("mesh", other, OTHER)).toMatchObject({ status: 0, stderr: "" });
        host.delete("mesh");
        host.delete("second");
        expect(exists()).toBe("yes");
        host.crosshost(["uninstall", STACK]);
        expect(host.observe(OTHER).drift).toEqual([]);
        host.crosshost(["uninstall", OTHER]);
        expect(host.dump()).toBe(before);
    });

    test("of somebody else is not touched", () => {
        host.sh(
            `${NETWORKD}; mkdir -p ${DROP_IN.replace(/\/[^/]*$/, "")}; echo '[Network]' >${DROP_IN}`,
        );
        const { status, stderr } = host.apply("mesh", UNIT);
        expect(status).toBe(2);
        expect(stderr).toContain(
            `networkd foreign-routes: ${DROP_IN} already exists and was not made by Crosshost`,
        );
        expect(host.sh(`cat ${DROP_IN}`)).toBe("[Network]\n");
    });

    test("goes with the stack whose units somebody has deleted", () => {
        host.sh(NETWORKD);
        const before = host.dump();
        host.apply("mesh", UNIT);
        host.sh("rm -rf /var/lib/crosshost");
        expect(host.crosshost(["uninstall", STACK])).toMatchObject({ status: 0, stderr: "" });
        expect(host.dump()).toBe(before);
    });
});
