// What kernels.e2e asks of tunnels that this machine's kernel lacks: GRE and IPIP, which are protocols of IP, and Geneve.
import { type BackendArgs } from "../../../components";
import { capture, tcpdump } from "../../support/capture";
import { AS_AFTER_A_REBOOT, baseline, difference, dumps } from "../../support/hosts";
import {
    inside,
    installAll,
    lab,
    on,
    onAll,
    programOn,
    rebootAll,
    unanswered,
    watchersRest,
} from "../../support/lab";
import { echoRequest, inGeneve, inGre, send, withAddressOf } from "../../support/packets";
import { lostAfter } from "../../support/patience";
import { passesWhole, whilePinging } from "../../support/pinging";
import { Stack } from "../../support/stack";
import { addressOn, CONTAINER, isNoModule, lostAmong, modulesOn, sayGap, traces } from "./meshed";

const WITHIN_MS = 30_000;
const RECEIVED = "cat /sys/class/net/eth0/statistics/rx_packets";
const SENT = 5;
const OUR_TABLE = "$(nft list tables | sed -n 's/table inet \\(crosshost_.*mesh\\)/\\1/p')";
const MEGABYTES = 10;

interface Way {
    readonly protocol: number;
    readonly mtu: number;
    /** A host's device, and what takes away from it what leads to a peer. */
    readonly device: string;
    readonly cut: string;
    readonly told: RegExp;
    /** The kernel takes packets from no other than the device's peer, with or without our rule. */
    readonly knowsItsPeer?: true;
    readonly wrapped: (packet: Buffer, host: string) => Buffer;
}

export const TUNNELS = ["gre", "ipip", "geneve"] as const;

const WAYS: Readonly<Record<(typeof TUNNELS)[number], Way>> = {
    gre: {
        protocol: 47,
        mtu: 1472,
        device: "gr-mesh-",
        cut: "ip neigh del $(ip neigh show nud permanent | cut -d' ' -f1-3)",
        told: /drift neigh 10\.42\.4\.0 dev gr-mesh-\S+ *: "missing"/,
        wrapped: (packet, host) => inGre(keyOn(host), packet),
    },
    ipip: {
        protocol: 4,
        mtu: 1480,
        device: "ip-mesh-",
        cut: "ip route del 10.42.4.0/24",
        told: /drift route 10\.42\.4\.0\/24 *: "missing"/,
        wrapped: (packet) => packet,
    },
    geneve: {
        protocol: 17,
        mtu: 1450,
        device: "gn\\w-mesh-",
        cut: "ip neigh del $(ip neigh show nud permanent | cut -d' ' -f1-3)",
        told: /drift neigh 10\.42\.4\.0 dev gn4-mesh-\S+ *: "missing"/,
        wrapped: (packet, host) => inGeneve(geneveOn(host), packet),
        knowsItsPeer: true,
    },
};

/** All backends, and what each makes beside the bridge. */
const DEVICES: Readonly<Record<keyof BackendArgs, string>> = {
    vxlan: "vx-mesh-",
    direct: "",
    gre: "gr-mesh-",
    ipip: "ip-mesh-",
    geneve: "gn\\w-mesh-",
    wireguard: "wg-mesh-",
};
const ALL = Object.keys(DEVICES) as (keyof BackendArgs)[];

/** No two of its steps are as wide: walks that begin at each of the six have no change in common, so together they have all 30. */
const ZIGZAG = [0, 1, 5, 2, 4, 3];
export const WALKS = [0, 1, 2, 3, 4, 5] as const;

function walk(start: number): (keyof BackendArgs)[] {
    return ZIGZAG.flatMap((step) => ALL[(start + step) % ALL.length] ?? []);
}

export function tunnels(
    [first, second]: readonly [string, string],
    { name, start }: { readonly name: (typeof TUNNELS)[number]; readonly start: number },
): void {
    const both = [first, second];
    const lost = () => lostAmong(both);
    const stack = new Stack("tunnels", __dirname);
    let whole: string[];
    let before: string[];

    beforeAll(async () => {
        await installAll(Object.fromEntries(both.map((host) => [host, ["wireguard-tools"]])));
        await onAll(both, AS_AFTER_A_REBOOT);
        before = await baseline(both);
    });

    afterAll(() => {
        stack.cleanUp();
    });

    describe(`by ${name}`, () => {
        const { protocol, mtu, device, cut, told, wrapped, knowsItsPeer } = WAYS[name];

        it("comes by one line, previewed without a module being loaded; the second up changes nothing", async () => {
            const loaded = await modulesOn(both);
            use(name);
            expect(stack.preview()).toMatch(new RegExp(`link ${device}\\S+ *: "${name} `));
            expect(await modulesOn(both)).toEqual(loaded);
            stack.up();
            expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
            expect(strangeDevices(name)).toEqual([]);
            stack.nothingToDo("up");
            whole = await dumps(both);
        });

        it("carries packets of its full size between the containers' own addresses, and not a byte more", async () => {
            const [from, to] = [addressOn(first), addressOn(second)];
            const filter = `icmp and dst host ${to} and src net 10.42.0.0/16`;
            const { seen } = await capture(...programOn(second, ...tcpdump(1, filter)));
            expect(pings(first, to, mtu)).toBe(true);
            expect(await seen).toContain(`${from} > ${to}: ICMP echo request`);
            expect(pings(second, from, mtu)).toBe(true);
            expect(pings(first, to, mtu + 1)).toBe(false);
        });

        it("lets a container out into the internet by its host's address only", async () => {
            const { internet, hosts } = lab();
            const echo = tcpdump(1, "icmp[icmptype] = icmp-echo");
            const { seen } = await capture("ip", ["netns", "exec", internet.namespace, ...echo]);
            expect(unanswered(first, CONTAINER, [internet.address])).toEqual([]);
            expect(await seen).toContain(`${hosts[first]?.address ?? ""} > ${internet.address}`);
        });

        it(`carries ${MEGABYTES} MB by TCP`, () => {
            const size = MEGABYTES * 1024 * 1024;
            on(second, inside(CONTAINER, `head -c ${size} /dev/zero >/www/big`));
            const fetch = `wget -qO - http://${addressOn(second)}/big | wc -c`;
            expect(Number(on(first, inside(CONTAINER, fetch)))).toBe(size);
        });

        it("takes no packets of a machine that is no peer", () => {
            const inner = addressOn(second).replace(/\d+$/, "9");
            const payload = wrapped(echoRequest(inner, addressOn(first)), first);
            const to = lab().hosts[first]?.address ?? "";
            const come = (count: number) => {
                const start = received();
                send(lab().lan.namespace, { protocol, to, payload, count });
                return received() - start;
            };
            expect(come(SENT)).toBeLessThan(SENT);
            on(first, `nft flush chain inet ${OUR_TABLE} input`);
            if (knowsItsPeer) {
                expect(come(SENT)).toBeLessThan(SENT);
                const machine = lab().hosts[second]?.address ?? "";
                withAddressOf(lab().lan.namespace, { machine, to }, () => {
                    expect(come(SENT)).toBeGreaterThanOrEqual(SENT);
                });
            } else {
                expect(come(SENT)).toBeGreaterThanOrEqual(SENT); // so our rule kept them out
            }
        });

        it.each(["once", "twice"])("tells drift by name and repairs it: %s", async () => {
            on(first, `ip link del $(ls /sys/class/net | grep '^${device}')`);
            on(first, `nft flush chain inet ${OUR_TABLE} input`);
            on(second, cut);
            const shown = stack.preview();
            expect(shown).toMatch(new RegExp(`drift link ${device}\\S+ *: "missing"`));
            expect(shown).toMatch(/drift route 10\.42\.5\.0\/24 *: "missing"/);
            expect(shown).toMatch(told);
            expect(shown).toMatch(/drift nft input peers *: "missing"/);
            stack.up();
            expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
            expect(traces(whole, await dumps(both))).toEqual([]);
        });

        it("is there when Docker has been restarted", async () => {
            await onAll(both, "systemctl restart docker");
            expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
            await watchersRest(both);
            stack.nothingToDo("preview");
        });

        it("is there again after a reboot", async () => {
            await rebootAll(both);
            expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
            await watchersRest(both);
            stack.nothingToDo("preview");
        });
    });

    it(`becomes ${walk(start).join(", ")} and itself again by one line each, and nothing is left of the one before`, async () => {
        let was: keyof BackendArgs = name;
        for (const next of [...walk(start), name]) {
            use(next);
            const target = addressOn(second);
            const gap = whilePinging({ host: first, container: CONTAINER, target }, () =>
                stack.up(),
            );
            expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
            sayGap(`${was} to ${next}`, gap);
            expect(strangeDevices(next)).toEqual([]);
            was = next;
        }
        expect(traces(whole, await dumps(both))).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("leave no trace after destroy but modules of the kernel, which nothing holds", async () => {
        stack.destroy();
        await onAll(both, "modprobe -r -a ip_gre ipip geneve wireguard");
        expect(difference(before, await dumps(both)).filter(isNoModule)).toEqual([]);
    });

    function use(backend: string): void {
        stack.configure({ backend: JSON.stringify({ [backend]: {} }) });
    }

    /** What hosts have beside the bridge, by its name without what is derived, where it is not what the backend makes. */
    function strangeDevices(backend: keyof BackendArgs): string[] {
        return both.flatMap((host) => {
            const found = on(host, "ip -o link show group 201")
                .split("\n")
                .flatMap((line) => /^\d+: (?!ch-|veth)(\w+-mesh-)/.exec(line)?.[1] ?? [])
                .join(" ");
            return new RegExp(`^${DEVICES[backend]}$`).test(found) ? [] : [`${host}: ${found}`];
        });
    }

    function received(): number {
        return Number(on(first, inside(CONTAINER, RECEIVED)));
    }
}

function keyOn(host: string): number {
    const [, key = ""] =
        / okey ([\d.]+) /.exec(on(host, "ip -d link show type gre | grep okey.*addrgen")) ?? [];
    return key.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function geneveOn(host: string): { vni: number; port: number; to: string } {
    const shown = on(host, "ip -d -o link show type geneve");
    const [, to = ""] = /link\/ether (\S+)/.exec(shown) ?? [];
    return { vni: Number(/ id (\d+)/.exec(shown)?.[1]), port: 6081, to };
}

function pings(host: string, target: string, size: number): boolean {
    return passesWhole(host, CONTAINER, target, size);
}
