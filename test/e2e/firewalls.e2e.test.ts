import { join } from "node:path";
import {
    DOCKERS_RULES_ARE_GONE,
    drawnFirewalls,
    KEEP_FILES,
    RESTORE_FILES,
    restartDockerWhereTold,
    rulesOf,
    toldOf,
} from "../support/firewalls";
import {
    AS_AFTER_A_REBOOT,
    baseline,
    difference,
    hasIptables,
    HOSTS,
    type HostName,
} from "../support/hosts";
import { installAll, on, onAll, rebootAll } from "../support/lab";
import { lostByAll } from "../support/ways";
import { lostAfter } from "../support/patience";
import { Stack } from "../support/stack";

const IMAGE = "lan-registry:5000/busybox:1";
const WITHIN_MS = 15_000;

const { of: OF, who: WHO } = drawnFirewalls();

describe(`firewalls of hosts: ${WHO}`, () => {
    const stack = new Stack("firewalls", join(__dirname, "firewalls"));
    let before: string[];
    let own: string[][];

    beforeAll(async () => {
        await installAll(Object.fromEntries(HOSTS.map((host) => [host, OF[host].packages])));
        await onAll(HOSTS, `docker pull -q ${IMAGE} >/dev/null`);
        HOSTS.forEach((host) => on(host, `${OF[host].disable}; ${KEEP_FILES}`));
        await rebootAll(HOSTS);
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        before = await baseline();
    });

    afterAll(async () => {
        HOSTS.forEach((host) => on(host, `${OF[host].disable}; ${RESTORE_FILES}`));
        await rebootAll(HOSTS);
        stack.cleanUp();
    });

    /** As an admin does who reads a preview: its commands, as they are. Those for Docker come back. */
    function follow(shown: string): string[] {
        for (const host of HOSTS) {
            const commands = toldOf(host, shown).flatMap((told) => told.commands);
            on(host, ["set -e", ...commands, ...OF[host].keep(commands)].join("\n"));
        }
        return restartDockerWhereTold(shown);
    }

    describe("in force before an up", () => {
        it("are told in a preview, which is refused where they have taken Docker's own rules", () => {
            HOSTS.forEach((host) => on(host, `set -e; ${OF[host].enable}`));
            const { status, output } = stack.attempt("preview");
            const restarted = restartDockerWhereTold(output);
            expect(status === 0).toBe(!restarted.some(hasIptables)); // with nftables, Docker makes networks without its rules too
            expect(HOSTS.filter((host) => toldOf(host, output).length === 0)).toEqual([]);
        });

        it("drop what the preview tells, and let it through by its very commands", async () => {
            stack.up();
            const lost = lostByAll();
            expect(HOSTS.filter((host) => !lost.some((way) => way.startsWith(host)))).toEqual([]);
            const shown = stack.preview("--expect-no-changes");
            expect(follow(shown)).toEqual([]);
            expect(await lostAfter(WITHIN_MS, lostByAll)).toEqual([]);
            expect(toldByAll(stack.preview("--expect-no-changes"))).toEqual([]);
            own = HOSTS.map((host) => rulesOf(host, OF[host]));
        });

        it("may be loaded anew: what that has flushed is told, and repaired", async () => {
            HOSTS.forEach((host) => on(host, `set -e; ${OF[host].reload}`));
            const shown = stack.preview();
            expect(/drift nft forward 5-closed *: "missing"/.test(shown)).toBe(
                HOSTS.some((host) => OF[host].flushes === "everybody's"),
            );
            expect(restartDockerWhereTold(shown)).toEqual(
                expect.arrayContaining(HOSTS.filter(losesDockersRules)),
            );
            stack.up();
            expect(await lostAfter(WITHIN_MS, lostByAll)).toEqual([]);
            expect(toldByAll(stack.preview("--expect-no-changes"))).toEqual([]);
        });

        it("let all of it through after a reboot", async () => {
            await rebootAll(HOSTS);
            expect(await lostAfter(WITHIN_MS, lostByAll)).toEqual([]);
            expect(toldByAll(stack.preview("--expect-no-changes"))).toEqual([]);
        });

        it("have their own rules when the stack is gone", () => {
            stack.destroy();
            expect(HOSTS.map((host) => rulesOf(host, OF[host]))).toEqual(own);
        });
    });

    describe("enabled after an up", () => {
        it("drop what the preview tells, and let it through by its very commands", async () => {
            HOSTS.forEach((host) => on(host, `${OF[host].disable}; ${RESTORE_FILES}`));
            await rebootAll(HOSTS);
            stack.up();
            expect(await lostAfter(WITHIN_MS, lostByAll)).toEqual([]);
            HOSTS.forEach((host) => on(host, `set -e; ${OF[host].enable}`));
            follow(stack.preview());
            stack.up();
            follow(stack.preview("--expect-no-changes")); // what Docker's restart has brought
            expect(await lostAfter(WITHIN_MS, lostByAll)).toEqual([]);
            expect(toldByAll(stack.preview("--expect-no-changes"))).toEqual([]);
        });

        it("leave no trace of ours after destroy and without them", async () => {
            stack.destroy();
            HOSTS.forEach((host) => on(host, `${OF[host].disable}; ${RESTORE_FILES}`));
            await rebootAll(HOSTS);
            await onAll(HOSTS, AS_AFTER_A_REBOOT);
            expect(difference(before, await baseline())).toEqual([]);
        });
    });
});

function losesDockersRules(host: HostName): boolean {
    const { flushes } = OF[host];
    return flushes === "everybody's" || (flushes === "those of iptables" && hasIptables(host));
}

function toldByAll(shown: string): string[] {
    return [
        ...HOSTS.flatMap((host) => toldOf(host, shown).map(({ drops }) => `${host}: ${drops}`)),
        ...[...shown.matchAll(DOCKERS_RULES_ARE_GONE)].map(([text]) => text),
    ];
}
