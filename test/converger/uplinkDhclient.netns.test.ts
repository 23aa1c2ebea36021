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

    test("is told which link has the lease, and nothing is left of that", () => {
        host.apply("lan", LAN);
        host.delete("lan");
        const before = steady();
        expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh(`ip -o -4 addr show dev ${BRIDGE}`)).toMatch(/192\.168\.40\.11.* valid_lft/);
        expect(linkFor("RENEW")).toBe(`0 ${BRIDGE}\n`);
        expect(linkFor("BOUND")).toBe(`0 ${BRIDGE}\n`);
        expect(linkFor("PREINIT")).toBe("0 eth0\n"); // which has to be up
        expect(linkFor("RENEW", "peer0")).toBe("0 peer0\n");
        expect(linkFor("RENEW", "nope")).toBe("0 nope\n");
        expect(host.observe().drift).toEqual([]);
        expect(host.apply("lan", LAN).stdout).toBe("lan: in step, nothing to do\n");
        host.delete("lan");
        expect(steady()).toBe(before);
        expect(hooks()).toBe("");
    });

    test("has its hook again when somebody has changed it, also while it does not run", () => {
        host.apply("lan", LAN);
        host.sh(`echo >>${HOOK}`);
        expect(host.observe().drift).toEqual(["uplink eth0: dhclient is not told"]);
        expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
        expect(host.observe().drift).toEqual([]);
        host.sh("mv /run/dhclient.eth0.pid /run/kept");
        expect(host.observe().drift).toEqual([]);
        expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
        host.sh("mv /run/kept /run/dhclient.eth0.pid");
    });

    test("gives the bridge no lease of another's: a port of somebody's bridge is left alone", () => {
        host.apply("lan", LAN);
        host.sh("ip link add br9 type bridge; ip link set peer0 master br9");
        expect(linkFor("RENEW", "peer0")).toBe("0 peer0\n");
    });

    test("is told by what a commit writes, not before", () => {
        expect(move(host, GUARDED)).toMatchObject({ status: 0, stderr: "" });
        expect(hooks()).toBe("");
        expect(commit(host, GUARDED)).toMatchObject({ status: 0, stderr: "" });
        expect(hooks()).toBe(`crosshost-${STACK}-eth0\n`);
        expect(host.observe().drift).toEqual([]);
    });

    test("what fails later takes it back", () => {
        const before = steady();
        expect(host.apply("lan", `${LAN}addr nope0 10.99.0.1/24: scope global\n`).status).toBe(1);
        expect(steady()).toBe(before);
        expect(hooks()).toBe("");
    });

    test.each([
        ["of IPv6 beside it", "printf 'iface eth0 inet6 dhcp\\n' >>/etc/network/interfaces"],
        [
            "of another client",
            "mv /run/dhclient.eth0.pid /run/kept; cp /run/kept /run/dhclient.pid",
        ],
        [
            "of one that has died",
            "echo 4194305 >/run/dhclient.eth0.pid.x; cp /run/dhclient.eth0.pid /run/kept; mv /run/dhclient.eth0.pid.x /run/dhclient.eth0.pid",
        ],
    ])("a lease %s is refused", (_, script) => {
        host.sh(script);
        const { status, stderr } = host.apply("lan", LAN);
        host.sh("[ ! -e /run/kept ] || mv /run/kept /run/dhclient.eth0.pid");
        expect(status).toBe(2);
        expect(stderr).toContain("or dhclient (ifupdown with isc-dhcp-client) have the lease");
    });
});
