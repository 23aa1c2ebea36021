import { join } from "node:path";
import { capture, tcpdump } from "../support/capture";
import { addressOfContainer } from "../support/docker";
import {
    AS_AFTER_A_REBOOT,
    baseline,
    difference,
    dumps,
    type HostName,
    HOSTS,
    hostWithIptables,
    pairs,
} from "../support/hosts";
import {
    firstLineAt,
    inside,
    lab,
    on,
    onAll,
    programOn,
    succeeds,
    unanswered,
    watchersRest,
    within,
} from "../support/lab";
import { lostAfter } from "../support/patience";
import { passesWhole, whilePinging } from "../support/pinging";
import { entriesChanged } from "../support/previewed";
import { Stack } from "../support/stack";

const MTU = 1500;
const WITHIN_MS = 15_000;
const DROP_IN = "/etc/systemd/networkd.conf.d/50-crosshost.conf";
/** As networkd is that ran before there was a drop-in. */
const UNREAD = `mv ${DROP_IN} /run/unread;`;
const READ = `[ ! -e /run/unread ] || mv /run/unread ${DROP_IN}`;
const RECEIVED = "/sys/class/net/eth0/statistics/rx_packets";
const APPLY = `cd /var/lib/crosshost/*/ && ./crosshost apply $(basename $PWD) overlay-mesh <units/overlay-mesh`;

/**
 * In one go, as SSH goes over it. The default route is put back too, which networkd does itself, if it sees a NIC that it has
 * configured go down, and then come up: of two such falls within milliseconds 257 makes one, and stays in "configuring" without
 * the route (1 of 120). How many of our routes were left is counted before the service can have any of them back.
 */
const NIC_WAS_DOWN = `
set -e
networkd_says() {
    [ -e /run/systemd/netif/state ] || return 0
    until networkctl --no-legend list eth0 | grep -q "$1"; do sleep 0.05; done
}
networkd_says " configured"
way=$(ip route show default)
ip link set eth0 down
ip route show proto 201 | wc -l
networkd_says " off "
ip link set eth0 up
[ -e /run/systemd/netif/state ] || ip route replace $way
networkd_says " routable *configured"
`;

/** What a preview shows of one host when direct becomes vxlan. */
const TO_VXLAN = [
    "+ addr vx",
    "~ docker network",
    "+ fdb dev vx",
    "+ fdb dev vx",
    "- iptables DOCKER-USER ch",
    "- iptables DOCKER-USER ch",
    "+ iptables DOCKER-USER vx",
    "+ iptables DOCKER-USER vx",
    "~ link ch",
    "+ link vx",
    "+ neigh 10.42.2.0 dev vx",
    "+ neigh 10.42.3.0 dev vx",
    "- networkd foreign-routes",
    "- nft forward 4-10.42.2.0/24",
    "- nft forward 4-10.42.3.0/24",
    "+ nft forward 4-overlay",
    "+ nft input peers",
    "~ route 10.42.2.0/24",
    "~ route 10.42.3.0/24",
    "- watch routes",
];

describe("an overlay without encapsulation", () => {
    const stack = new Stack("direct", join(__dirname, "direct"));
    let before: string[];

    beforeAll(async () => {
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        before = await baseline();
        stack.configure({ hosts: "vm1 vm2" });
        stack.up();
    });

    afterAll(() => {
        on("vm3", "ip addr del 10.99.0.13/24 dev eth0 2>/dev/null || true");
        stack.cleanUp();
    });

    it("takes a third host without losing a packet between the two, by one small update each", () => {
        stack.configure({});
        expect(changes(stack.preview(), "vm1")).toEqual([
            "+ nft forward 4-10.42.3.0/24",
            "+ route 10.42.3.0/24",
        ]);
        const { answered, lost } = pinged(() => stack.up());
        expect(answered).toBeGreaterThan(50);
        expect(lost).toBe(0);
    });

    it("is the same whatever the order of the list", () => {
        stack.configure({ hosts: "vm3 vm1 vm2" });
        stack.nothingToDo("up");
        stack.configure({});
    });

    it.each(pairs())("lets %s reach %s at full size, and not a byte more", async (from, to) => {
        const target = addressOf(to);
        const filter = `icmp and dst host ${target} and src net 10.42.0.0/16`;
        const { seen } = await capture(...programOn(to, ...tcpdump(1, filter)));
        expect(pings(from, target, MTU)).toBe(true);
        expect(pings(from, target, MTU + 1)).toBe(false);
        expect(await seen).toContain(`${addressOf(from)} > ${target}: ICMP echo request`);
    });

    it.each(HOSTS)(
        "masquerades what leaves it from %s, and serves its published port",
        async (host) => {
            const { internet, hosts, lan } = lab();
            const address = hosts[host]?.address ?? "";
            const echo = tcpdump(1, "icmp[icmptype] == icmp-echo");
            const { seen } = await capture("ip", ["netns", "exec", internet.namespace, ...echo]);
            expect(pings(host, internet.address, 100)).toBe(true);
            expect(await seen).toContain(`${address} > ${internet.address}`);
            const request = firstLineAt(`${address}/8080`);
            expect(within(lan.namespace, `timeout 5 bash --norc -c '${request}'`)).toMatch(
                /^HTTP\/1/,
            );
        },
    );

    it.each(HOSTS)("keeps a machine of the LAN that routes to %s from its containers", (host) => {
        const { lan, hosts } = lab();
        const address = addressOf(host);
        const received = () => Number(on(host, inside(containerOf(host), `cat ${RECEIVED}`)));
        const come = (from: string) => {
            const start = received();
            succeeds(() => within(lan.namespace, `ping -c 5 -i 0.1 -W 1 -I ${from} ${address}`));
            return received() - start;
        };
        const route = `ip route replace ${address}/32 via ${hosts[host]?.address ?? ""}`;
        within(lan.namespace, `${route} && ip addr add 10.42.9.9/32 dev lo`);
        try {
            // its own address, and one of the overlay's network that no host has
            expect(come(lan.address)).toBeLessThan(5);
            expect(come("10.42.9.9")).toBeLessThan(5);
            on(host, `nft flush chain inet ${tableOf(host)} forward`);
            expect(come("10.42.9.9")).toBeGreaterThanOrEqual(5); // so our rules kept it out
        } finally {
            within(lan.namespace, `ip route del ${address}/32; ip addr del 10.42.9.9/32 dev lo`);
            on(host, APPLY);
        }
    });

    it("lets nobody in by a peer's address from another side", () => {
        const target = addressOf("vm1");
        const [before = 0, after = 0] = on(
            "vm1",
            `set -e
            ip netns add forger
            trap 'ip netns del forger' EXIT
            ip link add forge0 type veth peer name eth0 netns forger
            ip addr add 10.98.0.1/24 dev forge0
            ip link set forge0 up
            ip -n forger link set lo up
            ip -n forger link set eth0 up
            ip -n forger addr add 10.98.0.2/24 dev eth0
            ip -n forger addr add 10.42.2.77/32 dev lo
            ip -n forger route add default via 10.98.0.1
            received() { ${inside(containerOf("vm1"), `cat ${RECEIVED}`)}; }
            come() {
                start=$(received)
                ip netns exec forger ping -c 5 -i 0.1 -W 1 -I 10.42.2.77 ${target} >/dev/null || true
                echo $(($(received) - start))
            }
            come; nft flush chain inet ${tableOf("vm1")} forward; come`,
        )
            .split("\n")
            .map(Number);
        expect(before).toBeLessThan(5);
        expect(after).toBeGreaterThanOrEqual(5); // so it was our rule that kept them out
        on("vm1", APPLY);
    });

    // Over reboots too: see the tutorial of direct routes in modes.e2e.
    it("lasts when containers, Docker and networkd start anew", async () => {
        await Promise.all(
            HOSTS.map((host) => onAll([host], `docker restart -t 1 ${containerOf(host)}`)),
        );
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        on("vm2", "systemctl restart systemd-networkd; sleep 1");
        expect(on("vm2", "ip route show proto 201").trim().split("\n")).toHaveLength(2);
        await onAll(HOSTS, "systemctl restart docker");
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
    });

    it.each([
        ["starts", `${UNREAD} systemctl restart systemd-networkd`],
        ["configures the NIC anew", "networkctl reload; networkctl reconfigure eth0"],
    ])(
        "has its routes back without an up when systemd-networkd, which has not read the drop-in, %s",
        (what, command) => {
            const target = addressOf("vm2");
            const { lost, gapMs } = pinged(() => {
                on("vm2", `set -e; ${command}; ${READ}`);
                expect(pings("vm1", target, 100) || pings("vm1", target, 100)).toBe(true);
            });
            expect(lost).toBeGreaterThan(0); // so it has deleted them
            expect(gapMs).toBeLessThan(1000);
            process.stdout.write(`systemd-networkd ${what}: gap ${Math.round(gapMs)} ms\n`);
            expect(routesMissing()).toEqual([]);
        },
    );

    it.each(["while Docker runs", "while Docker is stopped"])(
        "has its routes back when NICs were down, %s, without an up",
        async (when) => {
            const stopped = when.includes("stopped");
            await watchersRest(HOSTS);
            if (stopped) {
                await onAll(HOSTS, "systemctl stop docker.socket docker");
            }
            const left = await onAll(HOSTS, NIC_WAS_DOWN);
            expect(left).toEqual(HOSTS.map(() => "0\n"));
            expect(await lostAfter(WITHIN_MS, routesMissing)).toEqual([]);
            if (stopped) {
                await onAll(HOSTS, "systemctl start docker");
            }
            expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
            expect(stack.preview()).not.toContain("drift");
            stack.nothingToDo("preview");
        },
    );

    it("tells drift by name and repairs it", async () => {
        await watchersRest(HOSTS);
        on(
            "vm1",
            `via="via $(ip route show default | cut -d' ' -f3) src 10.42.1.1 proto 201"
            ip route replace 10.42.2.0/24 $via; ip route add 10.42.9.0/24 $via`,
        );
        on("vm2", `rm ${DROP_IN}`);
        on(
            hostWithIptables(),
            `set -- $(iptables -S DOCKER-USER | grep -m 1 crosshost | tr -d '"'); shift; iptables -D "$@"`,
        );
        on(
            "vm3",
            `ip link del $(basename /sys/class/net/ch-mesh-*); nft delete table inet ${tableOf("vm3")}`,
        );
        const shown = stack.preview();
        for (const told of [
            /drift route 10\.42\.2\.0\/24 *: "via \S+ src 10\.42\.1\.1"/,
            /drift route 10\.42\.9\.0\/24 *: "not in the plan, via /,
            /drift networkd foreign-routes *: "missing"/,
            /drift iptables DOCKER-USER ch-mesh-\S+ *: "missing"/,
            /drift link ch-mesh-\S+ *: "missing"/,
            /drift nft forward 4-10\.42\.1\.0\/24 *: "missing"/,
        ]) {
            expect(shown).toMatch(told);
        }
        stack.up();
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
    });

    it("refuses, in a preview, hosts that share no link", () => {
        on("vm3", "ip addr add 10.99.0.13/24 dev eth0");
        stack.configure({ "addressOf-vm3": "10.99.0.13" });
        const { status, output } = stack.attempt("preview");
        expect(status).not.toBe(0);
        expect(output).toMatch(
            /backend: vm1 \(eth0 \S+\/24\) and vm3 \(eth0 10\.99\.0\.13\/24\) share no link, which direct routes need: use \{ vxlan: \{\} \}/,
        );
        stack.configure({});
        on("vm3", "ip addr del 10.99.0.13/24 dev eth0");
    });

    it("becomes a tunnel and a tunnel becomes it, by one line each, and nothing is left of either", async () => {
        const routed = await dumps();
        stack.configure({ backend: "vxlan" });
        expect(changes(stack.preview(), "vm1")).toEqual([...TO_VXLAN].sort(byKey));
        const away = pinged(() => stack.up());
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        on("vm2", "systemctl restart systemd-networkd; sleep 1");
        expect(on("vm2", "ip route show proto 201").trim().split("\n")).toHaveLength(2);
        expect(on("vm2", `ls ${DROP_IN} 2>/dev/null || true`)).toBe("");

        stack.configure({});
        expect(changes(stack.preview(), "vm1")).toEqual(TO_VXLAN.map(reversed).sort(byKey));
        const back = pinged(() => stack.up());
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        stack.nothingToDo("preview");
        expect(difference(routed, await dumps()).filter(isOfUnits)).toEqual([]);
        for (const [way, { lost, gapMs }] of [
            ["direct -> vxlan", away],
            ["vxlan -> direct", back],
        ] as const) {
            process.stdout.write(
                `${way}: ${lost} pings lost of 100 a second, gap ${Math.round(gapMs)} ms\n`,
            );
        }
    });

    it("lets a host go without losing a packet between the others, and leaves no trace on it", async () => {
        stack.configure({ hosts: "vm2 vm1" });
        const { lost } = pinged(() => stack.up());
        expect(lost).toBe(0);
        const [, , third = ""] = before;
        expect(difference([third], await dumps(["vm3"]))).toEqual([]);
    });

    it("leaves no trace after destroy", async () => {
        stack.destroy();
        expect(difference(before, await dumps())).toEqual([]);
    });

    function pinged(act: () => void) {
        const [host, container] = ["vm1", containerOf("vm1")];
        return whilePinging({ host, container, target: addressOf("vm2") }, act);
    }
});

function containerOf(host: HostName): string {
    return `crosshost-direct-${host}`;
}

function addressOf(host: HostName): string {
    return addressOfContainer(host, containerOf(host));
}

function tableOf(host: HostName): string {
    return on(host, "nft list tables | sed -n 's/table inet \\(crosshost_.*mesh\\)/\\1/p'").trim();
}

function pings(from: HostName, target: string, size: number): boolean {
    return passesWhole(from, containerOf(from), target, size);
}

function routesMissing(): string[] {
    return HOSTS.filter(
        (host) => on(host, "ip route show proto 201").trim().split("\n").length !== 2,
    );
}

/** Pairs of containers that do not reach each other. */
function lost(): string[] {
    return HOSTS.flatMap((from) =>
        unanswered(from, containerOf(from), HOSTS.map(addressOrNone)).map(
            (to) => `${from} -> ${to}`,
        ),
    );
}

/** Of a container that has none yet, a name that nothing answers to. */
function addressOrNone(host: HostName): string {
    try {
        return addressOf(host) || `of-${host}`;
    } catch {
        return `of-${host}`;
    }
}

/** The entries that a preview changes of one host, without what is derived in their names. */
function changes(shown: string, host: HostName): string[] {
    return entriesChanged(shown, `mesh-${host}`)
        .map((line) => line.replace(/(ch|vx)-mesh-\w+.*/, "$1"))
        .map((line) => line.replace(/network \S+/, "network").replace(/fdb \S+/, "fdb"))
        .sort(byKey);
}

function reversed(line: string): string {
    return line.replace(/^[-+]/, (sign) => (sign === "+" ? "-" : "+"));
}

function byKey(a: string, b: string): number {
    return a.slice(2).localeCompare(b.slice(2));
}

/** Files and folders of units are written anew; all else comes back as it was. */
function isOfUnits(line: string): boolean {
    return !line.includes("/var/lib/crosshost/");
}
