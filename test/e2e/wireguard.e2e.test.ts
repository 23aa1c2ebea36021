// WireGuard between hosts whose kernels lack it: wireguard-go, a process, stands in. On kernels that have it: kernels/wireguard.ts.
import { AS_AFTER_A_REBOOT, baseline, difference, dumps, HOSTS } from "../support/hosts";
import { installAll, lab, on, onAll, rebootAll, unanswered, watchersRest } from "../support/lab";
import { lostAfter } from "../support/patience";
import { passesWhole } from "../support/pinging";
import { Stack } from "../support/stack";

const [FIRST, SECOND, THIRD] = HOSTS;
const CONTAINER = "meshed";
const WITHIN_MS = 30_000;
const MTU = 1440;
const SERVICE = "crosshost-*-wg-mesh-*.service";
const DEVICE = "$(basename /sys/class/net/wg-mesh-*)";

describe("WireGuard between hosts whose kernels have none", () => {
    const stack = new Stack(
        "wireguard-go",
        `${__dirname}/wireguard`,
        [],
        /wireguard-go is used instead/,
    );
    let before: string[];
    let whole: string[];

    beforeAll(async () => {
        await installAll(Object.fromEntries(HOSTS.map((host) => [host, PACKAGES])));
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        before = await baseline();
        stack.configure({ hosts: HOSTS.join(" "), backend: JSON.stringify({ wireguard: {} }) });
    });

    afterAll(() => {
        stack.cleanUp();
    });

    it("is shown with the program that stands in, and hosts stay as they were", async () => {
        expect(stack.preview()).toMatch(
            /warning: vm3: its kernel, \S+, has no wireguard: wireguard-go is used instead, which is slower/,
        );
        expect(difference(before, await dumps())).toEqual([]);
    });

    it("connects their containers at full size, and the second up changes nothing", async () => {
        stack.up();
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        expect(passesWhole(FIRST, CONTAINER, addressOn(SECOND), MTU)).toBe(true);
        expect(passesWhole(FIRST, CONTAINER, addressOn(SECOND), MTU + 1)).toBe(false);
        stack.nothingToDo("up");
        stack.nothingToDo("preview");
        whole = await dumps();
    });

    it("goes on by itself when the process has died", async () => {
        const died = on(FIRST, `pidof wireguard-go; kill -KILL $(pidof wireguard-go)`);
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        expect(on(FIRST, "pidof wireguard-go")).not.toBe(died);
        expect(difference(whole, await dumps())).toEqual([]);
    });

    it("tells a process that was stopped and a device that is gone, and repairs them", async () => {
        on(FIRST, `systemctl stop '${SERVICE}'`);
        on(SECOND, `ip link del ${DEVICE}`);
        await lostAfter(WITHIN_MS, () => runningOn(SECOND)); // which makes no device of its own
        const shown = stack.preview();
        expect(shown).toMatch(/drift link wg-mesh-\S+ *: "stopped"/);
        expect(shown).toMatch(/drift link wg-mesh-\S+ *: "missing"/);
        stack.up();
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        expect(difference(whole, await dumps()).filter(isNoUnit)).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("is there again after a reboot", async () => {
        await rebootAll([THIRD]);
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        await watchersRest([THIRD]);
        stack.nothingToDo("preview");
    });

    it("reaches a host that others cannot reach first: its NAT lets in only what it has asked for, and changes address and port", async () => {
        const there = await dumps([THIRD]);
        const [port] = /\d+/.exec(on(THIRD, `wg show ${DEVICE} listen-port`)) ?? [];
        const elsewhere = lab().lan.cidr.replace(".0/24", ".99");
        on(THIRD, natOf(String(port), elsewhere));
        stack.configure({
            hosts: HOSTS.join(" "),
            backend: JSON.stringify({ wireguard: { behindNat: [THIRD] } }),
        });
        stack.up();
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        expect(on(FIRST, `wg show ${DEVICE} endpoints`)).toMatch(
            new RegExp(`\\t${elsewhere.replaceAll(".", "\\.")}:4\\d{4}$`, "m"),
        );
        on(FIRST, `kill -KILL $(pidof wireguard-go)`); // which forgets where it is
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        stack.nothingToDo("preview");
        on(THIRD, `nft delete table inet nat; ip addr del ${elsewhere}/32 dev eth0`);
        expect(difference(there, await dumps([THIRD])).filter(isNoUnit)).toEqual([]);
    });

    it("leaves no trace after destroy", async () => {
        stack.destroy();
        expect(HOSTS.flatMap(runningOn)).toEqual([]);
        expect(difference(before, await dumps())).toEqual([]);
        expect(await onAll(HOSTS, "ls -d /run/wireguard 2>/dev/null || :")).toEqual(
            HOSTS.map(() => ""),
        );
    });
});

const PACKAGES = ["wireguard-go", "wireguard-tools"];

function addressOn(host: string): string {
    return `10.42.${host.replace("vm", "")}.200`;
}

/** Who does not reach whom, himself among them. */
function lost(): string[] {
    const all = HOSTS.map(addressOn);
    return HOSTS.flatMap((host) =>
        unanswered(host, CONTAINER, all).map((to) => `${host} -> ${to}`),
    );
}

function runningOn(host: string): string[] {
    return on(host, "pidof wireguard-go || :").split("\n").filter(Boolean);
}

/** On the host itself, in front of all else there: another address, another port, and nothing in that was not asked for. */
function natOf(port: string, address: string): string {
    return `ip addr add ${address}/32 dev eth0; nft -f - <<.
table inet nat {
    chain out { type nat hook postrouting priority srcnat - 20; oifname eth0 udp sport ${port} snat ip to ${address}:40000-49999; }
    chain in { type filter hook input priority -200; iifname eth0 udp dport ${port} ct state new drop; }
}
.`;
}

/** Units are written anew by a repair. */
function isNoUnit(line: string): boolean {
    return !line.includes("/var/lib/crosshost/");
}
