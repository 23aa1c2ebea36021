// WireGuard between hosts whose kernels lack it: wireguard-go, a process, stands in. On kernels that have it: kernels/wireguard.ts.
import { AS_AFTER_A_REBOOT, baseline, difference, dumps, HOSTS } from "../support/hosts";
import { installAll, on, onAll, rebootAll, unanswered, watchersRest } from "../support/lab";
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

/** Units are written anew by a repair. */
function isNoUnit(line: string): boolean {
    return !line.includes("/var/lib/crosshost/");
}
