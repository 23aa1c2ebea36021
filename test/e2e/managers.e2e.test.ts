import { join } from "node:path";
import { AS_AFTER_A_REBOOT, baseline, difference, HOSTS } from "../support/hosts";
import { installAll, lab, on, onAll, rebootAll, reinstall } from "../support/lab";
import { hand, heldBy, MANAGERS, wiringOf } from "../support/managers";
import { lostAfter } from "../support/patience";
import { Stack } from "../support/stack";
import { lostByAll } from "../support/ways";

const IMAGE = "lan-registry:5000/busybox:1";
const WITHIN_MS = 15_000;

/** Which host has which manager. CROSSHOST_SEED repeats a run. */
const SEED = Number(process.env["CROSSHOST_SEED"] ?? Date.now() % MANAGERS.length);
const MANAGED = HOSTS.flatMap((host, at) => {
    const manager = MANAGERS[(at + SEED) % MANAGERS.length];
    return manager ? [{ host, manager }] : [];
});
const WHO = MANAGED.map(
    ({ host, manager }) => `${host} ${manager.name} (${lab().hosts[host]?.release})`,
).join(", ");

describe(`managers of hosts' NICs: ${WHO} (CROSSHOST_SEED=${SEED})`, () => {
    const stack = new Stack("managers", join(__dirname, "firewalls"));
    let before: string[];
    let wired: string[];

    beforeAll(async () => {
        await installAll(
            Object.fromEntries(MANAGED.map(({ host, manager }) => [host, manager.packages])),
        );
        await onAll(HOSTS, `docker pull -q ${IMAGE} >/dev/null`);
        MANAGED.forEach(({ host, manager }) => {
            hand(host, manager);
        });
        await rebootAll(HOSTS);
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        before = await baseline();
    });

    afterAll(() => {
        stack.cleanUp();
        reinstall(HOSTS);
    });

    it("set up the NIC, and leave links alone that an up has made", async () => {
        stack.up();
        expect(await lostAfter(WITHIN_MS, lostByAll)).toEqual([]);
        wired = MANAGED.flatMap(({ host }) => wiringOf(host));
        expect(wired.length).toBeGreaterThan(7 * HOSTS.length);
        expect(held()).toEqual([]);
        stack.nothingToDo("preview");
    });

    it.each(MANAGED)(
        "leave it all as it is when $host has $manager.name begin anew",
        async ({ host, manager }) => {
            for (const command of manager.anew) {
                on(host, command);
                expect([command, await lostAfter(WITHIN_MS, changed)]).toEqual([command, []]);
            }
        },
    );

    it("have nothing for an up to do after that, nor after a reboot", async () => {
        stack.nothingToDo("preview");
        await rebootAll(HOSTS);
        expect(await lostAfter(WITHIN_MS, changed)).toEqual([]);
        stack.nothingToDo("up");
    });

    it("have no trace of ours when the stack is gone", async () => {
        stack.destroy();
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        expect(difference(before, await baseline())).toEqual([]);
    });

    function changed(): string[] {
        const now = new Set(MANAGED.flatMap(({ host }) => wiringOf(host)));
        return [...wired.filter((line) => !now.has(line)), ...held(), ...lostByAll()];
    }
});

/** Links of ours that a host's manager has in its hands. */
function held(): string[] {
    return MANAGED.flatMap(({ host, manager }) => heldBy(host, manager));
}
