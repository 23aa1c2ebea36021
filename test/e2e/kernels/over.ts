// What kernels.e2e asks of overlays over one another, by tunnels that this machine's kernel lacks.
import { join } from "node:path";
import { AS_AFTER_A_REBOOT, baseline, difference, dumps } from "../../support/hosts";
import { inNetworkOf, installAll, on, onAll, rebootAll, watchersRest } from "../../support/lab";
import { lostAfter } from "../../support/patience";
import { Stack } from "../../support/stack";
import { addressAt, containerAt, lostAt, seenBetween, wholeAt } from "../over/levels";
import { isNoModule } from "./meshed";

const WITHIN_MS = 30_000;
const PORT = 30_124;

/** From the lowest up. */
export const PILES = [
    ["wireguard", "gre", "vxlan"],
    ["wireguard", "vxlan", "geneve"],
    ["geneve", "wireguard", "ipip"],
] as const;

/** The whole line where all within is encrypted, which so shows no inner address. */
const OF_LOWEST = {
    wireguard: new RegExp(`\\.${PORT} > \\S+\\.${PORT}: UDP, length \\d+$`),
    geneve: /\.\d+ > \S+\.6081: Geneve, /,
} as const;

const OVERHEADS = { vxlan: 50, gre: 28, ipip: 20, wireguard: 60, geneve: 50 } as const;

export function over(
    [first, second]: readonly [string, string],
    pile: (typeof PILES)[number],
): void {
    const both: [string, string] = [first, second];
    const levels = pile.map((_, level) => level);
    const stack = new Stack("over", join(__dirname, "../over"));
    let before: string[];

    beforeAll(async () => {
        await installAll(Object.fromEntries(both.map((host) => [host, ["wireguard-tools"]])));
        await onAll(both, AS_AFTER_A_REBOOT);
        before = await baseline(both);
        const backends = pile.map((name) => ({
            [name]: name === "wireguard" ? { port: PORT } : {},
        }));
        stack.configure({ hosts: both.join(" "), backends: JSON.stringify(backends) });
    });

    afterAll(() => {
        stack.cleanUp();
    });

    it("is previewed with nothing below it yet, and made; the second up changes nothing", async () => {
        expect(stack.preview()).toMatch(/underlay 10\.42\.4\.1 *: "mtu \d+ link ch-tier0-/);
        expect(difference(before, await dumps(both))).toEqual([]);
        stack.up();
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        stack.nothingToDo("up");
    });

    it("carries packets on each level of what the hosts carry less all overheads, and not a byte more", () => {
        let mtu = 1500;
        for (const [level, name] of pile.entries()) {
            mtu -= OVERHEADS[name];
            expect(wholeAt(level, mtu, both)).toEqual([]);
        }
    });

    it("shows the LAN nothing but packets of the lowest between the hosts", async () => {
        const seen = await seenBetween(first, second, 8, () => {
            const ping = `ping -c 5 -i 0.2 ${addressAt(2, second)}`;
            inNetworkOf(first, containerAt(2), ping);
        });
        expect(seen).toHaveLength(8);
        expect(seen.filter((line) => !OF_LOWEST[pile[0]].test(line))).toEqual([]);
    });

    it("comes back by one up when each level has lost something", async () => {
        on(first, "ip link del $(basename /sys/class/net/ch-tier0-*)");
        on(second, "ip link del $(ls /sys/class/net | grep -- '-tier1-' | grep -v ^ch)");
        on(second, "ip route del 10.44.4.0/24");
        const shown = stack.preview();
        expect(shown).toMatch(/drift underlay 10\.42\.4\.1 *: "no interface has the address/);
        expect(shown).toMatch(/drift link \w+-tier1-\S+ *: "missing"/);
        expect(shown).toMatch(/drift route 10\.44\.4\.0\/24 *: "missing"/);
        stack.up();
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("is there again after a reboot", async () => {
        await rebootAll(both);
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        await watchersRest(both);
        stack.nothingToDo("preview");
    });

    it("leaves no trace after destroy but modules of the kernel, which nothing holds", async () => {
        stack.destroy();
        await onAll(both, "modprobe -r -a ip_gre ipip geneve wireguard");
        expect(difference(before, await dumps(both)).filter(isNoModule)).toEqual([]);
    });

    function lost(): string[] {
        return levels.flatMap((level) => lostAt(level, both));
    }
}
