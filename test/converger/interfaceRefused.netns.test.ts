import { STACK, TOOLS } from "../support/netns";
import { BOTH, GOOD, InnerHost, MACVLAN, VETH } from "../support/inner";

const WATCH = "watch containers: attach on start\n";
const ROUTE = "default-route web: app\n";

describe.each(TOOLS)("a container's interface, with $shell and $awk", (tools) => {
    let host: InnerHost;

    beforeAll(() => {
        host = new InnerHost(tools);
    });
    afterEach(() => host.delete("attachment-web"));
    afterAll(() => host.close());

    test.each([
        [
            "a container that is not there",
            ":",
            VETH.replace("web", "db"),
            "container db does not exist on this host: start it",
        ],
        [
            "one with the host's network",
            "mv $FAKES/docker/containers/web/bridge $FAKES/docker/containers/web/host",
            VETH,
            "container web has the host's network and none of its own: recreate it with another network mode",
        ],
        [
            "one in another's network",
            "echo container:abc >$FAKES/docker/containers/web/.mode",
            VETH,
            "container web has the network of another container and none of its own: recreate it with another network mode",
        ],
        [
            "an interface that is there",
            ":",
            VETH.replace("eth1", "eth0"),
            "interface web eth0: the container already has an interface of this name, not made by Crosshost (veth ipv4 172.17.0.2/16): choose another name",
        ],
        [
            "a bridge that is not",
            ":",
            VETH.replace("br-lan1", "br-lan9"),
            "interface web eth1: there is no bridge br-lan9",
        ],
        [
            "a NIC that is not",
            ":",
            MACVLAN.replace("eth0", "eth9"),
            "interface web eth2: there is no link eth9 (found ",
        ],
        [
            "a bridge's port",
            "ip link set eth0 master br-lan1",
            MACVLAN,
            "interface web eth2: eth0 is a port of br-lan1: use br-lan1 as parent",
        ],
        [
            "a link of somebody else",
            "ip link add vc-web-1a2b3 type bridge",
            VETH,
            "interface web eth1: the host has a link vc-web-1a2b3 that Crosshost did not make: rename the attachment",
        ],
        [
            "a route that is there",
            "docker inside web ip route add 10.9.0.0/16 via 172.17.0.9",
            VETH,
            "interface web eth1: the container has a route that Crosshost did not make, 10.9.0.0/16 via 172.17.0.9 dev eth0",
        ],
        [
            "a name that is too long",
            ":",
            VETH.replace("eth1", "eth1234567890123"),
            "interface web eth1234567890123: needs a container and a name of at most 15 characters",
        ],
        [
            "a kind that is none",
            ":",
            VETH.replace("veth br-lan1", "ipvlan br-lan1"),
            "interface web eth1: needs `veth BRIDGE host LINK` or `macvlan LINK`, then mac, mtu, ipv4",
        ],
        [
            "a word that is none",
            ":",
            VETH.replace("via", "by"),
            "interface web eth1: the word `by` is not known there",
        ],
        [
            "no address",
            ":",
            "interface web eth1: macvlan eth0 mac 02:c4:00:00:00:32\n",
            "interface web eth1: needs `veth BRIDGE host LINK` or `macvlan LINK`, then mac, mtu, ipv4",
        ],
        [
            "a second default route",
            ":",
            VETH + ROUTE,
            "default-route web: the default route of web is already set by interface web eth1, unit attachment-web",
        ],
        [
            "one address twice",
            ":",
            BOTH.replace("192.168.40.50/24", "192.168.40.51/24") +
                MACVLAN.replace("eth2", "eth3").replace("40.50/24", "40.51/24"),
            "interface web eth2: 192.168.40.51 is already used by interface web eth3, unit attachment-web: choose another address",
        ],
        ["a network that is not", ":", ROUTE, "default-route web: Docker has no network app"],
        [
            "a container's name that is none",
            ":",
            VETH.replace("web", "web;reboot").replace(";", "("),
            "interface web(reboot eth1: is not a valid Docker name",
        ],
    ])("is refused: %s", (_, act, text, told) => {
        host.sh(act);
        const before = host.all();
        const { status, stderr } = host.attach(text);
        expect(stderr).toContain(`crosshost: refused: unit attachment-web: ${told}`);
        expect(status).toBe(2);
        expect(host.all()).toBe(before);
        if (act !== ":") {
            host.sh("ip link set eth0 nomaster; ip link del vc-web-1a2b3 2>/dev/null || true");
            host.renew();
        }
    });

    test("is refused where SSH comes from, and where another unit has the address or the interface", () => {
        const login = { SSH_CONNECTION: "192.168.40.50 50000 192.168.40.11 22" };
        expect(host.crosshost(["apply", STACK, "attachment-web"], MACVLAN, login).stderr).toContain(
            "interface web eth2: 192.168.40.50 is the address of this SSH client: choose another address",
        );
        expect(host.apply("attachment-db", MACVLAN, "crosshost-other-1")).toMatchObject(GOOD);
        expect(host.attach(MACVLAN).stderr).toContain(
            "interface web eth2: belongs to unit attachment-db of stack crosshost-other-1",
        );
        expect(host.attach(MACVLAN.replace("eth2", "eth3")).stderr).toContain(
            "interface web eth3: 192.168.40.50 is already used by interface web eth2, unit attachment-db of stack crosshost-other-1: choose another address",
        );
        host.delete("attachment-db", "crosshost-other-1");
    });

    test("a stack that is uninstalled leaves nothing in a container, and no end of a veth", () => {
        host.attach(BOTH + WATCH);
        expect(host.crosshost(["uninstall", STACK])).toMatchObject(GOOD);
        expect(host.inside("ip route")).not.toContain("proto 201");
        expect(host.sh("ip -o link")).not.toMatch(/vc-web|br-lan1/);
        host.renew();
        expect(host.attach(VETH)).toMatchObject(GOOD);
        host.sh("rm /var/lib/crosshost/*/units/attachment-web");
        expect(host.crosshost(["uninstall", STACK])).toMatchObject(GOOD);
        expect(host.sh("ip -o link")).not.toContain("vc-web");
        host.renew();
    });
});
