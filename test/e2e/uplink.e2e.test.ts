// The NIC of each host, by which SSH comes, becomes a port of a bridge: set up by ifupdown, by systemd-networkd, and by nobody.
import { crosshost } from "../support/crosshostCli";
import { addressOf, HOME, lostOnLan, webOf } from "../support/flatLan";
import { AS_AFTER_A_REBOOT, baseline, difference, HOSTS } from "../support/hosts";
import { on, onAll, rebootAll, succeeds } from "../support/lab";
import { until } from "../support/patience";
import { Stack } from "../support/stack";
import { streaming, streamText } from "../support/streams";
import { bridgeOf, movedWays, waysOf } from "../support/nics";

const WITHIN_MS = 20_000;

describe("the flat-lan tutorial: uplinks of bridges", () => {
    const stack = new Stack("flat-lan");
    let before: string[];
    let unlike: unknown[];

    beforeAll(async () => {
        await onAll(HOSTS, "docker pull -q lan-registry:5000/busybox:1 >/dev/null");
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        before = await baseline();
        unlike = HOSTS.map((host) => waysOf(host, "eth0"));
        stack.configure({ lan: HOME });
    });
    afterAll(() => stack.cleanUp());

    it("are refused in a preview where there is no such NIC", () => {
        stack.configure({ lan: HOME, nic: "eth7" });
        const { status, output } = stack.attempt("preview");
        stack.configure({ lan: HOME });
        expect(status).not.toBe(0);
        expect(output).toContain('Bridge "lan1" cannot be applied on vm1:');
        expect(output).toMatch(/there is no link eth7: write one of eth0 in uplink/);
        expect(HOSTS.map((host) => waysOf(host, "eth0"))).toEqual(unlike);
    });

    it("are refused in a preview where the LAN is another", () => {
        stack.configure({ lan: "172.31.1" });
        const { status, output } = stack.attempt("preview");
        stack.configure({ lan: HOME });
        expect(status).not.toBe(0);
        const says = HOSTS.map(
            (host) =>
                `cidr: "172.31.1.0/24" is not the network of eth0, which has ${addressOf(host)}/24: write "${HOME}.0/24"`,
        );
        expect(says.filter((text) => output.includes(text))).not.toEqual([]);
    });

    it("take the NIC, and what is sent over it meanwhile arrives", async () => {
        expect(await longestSilence(() => stack.up())).toBeLessThan(1500);
        stack.nothingToDo("preview");
        stack.nothingToDo("up");
    });

    it("have its addresses and routes, and its MAC", () => {
        HOSTS.forEach((host, at) => {
            expect(movedWays(host)).toEqual(unlike[at]);
            expect(waysOf(host, "eth0")).toEqual([[], []]);
        });
    });

    it("make containers machines of the LAN", () => {
        expect(lostOnLan()).toEqual([]);
    });

    it("are one LAN to those who check it", () => {
        const { status, stdout } = crosshost(stack, "check");
        expect(stdout).toMatch(/\n6 pairs by address, 0 names: all as it should be\n$/);
        expect(stdout).not.toMatch(/may be either/);
        expect(status).toBe(0);
        const port = on("vm3", "basename /sys/class/net/br-lan*/brif/vc-*").trim();
        on("vm3", `ip link set ${port} down`);
        const without = crosshost(stack, "check");
        on("vm3", `ip link set ${port} up`);
        expect(without.stdout).toContain(
            `web on vm3 is not reached at ${webOf("vm3")} from web on vm1, web on vm2\n`,
        );
        expect(without.status).toBe(1);
    });

    it.each(["soft", "hard"] as const)("are there again after a %s reboot", async (how) => {
        await rebootAll(HOSTS, ...(how === "hard" ? (["--hard"] as const) : []));
        await until(WITHIN_MS, () => lostOnLan().length === 0);
        HOSTS.forEach((host, at) => {
            expect(movedWays(host)).toEqual(unlike[at]);
        });
        stack.nothingToDo("preview");
    });

    it("stay when systemd-networkd sets the NIC up anew", async () => {
        const managed = HOSTS.filter((host) =>
            succeeds(() => on(host, "systemctl -q is-active systemd-networkd")),
        );
        for (const command of [
            "networkctl reconfigure eth0",
            "networkctl reload",
            "systemctl restart systemd-networkd",
        ]) {
            await onAll(managed, command);
            expect([command, lostOnLan()]).toEqual([command, []]);
        }
        stack.nothingToDo("preview");
    });

    it.each(["first", "second"])("are repaired, the %s time", (time) => {
        on("vm1", `ip addr add ${addressOf("vm1")}/24 brd + dev eth0`);
        on("vm3", `ip link set dev ${bridgeOf("vm3")} mtu 1400`);
        const shown = stack.preview();
        expect(shown).toMatch(new RegExp(`drift uplink eth0 *: "${addressOf("vm1")}/24 on eth0"`));
        expect(shown).toMatch(/drift uplink eth0 *: "br-\S+ has mtu 1400, eth0 has 1500"/);
        stack.up();
        stack.nothingToDo("preview");
        expect([time, lostOnLan()]).toEqual([time, []]);
    });

    it("give the NIC back without a trace", async () => {
        expect(await longestSilence(() => stack.destroy())).toBeLessThan(1500);
        expect(HOSTS.map((host) => waysOf(host, "eth0"))).toEqual(unlike);
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        expect(difference(before, await baseline())).toEqual([]);
    });
});

/** Connections of each host meanwhile, none of which may break: how long the longest wait for what comes over them was. */
async function longestSilence(act: () => void): Promise<number> {
    const streams = await streaming(HOSTS, act);
    console.log(streams.map(streamText).join("\n"));
    expect(streams.flatMap(({ broken }) => broken)).toEqual([]);
    return Math.max(...streams.map(({ silence }) => silence));
}
