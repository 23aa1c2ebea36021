import { TOOLS } from "../support/netns";
import { BOTH, InnerHost, MACVLAN, VETH } from "../support/inner";

describe.each(TOOLS)("a container's interface that fails, with $shell and $awk", (tools) => {
    let host: InnerHost;

    beforeAll(() => {
        host = new InnerHost(tools);
    });
    afterEach(() => host.delete("attachment-web"));
    afterAll(() => host.close());

    const POISON =
        "addr nope0 10.9.9.9/24: scope 999\nfdb 02:00:00:00:00:09 dev nope0: dst 999.0.0.1\n";
    /** Each fails at another step of an interface's making. */
    const BAD: readonly (readonly [string, RegExp])[] = [
        [VETH.replace("mtu 1400", "mtu 99999"), /tried `ip link set \S+ .* mtu 99999 .*`: /],
        [
            VETH.replace("mac 02:c4:00:00:00:32", "mac 02:zz:00:00:00:32"),
            /tried `ip link set dev eth1 address 02:zz:00:00:00:32 .*`: /,
        ],
        [
            VETH.replace("ipv4 10.60.0.50/24", "ipv4 999.60.0.50/24"),
            /tried `ip addr replace 999\.60\.0\.50\/24 .*`: /,
        ],
        [
            VETH.replace("via 10.60.0.7", "via 203.0.113.9"),
            /tried `ip route replace 10\.9\.0\.0\/16 via 203\.0\.113\.9 dev eth1 proto 201`: /,
        ],
        [
            VETH.replace("gateway 10.60.0.1", "gateway 203.0.113.9"),
            /tried `ip route replace default via 203\.0\.113\.9 dev eth1 proto 201`: /,
        ],
        [
            MACVLAN.replace("mac 02:c4", "mac 03:c4"),
            /tried `ip link set dev eth2 address 03:c4:00:00:00:33 .*`: /,
        ],
    ];

    /** All of them with one pair of tools. */
    const bad = BAD.filter((_, at) => tools.shell === "dash" || at % 3 === 0);

    describe.each(bad)("a change that fails is undone: %#", (text, told) => {
        const failing = () => {
            const before = host.all();
            const { status, stderr } = host.attach(text);
            expect(stderr).toMatch(told);
            expect(stderr).toMatch(
                /crosshost: unit attachment-web on \S+: interface web eth[12]: /,
            );
            expect(stderr).toMatch(/; (put back: .*|nothing was changed)\n$/);
            expect(stderr).not.toContain("but not everything is as before");
            expect(status).toBe(1);
            expect(host.all()).toBe(before);
        };

        test("of what is new", () => {
            host.sh("mkdir -p -m 0700 /run/crosshost");
            failing();
        });

        test("of what was there, in place, and of what goes", () => {
            host.attach(BOTH);
            failing();
            expect(host.observe().drift).toEqual([]);
        });

        test("of what is made anew", () => {
            host.attach(
                "interface web eth1: macvlan eth0 mac 02:c4:00:00:00:32 ipv4 192.168.40.51/24 gateway 192.168.40.1\ninterface web eth2: veth br-lan1 host vc-web-2 mac 02:c4:00:00:00:34 ipv4 10.60.0.51/24\n",
            );
            failing();
            expect(host.observe().drift).toEqual([]);
        });
    });

    test("a change that fails elsewhere is undone as well", () => {
        host.attach(VETH);
        const before = host.all();
        const { stderr } = host.attach(MACVLAN + POISON);
        expect(stderr).toMatch(/put back|nothing was changed/);
        expect(stderr).not.toContain("not all");
        expect(host.all()).toBe(before);
        expect(host.observe().drift).toEqual([]);
    });
});
