import { join } from "node:path";
import { AS_AFTER_A_REBOOT, baseline, difference, dumps } from "../support/hosts";
import {
    inNetworkOf,
    lab,
    LAB_NAME,
    labCommand,
    on,
    onAll,
    rebootAll,
    ROOT,
    run,
    succeeds,
    unanswered,
    watchersRest,
    within,
} from "../support/lab";
import { lostAfter } from "../support/patience";
import { Stack } from "../support/stack";
import { isNoModule } from "./kernels/meshed";
import { over, PILES } from "./kernels/over";
import { TUNNELS, tunnels, WALKS } from "./kernels/tunnels";
import { KEY_DRIFTS, wireguard } from "./kernels/wireguard";

/** Hosts with kernels of their own, beside the lab's others. */
const OWN = ["vm4", "vm5"] as const;
const SHARED = "vm3";
const ALL = [...OWN, SHARED];
const WITHIN_MS = 30_000;

/**
 * What is tried: WireGuard, or LANs and overlays over one another; one tunnel, and one walk from backend to backend.
 * CROSSHOST_SEED repeats a run, and `npm run sweep` has all six.
 */
const SEED = Number(process.env["CROSSHOST_SEED"] ?? Date.now() % 6);
const drawn = <T>(all: readonly T[]): T => all[SEED % all.length] as T;

/** Each host's container of the demo. */
const DEMO = { vm4: "crosshost-demo-web", vm5: "crosshost-demo-api", vm3: "crosshost-demo-db" };

/** A kernel that is a process runs on no other machine. */
const isPossible = process.arch === "x64";
if (!isPossible) {
    process.stdout.write(
        `SKIPPED: hosts with kernels of their own; User-Mode Linux needs x86_64, this is ${process.arch}\n`,
    );
}
process.stdout.write(`hosts with kernels of their own: CROSSHOST_SEED=${SEED}\n`);
const of = isPossible ? describe : describe.skip;
const [ofWireguard, ofOthers] = SEED % 2 === 0 ? [of, describe.skip] : [describe.skip, of];

const modules = (): Promise<string[]> => onAll(OWN, "cut -d' ' -f1 /proc/modules | sort");

beforeAll(() => {
    if (!isPossible) {
        return;
    }
    const engines = ["vm1", "vm2", "vm3"].map((host) => lab().hosts[host]?.engine ?? "28");
    run(join(ROOT, "lab/lab"), ["up", "5"], {
        CROSSHOST_LAB: LAB_NAME,
        CROSSHOST_LAB_ENGINES: [...engines, "28", "28"].join(),
        CROSSHOST_LAB_KERNELS: "shared,shared,shared,own,own",
    });
}, 30 * 60_000);

afterAll(() => {
    const left = OWN.filter((host) => host in lab().hosts);
    if (left.length > 0) {
        labCommand("down", ...left, "--purge");
    }
});

of("hosts with kernels of their own", () => {
    it("say so, and have another kernel than their neighbours", async () => {
        const releases = await onAll(ALL, "uname -r");
        expect(OWN.map((host) => lab().hosts[host]?.kernel)).toEqual(["own", "own"]);
        expect(lab().hosts[SHARED]?.kernel).toBe("shared");
        expect(releases[0]).toMatch(/-lab\n$/);
        expect(releases[1]).toBe(releases[0]);
        expect(releases[2]).not.toBe(releases[0]);
        expect(await onAll(OWN, "ip -o -4 addr show dev eth0 | awk '{ print $4 }'")).toEqual(
            OWN.map((host) => `${lab().hosts[host]?.address ?? ""}/24\n`),
        );
    });

    it("reach the others and the internet, and are reached", () => {
        const { hosts, internet } = lab();
        const addressOf = (host: string) => hosts[host]?.address ?? "";
        for (const host of OWN) {
            const others = [
                ...ALL.filter((other) => other !== host).map(addressOf),
                internet.address,
            ];
            expect(others.filter((to) => !pings(host, to))).toEqual([]);
            expect(pings(SHARED, addressOf(host))).toBe(true);
        }
    });
});

of("the demo's program, over both kinds of kernels", () => {
    const [end, how] = drawn([
        ["a reboot", []],
        ["a power cut", ["--hard"]],
    ] as const);
    const stack = new Stack("demo");
    let before: string[];

    beforeAll(async () => {
        await onAll(ALL, AS_AFTER_A_REBOOT);
        before = await baseline(ALL);
        const { hosts, privateKeyFile } = lab();
        stack.configure({
            hosts: JSON.stringify(
                ALL.map((name) => ({
                    name,
                    address: hosts[name]?.address,
                    hostKey: hosts[name]?.hostKey,
                })),
            ),
            privateKey: run("cat", [privateKeyFile]),
        });
    });

    afterAll(() => {
        stack.cleanUp();
    });

    it("is previewed without a module of the kernel being loaded", async () => {
        const loaded = await modules();
        expect((await onAll(OWN, "modinfo -n vxlan")).join()).toMatch(/vxlan\.ko\n.*vxlan\.ko\n/s);
        expect(loaded.join()).not.toMatch(/vxlan/);
        expect(stack.preview()).toContain('"via 10.42.5.0 dev vx-mesh-');
        expect(await modules()).toEqual(loaded);
        expect(difference(before, await dumps(ALL))).toEqual([]);
    });

    it("connects their containers, and the second up changes nothing", async () => {
        stack.up();
        expect(await lostAfter(WITHIN_MS, () => unreached())).toEqual([]);
        expect((await modules()).join()).toMatch(/vxlan/);
        stack.nothingToDo("up");
        stack.nothingToDo("preview");
    });

    it(`is there again after ${end}`, async () => {
        const boots = await onAll(OWN, "cat /proc/sys/kernel/random/boot_id");
        await rebootAll(OWN, ...how);
        const now = await onAll(OWN, "cat /proc/sys/kernel/random/boot_id");
        expect(now.filter((id) => boots.includes(id))).toEqual([]);
        expect(await lostAfter(WITHIN_MS, () => unreached())).toEqual([]);
        await watchersRest(OWN);
        stack.nothingToDo("preview");
    });

    it("leaves no trace after destroy", async () => {
        stack.destroy();
        expect(difference(before, await dumps(ALL)).filter(isNoModule)).toEqual([]);
    });

    /** The pairs of containers that do not reach each other. */
    function unreached(): string[] {
        const addresses = Object.values(stack.outputs()["addresses"] ?? {}).map(String);
        return Object.entries(DEMO).flatMap(([host, container]) =>
            unanswered(host, container, addresses).map((address) => `${host} -> ${address}`),
        );
    }
});

ofOthers("LANs by VLAN and ipvlan, and an overlay over a bond", () => {
    const stack = new Stack("kernels", join(__dirname, "kernels"));
    const home = lab().lan.cidr.replace(/\.0\/24$/, "");
    let before: string[];

    beforeAll(async () => {
        await onAll(OWN, AS_AFTER_A_REBOOT);
        before = await baseline(OWN);
    });

    afterAll(async () => {
        stack.cleanUp();
        await onAll(OWN, "ip link del bond0 2>/dev/null; ip link del eth0.50 2>/dev/null; true");
    });

    it("are previewed without a module being loaded", async () => {
        const loaded = await modules();
        expect(loaded.join()).not.toMatch(/8021q|ipvlan|macvlan/);
        stack.preview();
        expect(await modules()).toEqual(loaded);
        expect(difference(before, await dumps(OWN))).toEqual([]);
    });

    it("are made, and the second up changes nothing", async () => {
        stack.up();
        expect(await lostAfter(WITHIN_MS, cut)).toEqual([]);
        stack.nothingToDo("up");
        stack.nothingToDo("preview");
    });

    it("have the VLAN's number on the wire, and one MAC for all of a host's ipvlan", () => {
        const kinds = on("vm4", "ip -d -o link show dev eth0.20");
        expect(kinds).toContain("vlan protocol 802.1Q id 20");
        const seen = onTheWire("vlan 20 and icmp", () => {
            pingFrom("vm4", "tagged", "10.20.0.12");
        });
        expect(seen).toMatch(/vlan 20, .*10\.20\.0\.11 > 10\.20\.0\.12: ICMP echo request/);
        const mac = on("vm4", "cat /sys/class/net/eth0/address").trim();
        expect(inNetworkOf("vm4", "flat", "cat /sys/class/net/e*/address || ip -o link")).toContain(
            mac,
        );
        const { namespace } = lab().lan;
        within(namespace, `ping -c 1 -W 2 ${home}.181`);
        expect(within(namespace, `ip neigh show ${home}.181`)).toContain(mac);
    });

    it("are there again after a reboot", async () => {
        await rebootAll(OWN);
        expect(await lostAfter(WITHIN_MS, cut)).toEqual([]);
        await watchersRest(OWN);
        stack.nothingToDo("preview");
    });

    it("leave no trace after destroy", async () => {
        stack.destroy();
        expect(difference(before, await dumps(OWN)).filter(isNoModule)).toEqual([]);
    });

    it("is carried by a NIC that is a bond of a VLAN, and leaves no trace", async () => {
        await Promise.all(OWN.map((host, at) => onAll([host], bond(`10.50.0.${at + 1}/24`))));
        const bonded = await dumps(OWN);
        stack.configure({ underlay: "10.50.0" });
        stack.up();
        expect(await lostAfter(WITHIN_MS, unmeshed)).toEqual([]);
        const seen = onTheWire("vlan 50 and udp", () => {
            pingFrom("vm4", "meshed", "10.42.5.200");
        });
        expect(seen).toMatch(/vlan 50, .*10\.50\.0\.1\.\d+ > 10\.50\.0\.2\.\d+: /);
        stack.nothingToDo("preview");
        stack.destroy();
        expect(difference(bonded, await dumps(OWN)).filter(isNoModule)).toEqual([]);
    });

    /** What should be reached and is not. */
    function cut(): string[] {
        const { namespace } = lab().lan;
        const flat = [`${home}.181`, `${home}.182`];
        const tagged = ["10.20.0.11", "10.20.0.12"];
        const lan = flat.filter((to) => !succeeds(() => within(namespace, `ping -c 1 -W 1 ${to}`)));
        return [
            ...OWN.flatMap((host) => [
                ...unanswered(host, "flat", flat).map((to) => `${host} flat -> ${to}`),
                ...unanswered(host, "tagged", tagged).map((to) => `${host} tagged -> ${to}`),
            ]),
            ...lan.map((to) => `lan -> ${to}`),
            ...OWN.filter((_, at) => !pings(OWN[at] ?? "", flat[at] ?? "")),
            ...OWN.filter((_, at) => !pings(OWN[at] ?? "", tagged[at] ?? "")),
            ...OWN.filter((host) => !pings(host, routedOn(host))).map((host) => `${host} routed`),
        ];
    }

    function routedOn(host: string): string {
        return inNetworkOf(host, "routed", "ip -o -4 addr show scope global")
            .replace(/^.* inet ([\d.]+)\/.*$/s, "$1")
            .trim();
    }

    function unmeshed(): string[] {
        const all = OWN.map((_, at) => `10.42.${at + 4}.200`);
        return OWN.flatMap((host) => unanswered(host, "meshed", all));
    }
});

ofWireguard(`overlays that encrypt, by WireGuard (CROSSHOST_SEED=${SEED})`, () => {
    wireguard(OWN, drawn(KEY_DRIFTS));
});

of(`overlays by what this machine's kernel lacks (CROSSHOST_SEED=${SEED})`, () => {
    tunnels(OWN, { name: drawn(TUNNELS), start: drawn(WALKS) });
});

ofOthers(`overlays over one another: ${drawn(PILES).join(", ")} (CROSSHOST_SEED=${SEED})`, () => {
    over(OWN, drawn(PILES));
});

of("hosts that are taken away", () => {
    it("leave nothing on this machine", () => {
        labCommand("down", ...OWN, "--purge");
        const ports = within(lab().lan.namespace, "ip -o link show type tun");
        expect(ports).toBe("");
        expect(run("sh", ["-c", ALIVE])).toBe("");
        expect(Object.keys(lab().hosts)).toEqual(["vm1", "vm2", "vm3"]);
    });
});

/** The hosts' processes on this machine; a zombie, which has no command line, is its parent's affair. */
const ALIVE = `
    for each in /proc/[0-9]*; do
        grep -qs '/${LAB_NAME}/vm[45]' $each/cgroup && tr '\\0' ' ' <$each/cmdline
    done 2>/dev/null || :`;

/** An admin's NIC: a bond over a VLAN. */
const bond = (address: string): string => `
    ip link add link eth0 name eth0.50 type vlan id 50
    ip link add bond0 type bond mode active-backup miimon 100
    ip link set eth0.50 master bond0
    ip addr add ${address} dev bond0
    ip link set eth0.50 up; ip link set bond0 up`;

function pings(host: string, to: string): boolean {
    return succeeds(() => on(host, `ping -c 1 -W 2 ${to} >/dev/null`));
}

function pingFrom(host: string, container: string, to: string): void {
    inNetworkOf(host, container, `ping -c 1 -W 2 ${to} >/dev/null`);
}

/** What the bridge of the LAN carries meanwhile, as tcpdump tells it. */
function onTheWire(filter: string, act: () => void): string {
    const { namespace } = lab().lan;
    const log = `/tmp/crosshost-wire-${LAB_NAME}`;
    within(
        namespace,
        `timeout 20 tcpdump -lnei vm5 -c 1 '${filter}' >${log} 2>&1 & until grep -qs 'listening on' ${log}; do sleep 0.05; done`,
    );
    act();
    return within(
        namespace,
        `for try in $(seq 100); do grep -s 'vlan' ${log} && break; sleep 0.1; done; rm -f ${log}`,
    );
}
