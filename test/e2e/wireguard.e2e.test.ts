// WireGuard between hosts whose kernels lack it: wireguard-go, a process, stands in. On kernels that have it: kernels/wireguard.ts.
import { AS_AFTER_A_REBOOT, baseline, difference, dumps, HOSTS } from "../support/hosts";
import {
    installAll,
    lab,
    labCommand,
    on,
    onAll,
    rebootAll,
    unanswered,
    watchersRest,
} from "../support/lab";
import { lostAfter } from "../support/patience";
import { passesWhole, type Pings, whilePinging } from "../support/pinging";
import { Stack, UP_AS_FAR_AS_IT_GOES } from "../support/stack";

const [FIRST, SECOND, THIRD] = HOSTS;
const CONTAINER = "meshed";
const WITHIN_MS = 30_000;
const MTU = 1440;
const SERVICE = "crosshost-*-wg-mesh-*.service";
const DEVICE = "$(basename /sys/class/net/wg-mesh*)";
const DEVICES = "cd /sys/class/net; ls -d wg-*";
const KEYS = "cat $(ls -d /var/lib/crosshost/*/keys/wg-* | grep -v pub$)";

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
        use(1);
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

    it("rolls the keys of all hosts by one line, and of a thousand packets a second none is lost", async () => {
        const former = await onAll(HOSTS, KEYS);
        use(2);
        const shown = stack.preview();
        expect(shown).toMatch(/\+ private-key wg-mesh2-\S+ *: "wireguard"/);
        expect(shown).toMatch(/- route 10\.42\.2\.0\/24 *: "dev wg-mesh-|~ route 10\.42\.2\.0\/24/);
        expect(rolling(() => stack.up())).toEqual([]);
        expect((await onAll(HOSTS, DEVICES)).filter(isNotOf(2))).toEqual([]);
        const now = await onAll(HOSTS, KEYS);
        expect(now.filter((key) => !/^\S{43}=$/.test(key.trim()) || former.includes(key))).toEqual(
            [],
        );
        stack.nothingToDo("up");
        stack.nothingToDo("preview");
    });

    it("goes on by the former keys where a peer does not answer at the next port, and back to them", async () => {
        const before = await onAll(HOSTS, KEYS);
        const port = Number(on(SECOND, `wg show ${DEVICE} listen-port`)) - 1;
        on(
            SECOND,
            `nft 'add table ip test { chain in { type filter hook input priority -300; udp dport ${port} drop; }; }'`,
        );
        const silent = `${lab().hosts[SECOND]?.address ?? ""}:${port}`;
        use(3);
        const roll = () => {
            const { status, output } = stack.attempt(...UP_AS_FAR_AS_IT_GOES);
            expect(status).not.toBe(0);
            expect(output).toContain(`there is no answer from ${silent} in 15 s, though wg-mesh2-`);
            use(2);
            stack.up();
        };
        try {
            expect(rolling(roll)).toEqual([]);
        } finally {
            on(SECOND, "nft delete table ip test");
        }
        expect(await onAll(HOSTS, KEYS)).toEqual(before);
        stack.nothingToDo("preview");
    });

    it("rolls without a host that is off, which comes back by the next up", async () => {
        labCommand("poweroff", THIRD);
        use(3);
        expect(stack.preview()).toContain("the keys of vm3 are not of keyGeneration 3 yet");
        const { lost: lostThen } = whilePinging(EACH[0], () => {
            const { status, output } = stack.attempt(...UP_AS_FAR_AS_IT_GOES);
            expect(status).not.toBe(0);
            expect(output).toContain("vm3 was left unchanged");
        });
        expect(lostThen).toBe(0);
        expect(on(FIRST, DEVICES)).toMatch(/wg-mesh3-/);
        labCommand("start", THIRD);
        await watchersRest([THIRD]);
        stack.up();
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        expect((await onAll(HOSTS, DEVICES)).filter(isNotOf(3))).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("is reached behind NAT, whose packets come from another port, and rolls its keys as the others", async () => {
        // ports of which no packet's way is known yet
        const [port, next] = [32_700, 32_701];
        on(
            SECOND,
            `nft 'table ip test {
                chain out { type nat hook postrouting priority srcnat; udp sport { ${port}, ${next} } masquerade to :40000-50000; }
                chain in { type filter hook prerouting priority mangle; udp dport { ${port}, ${next} } ct state new drop; }
            }'`,
        );
        try {
            use(3, { port, behindNat: [SECOND] });
            stack.up();
            expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
            stack.nothingToDo("preview");
            use(4, { port, behindNat: [SECOND] });
            expect(rolling(() => stack.up())).toEqual([]);
            expect((await onAll(HOSTS, DEVICES)).filter(isNotOf(4))).toEqual([]);
            const address = lab().hosts[SECOND]?.address ?? "";
            const from = new RegExp(`\\t${address}:(4\\d{4}|50000)$`, "m");
            expect(on(FIRST, `wg show ${DEVICE} endpoints`)).toMatch(from);
            stack.nothingToDo("preview");
        } finally {
            on(SECOND, "nft delete table ip test");
        }
    });

    it("leaves no trace after destroy", async () => {
        stack.destroy();
        expect(HOSTS.flatMap(runningOn)).toEqual([]);
        expect(difference(before, await dumps())).toEqual([]);
        expect(await onAll(HOSTS, "ls -d /run/wireguard 2>/dev/null || :")).toEqual(
            HOSTS.map(() => ""),
        );
    });

    function use(keyGeneration: number, others: object = {}): void {
        const backend = JSON.stringify({ wireguard: { keyGeneration, ...others } });
        stack.configure({ hosts: HOSTS.join(" "), backend });
    }
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

/** From the first host to the second, and from there to the third. */
const EACH = [
    { host: FIRST, container: CONTAINER, target: addressOn(SECOND), perSecond: 1000 },
    { host: SECOND, container: CONTAINER, target: addressOn(THIRD), perSecond: 1000 },
] as const;

/** Of whom a packet was lost meanwhile, or too few were sent. */
function rolling(act: () => void): string[] {
    const [one, other] = EACH;
    const pings: Pings[] = [];
    pings.push(whilePinging(one, () => void pings.push(whilePinging(other, act))));
    return pings
        .filter(({ lost, answered }) => lost > 0 || answered < 2000)
        .map((lossy) => JSON.stringify(lossy));
}

/** Of the devices of a host: others than the one of a generation of keys. */
function isNotOf(generation: number): (devices: string) => boolean {
    return (devices) => !new RegExp(`^wg-mesh${generation}-\\S+$`).test(devices.trim());
}

/** Units are written anew by a repair. */
function isNoUnit(line: string): boolean {
    return !line.includes("/var/lib/crosshost/");
}
