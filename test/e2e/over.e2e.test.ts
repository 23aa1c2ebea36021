// Overlays over one another, by what this machine's kernel has. Over WireGuard: kernels.e2e.
import { join } from "node:path";
import { AS_AFTER_A_REBOOT, baseline, difference, dumps, HOSTS } from "../support/hosts";
import {
    inNetworkOf,
    inside,
    lab,
    on,
    onAll,
    rebootAll,
    watchersRest,
    within,
} from "../support/lab";
import { echoRequest, inVxlan, send, sending } from "../support/packets";
import { lostAfter } from "../support/patience";
import { whilePinging } from "../support/pinging";
import { Stack } from "../support/stack";
import { addressAt, containerAt, lostAt, seenBetween, wholeAt } from "./over/levels";

const WITHIN_MS = 15_000;
const SENT = 5;
const VXLAN = { vxlan: {} };
const FIXED = { vxlan: { vni: 7, port: 4700 } };
const LOWEST = { vxlan: { vni: 6, port: 4600 } };

describe("an overlay over another", () => {
    const stack = new Stack("over", join(__dirname, "over"));
    let before: string[];
    let whole: string[];

    beforeAll(async () => {
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        before = await baseline();
    });

    afterAll(() => {
        stack.cleanUp();
    });

    it("is previewed with nothing below it yet, made after it, and the second up changes nothing", async () => {
        use([LOWEST, FIXED]);
        const shown = stack.preview();
        expect(shown).toMatch(/underlay 10\.42\.1\.1 *: "mtu 1450 link ch-tier0-/);
        expect(shown).not.toMatch(/warning|error/);
        expect(difference(before, await dumps())).toEqual([]);
        stack.up();
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        stack.nothingToDo("up");
        whole = await dumps();
    });

    it("carries packets of its full size, and not a byte more, both ways and on each level", () => {
        expect(wholeAt(0, 1450)).toEqual([]);
        expect(wholeAt(1, 1400)).toEqual([]);
    });

    it("shows the LAN nothing but packets of the lower one", async () => {
        const seen = await seenBetween("vm1", "vm2", 6, () => {
            inNetworkOf("vm1", containerAt(1), `ping -c 5 -i 0.2 ${addressAt(1, "vm2")}`);
        });
        expect(seen).toHaveLength(6);
        expect(seen.filter((line) => !/ > \S+\.4600: /.test(line))).toEqual([]);
    });

    it("takes packets of its members from no other side: neither from the LAN nor from a container of the lower one", () => {
        const to = "10.42.1.1";
        const mac = on("vm1", "cat /sys/class/net/vx-tier1-*/address").trim();
        const payload = inVxlan(
            { vni: 7, port: 4700, to: mac },
            echoRequest(addressAt(1, "vm2"), addressAt(1, "vm1")),
        );
        const packets = { protocol: 17, to, payload, count: SENT };
        const come = (act: () => void) => {
            const start = received();
            act();
            return received() - start;
        };
        const { namespace } = lab().lan;
        const byLan = () => {
            const route = `${to}/32 via ${lab().hosts["vm1"]?.address ?? ""} src 10.42.2.1`;
            within(namespace, `ip addr add 10.42.2.1/32 dev lo && ip route add ${route}`);
            try {
                send(namespace, packets);
            } finally {
                within(namespace, `ip route del ${to}/32; ip addr del 10.42.2.1/32 dev lo`);
            }
        };
        const byContainer = () => {
            const forged = `ip addr add 10.42.3.1/32 dev lo; ip route add ${to}/32 dev eth0 src 10.42.3.1`;
            inNetworkOf("vm2", containerAt(0), forged);
            inNetworkOf("vm2", containerAt(0), sending(packets));
        };
        expect(come(byLan)).toBeLessThan(SENT);
        on("vm1", `nft flush chain inet ${tableOn("vm1")} input`);
        expect(come(byLan)).toBeGreaterThanOrEqual(SENT); // so our rule kept them out
        expect(come(byContainer)).toBeLessThan(SENT);
        on("vm2", `nft flush chain inet ${tableOn("vm2")} forward`);
        expect(
            come(() => inNetworkOf("vm2", containerAt(0), sending(packets))),
        ).toBeGreaterThanOrEqual(SENT);
        on("vm2", `docker restart -t 1 ${containerAt(0)}`);
        expect(stack.preview()).toMatch(/drift nft input below *: "missing"/);
        stack.up();
    });

    it.each([
        [
            "its bridge and a tunnel",
            `ip link del $(basename /sys/class/net/ch-tier0-*)`,
            /drift underlay 10\.42\.1\.1 *: "no interface has the address/,
        ],
        [
            "its tunnel and a route",
            `ip link del $(basename /sys/class/net/vx-tier0-*)`,
            /drift link vx-tier0-\S+ *: "missing"/,
        ],
    ])("comes back by one up when the lower one has lost %s", async (_what, does, told) => {
        on("vm1", does);
        on("vm2", "ip link del $(basename /sys/class/net/vx-tier1-*)");
        on("vm3", "ip route del 10.43.1.0/24");
        const shown = stack.preview();
        expect(shown).toMatch(told);
        expect(shown).toMatch(/drift link vx-tier1-\S+ *: "missing"/);
        expect(shown).toMatch(/drift route 10\.43\.1\.0\/24 *: "missing"/);
        stack.up();
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        expect(difference(whole, await dumps()).filter(isOfUnits)).toEqual([]);
    });

    it("is there again after a reboot", async () => {
        await rebootAll(HOSTS);
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        await watchersRest(HOSTS);
        stack.nothingToDo("preview");
    });

    it("has another MTU when the lower one has, in place", async () => {
        use([LOWEST, FIXED], { mtu: 1300 });
        stack.up();
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        expect(wholeAt(1, 1250)).toEqual([]);
    });

    it("carries a third, to the byte, while the lowest becomes plain routes; a fourth tunnel is refused", async () => {
        const pings = whilePinging(
            { host: "vm1", container: containerAt(1), target: addressAt(1, "vm2") },
            () => {
                use([{ direct: {} }, FIXED, VXLAN, VXLAN]);
                stack.up();
            },
        );
        process.stdout.write(`-> direct below: gap ${Math.round(pings.gapMs)} ms\n`);
        expect(await lostAfter(WITHIN_MS, () => [0, 1, 2, 3].flatMap(lostOn))).toEqual([]);
        expect(wholeAt(1, 1450)).toEqual([]);
        expect(wholeAt(3, 1350)).toEqual([]);
        use([{ direct: {} }, FIXED, VXLAN, VXLAN, VXLAN]);
        const { status, output } = stack.attempt("preview");
        expect(status).not.toBe(0);
        expect(output).toContain('over: packets of Overlay "tier3" go through 3 tunnels');
    });

    it("goes from the hosts before the lower one, and leaves no trace after destroy", async () => {
        stack.destroy();
        expect(difference(before, await dumps())).toEqual([]);
    });

    function use(backends: readonly object[], more: { mtu?: number } = {}): void {
        stack.configure({ hosts: HOSTS.join(" "), backends: JSON.stringify(backends), ...more });
    }

    function lost(): string[] {
        return [0, 1].flatMap(lostOn);
    }

    function lostOn(level: number): string[] {
        return lostAt(level, HOSTS);
    }

    function received(): number {
        return Number(
            on("vm1", inside(containerAt(1), "cat /sys/class/net/eth0/statistics/rx_packets")),
        );
    }
});

function tableOn(host: string): string {
    return on(host, "nft list tables | sed -n 's/table inet \\(crosshost_.*tier1\\)/\\1/p'").trim();
}

/** Units are written anew, and services with them. */
function isOfUnits(line: string): boolean {
    return !/\/var\/lib\/crosshost\/|\.service loaded /.test(line);
}
