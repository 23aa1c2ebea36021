// The NIC that SSH comes by, in a bridge and out of it again, under what sets it up: its addresses, its lease and the admin's files.
import { join } from "node:path";
import { DhcpServer } from "../support/dhcp";
import { AS_AFTER_A_REBOOT, baseline, difference, HOSTS } from "../support/hosts";
import { installAll, lab, on, onAll, rebootAll, reinstall, succeeds, within } from "../support/lab";
import { hand, SETUPS } from "../support/managers";
import { bridgeOf, movedWays, waysOf } from "../support/nics";
import { lostAfter } from "../support/patience";
import { Stack } from "../support/stack";
import { streaming, streamText } from "../support/streams";

const WITHIN_MS = 15_000;
/** A server that does not know who asks answers anew, and so does a slow machine. */
const SILENCE_MS = 5000;

/** Which host has which. CROSSHOST_SEED repeats a run. */
const SEED = Number(process.env["CROSSHOST_SEED"] ?? Date.now() % SETUPS.length);
const MANAGED = HOSTS.flatMap((host, at) => {
    const { release = "" } = lab().hosts[host] ?? {};
    const from = (at + SEED) % SETUPS.length;
    const setup = [...SETUPS.slice(from), ...SETUPS].find(
        ({ goneFrom }) => !goneFrom?.includes(release),
    );
    return setup ? [{ host, setup }] : [];
});
const WHO = MANAGED.map(
    ({ host, setup }) => `${host} ${setup.name} (${lab().hosts[host]?.release})`,
).join(", ");
const LEASED = MANAGED.filter(({ setup }) => setup.dhcp).map(({ host }) => host);

describe(`uplinks under what sets up NICs: ${WHO} (CROSSHOST_SEED=${SEED})`, () => {
    const stack = new Stack("uplink-managers", join(__dirname, "guard"));
    let server: DhcpServer;
    let before: string[];
    let unlike: unknown[];
    let leases: unknown[];

    beforeAll(async () => {
        stack.configure({ seconds: 30 });
        server = await DhcpServer.start(HOSTS);
        await installAll(
            Object.fromEntries(MANAGED.map(({ host, setup }) => [host, setup.packages])),
        );
        MANAGED.forEach(({ host, setup }) => {
            hand(host, setup);
        });
        await rebootAll(HOSTS);
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        before = await baseline();
        unlike = HOSTS.map((host) => waysOf(host, "eth0"));
        leases = LEASED.map((host) => server.leaseOf(host));
    });

    afterAll(() => {
        stack.cleanUp();
        server.stop();
        reinstall(HOSTS);
    });

    it("go into the bridge with all that they have, and connections stay", async () => {
        await staying(() => stack.up());
        expect(await lostAfter(WITHIN_MS, changed)).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("have their leases renewed on the bridge", async () => {
        const given = LEASED.map((host) => server.given(host));
        const once = () => LEASED.filter((host, at) => server.given(host) <= (given[at] ?? 0));
        expect(await lostAfter(WITHIN_MS, once)).toEqual([]);
        expect(changed()).toEqual([]);
    });

    it.each(MANAGED)("stay when $host has $setup.name begin anew", async ({ host, setup }) => {
        for (const command of setup.anew) {
            on(host, command);
            expect([command, await lostAfter(WITHIN_MS, changed)]).toEqual([command, []]);
        }
    });

    it.each(["first", "second"])("are repaired, the %s time", async (time) => {
        MANAGED.forEach(({ host, setup }) => {
            on(host, setup.astray);
        });
        const told = stack.preview().match(/drift uplink eth0 *: .*/g) ?? [];
        expect(told.length).toBeGreaterThanOrEqual(HOSTS.length);
        stack.up();
        expect([time, await lostAfter(WITHIN_MS, changed)]).toEqual([time, []]);
        stack.nothingToDo("preview");
    });

    it.each(["soft", "hard"] as const)("are there again after a %s reboot", async (how) => {
        await rebootAll(HOSTS, ...(how === "hard" ? (["--hard"] as const) : []));
        expect(await lostAfter(WITHIN_MS, changed)).toEqual([]);
        stack.nothingToDo("up");
    });

    it("come back as they were, and their files", async () => {
        await staying(() => stack.destroy());
        const back = () =>
            HOSTS.flatMap((host, at) => {
                const found = waysOf(host, "eth0");
                const told = `${host}: ${JSON.stringify(found)}, not ${JSON.stringify(unlike[at])}`;
                return same(found, unlike[at]) ? [] : [told];
            });
        expect(await lostAfter(WITHIN_MS, back)).toEqual([]);
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        expect(difference(before, await baseline())).toEqual([]);
        expect(LEASED.map((host) => server.leaseOf(host))).toEqual(leases);
    });

    /** Hosts whose bridge has not what the NIC had, that the LAN does not reach, or that have another lease. */
    function changed(): string[] {
        const { namespace } = lab().lan;
        const bridged = HOSTS.flatMap((host, at) => {
            const ping = `ping -c 1 -W 1 ${lab().hosts[host]?.address ?? ""}`;
            const found = bridgeOf(host) === undefined ? "no port" : movedWays(host);
            return [
                ...(same(found, unlike[at]) ? [] : [`${host}: ${JSON.stringify(found)}`]),
                ...(same(waysOf(host, "eth0"), [[], []]) ? [] : [`${host}: eth0 has addresses`]),
                ...(succeeds(() => within(namespace, ping)) ? [] : [`${host}: not reached`]),
            ];
        });
        const moved = LEASED.filter((host, at) => !same(server.leaseOf(host), leases[at]));
        return [...bridged, ...moved.map((host) => `${host}: another lease`)];
    }
});

function same(one: unknown, other: unknown): boolean {
    return JSON.stringify(one) === JSON.stringify(other);
}

async function staying(act: () => void): Promise<void> {
    const streams = await streaming(HOSTS, act);
    console.log(streams.map(streamText).join("\n"));
    expect(streams.flatMap(({ broken }) => broken)).toEqual([]);
    expect(Math.max(...streams.map(({ silence }) => silence))).toBeLessThan(SILENCE_MS);
}
