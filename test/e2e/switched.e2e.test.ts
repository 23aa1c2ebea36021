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
} from "../support/lab";
import { lostAfter } from "../support/patience";
import { passesWhole, whilePinging } from "../support/pinging";
import { type Config, Stack } from "../support/stack";
import { isNoModule } from "./kernels/meshed";
import {
    ALL_WAYS,
    isPossible,
    NOBODY,
    portsOn,
    seenOnWires,
    strangePorts,
    strangersWanted,
    takesStrangers,
    vxlan,
    type Way,
} from "./switched/ways";

/** By which backend the hosts are switched, of those that their kernel has; CROSSHOST_SEED repeats a run. */
const SEED = Number(process.env["CROSSHOST_SEED"] ?? Date.now() % 3);
const POSSIBLE = ALL_WAYS.filter(isPossible);
const WAY = POSSIBLE[SEED % POSSIBLE.length] ?? vxlan;
const OTHERS = POSSIBLE.filter((way) => way !== WAY);
const names = POSSIBLE.map(({ name }) => name).join(", ");
process.stdout.write(`switched by ${WAY.name}, of ${names}: CROSSHOST_SEED=${SEED}\n`);
const lacking = ALL_WAYS.filter((way) => !POSSIBLE.includes(way)).map(({ name }) => name);
if (lacking.length > 0) {
    process.stdout.write(
        `SKIPPED: switched by ${lacking.join(", ")}; the hosts' kernel has none of it, those of CROSSHOST_LAB_KERNELS=own have\n`,
    );
}

const MTU = WAY.mtu;
const WITHIN_MS = 15_000;
const GATEWAY = "10.42.0.1";
const CONTAINERS = { vm1: "c1", vm2: "c2", vm3: "c3" } as const;
const NAMES = ["c1", "c2", "c3", "mover"];
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

describe(`an overlay whose hosts share one subnet, by ${WAY.name}`, () => {
    const stack = new Stack("switched", join(__dirname, "switched"));
    let before: string[];

    beforeAll(async () => {
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        before = await baseline();
        configure();
    });

    afterAll(() => {
        HOSTS.forEach((host) => {
            on(host, "docker rm -f dhcp >/dev/null 2>&1 || true");
        });
        stack.cleanUp();
    });

    it("is shown by a preview, and made by the first up", async () => {
        const shown = stack.preview();
        expect(shown).toMatch(
            new RegExp(`link ${WAY.ports}\\S+ *: "${WAY.kind} .* master ch-mesh-`),
        );
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
        const { seen } = await seenOnWires(HOSTS, WAY, `arp host ${NOBODY}`);
        on("vm1", inside(CONTAINERS.vm1, `arping -c 1 -w 1 ${NOBODY} || true`));
        const texts = await seen();
        const byEachPort = portsOn("vm1", WAY).length;
        expect(texts.map((text) => text.match(/who-has/g)?.length)).toEqual([byEachPort, 1, 1]);
    });

    it("keeps the gateway's packets and who asks for it off the wire, on each end", async () => {
        const gateway = `ether host ${gatewayMac()} or arp host ${GATEWAY}`;
        const { seen } = await seenOnWires(HOSTS, WAY, gateway);
        askForTheGateway();
        expect(await seen()).toEqual(["", "", ""]);

        on("vm1", `nft flush chain bridge ${tableOf("vm1")} bridge-postrouting`);
        const [wire, behind] = await Promise.all([
            seenOnWires(HOSTS, WAY, `arp host ${GATEWAY}`),
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

    it("takes no frame from a stranger on the LAN", () => {
        const target = {
            host: "vm1",
            peer: "vm2",
            container: CONTAINERS.vm1,
            table: tableOf("vm1"),
        };
        expect(takesStrangers(WAY, target)).toEqual(strangersWanted(WAY));
        stack.up();
    });

    it.each([
        ["vm1", "vm2"],
        ["vm2", "vm1"],
    ])(
        "lets a container move from %s to %s with its address, which a third host soon reaches there",
        (from, to) => {
            const target = addressOfContainer(from, "mover");
            configure({ home: to });
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
        const drifts = WAY.drifts(1, 2);
        for (const { at, breaks } of drifts) {
            on(HOSTS[at], breaks);
        }
        on("vm3", `nft delete table bridge ${tableOf("vm3")}`);
        const shown = stack.preview();
        for (const { told } of drifts) {
            expect(shown).toMatch(told);
        }
        expect(shown).toMatch(/drift nft bridge-prerouting gateway-4-asked *: "missing"/);
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

    (OTHERS.length > 0 ? it : it.skip)(
        `becomes one by ${OTHERS.map(({ name }) => name).join(", ")}, and itself again, and containers keep their addresses`,
        async () => {
            const addresses = HOSTS.map(addressOf);
            for (const way of [...OTHERS, WAY]) {
                configure({ backend: backendOf(way) });
                const [host, container] = ["vm3", CONTAINERS.vm3];
                const { gapMs } = whilePinging({ host, container, target: addressOf("vm1") }, () =>
                    stack.up(),
                );
                process.stdout.write(`to ${way.name}: no answer for ${Math.round(gapMs)} ms\n`);
                expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
                expect(HOSTS.map(addressOf)).toEqual(addresses);
                expect(strangePorts(HOSTS, way)).toEqual([]);
                stack.nothingToDo("preview");
            }
        },
    );

    it("becomes a routed one and leaves nothing of itself; addresses change", async () => {
        configure({ switched: false });
        stack.up();
        expect(
            await lostAfter(WITHIN_MS, () => lost(HOSTS.map((host) => CONTAINERS[host]))),
        ).toEqual([]);
        const left = "nft list tables bridge; bridge fdb show | grep ^00:00:00:00:00:00 || true";
        expect(on("vm1", `${left}; ip -o link show group 201 | grep ' master ' || true`)).toBe("");
        stack.nothingToDo("preview");
        configure();
        stack.up();
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
    });

    it("leaves no trace after destroy", async () => {
        stack.destroy();
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        const own = HOSTS.filter((host) => lab().hosts[host]?.kernel === "own");
        await onAll(own, "modprobe -r -a ip_gre geneve"); // and with it what it has made by itself
        const left = difference(before, await dumps());
        expect(own.length > 0 ? left.filter(isNoModule) : left).toEqual([]);
    });

    function configure(more: Config = {}): void {
        stack.configure({ backend: backendOf(WAY), ...more });
    }
});

function backendOf({ name }: Way): string {
    return JSON.stringify({ [name]: {} });
}

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
