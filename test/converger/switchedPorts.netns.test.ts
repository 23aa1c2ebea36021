// A switched overlay by Geneve or GRE, with a port of the bridge for each peer. The kernel that tests run on may lack both: what such a kernel
// prints is read, what is sent to it is seen, and devices of VXLAN, each to one peer, stand in for theirs.
// On a kernel that has them: test/e2e/switched.e2e.test.ts, in a lab whose hosts have their own.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ITS_IP } from "../support/fakeIp";
import { BARE, NetnsHost, STACK, TOOLS } from "../support/netns";

const BRIDGE = "ch-mesh-9078d";
const GATEWAY_MAC = "02:c0:78:eb:00:00";
const LINK_OF_BRIDGE = `link ${BRIDGE}: bridge mtu 1450 address ${GATEWAY_MAC}\n`;

const GRETAP = "gt2-mesh-9078d";
const GENEVE = "gn2-mesh-9078d";
const GRETAP_WORDS =
    "gretap local 192.168.40.11 remote 192.168.40.12 key 2918924706 ttl 64 nopmtudisc ignore-df";
const GENEVE_WORDS = "geneve id 7 remote 192.168.40.12 dstport 6081";

/** As `ip` prints it of a port of the bridge. */
const AS_PORT = `bridge_slave state forwarding priority 32 cost 100 hairpin off guard off root_block off fastleave off learning on flood on port_id 0x8001 neigh_suppress off vlan_tunnel off isolated on locked off addrgenmode eui64`;

/** `ip -d -o` of a host with one peer, whose overlay has both kinds of ports: there is no such one, and here one fixture is enough. */
const ITS_LINKS = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP mode DEFAULT group default qlen 1000\\    link/ether 52:54:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0
3: ${BRIDGE}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP mode DEFAULT group 201 qlen 1000\\    link/ether ${GATEWAY_MAC} brd ff:ff:ff:ff:ff:ff promiscuity 0 \\    bridge forward_delay 1500 hello_time 200 max_age 2000 ageing_time 30000 stp_state 0 priority 32768 vlan_filtering 0 mcast_snooping 1 addrgenmode eui64 \\    alias crosshost:${STACK}:mesh
4: ${GRETAP}@NONE: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue master ${BRIDGE} state UNKNOWN mode DEFAULT group 201 qlen 1000\\    link/ether 02:c4:78:eb:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 1 \\    gretap remote 192.168.40.12 local 192.168.40.11 ttl 64 nopmtudisc ignore-df ikey 173.251.65.162 okey 173.251.65.162 \\    ${AS_PORT} \\    alias crosshost:${STACK}:mesh
5: ${GENEVE}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue master ${BRIDGE} state UNKNOWN mode DEFAULT group 201 qlen 1000\\    link/ether 02:c2:78:eb:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 1 \\    geneve id 7 remote 192.168.40.12 ttl auto dstport 6081 noudpcsum udp6zerocsumrx \\    ${AS_PORT} \\    alias crosshost:${STACK}:mesh
2: eth0    inet 192.168.40.11/24 brd 192.168.40.255 scope global eth0\\       valid_lft forever preferred_lft forever
unicast default via 192.168.40.1 dev eth0 table main proto boot scope global 
`;
const LINK_OF_GENEVE = `link ${GENEVE}: ${GENEVE_WORDS} mtu 1450 address 02:c2:78:eb:00:01`;
const LINK_OF_GRETAP = `link ${GRETAP}: ${GRETAP_WORDS} mtu 1450 address 02:c4:78:eb:00:01 master ${BRIDGE} isolated on\n`;
const UNIT = `${LINK_OF_BRIDGE}${LINK_OF_GENEVE} master ${BRIDGE} isolated on\n${LINK_OF_GRETAP}`;

describe.each(TOOLS)("ports of Geneve and GRE, with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.put("modprobe", "#!/bin/sh\nexit 0\n");
        host.put("ip", ITS_IP);
        host.sh(
            `${BARE}\nmkdir -p /run/crosshost /var/lib/crosshost/${STACK}/units; : >$FAKES/whole; : >$FAKES/steps`,
        );
        shows(ITS_LINKS);
    });
    afterEach(() => host.close());

    function shows(links: string): void {
        writeFileSync(join(host.folder, "links"), links);
    }

    function holds(unit: string): void {
        host.run(["sh", "-c", `cat >/var/lib/crosshost/${STACK}/units/mesh`], unit);
    }

    /** What has been done of links, each once. */
    function steps(): string[] {
        return host.sh("grep ^link $FAKES/steps").trim().split("\n");
    }

    test("are in step as such a kernel prints them", () => {
        holds(UNIT);
        expect(host.observe().drift).toEqual([]);
        expect(host.apply("mesh", UNIT)).toMatchObject({
            stderr: "",
            stdout: "mesh: in step, nothing to do\n",
        });
    });

    test.each([
        [
            "isolated on",
            "isolated off",
            [`link ${GENEVE}: isolated off`, `link ${GRETAP}: isolated off`],
        ],
        [
            / master ch-mesh-9078d state|bridge_slave .*?addrgenmode eui64/g,
            " ",
            [`link ${GENEVE}: no-master no-isolated`, `link ${GRETAP}: no-master no-isolated`],
        ],
        ["gretap remote 192.168.40.12", "gretap remote any", [`link ${GRETAP}: remote any`]],
        ["ikey 173.251.65.162", "ikey 0.0.0.7", [`link ${GRETAP}: key 0.0.0.7/173.251.65.162`]],
        ["nopmtudisc ignore-df", "", [`link ${GRETAP}: pmtudisc noignore-df`]],
    ])("tell as drift that %s is %j", (what, by, drift) => {
        holds(UNIT);
        shows(ITS_LINKS.replaceAll(what, by));
        expect(host.observe().drift).toEqual(drift);
    });

    test("join the bridge, and are isolated, before they are up", () => {
        shows(ITS_LINKS.replace(/^\d: \S+-mesh-.*\n/gm, ""));
        writeFileSync(join(host.folder, "whole"), ITS_LINKS);
        expect(host.apply("mesh", UNIT)).toMatchObject({ status: 0, stderr: "" });
        expect(steps().filter((line) => line.includes(GRETAP))).toEqual([
            `link add name ${GRETAP} mtu 1450 address 02:c4:78:eb:00:01 group 201 type ${GRETAP_WORDS}`,
            `link set ${GRETAP} alias crosshost:${STACK}:mesh`,
            `link set ${GRETAP} master ${BRIDGE}`,
            `link set ${GRETAP} type bridge_slave isolated on`,
            `link set ${GRETAP} up`,
        ]);
        const done = steps();
        const last = done.findLastIndex((line) => line.endsWith("isolated on"));
        expect(done.findIndex((line) => / (gn|gt)\S+ up$/.test(line))).toBeGreaterThan(last);
    });

    test("of Geneve are down while they become ports, and are told nothing more when they are none any more", () => {
        const routed = `${LINK_OF_BRIDGE}${LINK_OF_GENEVE}\n`;
        const port = `${routed.trimEnd()} master ${BRIDGE} isolated on\n`;
        const shown = ITS_LINKS.replace(/^4: .*\n/m, "");
        const asRouted = shown.replace(` master ${BRIDGE}`, "").replace(`\\    ${AS_PORT} `, "");
        for (const former of [asRouted, shown.replaceAll(`master ${BRIDGE}`, "master br9")]) {
            host.sh(": >$FAKES/steps");
            holds(routed);
            shows(former);
            writeFileSync(join(host.folder, "whole"), shown);
            expect(host.apply("mesh", port)).toMatchObject({ status: 0, stderr: "" });
            expect(steps()).toEqual([
                `link set ${GENEVE} down`,
                `link set ${GENEVE} master ${BRIDGE}`,
                `link set ${GENEVE} type bridge_slave isolated on`,
                `link set ${GENEVE} up`,
            ]);
        }
        host.sh(": >$FAKES/steps");
        writeFileSync(join(host.folder, "whole"), asRouted);
        expect(host.apply("mesh", routed)).toMatchObject({ status: 0, stderr: "" });
        expect(steps()).toEqual([`link set ${GENEVE} nomaster`]);
    });

    test.each([
        ["gre", "any", "GRE key 2918924706"],
        ["gretap", "192.168.40.9", "GRE key 2918924706"],
    ])(
        "of GRE refuse a %s from %s with their key, whose packets they would get",
        (kind, remote, what) => {
            const other = `7: t9@NONE: <NOARP,UP> mtu 1472 qdisc noop state DOWN mode DEFAULT group default qlen 1000\\    link/gre 0.0.0.0 brd 0.0.0.0 promiscuity 0 \\    ${kind} remote ${remote} local any ttl inherit ikey 173.251.65.162 okey 173.251.65.162\n`;
            shows(ITS_LINKS.replace(/^4: .*\n/m, other));
            expect(host.apply("mesh", LINK_OF_BRIDGE + LINK_OF_GRETAP).stderr).toContain(
                `${what} at 192.168.40.11 is taken by t9 (not made by Crosshost)`,
            );
        },
    );

    test.each(["gre", "geneve"])(
        "make room for each other: after ports of one kind come those of the other (%s)",
        (kind) => {
            const [had, has] = [`^4: .*\n`, `^5: .*\n`].map((line) =>
                ITS_LINKS.replace(new RegExp(line, "m"), ""),
            );
            const of = (isGeneve: boolean) =>
                LINK_OF_BRIDGE +
                (isGeneve ? `${LINK_OF_GENEVE} master ${BRIDGE} isolated on\n` : LINK_OF_GRETAP);
            const isToGre = kind === "gre";
            holds(of(isToGre));
            shows((isToGre ? had : has) ?? "");
            writeFileSync(join(host.folder, "whole"), (isToGre ? has : had) ?? "");
            expect(host.apply("mesh", of(!isToGre))).toMatchObject({ status: 0, stderr: "" });
            const [gone, come] = isToGre ? [GENEVE, GRETAP] : [GRETAP, GENEVE];
            expect(steps()[0]).toBe(`link del ${gone}`);
            expect(steps()[1]).toContain(`link add name ${come} `);
        },
    );
});

interface Port {
    readonly ifname: string;
    readonly master?: string;
    readonly operstate: string;
    readonly linkinfo: { readonly info_slave_data?: { readonly isolated: boolean } };
    readonly stats64: { readonly rx: { packets: number }; readonly tx: { packets: number } };
}

/** The links of a host to its peers. */
function portsOf(host: NetnsHost): Port[] {
    const all = JSON.parse(host.sh("ip -j -d -s link show type vxlan")) as Partial<Port>[];
    return all.filter((link): link is Port => link.ifname !== undefined);
}

function isolatedOf(host: NetnsHost): [string, string | undefined, boolean | undefined][] {
    const byName = (one: Port, other: Port) => one.ifname.localeCompare(other.ifname);
    return portsOf(host)
        .sort(byName) // one that was put back has another number
        .map(({ ifname, master, linkinfo }) => [
            ifname,
            master,
            linkinfo.info_slave_data?.isolated,
        ]);
}

const named = (peer: number) => `pt${peer}-mesh-9078d`;

/** Of host number `own`: a device to each peer, of a number that the two have for themselves. */
function unitOf(own: number, peers: readonly number[], isSwitched = true): string {
    return [
        `addr ${BRIDGE} 10.42.0.${own}/16: scope global`,
        LINK_OF_BRIDGE.trimEnd().replace(/0$/, String(own)),
        ...peers.flatMap((peer) => {
            const [low, high] = [own, peer].sort();
            const link = `link ${named(peer)}: vxlan id ${low}${high} local 192.168.40.1${own} dstport 4790 mtu 1450 address 02:c2:78:eb:00:0${own}`;
            return [
                `fdb 00:00:00:00:00:00 dev ${named(peer)} dst 192.168.40.1${peer}: permanent`,
                isSwitched ? `${link} master ${BRIDGE} isolated on` : link,
            ];
        }),
        "",
    ].join("\n");
}

describe.each(TOOLS)("a port for each peer, with $shell and $awk", (tools) => {
    const SWITCHED = unitOf(1, [2, 3]);
    const ROUTED = unitOf(1, [2, 3], false);
    const WHOLE = [2, 3].map((peer) => [named(peer), BRIDGE, true]);
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
    });
    afterEach(() => {
        host.close();
    });

    test("is made isolated, and in step", () => {
        expect(host.apply("mesh", SWITCHED)).toMatchObject({ status: 0, stderr: "" });
        expect(isolatedOf(host)).toEqual(WHOLE);
        expect(host.apply("mesh", SWITCHED).stdout).toBe("mesh: in step, nothing to do\n");
        expect(host.observe().drift).toEqual([]);
    });

    test.each<[string, string, string[]]>([
        [
            "it is not isolated",
            `ip link set dev ${named(2)} type bridge_slave isolated off`,
            [`link ${named(2)}: isolated off`],
        ],
        [
            "it is no port",
            `ip link set dev ${named(2)} nomaster`,
            [`link ${named(2)}: no-master no-isolated`],
        ],
        [
            "it is another's port",
            `ip link add br9 type bridge; ip link set dev ${named(3)} master br9`,
            [`link ${named(3)}: master br9 isolated off`],
        ],
        [
            "the bridge is gone",
            `ip link del ${BRIDGE}`,
            [
                `addr ${BRIDGE} 10.42.0.1/16: missing`,
                `link ${BRIDGE}: missing`,
                `link ${named(2)}: no-master no-isolated`,
                `link ${named(3)}: no-master no-isolated`,
            ],
        ],
        [
            "the bridge is no bridge",
            `ip link del ${BRIDGE}; ip link add ${BRIDGE} type dummy 2>/dev/null || ip link add ${BRIDGE} type ifb; ip link set ${BRIDGE} group 201 alias crosshost:${STACK}:mesh`,
            [],
        ],
    ])("is repaired where %s", (_what, breaks, drift) => {
        host.apply("mesh", SWITCHED);
        host.sh(breaks);
        if (drift.length > 0) {
            expect(host.observe().drift).toEqual(drift);
        }
        expect(host.apply("mesh", SWITCHED)).toMatchObject({ status: 0, stderr: "" });
        expect(host.observe().drift).toEqual([]);
        expect(isolatedOf(host)).toEqual(WHOLE);
    });

    test("becomes no port and one again, and is put back whole where a step fails", () => {
        const failing = "route 10.99.0.0/16: via 10.98.0.1 dev eth0\n";
        host.apply("mesh", SWITCHED);
        expect(host.apply("mesh", ROUTED + failing).status).not.toBe(0);
        expect(isolatedOf(host)).toEqual(WHOLE);
        expect(host.apply("mesh", failing).status).not.toBe(0);
        expect(isolatedOf(host)).toEqual(WHOLE);
        expect(host.observe().drift).toEqual([]);
        expect(host.apply("mesh", ROUTED)).toMatchObject({ status: 0, stderr: "" });
        const routed = [2, 3].map((peer) => [named(peer), undefined, undefined]);
        expect(isolatedOf(host)).toEqual(routed);
        expect(host.apply("mesh", SWITCHED + failing).status).not.toBe(0);
        expect(isolatedOf(host)).toEqual(routed);
        expect(host.apply("mesh", SWITCHED)).toMatchObject({ status: 0, stderr: "" });
        expect(isolatedOf(host)).toEqual(WHOLE);
    });

    test("leaves no trace", () => {
        host.apply("mesh", SWITCHED);
        expect(host.delete("mesh")).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh("ip -o link show group 201; bridge fdb show | grep dst || true")).toBe("");
    });
});

/** Between two looks at what has been counted. */
const SOON = "sleep 0.5";
const STORM = 1000;
/** Links that have just been moved have no carrier for a while. */
const REACHES = `reaches() { for try in $(seq 20); do ping -c 1 -W 1 "$1" >/dev/null && return; done; return 1; }`;

describe("three hosts, each with a port for each other", () => {
    const NUMBERS = [1, 2, 3];
    const peersOf = (own: number) => NUMBERS.filter((number) => number !== own);
    let lan: NetnsHost;
    let hosts: NetnsHost[];

    beforeAll(() => {
        lan = new NetnsHost();
        hosts = NUMBERS.map(() => new NetnsHost());
        const namespace = lan.command([]).args[1] ?? "";
        lan.sh("ip link add lan0 type bridge; ip link set lan0 up");
        for (const [at, host] of hosts.entries()) {
            const own = at + 1;
            host.sh(
                `ip link set peer0 netns ${namespace} name wire${own}; ip addr flush dev eth0; ip addr add 192.168.40.1${own}/24 dev eth0`,
            );
            lan.sh(`ip link set wire${own} master lan0 up`);
            const unit = unitOf(own, peersOf(own));
            expect(host.apply("mesh", unit)).toMatchObject({ status: 0, stderr: "" });
        }
    });
    afterAll(() => {
        [lan, ...hosts].forEach((host) => {
            host.close();
        });
    });

    const counted = (way: "rx" | "tx") =>
        hosts.map((host) => portsOf(host).map(({ stats64 }) => stats64[way].packets));
    const sent = () => counted("tx");
    const since = (before: number[][], now: number[][]) =>
        now.map((ports, host) => ports.map((count, port) => count - (before[host]?.[port] ?? 0)));

    /** The first host asks for an address that nobody has. */
    function broadcast(): void {
        hosts[0]?.sh(
            "ping -c 1 -W 1 10.42.0.99 >/dev/null || true; ip neigh flush dev ch-mesh-9078d",
        );
    }

    test("reach each other", () => {
        for (const host of hosts) {
            const pings = NUMBERS.map((number) => `reaches 10.42.0.${number}`);
            host.sh(`${REACHES}
${pings.join(" && ")}`);
        }
    });

    test("hear a broadcast once each, and pass it on to nobody", () => {
        const before = [sent(), counted("rx")] as const;
        broadcast();
        const [[asked = NaN] = []] = since(before[0], sent());
        expect(asked).toBeGreaterThanOrEqual(1);
        expect(since(before[0], sent())).toEqual([
            [asked, asked],
            [0, 0],
            [0, 0],
        ]);
        expect(since(before[1], counted("rx"))).toEqual([
            [0, 0],
            [asked, 0],
            [asked, 0],
        ]);
    });

    test("have a storm where the ports are not isolated, which an apply ends", () => {
        for (const [at, host] of hosts.entries()) {
            const peers = peersOf(at + 1);
            host.sh(
                peers.map((peer) => `bridge link set dev ${named(peer)} isolated off`).join("; "),
            );
        }
        broadcast();
        const before = sent();
        lan.sh(SOON);
        expect(Math.max(...since(before, sent()).flat())).toBeGreaterThan(STORM);
        for (const [at, host] of hosts.entries()) {
            const peers = peersOf(at + 1);
            expect(host.observe().drift).toEqual(
                peers.map((peer) => `link ${named(peer)}: isolated off`),
            );
            expect(host.apply("mesh", unitOf(at + 1, peers))).toMatchObject({ status: 0 });
        }
        for (const host of hosts) {
            host.sh("ip neigh flush dev ch-mesh-9078d"); // neighbours of before are asked for, one by one
        }
        const ended = sent();
        lan.sh(SOON);
        expect(since(ended, sent())).toEqual([
            [0, 0],
            [0, 0],
            [0, 0],
        ]);
    });
});
