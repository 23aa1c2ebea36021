// GRE, IPIP and Geneve, which the kernel that tests run on may lack: what such a kernel prints is read, and what is sent to it is seen.
// On a kernel that has them: test/e2e/kernels.e2e.test.ts.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ITS_IP } from "../support/fakeIp";
import { BARE, NetnsHost, STACK, TOOLS } from "../support/netns";

const GRE = "gr-mesh-9078d";
const IPIP = "ip-mesh-9078d";
const GENEVE = "gn2-mesh-9078d";
const VXLAN = "vx-mesh-9078d";
const MAC = "02:c2:78:eb:00:01";

/** `ip -d -o` of such a host, with the devices that the kernel makes of its own. */
const ITS_LINKS = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000\\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP mode DEFAULT group default qlen 1000\\    link/ether 52:54:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0
3: gre0@NONE: <NOARP> mtu 1476 qdisc noop state DOWN mode DEFAULT group default qlen 1000\\    link/gre 0.0.0.0 brd 0.0.0.0 promiscuity 0 allmulti 0 minmtu 0 maxmtu 0 netns-immutable \\    gre remote any local any ttl inherit nopmtudisc numtxqueues 1
4: tunl0@NONE: <NOARP> mtu 1480 qdisc noop state DOWN mode DEFAULT group default qlen 1000\\    link/ipip 0.0.0.0 brd 0.0.0.0 promiscuity 0 allmulti 0 minmtu 0 maxmtu 0 netns-immutable \\    ipip any remote any local any ttl inherit nopmtudisc numtxqueues 1
5: ${GRE}@NONE: <NOARP,UP,LOWER_UP> mtu 1472 qdisc noqueue state UNKNOWN mode DEFAULT group 201 qlen 1000\\    link/gre 192.168.40.11 brd 0.0.0.0 promiscuity 0 allmulti 0 minmtu 0 maxmtu 0 \\    gre remote any local 192.168.40.11 ttl 64 nopmtudisc ignore-df ikey 173.251.65.162 okey 173.251.65.162 addrgenmode eui64 numtxqueues 1 \\    alias crosshost:${STACK}:mesh
6: ${IPIP}@NONE: <NOARP,UP,LOWER_UP> mtu 1480 qdisc noqueue state UNKNOWN mode DEFAULT group 201 qlen 1000\\    link/ipip 192.168.40.11 brd 0.0.0.0 promiscuity 0 allmulti 0 minmtu 0 maxmtu 0 \\    ipip any remote any local 192.168.40.11 ttl inherit nopmtudisc addrgenmode eui64 numtxqueues 1 \\    alias crosshost:${STACK}:mesh
7: ${GENEVE}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UNKNOWN mode DEFAULT group 201 qlen 1000\\    link/ether ${MAC} brd ff:ff:ff:ff:ff:ff promiscuity 0 allmulti 0 minmtu 68 maxmtu 65485 \\    geneve id 7 remote 192.168.40.12 ttl auto dstport 6081 noudpcsum udp6zerocsumrx addrgenmode eui64 numtxqueues 1 \\    alias crosshost:${STACK}:mesh
2: eth0    inet 192.168.40.11/24 brd 192.168.40.255 scope global eth0\\       valid_lft forever preferred_lft forever
unicast default via 192.168.40.1 dev eth0 table main proto boot scope global 
unicast 192.168.40.0/24 dev eth0 table main proto kernel scope link src 192.168.40.11 
unicast 10.42.2.0/24 via 10.42.2.0 dev ${GRE} table main proto 201 scope global onlink 
unicast 10.43.2.0/24 via 192.168.40.12 dev ${IPIP} table main proto 201 scope global onlink 
10.42.2.0 dev ${GRE} lladdr 192.168.40.12 PERMANENT proto 201 
`;
const LINK_OF_GRE = `link ${GRE}: gre local 192.168.40.11 key 2918924706 ttl 64 nopmtudisc ignore-df mtu 1472\n`;
const LINK_OF_IPIP = `link ${IPIP}: ipip local 192.168.40.11 nopmtudisc mtu 1480\n`;
const LINK_OF_GENEVE = `link ${GENEVE}: geneve id 7 remote 192.168.40.12 dstport 6081 mtu 1450 address ${MAC}\n`;
const UNIT = `${LINK_OF_GENEVE}${LINK_OF_GRE}${LINK_OF_IPIP}neigh 10.42.2.0 dev ${GRE}: lladdr 192.168.40.12
route 10.42.2.0/24: via 10.42.2.0 dev ${GRE} onlink
route 10.43.2.0/24: via 192.168.40.12 dev ${IPIP} onlink
`;

/** The same host with VXLAN in place of Geneve, and that as a unit has it. */
function vxlanAt(port: number): string {
    return ITS_LINKS.replace(
        /geneve id 7 .* addrgenmode/,
        `vxlan id 7 local 192.168.40.11 srcport 0 0 dstport ${port} nolearning ttl auto ageing 300 noudpcsum addrgenmode`,
    ).replace(GENEVE, VXLAN);
}

function unitOf(links: string): string {
    const [, port] = /vxlan .*(dstport \d+)/.exec(links) ?? [];
    const link = `link ${VXLAN}: vxlan id 7 local 192.168.40.11 ${port ?? ""} nolearning mtu 1450 address ${MAC}\n`;
    return port === undefined ? UNIT : UNIT.replace(LINK_OF_GENEVE, link);
}

describe.each(TOOLS)("GRE, IPIP and Geneve, with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.put("modprobe", "#!/bin/sh\nexit 0\n");
        host.put("ip", ITS_IP);
        host.sh(
            `${BARE}\nmkdir -p /run/crosshost /var/lib/crosshost/${STACK}/units; : >$FAKES/whole`,
        );
        shows(ITS_LINKS);
    });
    afterEach(() => {
        host.close();
    });

    function shows(links: string): void {
        writeFileSync(join(host.folder, "links"), links);
    }

    function holds(unit: string): void {
        host.run(["sh", "-c", `cat >/var/lib/crosshost/${STACK}/units/mesh`], unit);
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
        ["173.251.65.162", "0.0.0.7", [`link ${GRE}: key 7`]],
        ["okey 173.251.65.162", "okey 0.0.0.8", [`link ${GRE}: key 173.251.65.162/0.0.0.8`]],
        ["ikey 173.251.65.162 okey 173.251.65.162 ", "", [`link ${GRE}: no-key`]],
        ["nopmtudisc ignore-df", "", [`link ${GRE}: pmtudisc noignore-df`]],
        ["ttl 64", "ttl inherit", [`link ${GRE}: ttl inherit`]],
        [
            "gre remote any local 192",
            "gre remote 192.168.40.9 local 192",
            [`link ${GRE}: remote 192.168.40.9`],
        ],
        [
            "ipip any remote any local 192.168.40.11 ttl inherit nopmtudisc",
            "ipip any remote any local 192.168.40.12 ttl 9 pmtudisc",
            [`link ${IPIP}: local 192.168.40.12 pmtudisc ttl 9`],
        ],
        ["geneve id 7", "geneve id 8", [`link ${GENEVE}: id 8`]],
        [
            "ttl auto dstport 6081",
            "ttl 9 df set dstport 6082",
            [`link ${GENEVE}: dstport 6082 ttl 9 df set`],
        ],
        ["<NOARP,UP,LOWER_UP> mtu 1480", "<NOARP> mtu 1480", [`link ${IPIP}: down`]],
        [
            "lladdr 192.168.40.12",
            "lladdr 192.168.40.13",
            [`neigh 10.42.2.0 dev ${GRE}: lladdr 192.168.40.13`],
        ],
    ])("tell as drift that %j is %j", (what, by, drift) => {
        holds(UNIT);
        shows(ITS_LINKS.replaceAll(what, by));
        expect(host.observe().drift).toEqual(drift);
    });

    test("are made with no peer, and without a MAC", () => {
        const bare = ITS_LINKS.split("\n").filter((line) => !line.includes("-mesh-"));
        shows(bare.join("\n"));
        writeFileSync(join(host.folder, "whole"), ITS_LINKS);
        expect(host.apply("mesh", UNIT)).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh("grep 'add name' $FAKES/steps")).toBe(
            `link add name ${GENEVE} mtu 1450 address ${MAC} group 201 type geneve id 7 remote 192.168.40.12 dstport 6081\n` +
                `link add name ${GRE} mtu 1472 group 201 type gre local 192.168.40.11 key 2918924706 ttl 64 nopmtudisc ignore-df\n` +
                `link add name ${IPIP} mtu 1480 group 201 type ipip local 192.168.40.11 nopmtudisc\n`,
        );
    });

    test.each([
        ["gre", `7: t9@NONE`, "GRE key 2918924706"],
        ["gretap", `7: t9@NONE`, "GRE key 2918924706"],
        ["ipip", `7: t9@NONE`, "IPIP"],
        ["ipip", `4: tunl0@NONE`, "IPIP"],
    ])("refuse %s as %s, whose packets they would get", (kind, named, what) => {
        const other = `${named}: <NOARP,UP> mtu 1472 qdisc noop state DOWN mode DEFAULT group default qlen 1000\\    link/gre 0.0.0.0 brd 0.0.0.0 promiscuity 0 \\    ${kind} remote 192.168.40.9 local any ttl inherit okey 173.251.65.162 ikey 173.251.65.162\n`;
        shows(
            ITS_LINKS.split("\n")
                .filter((line) => !/-mesh-|tunl0/.test(line))
                .join("\n") + (kind === "ipip" ? other.replace(/okey.*/, "") : other),
        );
        const [, name = ""] = / (\w+)@/.exec(named) ?? [];
        const unit = what === "IPIP" ? LINK_OF_IPIP : LINK_OF_GRE;
        expect(host.apply("mesh", unit).stderr).toContain(
            `${what} at 192.168.40.11 is taken by ${name} (not made by Crosshost)`,
        );
        const key = what === "IPIP" ? "-" : "2918924706";
        expect(host.observe().facts).toContain(
            `${what === "IPIP" ? "ipip" : "gre"} ${name} ${key} any -`,
        );
    });

    test.each([
        ["id 7 remote 192.168.40.12", "7@192.168.40.12", true],
        ["external id 0", "all", true],
        ["id 7 remote 192.168.40.13", "7@192.168.40.13", false],
        ["id 8 remote 192.168.40.12", "8@192.168.40.12", false],
    ])(
        "refuse Geneve of %s on their port only where it takes their packets",
        (said, told, isTaken) => {
            const other = ITS_LINKS.split("\n")
                .filter((line) => line.includes(GENEVE))
                .join()
                .replace(GENEVE, "t9")
                .replace("id 7 remote 192.168.40.12", said)
                .replace(/group 201|alias.*/g, "");
            shows(`${ITS_LINKS.replace(/^7: .*\n/m, "")}${other}\n`);
            writeFileSync(join(host.folder, "whole"), ITS_LINKS);
            expect(host.observe().facts).toContain(`geneve t9 ${told} 6081 -`);
            const { stderr } = host.apply("mesh", LINK_OF_GENEVE);
            const taken =
                "VNI 7 from 192.168.40.12 on port 6081 is taken by t9 (not made by Crosshost)";
            expect(stderr.includes(taken)).toBe(isTaken);
        },
    );

    test.each([
        ["Geneve after VXLAN at its port", vxlanAt(6081), ITS_LINKS, "del add"],
        ["Geneve after VXLAN at another port", vxlanAt(4789), ITS_LINKS, "add del"],
        ["VXLAN after Geneve at its port", ITS_LINKS, vxlanAt(6081), "del add"],
    ])("make room before what takes their place is made: %s", (_, had, has, steps) => {
        shows(had);
        writeFileSync(join(host.folder, "whole"), has);
        holds(unitOf(had));
        expect(host.apply("mesh", unitOf(has))).toMatchObject({ status: 0, stderr: "" });
        const made = host.sh(`grep -oE 'link (add name|del) (${GENEVE}|${VXLAN})' $FAKES/steps`);
        expect(made.match(/add|del/g)?.join(" ")).toBe(steps);
    });

    test("are not in the way of devices of other keys, nor of those that the kernel makes", () => {
        const facts = host.observe().facts.filter((fact) => /^(gre|ipip) /.test(fact));
        expect(facts).toEqual([
            `gre ${GRE} 2918924706 192.168.40.11 crosshost:${STACK}:mesh`,
            `ipip ${IPIP} - 192.168.40.11 crosshost:${STACK}:mesh`,
        ]);
    });
});
