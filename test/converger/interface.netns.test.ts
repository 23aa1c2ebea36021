import { STACK, TOOLS } from "../support/netns";
import { BOTH, GOOD, InnerHost, MACVLAN, VETH } from "../support/inner";

const DRIFTS: readonly (readonly [string, readonly string[]])[] = [
    ["docker inside web ip link del eth1", ["interface web eth1: missing"]],
    ["docker inside web ip link del eth2", ["interface web eth2: missing"]],
    [
        "docker inside web ip addr del 10.61.0.50/24 dev eth1",
        ["interface web eth1: ipv4 10.61.0.50/24 missing"],
    ],
    [
        "docker inside web ip addr add 10.62.0.9/24 dev eth1",
        ["interface web eth1: ipv4 10.62.0.9/24 not in the plan"],
    ],
    ["docker inside web ip link set eth1 mtu 1300", ["interface web eth1: mtu 1300"]],
    ["ip link set vc-web-1a2b3 mtu 1300", ["interface web eth1: mtu 1300"]],
    [
        "docker inside web ip link set eth2 address 02:00:00:00:00:07",
        ["interface web eth2: mac 02:00:00:00:00:07"],
    ],
    [
        "docker inside web ip link set eth2 down",
        ["interface web eth2: down, route 10.7.0.0/16 via 192.168.40.1 missing"],
    ],
    ["ip link set vc-web-1a2b3 down", ["interface web eth1: down"]],
    ["ip link set vc-web-1a2b3 nomaster", ["interface web eth1: veth nothing"]],
    [
        "docker inside web ip route del 10.9.0.0/16",
        ["interface web eth1: route 10.9.0.0/16 via 10.60.0.7 missing"],
    ],
    [
        "docker inside web ip route replace 10.9.0.0/16 via 10.60.0.8 proto 201",
        [
            "interface web eth1: route 10.9.0.0/16 via 10.60.0.8 not in the plan, route 10.9.0.0/16 via 10.60.0.7 missing",
        ],
    ],
    [
        "docker inside web ip route add 10.10.0.0/16 via 10.60.0.8 proto 201",
        ["interface web eth1: route 10.10.0.0/16 via 10.60.0.8 not in the plan"],
    ],
    [
        "docker inside web ip route replace default via 172.17.0.1",
        ["interface web eth1: gateway 10.60.0.1 missing"],
    ],
    ["docker inside web ip link set eth1 alias mine", ["interface web eth1: not-ours"]],
    [
        "docker inside web ip link set eth2 down; docker inside web ip link set eth2 name foo",
        ["interface web eth2: missing", "interface web foo: not in the plan, macvlan"],
    ],
    [
        "docker inside web ip link set eth1 down; docker inside web ip link set eth1 name foo",
        ["interface web eth1: missing", "interface web foo: not in the plan, veth"],
    ],
    [
        "ip link set vc-web-1a2b3 down; ip link set vc-web-1a2b3 name foo",
        ["interface web eth1: host foo, down", "link foo: not in the plan, veth"],
    ],
];

describe.each(TOOLS)("a container's interfaces, with $shell and $awk", (tools) => {
    let host: InnerHost;
    let clean: string;

    beforeAll(() => {
        host = new InnerHost(tools);
        clean = host.all();
    });
    afterEach(() => host.delete("attachment-web"));
    afterAll(() => host.close());

    describe("are made", () => {
        test("as the entries say, once", () => {
            expect(host.attach(BOTH)).toMatchObject(GOOD);
            const link = host.inside("ip -o link show eth1; ip -o link show eth2");
            expect(link).toMatch(
                /eth1@.* mtu 1400 .* 02:c4:00:00:00:32 .* alias crosshost:.*:attachment-web/,
            );
            expect(link).toMatch(/eth2@.* mtu 1500 .* 02:c4:00:00:00:33 /);
            expect(host.inside("ip -4 -o addr show dev eth1")).toMatch(
                /10\.60\.0\.50\/24 brd [^]*10\.61\.0\.50\/24/,
            );
            expect(host.inside("ip route show default")).toBe(
                "default via 10.60.0.1 dev eth1 proto 201 \n",
            );
            expect(host.inside("ip route show proto 201")).toMatch(
                /10\.7\.0\.0\/16 via 192\.168\.40\.1 dev eth2[^]*10\.8\.0\.1 via 10\.61\.0\.9 dev eth1[^]*10\.9\.0\.0\/16 via 10\.60\.0\.7 dev eth1/,
            );
            expect(host.inside("cat /proc/sys/net/ipv4/conf/eth[12]/arp_notify")).toBe("1\n1\n");
            expect(host.sh("ip -o link show vc-web-1a2b3")).toMatch(
                /mtu 1400 .*master br-lan1 .*group 201 .*alias crosshost:.*:attachment-web/,
            );
            expect(host.inside("ping -c 1 -W 1 10.60.0.1")).toContain("1 received");
            expect(host.observe().facts.filter((fact) => fact.startsWith("mac "))).toEqual([
                "mac 02:c4:00:00:00:32 web",
                "mac 02:c4:00:00:00:33 web",
            ]);
            const stamps = host.stamps();
            expect(host.attach(BOTH).stdout).toBe("attachment-web: in step, nothing to do\n");
            expect(host.observe().drift).toEqual([]);
            expect(host.stamps()).toBe(stamps);
        });

        test.each(["dev", "mtu", "up", "type", "metric"])(
            "under a name that is a word of ip: %s",
            (word) => {
                const text = VETH.replace(" eth1:", ` ${word}:`);
                expect(host.attach(text)).toMatchObject(GOOD);
                expect(host.observe().drift).toEqual([]);
                expect(host.inside("ip route show default")).toContain(` dev ${word} `);
                expect(host.attach(text.replace("mtu 1400", "mtu 1390"))).toMatchObject(GOOD);
                expect(host.delete("attachment-web")).toMatchObject(GOOD);
                expect(host.all()).toBe(clean);
            },
        );

        test.each(["mtu", "host", "gateway"])(
            "on a NIC whose name is a word of an entry: %s",
            (word) => {
                host.sh(
                    `ip link add name ${word} type veth peer name other; ip link set dev other up; ip link set dev ${word} up`,
                );
                const text = MACVLAN.replace(" eth0 ", ` ${word} `);
                expect(host.attach(text)).toMatchObject(GOOD);
                expect(host.observe().drift).toEqual([]);
                expect(host.delete("attachment-web")).toMatchObject(GOOD);
                host.sh("ip link del other");
            },
        );

        test.each(["mark", "pid", "mode", "hostname"])(
            "in a container whose hostname is a word of Docker's answer: %s",
            (word) => {
                const file = "$FAKES/docker/containers/web/.hostname";
                host.sh(`echo ${word} >${file}`);
                expect(host.attach(BOTH)).toMatchObject(GOOD);
                expect(host.inside("ip -o link show eth1")).toContain("eth1@");
                expect(host.observe().drift).toEqual([]);
                host.sh(`rm ${file}`);
            },
        );

        test.each(["proto", "via", "table"])(
            "under a name that is a word of the kernel's answer: %s",
            (word) => {
                expect(host.attach(BOTH.replaceAll(/eth1/g, word))).toMatchObject(GOOD);
                expect(host.inside("ip route show default")).toBe(
                    `default via 10.60.0.1 dev ${word} proto 201 \n`,
                );
                expect(host.observe().drift).toEqual([]);
                expect(host.delete("attachment-web")).toMatchObject(GOOD);
                expect(host.all()).toBe(clean);
            },
        );

        test("and go without a trace: Docker's default route is back", () => {
            host.attach(BOTH);
            expect(host.delete("attachment-web")).toMatchObject(GOOD);
            expect(host.all()).toBe(clean);
        });

        test("for a container that has no network of Docker's, too", () => {
            host.sh(
                "ip link del veththeirs; cd $FAKES/docker/containers/web; rm bridge; echo id idnone >none",
            );
            expect(host.attach(VETH)).toMatchObject(GOOD);
            expect(host.inside("ip route show default")).toContain("via 10.60.0.1 dev eth1");
            expect(host.delete("attachment-web")).toMatchObject(GOOD);
            expect(host.inside("ip route")).toBe("");
            host.renew();
        });

        test("and the LAN and the Bridge are told of them", () => {
            const heard = (link: string) =>
                `timeout 20 tcpdump -lnei ${link} -c 1 arp 2>/dev/null >$FAKES/${link}.heard &`;
            host.sh(`${heard("br-lan1")} ${heard("peer0")} sleep 1`);
            host.attach(BOTH);
            const both = "[ -s $FAKES/br-lan1.heard ] && [ -s $FAKES/peer0.heard ]";
            const told = host.sh(
                `timeout 15 sh -c 'until ${both}; do sleep 0.05; done'; cat $FAKES/*.heard`,
            );
            expect(told).toMatch(
                /02:c4:00:00:00:32 > ff:ff:ff:ff:ff:ff.* Request who-has 10\.60\.0\.50 tell 10\.60\.0\.50/,
            );
            expect(told).toMatch(
                /02:c4:00:00:00:33 > ff:ff:ff:ff:ff:ff.* Request who-has 192\.168\.40\.50 /,
            );
        });

        test("when the container starts, not before, and again when it starts anew", () => {
            host.sh("docker halt web");
            expect(host.attach(BOTH)).toMatchObject({
                ...GOOD,
                stdout: "attachment-web: in step, its new text is stored\n",
            });
            expect(host.observe().drift).toEqual([]);
            expect(host.observe().lines).toContain("stopped web");
            for (let time = 1; time <= 2; time++) {
                host.sh("docker halt web; docker boot web");
                expect(host.observe().drift).toEqual([
                    "interface web eth1: missing",
                    "interface web eth2: missing",
                ]);
                expect(host.crosshost(["attach", STACK, "web"])).toMatchObject(GOOD);
                expect(host.observe().drift).toEqual([]);
            }
            host.sh("docker rm -f web");
            expect(host.observe().lines).toContain("gone web");
            expect(host.crosshost(["boot", STACK, "rules"])).toMatchObject(GOOD);
            expect(host.delete("attachment-web")).toMatchObject(GOOD);
            host.renew();
        });
    });

    test.each([
        ["addresses", BOTH.replace("10.61.0.50/24", "10.61.0.51/24")],
        [
            "MAC, MTU, routes and gateway",
            BOTH.replace("00:32", "00:77")
                .replace("mtu 1400", "mtu 1300")
                .replace("10.60.0.7 ", "10.60.0.8 ")
                .replace("gateway 10.60.0.1", "gateway 10.60.0.2"),
        ],
        ["no gateway and no routes", BOTH.replace(/ gateway.*/, "")],
    ])("a change in place keeps the interface: %s", (_, text) => {
        host.attach(BOTH);
        const index = host.inside(
            "cat /sys/class/net/eth1/ifindex 2>/dev/null; ip -o link show eth1 | cut -d: -f1",
        );
        expect(host.attach(text)).toMatchObject(GOOD);
        expect(host.observe().drift).toEqual([]);
        expect(
            host.inside(
                "cat /sys/class/net/eth1/ifindex 2>/dev/null; ip -o link show eth1 | cut -d: -f1",
            ),
        ).toBe(index);
        expect(host.attach(BOTH)).toMatchObject(GOOD);
        expect(host.delete("attachment-web")).toMatchObject(GOOD);
        expect(host.all()).toBe(clean);
    });
});

describe.each(TOOLS)("drift of a container's interfaces, with $shell and $awk", (tools) => {
    let host: InnerHost;
    let whole: string;

    beforeAll(() => {
        host = new InnerHost(tools);
        host.attach(BOTH);
        whole = host.all();
    });
    afterAll(() => host.close());

    /** All of them with one pair of tools. */
    const drifts = DRIFTS.filter((_, at) => tools.shell === "dash" || at % 4 === 0);

    test.each(drifts)("is told, repaired, and told again: %s", (command, told) => {
        for (let time = 1; time <= 2; time++) {
            host.sh(command);
            expect(host.observe().drift).toEqual(told);
            expect(host.attach(BOTH)).toMatchObject(GOOD);
            expect(host.observe().drift).toEqual([]);
            expect(host.all()).toBe(whole);
        }
    });
});
