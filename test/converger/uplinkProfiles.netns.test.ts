// The NIC in a bridge under NetworkManager, which stands in by its files and by what it is told.
import { NetnsHost, STACK } from "../support/netns";
import { BRIDGE, LAN } from "../support/uplinks";

const ADMINS = "/etc/NetworkManager/system-connections";
const OURS = "/run/NetworkManager/system-connections";
const UUID = "110ef38e-c8b5-3cb3-9db3-723f402859e4";
const [PORT_UUID, BRIDGE_UUID] = ["c0550001", "c0550002"].map(
    (first) => `${first}${UUID.slice(8)}`,
);
const port = `${OURS}/crosshost-${STACK}-eth0.nmconnection`;
const bridge = `${OURS}/crosshost-${STACK}-${BRIDGE}.nmconnection`;

const SIX =
    "sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0 net.ipv6.conf.eth0.disable_ipv6=0; ";

describe("NetworkManager", () => {
    let host: NetnsHost;
    let mac: string;

    beforeEach(() => {
        host = new NetnsHost();
        answer("");
        host.sh(`
            mkdir -p '${ADMINS}' /run/NetworkManager/devices
            printf '[connection]\\nid=lan\\nuuid=${UUID}\\ntype=ethernet\\ninterface-name=eth0\\nzone=home\\n\\n[ethernet]\\nmtu=1500\\n\\n[ipv4]\\naddress1=192.168.40.11/24,192.168.40.1\\ndns=192.168.40.1;\\nmethod=manual\\n\\n[ipv6]\\naddr-gen-mode=default\\nmethod=auto\\nroute-metric=70\\n' >'${ADMINS}/the LAN.nmconnection'
        `);
        host.sh(active(UUID));
        mac = host.sh("ip -o link show eth0 | sed 's/.*ether \\([^ ]*\\).*/\\1/'").trim();
    });
    afterEach(() => host.close());

    /** What NetworkManager tells of the NIC: a script. */
    const active = (uuid: string) =>
        `printf '[device]\\nmanaged=true\\nconnection-uuid=%s\\nroute-metric-default-effective=100\\n' "${uuid}" >/run/NetworkManager/devices/$(ip -o link show eth0 | cut -d: -f1)`;

    /** NetworkManager's command line, which does this before what it does by itself. */
    function answer(first: string): void {
        host.put(
            "nmcli",
            `#!/bin/sh\necho "$*" >>"$FAKES/nmcli.log"\n${first}\ncase "$*" in *' connection up '*' eth0') ${active("$6")} ;; esac\n`,
        );
    }

    const told = () => host.sh("uniq $FAKES/nmcli.log; : >$FAKES/nmcli.log");
    const up = (uuid: string, link: string) => `-w 3 connection up uuid ${uuid} ifname ${link}\n`;
    const ours = `connection reload\n${up(BRIDGE_UUID ?? "", BRIDGE)}${up(PORT_UUID ?? "", "eth0")}`;
    const admins = `connection reload\n${up(UUID, "eth0")}`;
    const dump = () => host.dump().replace(/^\/run\/crosshost.*\n/gm, "");

    test("it is told to have the NIC as a port, and gives the bridge what the NIC had", () => {
        const before = host.dump();
        expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
        const mark = `# Made by Crosshost from 100 - ${UUID} ${ADMINS}/the LAN.nmconnection\n`;
        expect(host.sh(`cat ${port}`)).toBe(
            `${mark}[connection]\nid=crosshost-${STACK}-eth0\nuuid=${PORT_UUID}\ninterface-name=eth0\nautoconnect-priority=999\n` +
                `type=ethernet\nmaster=${BRIDGE}\nslave-type=bridge\n\n[ethernet]\ncloned-mac-address=${mac}\n\n[ethernet]\nmtu=1500\n`,
        );
        expect(host.sh(`cat ${bridge}`)).toBe(
            `${mark}[connection]\nid=crosshost-${STACK}-${BRIDGE}\nuuid=${BRIDGE_UUID}\ninterface-name=${BRIDGE}\nautoconnect-priority=999\n` +
                `type=bridge\n\n[bridge]\nstp=false\n\n[ethernet]\ncloned-mac-address=${mac}\n\n[connection]\nzone=home\n\n[ethernet]\nmtu=1500\n\n` +
                `[ipv4]\nroute-metric=100\ndhcp-timeout=2147483647\naddress1=192.168.40.11/24,192.168.40.1\ndns=192.168.40.1;\nmethod=manual\n\n` +
                `[ipv6]\nroute-metric=70\naddr-gen-mode=default\nmethod=auto\n`,
        );
        expect(host.sh(`stat -c %a ${port} ${bridge}`)).toBe("600\n600\n");
        expect(told()).toBe(ours);
        host.apply("host", "boot crosshost-x.service: before docker.service\n");
        expect(host.apply("lan", LAN).stdout).toBe("lan: in step, nothing to do\n");
        expect(host.observe().drift).toEqual([]);

        host.sh(`sed -i s/40.11/40.21/ ${ADMINS}/*`);
        expect(host.observe().drift).toEqual(["uplink eth0: NetworkManager is not told"]);
        expect(host.apply("lan", LAN)).toMatchObject({ status: 0 });
        expect(host.sh(`grep address1 ${bridge}`)).toBe("address1=192.168.40.21/24,192.168.40.1\n");
        expect(told()).toBe(ours);

        host.sh(`sed -i s/40.21/40.11/ ${ADMINS}/*`);
        host.crosshost(["uninstall", STACK]);
        expect(told()).toBe(admins);
        expect(host.sh(`ls -A ${OURS}`)).toBe("");
        host.sh(`rmdir ${OURS}`);
        expect(host.dump()).toBe(before);
    });

    test("a profile written by hand is read as NetworkManager reads it, blanks and all", () => {
        host.sh(
            `sed -i -e 's/=/ = /' -e 's/^\\[.*/ & /' -e '1i # by hand' '${ADMINS}/the LAN.nmconnection'`,
        );
        expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh(`sed '1,/^cloned/d' ${bridge}`)).toBe(
            "\n[connection]\nzone=home\n\n[ethernet]\nmtu=1500\n\n" +
                "[ipv4]\nroute-metric=100\ndhcp-timeout=2147483647\naddress1=192.168.40.11/24,192.168.40.1\ndns=192.168.40.1;\nmethod=manual\n\n" +
                "[ipv6]\nroute-metric=70\naddr-gen-mode=default\nmethod=auto\n",
        );
    });

    test("what it loses of the NIC meanwhile is put back", () => {
        host.sh(
            `${SIX} ip addr add 10.9.0.1/16 dev eth0; ip -6 addr add 2001:db8::11/64 nodad dev eth0`,
        );
        const forgetful = (link: string) => {
            answer(`case "$*" in *' ${link}') ip addr flush dev ${link} scope global ;; esac`);
        };
        const before = host.sh("ip -o addr show dev eth0 scope global");
        forgetful(BRIDGE);
        expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh(`ip -o addr show dev ${BRIDGE}`)).toMatch(/10\.9\.0\.1.*\n.*2001:db8::11/);
        forgetful("eth0");
        host.delete("lan");
        expect(host.sh("ip -o addr show dev eth0 scope global")).toBe(before);
    });

    test("whatever it refuses, the host is as before, and its profile in force", () => {
        const before = dump();
        answer(`case "$*" in *${BRIDGE}) echo 'Error: no' >&2; exit 4 ;; esac`);
        const { status, stderr } = host.apply("lan", LAN);
        expect(status).toBe(1);
        expect(stderr).toContain(
            `uplink eth0: tried \`nmcli connection up ${BRIDGE_UUID} ${BRIDGE} ${PORT_UUID} eth0\`: Error: no`,
        );
        expect(stderr).not.toContain("not everything");
        expect(told()).toBe(`connection reload\n${up(BRIDGE_UUID ?? "", BRIDGE)}${admins}`);
        host.sh(`rmdir ${OURS}`);
        expect(dump()).toBe(before);

        answer(`[ "$*" != '${up(BRIDGE_UUID ?? "", BRIDGE).trim()}' ] || exit 3 # it goes on`);
        expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
        answer(`[ "$*" != '${up(UUID, "eth0").trim()}' ] || exit 10`);
        const moved = dump();
        told();
        expect(host.delete("lan")).toMatchObject({ status: 1 });
        expect(told()).toBe(admins + ours);
        expect(dump()).toBe(moved);
    });

    test("it has time to hear of the bridge", () => {
        answer(
            `case "$*" in *${BRIDGE}) [ -e $FAKES/heard ] || { : >$FAKES/heard; exit 4; } ;; esac`,
        );
        expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
    });

    test("another bridge takes the NIC over", () => {
        host.apply("lan", LAN);
        expect(host.apply("other", LAN.replaceAll(BRIDGE, "br-other-3fa9c"))).toMatchObject({
            status: 0,
        });
        expect(host.sh(`ls ${OURS}`)).toBe(
            `crosshost-${STACK}-br-other-3fa9c.nmconnection\ncrosshost-${STACK}-eth0.nmconnection\n`,
        );
        expect(host.sh(`grep master= ${port}`)).toBe("master=br-other-3fa9c\n");
    });

    test("a profile without a UUID is found by the NIC's name", () => {
        host.sh(
            `sed -i /uuid=/d ${ADMINS}/*; printf '[connection]\\ninterface-name=eth1\\n' >${ADMINS}/b`,
        );
        expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh(`cat ${bridge}`)).toContain("address1=192.168.40.11/24");
    });

    test("with DHCP the lease is the bridge's", () => {
        host.sh(`sed -i -e s/method=manual/method=auto/ -e /address1/d ${ADMINS}/*
            ip addr change 192.168.40.11/24 dev eth0 valid_lft 600 preferred_lft 600`);
        expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh(`cat ${bridge}`)).toContain(
            "[ipv4]\nroute-metric=100\ndhcp-timeout=2147483647\ndns=192.168.40.1;\nmethod=auto\n",
        );
        expect(host.sh(`ip -o addr show dev ${BRIDGE}`)).toMatch(/192.168.40.11\/24.* dynamic /);
    });

    test.each([
        ["2001:db8::1:2:3:4", "::1:2:3:4"],
        ["2001:db8:0:1::4", "::0:0:0:4"],
        ["2001:db8:1:2:3::", "::3:0:0:0"],
        ["2001:db8::9:0:0:4", "::9:0:0:4"],
    ])("an address by routers stays: %s", (address, token) => {
        const ends = token === "::1:2:3:4" ? "valid_lft 3600 preferred_lft 1800" : "noprefixroute";
        const network = address.startsWith("2001:db8:1:") ? "2001:db8:1:2::/64" : "2001:db8::/64";
        host.sh(`${SIX} ip -6 addr add ${address}/64 nodad dev eth0 ${ends}
            ip -6 route add ${network} dev eth0 proto ra; ip -6 route add 2001:db8:0:1::/64 dev eth0 proto ra`);
        answer(`case "$*" in *' ${BRIDGE}') ip addr flush dev ${BRIDGE} scope global ;; esac`);
        expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
        const told = `[ipv6]\nroute-metric=70\naddr-gen-mode=eui64\ntoken=${token}\nmethod=auto\n`;
        expect(host.sh(`cat ${bridge}`)).toContain(told);
        expect(host.apply("lan", LAN).stdout).toBe("lan: in step, nothing to do\n");
        expect(host.sh(`ip -6 addr show dev ${BRIDGE} scope global`)).toBe(""); // it is for routers to give
    });

    test("at boot it is done first, or goes on alone", () => {
        host.apply("lan", LAN);
        host.sh(active(UUID));
        host.sh(`rm ${port} ${bridge}; ip link set eth0 nomaster; ip link del ${BRIDGE}
            ip addr add 192.168.40.11/24 brd + dev eth0
            sed -i /connection-uuid/d /run/NetworkManager/devices/*`);
        host.put("nm-online", "#!/bin/sh\nexit 1\n");
        const boot = () => host.crosshost(["boot", STACK, "links"]);
        expect(boot()).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh("ip -j addr show dev eth0")).toContain("192.168.40.11");
        const number = "$(ip -o link show eth0 | cut -d: -f1)";
        host.put(
            "nm-online",
            `#!/bin/sh\nprintf '[device]\\nmanaged=true\\nconnection-uuid=${UUID}\\n' >/run/NetworkManager/devices/${number}\n`,
        );
        expect(boot()).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh(`ls ${port}; ip -j addr show dev ${BRIDGE}`)).toContain("192.168.40.11");
        expect(host.apply("lan", LAN).stdout).toBe("lan: in step, nothing to do\n");
    });

    test.each([
        [
            "no keyfile",
            `rm ${ADMINS}/*`,
            "eth0 is set up by NetworkManager, by no keyfile that is its own: store its profile as one (nmcli connection migrate)",
        ],
        [
            "somebody else's setup",
            `echo '[.nmmeta]\nnm-generated=true' >>'${ADMINS}/the LAN.nmconnection'`,
            "eth0 is set up by somebody else than NetworkManager, which holds it all the same (/etc/",
        ],
        [
            "a bond",
            `sed -i s/type=ethernet/type=bond/ ${ADMINS}/*`,
            `eth0 has a profile of another type than ethernet (${ADMINS}/the LAN.nmconnection has type=bond): leave uplink out`,
        ],
        [
            "an address by DHCPv6",
            `${SIX} ip -6 addr add 2001:db8::5/128 nodad dev eth0 valid_lft 600 preferred_lft 600`,
            "eth0 has 2001:db8::5/128 by DHCPv6, whose server would give the bridge another: give the host a static address",
        ],
        [
            "a login to the switch",
            `printf '[802-1x]\\npassword=SECRET\\n' >>'${ADMINS}/the LAN.nmconnection'`,
            `eth0 has more in its profile than a bridge can have (${ADMINS}/the LAN.nmconnection has [802-1x]): leave uplink out`,
        ],
        [
            "a client ID that a bridge has not",
            `sed -i 's/^\\[ipv4.*/&\\ndhcp-client-id=duid/' ${ADMINS}/*`,
            `eth0 has more in its profile than a bridge can have (${ADMINS}/the LAN.nmconnection has dhcp-client-id=duid): leave uplink out`,
        ],
    ])("%s is refused, and told in a look", (_, script, why) => {
        host.sh(script);
        const before = dump();
        expect(host.apply("lan", LAN).stderr).toContain(`uplink eth0: ${why}`);
        expect(dump()).toBe(before);
        const facts = host.observe().facts.filter((fact) => fact.startsWith("no-uplink eth0 "));
        expect(facts).toEqual([expect.stringContaining(why)]);
    });
});
