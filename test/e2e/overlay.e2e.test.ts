import { capture, tcpdump } from "../support/capture";
import { CONTAINERS, unreached } from "../support/demo";
import { addressOfContainer } from "../support/docker";
import { baseline, difference, dumps, type HostName, HOSTS, pairs } from "../support/hosts";
import {
    inNetworkOf,
    inside,
    lab,
    on,
    onAll,
    programOn,
    succeeds,
    unanswered,
    within,
} from "../support/lab";
import { passesWhole } from "../support/pinging";
import { type Config, Stack } from "../support/stack";

const MTU = 1450;

const VISITOR = "crosshost-guest-visitor";

describe("an overlay over three different engines", () => {
    const stack = new Stack("demo");
    const guest = new Stack("guest");
    let before: string[];

    beforeAll(async () => {
        before = await baseline();
    });

    afterAll(() => {
        guest.cleanUp();
        stack.cleanUp();
    });

    it("runs on three different engines", () => {
        const engines = HOSTS.map((host) =>
            on(
                host,
                "docker version -f '{{.Server.Version}}'; docker info | grep 'Firewall Backend' || :",
            ),
        );
        expect(new Set(engines).size).toBe(3);
    });

    it("is shown by a preview, which leaves hosts never seen before as they were", async () => {
        const shown = stack.preview();
        expect(shown).toMatch(/link ch-mesh-[0-9a-f]+ +: "bridge mtu 1450/);
        expect(shown).toContain('"via 10.42.2.0 dev vx-mesh-');
        expect(difference(before, await dumps())).toEqual([]);
    });

    it("is made by the first up, and the second changes nothing, after a refresh neither", () => {
        stack.up();
        stack.nothingToDo("up", "--refresh");
        stack.nothingToDo("preview");
    });

    it.each(pairs())("lets %s reach %s by its own address, without NAT", async (from, to) => {
        const target = addressOf(to);
        const filter = `icmp and dst host ${target} and src net 10.42.0.0/16`;
        const { seen } = await capture(...programOn(to, ...tcpdump(1, filter)));
        expect(succeeds(() => inNetwork(from, `ping -c 1 -W 2 ${target}`))).toBe(true);
        expect(await seen).toContain(`${addressOf(from)} > ${target}: ICMP echo request`);
    });

    it.each(pairs())("carries full-size packets from %s to %s, and not a byte more", (from, to) => {
        const target = addressOf(to);
        expect(passesWhole(from, CONTAINERS[from], target, MTU)).toBe(true);
        expect(passesWhole(from, CONTAINERS[from], target, MTU + 1)).toBe(false);
    });

    it("carries 10 MB by TCP between hosts", async () => {
        // busybox' nc leaves when its own input ends; -e gives the socket to wc, which answers.
        const count = `docker exec ${CONTAINERS.vm3} nc -l -p 7000 -e wc -c`;
        const server = onAll(["vm3"], count);
        const send = `dd if=/dev/zero bs=1M count=10 2>/dev/null | nc ${addressOf("vm3")} 7000`;
        const answer = inContainer(
            "vm1",
            `for i in $(seq 50); do ${send} && exit; sleep 0.1; done`,
        );
        expect(answer.trim()).toBe(String(10 * 1024 * 1024));
        await server;
    });

    it.each(HOSTS)("reaches a container on %s whose address Docker chose", (host) => {
        on(
            host,
            "docker run -d --name plain --network crosshost-demo-mesh lan-registry:5000/busybox:1",
        );
        const other = host === "vm1" ? "vm2" : "vm1";
        const address = addressOfContainer(host, "plain");
        const isReached = succeeds(() => inNetwork(other, `ping -c 1 -W 2 ${address}`));
        on(host, "docker rm -f plain"); // or no destroy after it succeeds
        expect(isReached).toBe(true);
    });

    it.each(HOSTS)("masquerades what leaves the overlay from %s", async (host) => {
        const { internet, hosts } = lab();
        const echo = tcpdump(1, "icmp[icmptype] == icmp-echo");
        const { seen } = await capture("ip", ["netns", "exec", internet.namespace, ...echo]);
        expect(succeeds(() => inNetwork(host, `ping -c 1 -W 2 ${internet.address}`))).toBe(true);
        expect(await seen).toContain(`${hosts[host]?.address ?? ""} > ${internet.address}`);
    });

    it("serves a published port to the LAN", () => {
        const socket = `/dev/tcp/${lab().hosts["vm1"]?.address ?? ""}/8080`;
        const request = `exec 3<>${socket}; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; head -n 1 <&3`;
        expect(within(lab().lan.namespace, `timeout 5 bash --norc -c '${request}'`)).toMatch(
            /^HTTP\/1/,
        );
    });

    it.each(HOSTS)("keeps a machine of the LAN that routes to %s from its containers", (host) => {
        const { lan, hosts } = lab();
        const via = hosts[host]?.address ?? "";
        const address = addressOf(host);
        within(lan.namespace, `ip route replace ${address}/32 via ${via}`);
        try {
            expect(succeeds(() => within(lan.namespace, `ping -c 1 -W 1 ${address}`))).toBe(false);
            expect(
                succeeds(() =>
                    within(lan.namespace, `timeout 2 bash --norc -c ": </dev/tcp/${address}/80"`),
                ),
            ).toBe(false);
        } finally {
            within(lan.namespace, `ip route del ${address}/32`);
        }
    });

    it("takes no VXLAN packet from a stranger on the LAN", () => {
        const { lan } = lab();
        const [, vni, , port] = vxlanOf("vm1");
        const mac = on("vm1", "cat /sys/class/net/vx-mesh-*/address").trim();
        const target = addressOf("vm1");
        const received = () =>
            Number(inContainer("vm1", "cat /sys/class/net/eth0/statistics/rx_packets").trim());
        const setUp = [
            `ip link add stranger type vxlan id ${vni} local ${lan.address} dstport ${port} nolearning`,
            `ip link set stranger up mtu ${MTU}`,
            `ip addr add 10.42.9.0/32 dev stranger`,
            `ip route add ${target}/32 via 10.42.1.0 dev stranger onlink`,
            `ip neigh add 10.42.1.0 lladdr ${mac} dev stranger nud permanent`,
            `bridge fdb add ${mac} dev stranger dst ${lab().hosts["vm1"]?.address ?? ""}`,
        ];
        const pings = () => {
            const start = received();
            within(lan.namespace, `ping -c 5 -i 0.2 -W 1 ${target} >/dev/null 2>&1 || true`);
            return received() - start;
        };
        within(lan.namespace, setUp.join(" && "));
        try {
            expect(pings()).toBeLessThan(5);
            on(
                "vm1",
                "t=$(nft list tables | sed -n 's/^table inet //p' | grep crosshost_); nft flush chain inet $t input",
            );
            expect(pings()).toBeGreaterThanOrEqual(5); // so the rule it was that kept them out
        } finally {
            within(lan.namespace, "ip link del stranger");
            stack.up();
        }
    });

    it("does nothing when its units are applied by hand, 20 times in a row", async () => {
        await onAll(HOSTS, BY_HAND);
    });

    it("takes in another stack's container, which reaches all and is reached", () => {
        guest.up();
        expect(guest.outputs()["address"]).toMatch(/^10\.42\.2\.\d+$/);
        expect(cutOffFromTheGuest()).toEqual([]);
    });

    it.each<[string, Config, RegExp]>([
        ["VNI", { vni: 4711 }, /~ link vx-mesh-\S+ *: "vxlan id \d+ .*" => "vxlan id 4711 /],
        [
            "MTU",
            { vni: 4711, mtu: 1400 },
            /~ docker network \S+ *: ".* mtu 1450 .*" => ".* mtu 1400 /,
        ],
    ])("changes its %s under running containers, the guest's too", (_what, config, shows) => {
        const containers = HOSTS.map(containerId);
        stack.configure(config);
        expect(stack.preview()).toMatch(shows);
        stack.up();
        expect(HOSTS.map(containerId)).toEqual(containers);
        expect(unreached(stack)).toEqual([]);
        expect(cutOffFromTheGuest()).toEqual([]);
    });

    it("has the new MTU in its containers", () => {
        const mtus = HOSTS.map((host) => inContainer(host, "cat /sys/class/net/eth*/mtu").trim());
        expect(mtus).toEqual(["1400", "1400", "1400"]);
    });

    it("keeps its links where systemd-networkd has a file for them, and starts anew", () => {
        const file = "/etc/systemd/network/50-all.network";
        const startAnew =
            "systemctl restart systemd-networkd; /usr/lib/systemd/systemd-networkd-wait-online -i eth0";
        on("vm2", `printf '[Match]\\nName=!eth0 lo docker0\\n' >${file}; ${startAnew}`);
        expect(unreached(stack)).toEqual([]);
        expect(on("vm2", "networkctl list --no-legend")).toMatch(/ vx-mesh-\S+ .* unmanaged$/m);
        stack.nothingToDo("preview");
        on("vm2", `rm ${file}; ${startAnew}`);
    });

    it("is as both programs say, and the guest goes without touching its owner", () => {
        [stack, guest].forEach((one) => one.nothingToDo("preview"));
        guest.destroy();
        expect(unreached(stack)).toEqual([]);
    });

    it("changes its subnets; containers whose addresses change are made anew", () => {
        stack.configure({ cidr: "10.77.0.0/16" });
        expect(stack.preview()).toMatch(/\+ route 10\.77\.2\.0\/24/);
        stack.up();
        expect(unreached(stack)).toEqual([]);
        expect(on("vm1", "ip route show proto 201")).not.toContain("10.42.");
        stack.nothingToDo("preview", "--refresh");
    });

    it("leaves no trace after destroy", async () => {
        stack.destroy();
        expect(difference(before, await dumps())).toEqual([]);
    });

    function cutOffFromTheGuest(): string[] {
        const theirs = Object.values(stack.outputs()["addresses"] ?? {}).map(String);
        return [
            ...unanswered("vm2", VISITOR, theirs),
            ...unanswered("vm1", CONTAINERS.vm1, [String(guest.outputs()["address"])]),
        ];
    }
});

/** Applies every unit as it lies there, the overlay's 20 times; prints and fails on an rtnetlink event or a write. */
const BY_HAND = `
set -eu
cd /var/lib/crosshost/*/units
stack=$(basename $(dirname $PWD))
before=$(find /var/lib/crosshost /run/crosshost /etc -printf '%p %T@ %s\\n' | sort | sha256sum)
ip monitor label link address route neigh >/tmp/events 2>&1 & monitor=$!
trap 'kill $monitor' EXIT
sleep 0.3; : >/tmp/events
for i in $(seq 20); do
    ../crosshost apply $stack overlay-mesh <overlay-mesh >/dev/null
done
for unit in *; do
    [ "$unit" = host ] || ../crosshost apply $stack $unit <$unit >/dev/null
done
# The kernel learns and ages neighbours by itself, ours are permanent; and tells a bridge's new port
# once more after 15 s, its forward delay.
awk '/^\\[/ { own = !/^\\[NEIGH\\]/ && !/^\\[LINK\\][0-9]+: veth/ || /PERMANENT/ } own' /tmp/events | grep . && { echo 'rtnetlink events, see above'; exit 1; }
for unit in *; do
    strace -f -qq -e trace=open,openat,creat,mkdir,mkdirat,mknod,rename,renameat,renameat2,unlink,unlinkat,symlinkat \\
        -o /tmp/trace ../crosshost apply $stack $unit <$unit >/dev/null
    grep -E 'O_WRONLY|O_RDWR|O_CREAT|creat\\(|mkdir|mknod|rename|unlink|symlink' /tmp/trace |
        grep -vE '"/dev/(null|tty)"|"/proc/|ENOENT|EEXIST' && { echo "a write, see above"; exit 1; }
done
after=$(find /var/lib/crosshost /run/crosshost /etc -printf '%p %T@ %s\\n' | sort | sha256sum)
[ "$before" = "$after" ] || { echo 'files were written'; exit 1; }
rm /tmp/events /tmp/trace
`;

function containerId(host: HostName): string {
    return on(host, `docker inspect -f '{{.Id}}' ${CONTAINERS[host]}`);
}

function inNetwork(host: HostName, script: string): string {
    return inNetworkOf(host, CONTAINERS[host], script);
}

function inContainer(host: HostName, script: string): string {
    return on(host, inside(CONTAINERS[host], script));
}

function addressOf(host: HostName): string {
    return addressOfContainer(host, CONTAINERS[host]);
}

function vxlanOf(host: HostName): string[] {
    const shown = on(host, "ip -d -o link show type vxlan");
    return /vxlan id (\d+).* local (\S+).* dstport (\d+)/.exec(shown)?.slice(0, 4) ?? [];
}
