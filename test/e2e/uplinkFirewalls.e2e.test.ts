// A firewall in force on each host, with a rule that names the NIC, which becomes the port of a bridge.
import {
    drawnFirewalls,
    KEEP_FILES,
    RESTORE_FILES,
    restartDockerWhereTold,
    toldOf,
} from "../support/firewalls";
import { addressOf, HOME, lostOnLan } from "../support/flatLan";
import { AS_AFTER_A_REBOOT, baseline, difference, HOSTS, type HostName } from "../support/hosts";
import { installAll, lab, on, onAll, rebootAll, within } from "../support/lab";
import { bridgeOf } from "../support/nics";
import { lostAfter } from "../support/patience";
import { Stack } from "../support/stack";

const WITHIN_MS = 20_000;
const { of: OF, who: WHO } = drawnFirewalls();

describe(`uplinks under firewalls that name the NIC: ${WHO}`, () => {
    const stack = new Stack("flat-lan");
    let before: string[];

    beforeAll(async () => {
        await installAll(Object.fromEntries(HOSTS.map((host) => [host, OF[host].packages])));
        await onAll(HOSTS, "docker pull -q lan-registry:5000/busybox:1 >/dev/null");
        HOSTS.forEach((host) => on(host, `${OF[host].disable}; ${KEEP_FILES}`));
        await rebootAll(HOSTS);
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        before = await baseline();
        stack.configure({ lan: HOME });
    });

    afterAll(async () => {
        HOSTS.forEach((host) => on(host, `${OF[host].disable}; ${RESTORE_FILES}`));
        await rebootAll(HOSTS);
        stack.cleanUp();
    });

    it("are told which rules see its packets no more, and what drops those that the bridge switches", () => {
        HOSTS.forEach((host) => on(host, `set -e; ${OF[host].enable}; ${OF[host].letIn("eth0")}`));
        restartDockerWhereTold(stack.attempt("preview").output);
        expect(keptOut()).toEqual([]);
        const shown = stack.preview();
        expect(HOSTS.filter((host) => !isToldOfNic(host, shown))).toEqual([]);
    });

    it("keep out and drop what was told, and let it through by what was told", async () => {
        stack.up();
        expect(keptOut()).toEqual(HOSTS);
        const shown = stack.preview("--expect-no-changes");
        for (const host of HOSTS) {
            const commands = toldOf(host, shown).flatMap((told) => told.commands);
            const rule = OF[host].letIn(bridgeOf(host) ?? "");
            on(host, ["set -e", ...commands, ...OF[host].keep(commands), rule].join("\n"));
        }
        expect(await lostAfter(WITHIN_MS, lostOnLan)).toEqual([]);
        expect(keptOut()).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("are the same when the rules are loaded anew, and after a reboot", async () => {
        HOSTS.forEach((host) => on(host, `set -e; ${OF[host].reload}`));
        restartDockerWhereTold(stack.attempt("preview").output);
        stack.up();
        expect(await lostAfter(WITHIN_MS, lostOnLan)).toEqual([]);
        await rebootAll(HOSTS);
        expect(await lostAfter(WITHIN_MS, lostOnLan)).toEqual([]);
        expect(keptOut()).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("give the NIC back to the rules that name it, and leave no trace", async () => {
        stack.destroy();
        expect(keptOut()).toEqual([]);
        HOSTS.forEach((host) => on(host, `${OF[host].disable}; ${RESTORE_FILES}`));
        await rebootAll(HOSTS);
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        expect(difference(before, await baseline())).toEqual([]);
    });
});

/** By rules to write, or by the zone; which is told with what drops switched packets, where the host filters its bridges. */
function isToldOfNic(host: HostName, shown: string): boolean {
    const rules = `${host}: its firewall has rules for eth0, and once eth0 is a port of br-`;
    const zone = `${host}: its firewall (firewalld) has eth0 in the zone home, and packets come by br-`;
    const commands = toldOf(host, shown)
        .filter(({ firewall }) => firewall === "firewalld")
        .flatMap((told) => told.commands);
    return (
        shown.includes(rules) ||
        shown.includes(zone) ||
        commands.some((command) => command.includes(" --zone=home --add-interface=br-"))
    );
}

/** Hosts that the LAN does not come through to, at a port where nobody listens: the host itself says so to who does. */
function keptOut(): string[] {
    return HOSTS.filter((host) => {
        const ask = `exec 3<>/dev/tcp/${addressOf(host)}/8080`;
        const said = within(lab().lan.namespace, `timeout 2 bash --norc -c '${ask}' 2>&1 || true`);
        return !said.includes("refused");
    });
}
