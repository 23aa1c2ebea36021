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
    pairs,
} from "../support/hosts";
import {
    answersOnLan,
    inside,
    lab,
    on,
    onAll,
    pidOf,
    programOn,
    rebootAll,
    unanswered,
    within,
} from "../support/lab";
import { lostAfter } from "../support/patience";
import { passesWhole, whilePinging } from "../support/pinging";
import { Stack } from "../support/stack";

const MTU = 1450;
const WITHIN_MS = 15_000;
const GATEWAY = "10.42.0.1";
/** Of the part from which neither Docker nor the plan gives out any. */
const NOBODY = "10.42.0.9";
const CONTAINERS = { vm1: "c1", vm2: "c2", vm3: "c3" } as const;
const NAMES = ["c1", "c2", "c3", "mover"];
const RECEIVED = "cat /sys/class/net/eth0/statistics/rx_packets";
const TEN_SECONDS = ["timeout", "10", "tcpdump", "-lnei"];
const NETWORK = "crosshost-switched-mesh";
const IMAGE = "lan-registry:5000/busybox:1";
const DHCP_SERVER = [
    String.raw`printf "start 10.42.220.10\nend 10.42.220.20\ninterface eth0\n" >/tmp/conf`,
    "mkdir -p /var/lib/misc; touch /var/lib/misc/udhcpd.leases",
    "exec busybox udhcpd -f /tmp/conf",
].join("; ");
/** One container goes, the other comes, and says that it is there: 2 to 4 s here. Without a word it would be 300 s. */
const GAP_MS = 20_000;

describe("an overlay whose hosts share one subnet", () => {
    const stack = new Stack("switched", join(__dirname, "switched"));
    let before: string[];

    beforeAll(async () => {
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        before = await baseline();
    });

    afterAll(() => {
        HOSTS.forEach((host) => {
            on(host, "docker rm -f dhcp >/dev/null 2>&1 || true");
        });
        stack.cleanUp();
    });

    it("is shown by a preview, and made by the first up", async () => {
        const shown = stack.preview();
        expect(shown).toMatch(/link vx-mesh-\S+ *: "vxlan .* master ch-mesh-/);
        expect(difference(before, await dumps())).toEqual([]);
        stack.up();
        stack.nothingToDo("up");
        stack.nothingToDo("preview");
    });

    it.each(pairs())("carries full-size packets from %s to %s, and not a byte more", (from, to) => {
        const target = addressOf(to);
        expect(passesWhole(from, CONTAINERS[from], target, MTU)).toBe(true);
        expect(passesWhole(from, CONTAINERS[from], target, MTU + 1)).toBe(false);
    });

    it.each(HOSTS)("serves %s's containers as a routed one does", async (host) => {
        const { internet, hosts } = lab();
        const echo = tcpdump(1, "icmp[icmptype] == icmp-echo");
        const { seen } = await capture("ip", ["netns", "exec", internet.namespace, ...echo]);
        expect(unanswered(host, CONTAINERS[host], [internet.address, GATEWAY])).toEqual([]);
        expect(await seen).toContain(`${hosts[host]?.address ?? ""} > ${internet.address}`);
        expect(answersOnLan(`${hosts[host]?.address ?? ""}/8080`)).toBe(true);
        const pings = NAMES.map((name) => `ping -c 1 -W 2 ${name} >/dev/null || echo ${name}`);
        expect(on(host, inside(CONTAINERS[host], pings.join("; ")))).toBe("");
    });

    it("carries a broadcast to each host once, and then is silent for 10 s", async () => {
        const { seen } = await seenOnWires(`arp host ${NOBODY}`);
        on("vm1", inside(CONTAINERS.vm1, `arping -c 1 -w 1 ${NOBODY} || true`));
        const texts = await seen();
        expect(texts.map((text) => text.match(/who-has/g)?.length)).toEqual([1, 1, 1]);
    });

    it("keeps the gateway's packets and who asks for it off the wire, on each end", async () => {
        const { seen } = await seenOnWires(`ether host ${gatewayMac()} or arp host ${GATEWAY}`);
        askForTheGateway();
        expect(await seen()).toEqual(["", "", ""]);

        on("vm1", `nft flush chain bridge ${tableOf("vm1")} bridge-postrouting`);
        const [wire, behind] = await Promise.all([
            seenOnWires(`arp host ${GATEWAY}`),
            capture(
                ...inContainerOf("vm2", ...TEN_SECONDS, "eth0", `arp src host ${addressOf("vm1")}`),
            ),
        ]);
        askForTheGateway();
        const [, crossed = ""] = await wire.seen();
        expect(crossed).toContain(`who-has ${GATEWAY}`); // so the rule it was that kept it off
        expect((await behind.seen).trim()).toBe("");
        expect(stack.preview()).toMatch(/drift nft bridge-postrouting gateway-1-from *: "missing"/);
        stack.up();
    });

    it("lets a container on one host serve addresses to one on another by DHCP", () => {
        on(
            "vm1",
            `docker run -d --name dhcp --network ${NETWORK} --entrypoint sh ${IMAGE} -c '${DHCP_SERVER}'`,
        );
        const leased = on(
            "vm2",
            `docker run --rm --network ${NETWORK} --entrypoint busybox ${IMAGE} udhcpc -f -q -n -s /bin/true 2>&1`,
        );
        expect(leased).toMatch(/lease of 10\.42\.220\.\d+ obtained/);
        on("vm1", "docker rm -f dhcp");
    });

    it("takes no VXLAN packet from a stranger on the LAN", () => {
        const { lan, hosts } = lab();
        const [, vni, port] =
            /vxlan id (\d+).* dstport (\d+)/.exec(on("vm1", "ip -d -o link show type vxlan")) ?? [];
        const mac = on("vm1", inside(CONTAINERS.vm1, "cat /sys/class/net/eth0/address")).trim();
        const setUp = [
            `ip link add stranger type vxlan id ${vni} local ${lan.address} dstport ${port} nolearning`,
            `ip link set stranger up mtu ${MTU}`,
            `ip route add ${addressOf("vm1")}/32 dev stranger src ${lan.address}`,
            `ip neigh add ${addressOf("vm1")} lladdr ${mac} dev stranger nud permanent`,
            `bridge fdb add ${mac} dev stranger dst ${hosts["vm1"]?.address ?? ""}`,
        ];
        const pings = () => {
            const start = Number(on("vm1", inside(CONTAINERS.vm1, RECEIVED)));
            within(
                lan.namespace,
                `ping -c 5 -i 0.2 -W 1 ${addressOf("vm1")} >/dev/null 2>&1 || true`,
            );
            return Number(on("vm1", inside(CONTAINERS.vm1, RECEIVED))) - start;
        };
        within(lan.namespace, setUp.join(" && "));
        try {
            expect(pings()).toBeLessThan(5);
            on("vm1", `nft flush chain inet ${tableOf("vm1")} input`);
            expect(pings()).toBeGreaterThanOrEqual(5); // so the rule it was that kept them out
        } finally {
            within(lan.namespace, "ip link del stranger");
            stack.up();
        }
    });

    it.each([
        ["vm1", "vm2"],
        ["vm2", "vm1"],
    ])(
        "lets a container move from %s to %s with its address, which a third host soon reaches there",
        (from, to) => {
            const target = addressOfContainer(from, "mover");
            stack.configure({ home: to });
            const [host, container] = ["vm3", CONTAINERS.vm3];
            const { gapMs } = whilePinging({ host, container, target }, () => {
                stack.up();
                expect(unanswered("vm3", CONTAINERS.vm3, [target])).toEqual([]);
            });
            expect(addressOfContainer(to, "mover")).toBe(target);
            process.stdout.write(`${from} -> ${to}: no answer for ${Math.round(gapMs)} ms\n`);
            expect(gapMs).toBeLessThan(GAP_MS);
            expect(lost()).toEqual([]);
        },
    );

    it.each(["once", "again"])("tells drift by name and repairs it, %s", async () => {
        on("vm1", "ip link set dev $(basename /sys/class/net/vx-mesh-*) nomaster");
        on(
            "vm2",
            `bridge fdb del 00:00:00:00:00:00 dev $(basename /sys/class/net/vx-mesh-*) dst ${lab().hosts["vm3"]?.address ?? ""}`,
        );
        on(
            "vm2",
            `bridge fdb append 00:00:00:00:00:00 dev $(basename /sys/class/net/vx-mesh-*) dst 192.0.2.9`,
        );
        on(
            "vm3",
            `nft delete table bridge ${tableOf("vm3")}; ip link set dev $(basename /sys/class/net/vx-mesh-*) type vxlan nolearning`,
        );
        const shown = stack.preview();
        for (const told of [
            /drift link vx-mesh-\S+ *: "no-master"/,
            /drift fdb 00:00:00:00:00:00 dev vx-mesh-\S+ dst \S+\.13 *: "missing"/,
            /drift fdb 00:00:00:00:00:00 dev vx-mesh-\S+ dst 192\.0\.2\.9 *: "not in the plan/,
            /drift link vx-mesh-\S+ *: "nolearning"/,
            /drift nft bridge-prerouting gateway-4-asked *: "missing"/,
        ]) {
            expect(shown).toMatch(told);
        }
        stack.up();
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
    });

    it("lasts: a reboot, a power cut, a restart of Docker", async () => {
        await Promise.all([
            rebootAll(["vm1"]),
            rebootAll(["vm2"], "--hard"),
            onAll(["vm3"], "systemctl restart docker"),
        ]);
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("becomes a routed one and leaves nothing of itself; addresses change", async () => {
        stack.configure({ switched: false });
        stack.up();
        expect(
            await lostAfter(WITHIN_MS, () => lost(HOSTS.map((host) => CONTAINERS[host]))),
        ).toEqual([]);
        const left = "nft list tables bridge; bridge fdb show | grep ^00:00:00:00:00:00 || true";
        expect(on("vm1", `${left}; ip -o link show type vxlan | grep master || true`)).toBe("");
        stack.nothingToDo("preview");
        stack.configure({});
        stack.up();
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
    });

    it("leaves no trace after destroy", async () => {
        stack.destroy();
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        expect(difference(before, await dumps())).toEqual([]);
    });
});

/** Containers that do not answer, by their names, from those of all hosts. */
function lost(names: readonly string[] = NAMES): string[] {
    const pings = names.map((name) => `ping -c 1 -W 1 ${name} >/dev/null 2>&1 || echo ${name}`);
    return HOSTS.flatMap((host) =>
        on(host, inside(CONTAINERS[host], pings.join("; ")))
            .split("\n")
            .filter(Boolean)
            .map((name) => `${host} -> ${name}`),
    );
}

/** What goes over the wire of each host for 10 s, by its own device. */
async function seenOnWires(filter: string): Promise<{ seen: () => Promise<string[]> }> {
    const shell = `exec ${TEN_SECONDS.join(" ")} $(basename /sys/class/net/vx-mesh-*) '${filter}'`;
    const all = await Promise.all(
        HOSTS.map((host) => capture(...programOn(host, "sh", "-c", shell))),
    );
    return { seen: () => Promise.all(all.map(async ({ seen }) => (await seen).trim())) };
}

/** A container asks by a broadcast, and the host itself for an address of another host. */
function askForTheGateway(): void {
    on("vm1", inside(CONTAINERS.vm1, `arping -b -c 2 -w 2 ${GATEWAY} || true`));
    on("vm1", `ping -c 1 -W 1 ${addressOf("vm3")} || true`);
}

function inContainerOf(host: HostName, ...words: readonly string[]): [string, string[]] {
    return programOn(
        host,
        "sh",
        "-c",
        `exec nsenter -t ${pidOf(CONTAINERS[host])} -n ${words.map((word) => `'${word}'`).join(" ")}`,
    );
}

function gatewayMac(): string {
    return on("vm1", "cat /sys/class/net/ch-mesh-*/address").trim();
}

function tableOf(host: HostName): string {
    return on(host, "nft list tables inet | grep -o 'crosshost_.*_overlay_mesh'").trim();
}

function addressOf(host: HostName): string {
    return addressOfContainer(host, CONTAINERS[host]);
}
