// The host's NIC becomes the port of a bridge, with all that lies on it, and is as before when that is undone.
import { expire, FIRST, letTimePass, NEXT } from "../support/moving";
import { killedAt } from "../support/killer";
import { type Answer, NetnsHost, STACK, TOOLS } from "../support/netns";
import { BRIDGE, LAN, RICH } from "../support/uplinks";

/** Does the first N lines of a batch that moves the NIC, and fails at the next. */
const FAILING_IP = `#!/bin/sh
case "$*" in
    "-batch "*/do/*)
        if grep -q ' master \\| nomaster' "$2"; then
            read -r n <"$FAKES/fail-at"
            head -n "$n" "$2" >"$FAKES/begun"
            /usr/sbin/ip -batch "$FAKES/begun" || exit 1
            echo "Command failed $2:$((n + 1))" >&2
            wc -l <"$2" >"$FAKES/lines"
            exit 1
        fi
        ;;
esac
exec /usr/sbin/ip "$@"
`;

type Json = Readonly<Record<string, unknown>>;

describe.each(TOOLS)("with $shell and $awk", (tools) => {
    let host: NetnsHost;
    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh(RICH);
        host.sh("iptables -N DOCKER-USER");
    });
    afterEach(() => host.close());

    const json = (command: string) => JSON.parse(host.sh(command) || "[]") as readonly Json[];
    const apply = (text = LAN): Answer => host.apply("lan", text);
    const done = { status: 0, stderr: "" };

    /** What lies on a link, in the order that the kernel has it, without what counts down. */
    function on(link: string): unknown {
        const [found] = json(`ip -j addr show dev ${link}`);
        const addresses = (found?.["addr_info"] ?? []) as readonly Json[];
        const routes = ["-4", "-6"].flatMap((family) =>
            json(`ip -d -j ${family} route show table all dev ${link}`),
        );
        const lasting = (key: string, value: unknown) =>
            /_life_time$|^expires$/.test(key) && value !== 4294967295
                ? Math.ceil(Number(value) / 1000)
                : value;
        const own = routes.filter(({ dst }) => !/^f[ef]/.test(String(dst)));
        const all = [addresses.filter(({ local }) => !String(local).startsWith("fe80")), own];
        return JSON.parse(
            JSON.stringify(all, (key, value: unknown) =>
                key === "flags" ? undefined : lasting(key, value),
            ),
        );
    }

    const ofBridge = (found: unknown): unknown =>
        JSON.parse(JSON.stringify(found).replace(/eth0(:1)?/g, BRIDGE));

    /** All of the host; a journal's folder and what counts down aside. */
    const dump = () =>
        host
            .dump()
            .replace(/^\/run\/crosshost.*\n/gm, "")
            .replace(/(lft|expires) \d+sec/g, "$1 Nsec");

    const unmarked = () => dump().replace(/^.*\/guarded.*\n/gm, "");

    test("all of a NIC goes to the bridge, and comes back", () => {
        const [before, all] = [on("eth0"), dump()];
        expect(apply()).toEqual({ ...done, stdout: "lan: 2 of its entries changed\n" });
        expect(on(BRIDGE)).toEqual(ofBridge(before));
        expect(on("eth0")).toEqual([[], []]);
        const [bridge] = json(`ip -j -d link show dev ${BRIDGE}`);
        const [nic] = json("ip -j -d link show dev eth0");
        expect(nic).toMatchObject({ master: BRIDGE, address: bridge?.["address"] });
        const info_data = { stp_state: 0, forward_delay: 0 };
        expect(bridge).toMatchObject({ mtu: 1400, linkinfo: { info_data } });
        const settings = `net.ipv4.conf.${BRIDGE}.rp_filter net.ipv6.conf.${BRIDGE}.accept_ra`;
        expect(host.sh(`sysctl -n ${settings}`)).toBe("2\n0\n");
        expect(apply().stdout).toBe("lan: in step, nothing to do\n");
        expect(host.observe().drift).toEqual([]);

        host.crosshost(["uninstall", STACK]);
        expect(on("eth0")).toEqual(before);
        expect(dump()).toBe(all);
    });

    test("whichever step fails, the host is as before", () => {
        const fails = (what: () => Answer, before: string) => {
            host.put("ip", FAILING_IP);
            let lines = 1;
            const every = tools.shell === "dash" ? 1 : 9;
            for (let at = 0; at < lines; at += every) {
                host.sh(`echo ${at} >$FAKES/fail-at`);
                expect(what()).toMatchObject({ status: 1 });
                lines = Number(host.sh("cat $FAKES/lines"));
                expect([at, dump()]).toEqual([at, before]);
            }
            host.remove("ip");
            expect(lines).toBeGreaterThan(15);
        };
        fails(apply, dump());
        apply();
        fails(() => host.delete("lan"), dump());
        fails(() => host.crosshost(["uninstall", STACK]), dump());
    });

    test("what fails after it puts it back", () => {
        const before = dump();
        expect(apply(`${LAN}addr nope0 10.99.0.1/24: scope global\n`)).toMatchObject({ status: 1 });
        expect(dump()).toBe(before);
        apply();
        const moved = dump();
        const { stderr } = apply("iptables DOCKER-USER bad: -s 10.0.0.0/8 -j NOSUCHTARGET\n");
        expect(stderr).toContain("put back: ");
        expect(stderr).not.toContain("not everything is as before");
        expect(dump()).toBe(moved);
    });

    test("a record is kept of what a bridge cannot have", () => {
        apply();
        expect(host.sh("cat /run/crosshost/uplink/eth0")).toBe(
            `bridge ${BRIDGE}\n192.168.40.12/24 label eth0:1\n`,
        );
        host.delete("lan");
        expect(host.sh("ls /run/crosshost")).not.toContain("uplink");
    });

    test("what is taken back to the NIC is drift, and goes to the bridge again", () => {
        apply();
        const moved = on(BRIDGE);
        const drifts: [string, string][] = [
            ["ip link set eth0 nomaster", "uplink eth0: not a port of any bridge"],
            [
                "ip link add br0 up type bridge; ip link set eth0 master br0",
                "uplink eth0: port of br0",
            ],
            [
                "ip addr add 192.168.40.11/24 brd + dev eth0",
                "uplink eth0: 192.168.40.11/24 on eth0",
            ],
            [
                `ip link set ${BRIDGE} address 02:00:00:00:00:01`,
                `uplink eth0: ${BRIDGE} has address 02:00:00:00:00:01`,
            ],
            [
                `ip link set ${BRIDGE} mtu 1300`,
                `uplink eth0: ${BRIDGE} has mtu 1300, eth0 has 1400`,
            ],
        ];
        for (const [command, told] of drifts) {
            host.sh(command);
            expect(host.observe().drift).toEqual([told]);
            if (command.includes("br0")) {
                expect(apply().stderr).toContain(
                    "uplink eth0: eth0 is a port of br0 already, which Crosshost did not make",
                );
                host.sh("ip link del br0");
            }
            expect(apply()).toMatchObject(done);
            expect(host.observe().drift).toEqual([]);
            expect(on("eth0")).toEqual([[], []]);
            expect([command, on(BRIDGE)]).toEqual([command, moved]);
        }
    });

    test("where SSH comes by the NIC, it is moved under guard alone, both ways", () => {
        host.put("systemd-run", "#!/bin/sh\nexit 0\n");
        const before = dump();
        expect(host.crosshost(["apply", STACK, "lan"], LAN, FIRST)).toMatchObject({
            status: 2,
            stderr: `crosshost: refused: unit lan: uplink eth0: touches eth0, which this SSH connection comes by: only an apply or a delete of a unit that is guarded may do that\n`,
        });
        expect(dump()).toBe(before);
        const guarded = `${LAN}guard: 15\n`;
        const commit = () => host.crosshost(["commit", STACK, "lan"], "", NEXT).stdout;
        const armed = /under guard: taken back in 15 s unless committed/;
        expect(host.crosshost(["apply", STACK, "lan"], guarded, FIRST).stdout).toMatch(armed);
        expect(commit()).toContain("lan: committed\n");
        expect(host.observe().drift).toEqual([]);
        expect(host.crosshost(["delete", STACK, "lan"], "", FIRST).stdout).toMatch(armed);
        expect(commit()).toContain("lan: committed\n");
        host.crosshost(["uninstall", STACK]);
        expect(dump()).toBe(before);
    });

    test("a NIC that is set down meanwhile is up when it is taken back, both ways", () => {
        host.put("systemd-run", "#!/bin/sh\nexit 0\n");
        const takenBack = () => {
            host.sh("ip link set dev eth0 down");
            letTimePass(host);
            const { status, stderr } = expire(host);
            expect(stderr).not.toContain("not everything");
            return status;
        };
        host.sh("sysctl -qw net.ipv6.conf.eth0.keep_addr_on_down=0");
        host.apply("other", "sysctl net.ipv4.conf.eth0.rp_filter: 2\n");
        const before = unmarked();
        host.crosshost(["apply", STACK, "lan"], `${LAN}guard: 15\n`, FIRST);
        expect(takenBack()).toBe(0);
        expect(unmarked()).toBe(before);
        apply(`${LAN}guard: 15\n`);
        const after = unmarked();
        host.crosshost(["delete", STACK, "lan"], "", FIRST);
        expect(takenBack()).toBe(0);
        expect(unmarked()).toBe(after);
    });

    test("another name of the bridge takes the NIC over", () => {
        const before = dump();
        apply();
        const moved = on(BRIDGE);
        const other = LAN.replaceAll(BRIDGE, "br-other-3fa9c");
        expect(host.apply("other", other)).toMatchObject(done);
        expect(on("br-other-3fa9c")).toEqual(
            JSON.parse(JSON.stringify(moved).replaceAll(BRIDGE, "br-other-3fa9c")),
        );
        expect(host.sh("ip -j link show dev eth0")).toContain('"master":"br-other-3fa9c"');
        expect(host.run(["ip", "link", "show", "dev", BRIDGE]).status).not.toBe(0);
        expect(host.delete("lan").stdout).toContain("in step");
        host.crosshost(["uninstall", STACK]);
        expect(dump()).toBe(before);
    });

    test("an address of ours on the bridge stays ours", () => {
        const before = dump();
        apply(`${LAN}addr ${BRIDGE} 10.60.0.1/24: scope global\n`);
        host.crosshost(["uninstall", STACK]);
        expect(dump()).toBe(before);
    });

    test("a boot moves what has set itself up by then, and waits for the NIC", () => {
        apply();
        const moved = on(BRIDGE);
        host.delete("lan");
        const asBooted = dump();
        apply();
        host.sh(`cp -a /var/lib/crosshost /var/lib/kept`);
        host.delete("lan");
        host.sh(`rm -rf /run/crosshost /var/lib/crosshost; mv /var/lib/kept /var/lib/crosshost`);
        expect(dump()).not.toBe("");
        expect(host.crosshost(["boot", STACK, "links"])).toMatchObject(done);
        expect(on(BRIDGE)).toEqual(moved);
        host.delete("lan");
        expect(dump()).toBe(asBooted);
    });

    test.each([
        ["has not heard of the NIC yet", "", "exited"],
        ["is at it", "eth0", "running"],
    ])("a boot waits for ifupdown that %s", (_, noted, state) => {
        host.put("ifquery", '#!/bin/sh\n[ "$*" != "--list --allow=hotplug" ] || echo eth0\n');
        host.put("systemctl", '#!/bin/sh\n[ "$1" != show ] || cat $FAKES/ifup\n');
        apply();
        host.sh(`
            ip link del ${BRIDGE}; ip -4 addr flush dev eth0; mkdir -p /run/network
            printf '${noted}' >/run/network/ifstate.eth0; echo ${state} >$FAKES/ifup
            sh -c 'sleep 1; ip addr add 192.168.40.99/24 dev eth0; echo eth0 >/run/network/ifstate.eth0; echo exited >$FAKES/ifup' >/dev/null 2>&1 &
        `);
        expect(host.crosshost(["boot", STACK, "links"])).toMatchObject(done);
        expect(host.sh(`ip -o -4 addr show dev ${BRIDGE}`)).toContain("192.168.40.99/24");
    });
});

describe("kill -9", () => {
    let host: NetnsHost;
    beforeAll(() => {
        host = new NetnsHost();
        host.apply("lan", LAN);
        host.delete("lan");
    });
    afterAll(() => host.close());

    test.each(["apply", "delete"] as const)("at any call of %s heals", (verb) => {
        const fresh = host.dump();
        host.apply("lan", LAN);
        const whole = host.dump();
        host.delete("lan");
        let at = 1;
        for (; ; at++) {
            if (verb === "delete") {
                host.apply("lan", LAN);
            }
            const command = ["setsid", "-w", "sh", host.program, verb, STACK, "lan"];
            const text = verb === "apply" ? LAN : "";
            if (
                !killedAt(host, at, "before", (environment) => host.run(command, text, environment))
            ) {
                break;
            }
            expect(host.apply("lan", LAN)).toMatchObject({ status: 0 });
            expect([at, host.dump()]).toEqual([at, whole]);
            host.delete("lan");
            expect([at, host.dump()]).toEqual([at, fresh]);
        }
        expect(at).toBeGreaterThan(5);
        host.delete("lan");
    });
});
