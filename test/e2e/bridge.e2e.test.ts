import { join } from "node:path";
import { capture, tcpdump } from "../support/capture";
import { detailsOf } from "../support/docker";
import { baseline, difference, dumps, hasIptables, HOSTS } from "../support/hosts";
import {
    firstLineAt,
    inside,
    lab,
    labCommand,
    on,
    onAll,
    programOn,
    succeeds,
    within,
} from "../support/lab";
import { lostAfter } from "../support/patience";
import { Stack } from "../support/stack";

const IMAGE = "lan-registry:5000/busybox:1";
/** As somebody makes it who has never heard of us: on a network of his own, with a port. */
const RUN = `docker run -d --name by-hand --restart unless-stopped --network theirs -p 8099:80 ${IMAGE} >/dev/null`;
const OUT = "docker rm -f by-hand; docker network rm theirs";

/** Docker gives the bridge of `theirs` another MAC at each boot. */
const OF_DOCKERS_BRIDGE = /\bbr-[0-9a-f]{12}\b/;

describe("bridges, and containers that exist already", () => {
    const stack = new Stack("bridge", join(__dirname, "bridge"));
    let before: string[];
    let untouched: string[];

    beforeAll(async () => {
        await onAll(
            HOSTS,
            `docker pull -q ${IMAGE} >/dev/null; docker network create theirs >/dev/null; ${RUN}`,
        );
        before = await baseline();
        untouched = await onAll(HOSTS, INSPECT);
    });

    afterAll(async () => {
        stack.cleanUp();
        await onAll(HOSTS, `${OUT} >/dev/null 2>&1 || true`);
    });

    it("are refused in a preview where the container is not there, or is in the host's network", () => {
        on(
            "vm2",
            `docker run -d --name in-host --network host --entrypoint sleep ${IMAGE} 999 >/dev/null`,
        );
        stack.configure({ byHand: "in-host" });
        const { status, output } = stack.attempt("preview");
        on("vm2", "docker rm -f in-host >/dev/null");
        stack.configure({});
        expect(status).not.toBe(0);
        expect(output).toContain(
            '"in-host" is not a container on vm1, which has by-hand: start it first',
        );
        expect(output).toContain('"in-host" uses the host\'s network');
    });

    it("are made by the first up, and the second changes nothing", () => {
        stack.up();
        stack.nothingToDo("up", "--refresh");
    });

    it("are apart, but for what is on both, and only members of an overlay get into it", async () => {
        const mesh = await Promise.all(HOSTS.map(meshAddress));
        const others = (host: string) => mesh.filter((_, at) => HOSTS[at] !== host);
        const asked = HOSTS.flatMap((host) => [
            { host, from: "one", to: ["10.61.0.10", "10.61.0.11"], answers: false },
            { host, from: "two", to: ["10.60.0.200", "10.60.0.201"], answers: false },
            { host, from: "by-hand", to: ["one", "10.60.0.200", "10.61.0.10"], answers: true },
            { host, from: "one", to: ["hand", "10.60.0.201"], answers: true },
            { host, from: "one", to: others(host), answers: true },
            { host, from: "two", to: others(host), answers: false },
            { host, from: "by-hand", to: others(host), answers: false },
        ]);
        const answered = await Promise.all(
            asked.map(({ host, from, to }) => reached(host, from, to)),
        );
        expect(asked.map((one, at) => ({ ...one, reached: answered[at] }))).toEqual(
            asked.map((one) => ({ ...one, reached: one.answers ? one.to : [] })),
        );
    });

    it.each(HOSTS)(
        "reach on %s what other networks publish there, as Docker's own do",
        async (host) => {
            const { address = "" } = lab().hosts[host] ?? {};
            const ports = [8090, 8099].map((port) => `${address}:${port}`);
            const asked = [...ports, "10.60.0.1:8099", `${address}:8091`];
            on(
                host,
                `docker network create plain >/dev/null; docker run -d --name plain --network plain ${IMAGE} >/dev/null`,
            );
            try {
                const [byPlain, ...ours] = await Promise.all(
                    ["plain", "one", "two", "by-hand"].map((from) => callers(host, from, asked)),
                );
                expect(byPlain?.map((said) => /sees \S/.test(said))).toEqual([
                    true,
                    true,
                    true,
                    false,
                ]);
                expect(ours).toEqual([byPlain, byPlain, byPlain]);
            } finally {
                on(host, "docker rm -f plain >/dev/null; docker network rm plain >/dev/null");
            }
        },
    );

    it("carry packets of the overlay's members with their own addresses", async () => {
        const [source = "", target = ""] = await Promise.all(["vm1", "vm2"].map(meshAddress));
        const filter = `icmp[icmptype] == icmp-echo and dst host ${target}`;
        const { seen } = await capture(...programOn("vm2", ...tcpdump(1, filter)));
        expect(await reached("vm1", "one", [target])).toEqual([target]);
        expect(await seen).toContain(`${source} > ${target}: ICMP echo request`);
    });

    it.each(HOSTS)("serve published ports of %s to the LAN, and let nothing else in", (host) => {
        const { lan, hosts } = lab();
        const address = hosts[host]?.address ?? "";
        for (const port of [8090, 8099]) {
            expect(answers(`${address}/${port}`)).toBe(true);
        }
        within(lan.namespace, `ip route replace 10.60.0.0/24 via ${address}`);
        try {
            expect(succeeds(() => within(lan.namespace, "ping -c 1 -W 1 10.60.0.200"))).toBe(false);
            expect(answers("10.60.0.200/80")).toBe(false);
        } finally {
            within(lan.namespace, "ip route del 10.60.0.0/24");
        }
    });

    it.each(HOSTS)("masquerade what leaves them on %s", async (host) => {
        const { internet, hosts } = lab();
        const echo = tcpdump(1, "icmp[icmptype] == icmp-echo");
        const { seen } = await capture("ip", ["netns", "exec", internet.namespace, ...echo]);
        expect(await reached(host, "two", [internet.address])).toEqual([internet.address]);
        expect(await seen).toContain(`${hosts[host]?.address ?? ""} > ${internet.address}`);
    });

    it("have the MTU that they were given", () => {
        expect(on("vm3", "docker exec two cat /sys/class/net/eth0/mtu").trim()).toBe("1400");
        expect(on("vm1", "docker exec one cat /sys/class/net/eth0/mtu").trim()).toBe("1500");
    });

    it("tell what is broken by hand, and are repaired", async () => {
        on("vm1", "ip link del $(basename /sys/class/net/br-lan1*)");
        on("vm2", "docker network disconnect -f crosshost-bridge-lan2-vm2 by-hand");
        on("vm3", `systemctl stop '${WATCH}'; docker rm -f by-hand >/dev/null; ${RUN}`);
        const shown = stack.preview();
        expect(shown).toMatch(/drift link br-lan1\S+ *: "missing"/);
        expect(shown).toMatch(
            /drift docker endpoint by-hand crosshost-bridge-lan2-vm2 *: "missing"/,
        );
        expect(shown).toMatch(/drift docker endpoint by-hand a-lan1 *: "missing"/);
        expect(shown).toMatch(/drift watch containers *: "stopped"/);
        expect(shown).toMatch(
            /drift docker endpoint by-hand crosshost-bridge-lan2-vm3 *: "missing"/,
        );
        stack.up();
        expect(await lost()).toEqual([]);
    });

    it("tell that Docker's own rules are gone, which Docker itself brings back", async () => {
        const policy = on("vm1", "iptables -S FORWARD | head -n 1").trim();
        on("vm1", "nft flush ruleset");
        const shown = stack.preview();
        expect(shown).toMatch(/drift nft forward 5-closed *: "missing"/);
        expect(shown).toMatch(
            /vm1: Docker's own firewall rules are gone: .*:\s+systemctl restart docker/,
        );
        stack.up();
        on("vm1", "systemctl restart docker");
        if (hasIptables("vm1")) {
            on("vm1", `iptables ${policy}`); // which Docker sets at a boot only
        }
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("are joined again as soon as somebody has made their container anew", async () => {
        const times = await onAll(HOSTS, `docker rm -f by-hand >/dev/null; ${RUN}; ${JOINED}`);
        process.stdout.write(`two networks joined again after ${times.map(ms).join(", ")}\n`);
        expect(times.filter((time) => Number(time) > WITHIN_MS)).toEqual([]);
        expect(await lost()).toEqual([]);
    });

    it("are joined again by the up that makes their container anew", async () => {
        stack.configure({ time: "second" });
        stack.up();
        expect(await lost()).toEqual([]);
    });

    it("last: a restart of Docker, of a container, of the machine", async () => {
        on("vm1", "systemctl restart docker");
        on("vm2", "docker restart -t 1 one by-hand >/dev/null");
        labCommand("reboot", "vm3");
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("hold where Docker makes no bridge of its own, and so no DOCKER-USER at a boot", async () => {
        on("vm2", `sed -i.kept '1s/{/{ "bridge": "none",/' /etc/docker/daemon.json`);
        try {
            labCommand("reboot", "vm2");
            expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
            stack.nothingToDo("preview");
            for (const rule of rulesOfOurs("vm2")) {
                on("vm2", `iptables -D ${rule}`);
                expect(stack.preview()).toMatch(/drift iptables DOCKER-USER \S+ *: "missing"/);
            }
            stack.up();
            expect(await lost()).toEqual([]);
        } finally {
            on("vm2", "mv /etc/docker/daemon.json.kept /etc/docker/daemon.json");
            labCommand("reboot", "vm2");
        }
        expect(await lostAfter(WITHIN_MS, lost)).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("leave a container as it was, running, when it is not wanted any more", async () => {
        const started = await onAll(HOSTS, STARTED);
        on("vm2", "docker stop -t 1 by-hand >/dev/null");
        stack.configure({ time: "second", byHand: "detached" });
        stack.up();
        on("vm2", "docker start by-hand >/dev/null");
        expect(await onAll(HOSTS, INSPECT)).toEqual(untouched);
        const now = await onAll(HOSTS, STARTED);
        expect([now[0], now[2]]).toEqual([started[0], started[2]]);
    });

    it("connect a stopped container, which is there when it starts", async () => {
        await onAll(HOSTS, "docker stop -t 1 by-hand >/dev/null");
        stack.configure({ time: "second" });
        stack.up();
        await onAll(HOSTS, "docker start by-hand >/dev/null");
        expect(await lost()).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("leave no trace after destroy, and what was there before as it was", async () => {
        stack.destroy();
        expect(await onAll(HOSTS, INSPECT)).toEqual(untouched);
        const differs = difference(before, await dumps());
        expect(differs.filter((line) => !OF_DOCKERS_BRIDGE.test(line))).toEqual([]);
    });

    /** What is not reached that should be, on all hosts at once. */
    async function lost(): Promise<string[]> {
        const wanted = ["10.60.0.200", "10.61.0.10"];
        const mesh = await Promise.all(
            HOSTS.map((host) => meshAddress(host).catch(() => "nowhere")),
        );
        const seen = await Promise.all(
            HOSTS.flatMap((host) => [missed(host, "by-hand", wanted), missed(host, "one", mesh)]),
        );
        return seen.flat();
    }

    async function missed(host: string, from: string, targets: readonly string[]) {
        const found = await reached(host, from, targets).catch((): string[] => []);
        return targets
            .filter((target) => !found.includes(target))
            .map((target) => `${host}: ${from} -> ${target}`);
    }
});

/** All of a container that we could change, but its veth's random names; no list is empty to a Docker 29 that has started anew. */
const INSPECT = `docker inspect -f '{{json .HostConfig}} {{json .Config.Labels}} {{range $n, $e := .NetworkSettings.Networks}}{{$n}} {{json $e.Aliases}} {{json $e.DriverOpts}} {{json $e.IPAMConfig}}{{end}}' by-hand | sed "s/$(docker inspect -f '{{slice .Id 0 12}}' by-hand)/ID/g; s/:null/:[]/g"`;
const WATCH = "crosshost-*-watch.service";
const WITHIN_MS = 10_000;
const ms = (time: string) => `${time.trim()} ms`;
/** Milliseconds until it has the networks of its two attachments beside its own. */
const JOINED = `began=$(date +%s%3N)
until docker inspect -f '{{len .NetworkSettings.Networks}}' by-hand | grep -q 3; do
    [ $(($(date +%s%3N) - began)) -le ${WITHIN_MS} ] || break
    sleep 0.05
done
echo $(($(date +%s%3N) - began))`;
const STARTED = "docker inspect -f '{{.Id}} {{.State.StartedAt}}' by-hand";

/** Those of the targets that answer a container's ping, asked all at once. */
async function reached(host: string, from: string, targets: readonly string[]): Promise<string[]> {
    const pings = targets.map(
        (target) => `(ping -c 1 -W 1 ${target} >/dev/null 2>&1 && echo ${target}) &`,
    );
    const script = inside(from, `${pings.join(" ")} wait`);
    const [answer] = await onAll([host], script);
    const found = (answer ?? "").split("\n").filter(Boolean);
    return targets.filter((target) => found.includes(target));
}

/** What each of these says by HTTP of who asks it, without its own name. */
async function callers(host: string, from: string, asked: readonly string[]): Promise<string[]> {
    const [said] = await onAll(
        [host],
        asked
            .map(
                (socket) =>
                    `${inside(from, `timeout 3 wget -qO- http://${socket}/cgi-bin/peer 2>/dev/null`)} || echo no answer`,
            )
            .join("\n"),
    );
    return (said ?? "")
        .trim()
        .split("\n")
        .map((line) => line.replace(/^\S+ (?=sees)/, ""));
}

/** Docker's own word on the address of `one` on the overlay. */
async function meshAddress(host: string): Promise<string> {
    const { NetworkSettings } = await detailsOf(host, "one");
    return NetworkSettings.Networks["crosshost-bridge-mesh"]?.IPAddress ?? "nowhere";
}

function answers(socket: string): boolean {
    return succeeds(() =>
        within(lab().lan.namespace, `timeout 2 bash --norc -c '${firstLineAt(socket)}'`),
    );
}

/** Docker 20.10 has no DOCKER-USER there, later ones have it; with nftables none of them drops, and none is of ours. */
function rulesOfOurs(host: string): string[] {
    const rules = on(host, "iptables -S FORWARD; iptables -S DOCKER-USER 2>/dev/null || :");
    const ours = rules.split("\n").filter((rule) => /^-A .*crosshost/.test(rule));
    expect(ours).toHaveLength(hasIptables(host) ? 2 : 0); // in and out
    return ours.map((rule) => rule.slice("-A ".length));
}
