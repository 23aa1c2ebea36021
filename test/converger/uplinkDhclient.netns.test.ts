// A lease that dhclient has, as ifupdown starts it: what it gets later is the bridge's. With a real one: test/e2e/uplinkManagers.e2e.test.ts.
import { commit, move } from "../support/moving";
import { NetnsHost, STACK, TOOLS } from "../support/netns";
import { BRIDGE, LAN } from "../support/uplinks";

const HOOK = `/etc/dhcp/dhclient-enter-hooks.d/crosshost-${STACK}-eth0`;
const GUARDED = `${LAN}guard: 15\n`;
const BY_DHCP = "printf 'auto eth0\\niface eth0 inet dhcp\\n' >/etc/network/interfaces";

describe.each(TOOLS)("dhclient, with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.put("systemd-run", "#!/bin/sh\n");
        host.sh(`
            mkdir -p /etc/dhcp/dhclient-enter-hooks.d /etc/network
            cp "$(command -v sleep)" $FAKES/dhclient
            $FAKES/dhclient 300 >/dev/null 2>&1 7>&- & echo $! >/run/dhclient.eth0.pid
            ${BY_DHCP}
            ip addr change 192.168.40.11/24 dev eth0 valid_lft 600 preferred_lft 600
        `);
    });
    afterEach(() => {
        host.sh("kill $(cat /run/dhclient.eth0.pid) || :");
        host.close();
    });

    const steady = () => host.dump().replace(/lft \d+sec/g, "");
    const hooks = () => host.sh("ls /etc/dhcp/dhclient-enter-hooks.d");

    /** The link that dhclient's script works on, once it has asked the hooks. */
    const linkFor = (reason: string, nic = "eth0") =>
        host.sh(`interface=${nic} reason=${reason}; . ${HOOK}; echo $? $interface`);

    const addresses = (link: string) =>
        host.sh(`ip -o -4 addr show dev ${link} | awk '{ print $4 }'`).trim().replace(/\n/g, " ");

    /** What Debian's dhclient-script does with a link, once it has asked the hooks; it had 192.168.40.11. */
    function renews(reason: string, now: string, more = ""): void {
        host.sh(`
            interface=eth0 reason=${reason} old_ip_address=192.168.40.11 old_subnet_mask=24 new_ip_address=${now} ${more}
            for hook in /etc/dhcp/dhclient-enter-hooks.d/*; do . "$hook"; done
            case $reason in
                EXPIRE | RELEASE)
                    [ -z "$old_ip_address" ] || ip -4 addr flush dev $interface label $interface
                    exit 0 ;;
            esac
            if [ -n "$old_ip_address" ] && [ "$old_ip_address" != "$new_ip_address" ]; then ip -4 addr flush dev $interface label $interface; fi
            if [ "$old_ip_address" != "$new_ip_address" ] || [ $reason = BOUND ]; then
                ip -4 addr add $new_ip_address/24 valid_lft 600 preferred_lft 600 dev $interface label $interface
                [ -z "$new_interface_mtu" ] || ip link set dev $interface mtu $new_interface_mtu
            else
                ip -4 addr change $new_ip_address/24 valid_lft 600 preferred_lft 600 dev $interface label $interface
            fi
        `);
    }

    test("is told which link has the lease, and nothing is left of that", () => {
        host.apply("lan", LAN);
        host.delete("lan");
        const before = steady();
        expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh(`ip -o -4 addr show dev ${BRIDGE}`)).toMatch(/192\.168\.40\.11.* valid_lft/);
        expect(linkFor("RENEW")).toBe(`0 ${BRIDGE}\n`);
        expect(linkFor("BOUND")).toBe(`0 ${BRIDGE}\n`);
        expect(linkFor("PREINIT")).toBe("0 eth0\n"); // which has to be up
        expect(linkFor("PREINIT6")).toBe("0 eth0\n");
        expect(linkFor("RENEW", "peer0")).toBe("0 peer0\n");
        expect(linkFor("RENEW", "nope")).toBe("0 nope\n");
        expect(host.observe().drift).toEqual([]);
        expect(host.apply("lan", LAN).stdout).toBe("lan: in step, nothing to do\n");
        host.delete("lan");
        expect(steady()).toBe(before);
        expect(hooks()).toBe("");
    });

    test("has its hook again when somebody has changed it", () => {
        host.apply("lan", LAN);
        host.sh(`echo >>${HOOK}`);
        expect(host.observe().drift).toEqual(["uplink eth0: dhclient is not told"]);
        expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
        expect(host.observe().drift).toEqual([]);
    });

    test("that does not run any more is told, and no matter to a boot", () => {
        host.apply("lan", LAN);
        host.sh("mv /run/dhclient.eth0.pid /run/kept");
        expect(host.apply("lan", `${LAN}sysctl net.ipv4.conf.all.rp_filter: 2\n`).stderr).toContain(
            "uplink eth0: eth0 has DHCP (/etc/network/interfaces has iface eth0 inet dhcp) by dhclient, which does not run: start it (ifup --force eth0), or remove the Bridge",
        );
        host.sh(`ip link del ${BRIDGE}`);
        expect(host.crosshost(["boot", STACK, "links"])).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh("ip -o link show eth0")).toContain(`master ${BRIDGE}`);
        host.sh("mv /run/kept /run/dhclient.eth0.pid");
    });

    test("gives the bridge no lease of another's: a port of somebody's bridge is left alone", () => {
        host.apply("lan", LAN);
        host.sh("ip link add br9 type bridge; ip link set peer0 master br9");
        expect(linkFor("RENEW", "peer0")).toBe("0 peer0\n");
    });

    test("may renew the lease while a commit is awaited", () => {
        expect(move(host, GUARDED)).toMatchObject({ status: 0, stderr: "" });
        renews("RENEW", "192.168.40.11");
        expect(commit(host, GUARDED)).toMatchObject({ status: 0, stderr: "" });
        expect(addresses("eth0")).toBe("");
        expect(host.observe().drift).toEqual([]);
    });

    test("leaves nothing on the disk that a boot does not clear away, if the power fails before the commit", () => {
        host.apply("host", "boot crosshost-x.service: before docker.service\n");
        move(host, GUARDED);
        host.sh(
            `rm -r /run/crosshost; ip link del ${BRIDGE}; ip addr add 192.168.40.11/24 brd + dev eth0`,
        );
        expect(hooks()).not.toBe("");
        expect(host.crosshost(["boot", STACK, "links"])).toMatchObject({ status: 0 });
        expect(hooks()).toBe("");
    });

    test.each([
        ["BOUND", "192.168.40.77", "192.168.40.77/24"],
        ["RENEW", "192.168.40.77", "192.168.40.77/24"],
        ["EXPIRE", "", ""],
        ["RELEASE", "", ""],
    ])("%s of %j changes what it has brought, and no other address", (reason, now, left) => {
        host.sh("ip addr add 10.7.0.5/24 dev eth0 label eth0:1");
        host.apply("lan", LAN);
        renews(reason, now);
        expect(addresses(BRIDGE).split(" ").sort()).toEqual(
            ["10.7.0.5/24", ...(left === "" ? [] : [left])].sort(),
        );
    });

    test.each([
        ["BOUND", "192.168.40.77", "1400 1400"],
        ["RENEW", "192.168.40.11", "1500 1500"],
    ])("%s of %s has an MTU for the NIC too: %s", (reason, now, expected) => {
        host.apply("lan", LAN);
        renews(reason, now, "new_interface_mtu=1400");
        const mtu = (link: string) => host.sh(`ip -o link show ${link} | grep -o 'mtu [0-9]*'`);
        expect(`${mtu("eth0")} ${mtu(BRIDGE)}`.replace(/mtu |\n/g, "")).toBe(expected);
    });

    test("what fails later takes it back", () => {
        const before = steady();
        expect(host.apply("lan", `${LAN}addr nope0 10.99.0.1/24: scope global\n`).status).toBe(1);
        expect(steady()).toBe(before);
        expect(hooks()).toBe("");
    });

    test.each([
        [
            "of another client",
            "mv /run/dhclient.eth0.pid /run/kept; cp /run/kept /run/dhclient.pid",
            "or dhclient (ifupdown with isc-dhcp-client) manage the lease",
        ],
        [
            "of one that has died",
            "mv /run/dhclient.eth0.pid /run/kept; echo 4194305 >/run/dhclient.eth0.pid",
            "or dhclient (ifupdown with isc-dhcp-client) manage the lease",
        ],
        [
            "of IPv6 beside it",
            "sed -i '1i iface eth0 inet6 dhcp' /etc/network/interfaces",
            "eth0 has DHCPv6 (/etc/network/interfaces has iface eth0 inet6 dhcp), whose client gets nothing on a bridge's port: write inet6 auto or static there",
        ],
    ])("a lease %s is refused", (_, script, says) => {
        host.sh(script);
        const { status, stderr } = host.apply("lan", LAN);
        host.sh("[ ! -e /run/kept ] || mv /run/kept /run/dhclient.eth0.pid");
        expect(status).toBe(2);
        expect(stderr).toContain(says);
    });
});
