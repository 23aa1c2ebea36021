// What kernels.e2e asks of a switched overlay with a port for each peer, whose devices this machine's kernel lacks. With three hosts, on a kernel
// that has them: switched.e2e.
import { AS_AFTER_A_REBOOT, baseline, difference, dumps } from "../../support/hosts";
import { inside, on, onAll, rebootAll, watchersRest } from "../../support/lab";
import { lostAfter } from "../../support/patience";
import { passesWhole, whilePinging } from "../../support/pinging";
import { Stack } from "../../support/stack";
import {
    ALL_WAYS,
    NOBODY,
    seenOnWires,
    strangePorts,
    strangersWanted,
    takesStrangers,
    type Way,
} from "../switched/ways";
import {
    CONTAINER,
    isNoModule,
    lostAmong,
    modulesOn,
    sayGap,
    switchedAddressOn,
    traces,
} from "./meshed";

const WITHIN_MS = 30_000;
const GATEWAY = "10.42.0.1";

export function switched([first, second]: readonly [string, string], way: Way): void {
    const both = [first, second];
    const lost = () => lostAmong(both, switchedAddressOn);
    const numbers = both.map((host) => Number(host.replace("vm", "")));
    const stack = new Stack("switched", __dirname);
    let whole: string[];
    let before: string[];

    beforeAll(async () => {
        await onAll(both, AS_AFTER_A_REBOOT);
        before = await baseline(both);
    });

    afterAll(() => {
        stack.cleanUp();
    });

    it("is previewed without a module being loaded, and made; the second up changes nothing", async () => {
        const loaded = await modulesOn(both);
        use(way);
        expect(stack.preview()).toMatch(
            new RegExp(`link ${way.ports}\\S+ *: "${way.kind} .* master ch-mesh-\\S+ isolated on"`),
        );
        expect(await modulesOn(both)).toEqual(loaded);
        stack.up();
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        stack.nothingToDo("up");
        whole = await dumps(both);
    });

    it("carries packets of its full size, and not a byte more", () => {
        const [from, to] = both.map(switchedAddressOn);
        expect(passesWhole(first, CONTAINER, to ?? "", way.mtu)).toBe(true);
        expect(passesWhole(second, CONTAINER, from ?? "", way.mtu)).toBe(true);
        expect(passesWhole(first, CONTAINER, to ?? "", way.mtu + 1)).toBe(false);
    });

    it("carries a broadcast once, and nothing of the gateway", async () => {
        const { seen } = await seenOnWires(both, way, `arp host ${NOBODY} or arp host ${GATEWAY}`);
        for (const address of [NOBODY, GATEWAY]) {
            on(first, inside(CONTAINER, `arping -b -c 1 -w 1 ${address} || true`));
        }
        const texts = await seen();
        expect(texts.map((text) => text.match(/who-has/g)?.length)).toEqual([1, 1]);
        expect(texts.join()).not.toContain(GATEWAY);
    });

    it("takes no frame from a machine that is no peer", () => {
        const [, table = ""] =
            /table inet (crosshost_\S+mesh)/.exec(on(first, "nft list tables inet")) ?? [];
        const target = { host: first, peer: second, container: CONTAINER, table };
        expect(takesStrangers(way, target)).toEqual(strangersWanted(way));
        expect(stack.preview()).toMatch(/drift nft input peers *: "missing"/);
        stack.up();
    });

    it.each(["once", "twice"])("tells drift by name and repairs it: %s", async () => {
        const [one = NaN, other = NaN] = numbers;
        const drifts = way.drifts(one, other);
        for (const { at, breaks } of drifts) {
            on(both[at] ?? "", breaks);
        }
        const shown = stack.preview();
        for (const { told } of drifts) {
            expect(shown).toMatch(told);
        }
        stack.up();
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        expect(traces(whole, await dumps(both))).toEqual([]);
    });

    it("comes back when a host has lost the device, and another the bridge", async () => {
        on(first, `ip link del $(ls /sys/class/net | grep -E '^${way.ports}')`);
        on(second, "ip link del $(basename /sys/class/net/ch-mesh-*)");
        stack.up();
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("is there again after a reboot, and after Docker's restart", async () => {
        await Promise.all([rebootAll([first]), onAll([second], "systemctl restart docker")]);
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        await watchersRest(both);
        stack.nothingToDo("preview");
    });

    it("becomes each other switched one, and itself again, by one line each; nothing is left of the one before", async () => {
        for (const next of [...ALL_WAYS.filter((one) => one !== way), way]) {
            use(next);
            const target = switchedAddressOn(second);
            const gap = whilePinging({ host: first, container: CONTAINER, target }, () =>
                stack.up(),
            );
            expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
            sayGap(`switched, to ${next.name}`, gap);
            expect(strangePorts(both, next)).toEqual([]);
        }
        stack.nothingToDo("preview");
    });

    it("becomes a routed one and switched again", async () => {
        use(way, false);
        stack.up();
        expect(await lostAfter(WITHIN_MS, () => lostAmong(both))).toEqual([]);
        expect(
            on(
                first,
                "nft list tables bridge; ip -o link | grep 'group 201' | grep ' master ' || true",
            ),
        ).toBe("");
        stack.nothingToDo("preview");
        use(way);
        stack.up();
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        expect(strangePorts(both, way)).toEqual([]);
    });

    it("leaves no trace after destroy but modules of the kernel, which nothing holds", async () => {
        stack.destroy();
        await onAll(both, "modprobe -r -a ip_gre geneve vxlan");
        expect(difference(before, await dumps(both)).filter(isNoModule)).toEqual([]);
    });

    function use({ name }: Way, isSwitched = true): void {
        stack.configure({ backend: JSON.stringify({ [name]: {} }), switched: isSwitched });
    }
}
