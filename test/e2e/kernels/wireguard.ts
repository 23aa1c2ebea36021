// What kernels.e2e asks of WireGuard, which this machine's kernel lacks too.
import { capture } from "../../support/capture";
import { AS_AFTER_A_REBOOT, baseline, difference, dumps } from "../../support/hosts";
import {
    inside,
    installAll,
    lab,
    labCommand,
    on,
    onAll,
    programOn,
    rebootAll,
    watchersRest,
} from "../../support/lab";
import { lostAfter } from "../../support/patience";
import { passesWhole, whilePinging } from "../../support/pinging";
import { stateFiles } from "../../support/saved";
import { Stack, UP_AS_FAR_AS_IT_GOES } from "../../support/stack";
import { addressOn, CONTAINER, isNoModule, lostAmong, modulesOn, sayGap } from "./meshed";

const WITHIN_MS = 30_000;
const MTU = 1440;
const MEGABYTES = 10;
const PORT = 30_123;
const KEYS = "/var/lib/crosshost/*/keys/wg-mesh*[!b]";
const DEVICE = "$(basename /sys/class/net/wg-mesh*)";

/** What can become of a host's key. */
export const KEY_DRIFTS = [
    ["somebody has put there", `wg genkey >$(echo ${KEYS})`, "another key"],
    ["others can read", `chmod 644 ${KEYS}`, "mode 644 0"],
    ["is lost", `rm ${KEYS}`, "missing"],
] as const;

export function wireguard(
    [first, second]: readonly [string, string],
    [what, does, told]: (typeof KEY_DRIFTS)[number],
): void {
    const both = [first, second];
    const lost = () => lostAmong(both);
    const stack = new Stack("wireguard", __dirname);
    /** All private keys that a host has had, and all that the CLI said meanwhile. */
    const secrets = new Set<string>();
    const said: string[] = [];
    let whole: string[];
    let before: string[];

    beforeAll(async () => {
        await onAll(both, AS_AFTER_A_REBOOT);
    });

    afterAll(() => {
        stack.cleanUp();
    });

    it("is refused by a preview where its program is not installed", async () => {
        use({ port: PORT });
        expect(stack.attempt("preview").output).toMatch(
            /cannot be applied on vm4:\s+it has no program wg: apt install wireguard-tools/,
        );
        await installAll(Object.fromEntries(both.map((host) => [host, ["wireguard-tools"]])));
        before = await baseline(both);
    });

    it("comes after its hosts' keys, and the preview says so; the second up changes nothing", async () => {
        const loaded = await modulesOn(both);
        const shown = tell(stack.preview());
        expect(shown).toContain("the keys of vm4, vm5 are made by the next `pulumi up`");
        expect(shown).toMatch(/private-key wg-mesh-\S+ *: "wireguard"/);
        expect(shown).toMatch(/wireguard wg-mesh-\S+ peer made-by-vm5 *: "endpoint /);
        expect(await modulesOn(both)).toEqual(loaded);
        expect(difference(before, await dumps(both))).toEqual([]);
        tell(stack.up());
        await keep();
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        stack.nothingToDo("up");
        stack.nothingToDo("preview");
        whole = await dumps(both);
    });

    it("lets the wire see nothing but UDP of its port between the hosts", async () => {
        const [from, to] = both.map((host) => lab().hosts[host]?.address ?? "");
        const filter = `host ${from ?? ""} and host ${to ?? ""} and not arp`;
        const listening = ["timeout", "10", "tcpdump", "-lnc", "8", "-i", "eth0", filter];
        const { seen } = await capture(...programOn(second, ...listening));
        on(first, inside(CONTAINER, `ping -c 5 -i 0.2 ${addressOn(second)}`));
        const lines = (await seen).split("\n").filter((line) => line !== "");
        expect(lines).toHaveLength(8);
        const ofPort = new RegExp(`\\.${PORT} > \\S+\\.${PORT}: UDP, length \\d+$`);
        expect(lines.filter((line) => !ofPort.test(line))).toEqual([]);
    });

    it("carries packets of its full size between the containers' own addresses, and not a byte more", () => {
        const [from, to] = [addressOn(first), addressOn(second)];
        expect(passesWhole(first, CONTAINER, to, MTU)).toBe(true);
        expect(passesWhole(second, CONTAINER, from, MTU)).toBe(true);
        expect(passesWhole(first, CONTAINER, to, MTU + 1)).toBe(false);
    });

    it(`carries ${MEGABYTES} MB by TCP`, () => {
        const size = MEGABYTES * 1024 * 1024;
        on(second, inside(CONTAINER, `head -c ${size} /dev/zero >/www/big`));
        const fetch = `wget -qO - http://${addressOn(second)}/big | wc -c`;
        expect(Number(on(first, inside(CONTAINER, fetch)))).toBe(size);
    });

    it("tells a peer that is gone, one that is none of ours, and a device that is gone, and repairs them", async () => {
        on(first, `wg set ${DEVICE} peer $(wg show ${DEVICE} peers) remove`);
        on(first, `wg set ${DEVICE} peer $(wg genkey | wg pubkey) allowed-ips 10.42.77.0/24`);
        on(second, `ip link del ${DEVICE}`);
        const shown = tell(stack.preview());
        expect(shown).toMatch(/drift wireguard wg-mesh-\S+ peer \S+ *: "missing"/);
        expect(shown).toMatch(/drift wireguard wg-mesh-\S+ peer \S+ *: "not in the plan, /);
        expect(shown).toMatch(/drift link wg-mesh-\S+ *: "missing"/);
        tell(stack.up());
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        expect(traces(await dumps(both))).toEqual([]);
    });

    it(`makes a key anew that ${what}, and tells the peers`, async () => {
        const old = publicKeyOf(first);
        on(first, does);
        const shown = tell(stack.preview());
        expect(shown).toMatch(
            new RegExp(`drift private-key wg-mesh-\\S+ *: ("[^"]*" => )?"${told}"`),
        );
        expect(shown).toMatch(/\+ wireguard wg-mesh-\S+ peer made-by-vm4 *: /);
        expect(shown).toContain("the keys of vm4 are made by the next `pulumi up`");
        tell(stack.up());
        await keep();
        expect(publicKeyOf(first)).not.toBe(old);
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("is there again after a reboot", async () => {
        await rebootAll(both);
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        await watchersRest(both);
        stack.nothingToDo("preview");
    });

    it("waits for no host that is down", async () => {
        labCommand("poweroff", second);
        on(first, `wg set ${DEVICE} peer $(wg show ${DEVICE} peers) remove`);
        expect(tell(stack.preview())).toMatch(/drift wireguard wg-mesh-\S+ peer \S+ *: "missing"/);
        const { status, output } = stack.attempt(...UP_AS_FAR_AS_IT_GOES);
        expect(status).not.toBe(0);
        expect(tell(output)).toContain("vm5 was left unchanged");
        expect(on(first, `wg show ${DEVICE} peers`)).not.toBe("");
        labCommand("start", second);
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        await watchersRest(both);
        tell(stack.up());
        stack.nothingToDo("preview");
    });

    it("becomes vxlan and is made of it by one line, and nothing is left of the one before; one port for both is refused", async () => {
        stack.configure({ backend: JSON.stringify({ vxlan: { port: PORT } }) });
        expect(stack.attempt("preview").output).toMatch(
            /UDP port 30123 is that of wg-mesh-\S+, which this overlay has until the change is made: choose another backend\.vxlan\.port/,
        );
        for (const [what, backend] of [
            ["wireguard to vxlan", { vxlan: {} }],
            ["vxlan to wireguard", { wireguard: { port: PORT } }],
        ] as const) {
            stack.configure({ backend: JSON.stringify(backend) });
            const target = addressOn(second);
            const pings = whilePinging({ host: first, container: CONTAINER, target }, () =>
                tell(stack.up()),
            );
            expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
            sayGap(what, pings);
            if ("vxlan" in backend) {
                expect(on(first, "ip -o link show type wireguard")).toBe("");
                expect(on(first, "ls /var/lib/crosshost/*/")).not.toContain("keys");
            }
        }
        await keep();
        expect(traces(await dumps(both))).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("rolls its keys by one line, and no packet is lost", async () => {
        use({ port: PORT, keyGeneration: 2 });
        const target = addressOn(second);
        const pinging = { host: first, container: CONTAINER, target, perSecond: 1000 };
        const { lost: gone, answered } = whilePinging(pinging, () => tell(stack.up()));
        await keep();
        expect(gone).toBe(0);
        expect(answered).toBeGreaterThan(1000);
        stack.nothingToDo("preview");
    });

    it("has told no private key: not in the state, nor to whoever ran it, nor in a log of a host", async () => {
        expect(secrets.size).toBeGreaterThanOrEqual(5);
        const texts = [stack.state(), stack.state("--show-secrets"), ...said, ...stateFiles()];
        const logs = await onAll(
            both,
            "journalctl -q --no-pager; cat /var/log/*.log /var/lib/crosshost/*/units/* 2>/dev/null; true",
        );
        const found = [...secrets].filter((secret) =>
            [...texts, ...logs].some((text) => text.includes(secret.slice(0, 20))),
        );
        expect(found).toEqual([]);
        expect(texts.join()).toContain(publicKeyOf(first));
    });

    it("leaves no trace after destroy but modules of the kernel, which nothing holds", async () => {
        tell(stack.destroy());
        await onAll(both, "modprobe -r wireguard");
        expect(difference(before, await dumps(both)).filter(isNoModule)).toEqual([]);
    });

    function use(options: object): void {
        stack.configure({ backend: JSON.stringify({ wireguard: options }) });
    }

    function tell(output: string): string {
        said.push(output);
        return output;
    }

    async function keep(): Promise<void> {
        for (const key of await onAll(both, `cat ${KEYS}`)) {
            secrets.add(key.trim());
        }
    }

    /** What is other than when all was whole, but for units, which are written anew, and what a boot does. */
    function traces(now: readonly string[]): string[] {
        return difference(whole, now)
            .filter(isNoModule)
            .filter((line) => !/\/var\/lib\/crosshost\/|\.service loaded /.test(line));
    }
}

function publicKeyOf(host: string): string {
    return on(host, `wg show ${DEVICE} public-key`).trim();
}
