import {
    AS_AFTER_A_REBOOT,
    baseline,
    difference,
    dumps,
    type HostName,
    HOSTS,
    hostWithIptables,
} from "../support/hosts";
import { unreached } from "../support/demo";
import { labCommand, on, onAll } from "../support/lab";
import { lostAfter } from "../support/patience";
import { Stack } from "../support/stack";

/** A way to break a host by hand, and the line of a plain preview that tells it. */
interface Drift {
    readonly kind: string;
    readonly host: HostName;
    readonly script: string;
    readonly tells: RegExp;
}

const IPTABLES = hostWithIptables();
const VX = "vx=$(basename /sys/class/net/vx-mesh-*)";
const BRIDGE = "br=$(basename /sys/class/net/ch-mesh-*)";
const TABLE = "t=$(nft list tables | sed -n 's/table inet \\(crosshost_.*mesh\\)/\\1/p')";

/** What is broken together is independent of one another; each group is broken twice. */
const GROUPS: readonly (readonly Drift[])[] = [
    [
        {
            kind: "deleted link",
            host: "vm1",
            script: `${VX}; ip link del $vx`,
            tells: line("link vx-mesh-\\S+", "missing"),
        },
        {
            kind: "changed link",
            host: "vm2",
            script: `${VX}; ip link set $vx mtu 1300`,
            tells: line("link vx-mesh-\\S+", "mtu 1300"),
        },
        {
            kind: "deleted route",
            host: "vm3",
            script: "ip route del 10.42.1.0/24",
            tells: line("route 10.42.1.0/24", "missing"),
        },
        {
            kind: "changed sysctl",
            host: "vm3",
            script: "sysctl -qw net.ipv4.ip_forward=0",
            tells: line("sysctl net.ipv4.ip_forward", "0"),
        },
        {
            kind: "changed nft rule",
            host: "vm2",
            script: `${TABLE}; h=$(nft -a list chain inet $t forward | sed -n 's/.*5-closed.*handle //p'); nft replace rule inet $t forward handle $h oifname nowhere drop comment \\"5-closed\\"`,
            tells: line("nft forward 5-closed", ".*nowhere.*"),
        },
        {
            kind: "changed iptables rule",
            host: IPTABLES,
            script: `set -- $(iptables -S DOCKER-USER | grep -m 1 crosshost); shift 2; iptables -D DOCKER-USER $(echo "$*" | tr -d '"'); iptables -I DOCKER-USER $(echo "$*" | tr -d '"' | sed 's/ -o [^ ]*/ -o nowhere/')`,
            tells: line("iptables DOCKER-USER \\S+", ".+"),
        },
    ],
    [
        {
            kind: "deleted address",
            host: "vm1",
            script: `${VX}; ip addr del 10.42.1.0/32 dev $vx`,
            tells: line("addr vx-mesh-\\S+ 10.42.1.0/32", "missing"),
        },
        {
            kind: "changed route",
            host: "vm2",
            script: `${VX}; ip route replace 10.42.1.0/24 via 10.42.3.0 dev $vx onlink proto 201`,
            tells: line("route 10.42.1.0/24", "via 10.42.3.0.*"),
        },
        {
            kind: "deleted neighbour",
            host: "vm3",
            script: `${VX}; ip neigh del 10.42.1.0 dev $vx`,
            tells: line("neigh 10.42.1.0 dev vx-mesh-\\S+", "missing"),
        },
        {
            kind: "changed address",
            host: "vm3",
            script: `${VX}; ip addr del 10.42.3.0/32 dev $vx; ip addr add 10.42.3.0/32 dev $vx scope link`,
            tells: line("addr vx-mesh-\\S+ 10.42.3.0/32", "scope link"),
        },
        {
            kind: "hosts file without names",
            host: "vm2",
            script: "f=$(docker inspect -f '{{.HostsPath}}' crosshost-demo-api); text=$(grep -v crosshost $f); echo \"$text\" >$f",
            tells: line("name crosshost-demo-mesh 10.42.1.\\d+", "missing in crosshost-demo-api"),
        },
        {
            kind: "added route",
            host: "vm1",
            script: `${VX}; ip route add 10.99.0.0/24 via 10.42.2.0 dev $vx onlink proto 201`,
            tells: line("route 10.99.0.0/24", "not in the plan.*"),
        },
    ],
    [
        {
            kind: "changed neighbour",
            host: "vm1",
            script: `${VX}; ip neigh replace 10.42.2.0 lladdr 02:00:00:00:00:99 dev $vx nud permanent`,
            tells: line("neigh 10.42.2.0 dev vx-mesh-\\S+", "lladdr 02:00:00:00:00:99.*"),
        },
        {
            kind: "deleted fdb entry",
            host: "vm2",
            script: `${VX}; set -- $(bridge fdb show dev $vx | grep dst | head -1); bridge fdb del $1 dev $vx dst $3 self`,
            tells: line("fdb \\S+ dev vx-mesh-\\S+", "missing"),
        },
        {
            kind: "changed fdb entry",
            host: "vm3",
            script: `${VX}; set -- $(bridge fdb show dev $vx | grep dst | head -1); bridge fdb replace $1 dev $vx dst 203.0.113.9 self permanent`,
            tells: line("fdb \\S+ dev vx-mesh-\\S+", "dst 203.0.113.9"),
        },
        {
            kind: "deleted nft table",
            host: "vm2",
            script: `${TABLE}; nft delete table inet $t`,
            tells: line("nft forward 5-closed", "missing"),
        },
        {
            kind: "added nft rule",
            host: "vm3",
            script: `${TABLE}; nft insert rule inet $t forward accept`,
            tells: /drift nft .*not in the plan/,
        },
        {
            kind: "deleted nft rule",
            host: "vm1",
            script: `${TABLE}; nft delete rule inet $t forward handle $(nft -a list chain inet $t forward | sed -n 's/.*5-closed.*handle //p')`,
            tells: line("nft forward 5-closed", "missing"),
        },
        {
            kind: "flushed iptables chain",
            host: IPTABLES,
            script: "iptables -F DOCKER-USER; iptables -A DOCKER-USER -j RETURN",
            tells: line("iptables DOCKER-USER \\S+", "missing"),
        },
        {
            kind: "disconnected container",
            host: "vm3",
            script: "docker network disconnect -f crosshost-demo-mesh crosshost-demo-db",
            tells: line("docker endpoint crosshost-demo-db crosshost-demo-mesh", "missing"),
        },
        {
            kind: "bridge down",
            host: "vm2",
            script: `${BRIDGE}; ip link set $br down`,
            tells: line("link ch-mesh-\\S+", ".*down"),
        },
    ],
    [
        {
            kind: "deleted Docker network",
            host: "vm1",
            script: "docker network disconnect -f crosshost-demo-mesh crosshost-demo-web; docker network rm crosshost-demo-mesh",
            tells: line("docker network crosshost-demo-mesh", "missing"),
        },
        {
            kind: "deleted unit file",
            host: "vm2",
            script: "rm /var/lib/crosshost/*/units/overlay-mesh",
            tells: /overlay-mesh is no longer on vm2: this `up` restores it$/m,
        },
        {
            kind: "disabled boot unit",
            host: "vm3",
            script: "systemctl -q disable $(systemctl list-unit-files --plain --no-legend 'crosshost-*-links.service' | cut -d' ' -f1)",
            tells: /drift boot crosshost-\S+-links\.service *: ".+"/,
        },
    ],
    [
        {
            kind: "deleted bridge",
            host: "vm1",
            script: `${BRIDGE}; ip link del $br`,
            tells: line("link ch-mesh-\\S+", "missing"),
        },
        {
            kind: "all files deleted",
            host: "vm2",
            script: "rm -rf /var/lib/crosshost",
            tells: /vm2 has lost what Crosshost installed there: this `up` installs it again$/m,
        },
        {
            kind: "network of another shape",
            host: "vm3",
            script: "docker network disconnect -f crosshost-demo-mesh crosshost-demo-db; docker network rm crosshost-demo-mesh; docker network create --label crosshost=$(basename /var/lib/crosshost/*-*):overlay-mesh --subnet 10.42.3.0/24 crosshost-demo-mesh",
            tells: line("docker network crosshost-demo-mesh", ".+"),
        },
    ],
];

const WITHIN_MS = 10_000;

describe("drift", () => {
    const stack = new Stack("demo");
    let before: string[];

    beforeAll(async () => {
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        before = await baseline();
        stack.up();
    });

    afterAll(() => {
        labCommand("up", "3");
        stack.cleanUp();
    });

    for (const group of GROUPS) {
        it(`is told by name and repaired, each time: ${group.map(({ kind }) => kind).join(", ")}`, () => {
            breakAll(group);
            expect(untold(group, stack.preview())).toEqual([]);
            stack.up();
            breakAll(group);
            expect(untold(group, stack.up("--diff"))).toEqual([]);
            expect(unreached(stack)).toEqual([]);
        });
    }

    it("is none after all of these", () => {
        stack.nothingToDo("preview");
    });

    describe("after which the wiring lasts, and", () => {
        it.each([
            ["vm1", "soft", []],
            ["vm2", "hard", ["--hard"]],
            ["vm3", "hard", ["--hard"]],
        ])("is back on %s after a %s reboot, before anyone asks", async (host, _way, flags) => {
            labCommand("reboot", host, ...flags);
            expect(await lostAfter(WITHIN_MS, () => unreached(stack))).toEqual([]);
        });

        it("is back after a container restarts, and after Docker restarts", async () => {
            on("vm1", "docker restart -t 1 crosshost-demo-web >/dev/null");
            expect(await lostAfter(WITHIN_MS, () => unreached(stack))).toEqual([]);
            await onAll(HOSTS, "systemctl restart docker");
            expect(await lostAfter(WITHIN_MS, () => unreached(stack))).toEqual([]);
        });

        it("is nothing that a preview would change after all of these", () => {
            stack.nothingToDo("preview");
        });

        describe("with a host powered off", () => {
            beforeAll(() => {
                // A repair in its past: the lines of it must not come back as a difference.
                on("vm2", "ip route del 10.42.1.0/24");
                stack.up();
                labCommand("poweroff", "vm2");
            });

            it("warns by name, shows the rest and exits with 0", () => {
                on("vm1", "ip route del 10.42.3.0/24");
                const shown = stack.preview();
                expect(shown).toContain("vm2: changes to vm2 are not shown");
                expect(shown).toMatch(/drift route 10.42.3.0\/24 *: "missing"/);
                expect(shown).not.toMatch(/vm2.*(update|replace)/);
            });

            it("fails where strict is asked for", () => {
                stack.configure({ strict: true });
                const { status, output } = stack.attempt("preview", "--diff");
                stack.configure({});
                expect(status).not.toBe(0);
                expect(output).toContain("vm2: changes to vm2 are not shown");
            });

            it("converges the others in up, and names the host", () => {
                const { status, output } = stack.attempt("up", "--yes", "--skip-preview");
                expect(status).not.toBe(0);
                expect(output).toContain("vm2");
                expect(on("vm1", "ip route show 10.42.3.0/24")).not.toBe("");
            });

            it("heals at the next up", async () => {
                labCommand("start", "vm2");
                stack.up();
                stack.nothingToDo("preview");
                expect(await lostAfter(WITHIN_MS, () => unreached(stack))).toEqual([]);
            });
        });
    });

    it("of a host installed anew is told and repaired", () => {
        installAnew("vm3");
        const shown = stack.preview();
        expect(shown).toContain("vm3 has lost what Crosshost installed there");
        expect(shown).toContain("overlay-mesh is no longer on vm3: this `up` restores it");
        expect(shown).toMatch(
            /attachment-db is no longer on vm3: .* crosshost-demo-db, which is gone too, is recreated: pulumi up --refresh/,
        );
        const { status, output } = stack.attempt("up", "--yes", "--skip-preview");
        expect(status).not.toBe(0);
        expect(output).toMatch(/container crosshost-demo-db .*pulumi up --refresh/);
        stack.up("--refresh");
        stack.nothingToDo("preview");
        expect(unreached(stack)).toEqual([]);
    });

    it("leaves no trace after destroy, on a host without its files either", async () => {
        on("vm1", "rm -rf /var/lib/crosshost");
        stack.destroy();
        expect(difference(before, await dumps())).toEqual([]);
    });
});

function breakAll(group: readonly Drift[]): void {
    for (const { host, script } of group) {
        on(host, `set -e; ${script}`);
    }
}

function untold(group: readonly Drift[], shown: string): string[] {
    return group.filter(({ tells }) => !tells.test(shown)).map(({ kind }) => kind);
}

function installAnew(host: string): void {
    on(host, INSTALL_ANEW);
    labCommand("reboot", host);
}

/** All that Docker and Crosshost keep is gone, as after a new installation with the old host key. */
const INSTALL_ANEW = `
docker ps -aq | xargs -r docker rm -f >/dev/null
docker network prune -f >/dev/null
systemctl -q disable 'crosshost-*' 2>/dev/null
rm -rf /var/lib/crosshost /etc/systemd/system/crosshost-* /etc/systemd/system/*.wants/crosshost-*
rmdir /etc/systemd/system/docker.service.wants
`;

function line(key: string, value: string): RegExp {
    // A drift of the same key that was repaired before stands as the old value.
    return new RegExp(`drift ${key} *: ("[^"]*" => )?"?${value}"?$`, "m");
}
