// Docker's default network on three hosts: a bridge of ours in place of docker0, and direct routes between them.
import { capture, tcpdump } from "../support/capture";
import {
    AS_AFTER_A_REBOOT,
    baseline,
    difference,
    hasIptables,
    type HostName,
    HOSTS,
    pairs,
} from "../support/hosts";
import {
    answersOnLan,
    lab,
    on,
    onAll,
    programOn,
    rebootAll,
    succeeds,
    unanswered,
    within,
} from "../support/lab";
import { until } from "../support/patience";
import { passesWhole } from "../support/pinging";
import { Stack } from "../support/stack";

const MTU = 1500;
const WITHIN_MS = 20_000;
const FILE = "/etc/docker/daemon.json";
const IMAGE = "lan-registry:5000/busybox:1";
const BACKEND = '"firewall-backend": *"nftables"';

const subnetOf = (host: HostName) => `172.17.${51 + HOSTS.indexOf(host)}`;
/** By Docker, of a container on its default network. */
const addressOf = (host: string, container = "plain") =>
    on(
        host,
        `docker inspect -f '{{.NetworkSettings.Networks.bridge.IPAddress}}' ${container}`,
    ).trim();
const engineOf = (host: HostName) => parseInt(lab().hosts[host]?.engine ?? "", 10);
const files = () => onAll(HOSTS, `cat ${FILE}; echo .`);

describe("the default-network tutorial", () => {
    const stack = new Stack("default-network");
    const others = HOSTS.filter((host) => !hasIptables(host));
    let before: string[];
    let texts: string[];

    beforeAll(async () => {
        await onAll(HOSTS, `docker pull -q ${IMAGE} >/dev/null`);
    });
    afterAll(async () => {
        stack.cleanUp();
        await onAll(HOSTS, "docker rm -f plain >/dev/null 2>&1 || true");
        await onAll(others, `[ ! -e ${FILE}.lab ] || mv ${FILE}.lab ${FILE}`);
        await rebootAll(others); // or they have chains that no other test expects there
    });

    it("is refused where Docker keeps its rules by nftables, and names the setting", async () => {
        if (others.length > 0) {
            const { status, output } = stack.attempt("preview");
            expect(status).not.toBe(0);
            expect(output).toContain("drops what other hosts send to its default network");
        }
        await onAll(
            others,
            `cp -a ${FILE} ${FILE}.lab && sed -i 's/${BACKEND}/"firewall-backend": "iptables"/' ${FILE} && systemctl restart docker`,
        );
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        before = await baseline();
        texts = await files();
        await onAll(
            HOSTS,
            `docker run -d --name plain --restart unless-stopped ${IMAGE} >/dev/null`,
        );
    });

    it("tells which containers stop, and gives them addresses of the new bridge", () => {
        const shown = stack.preview();
        for (const host of HOSTS) {
            expect(shown).toContain(
                `${host}: this \`up\` restarts Docker there, for bridge, fixed-cidr, ip-masq, mtu, which stops and starts the container plain`,
            );
        }
        stack.up();
        stack.nothingToDo("up");
        stack.nothingToDo("preview");
        expect(wrong()).toEqual([]);
    });

    it.each(pairs())("lets %s reach %s at full size, by their own addresses", async (from, to) => {
        const [own, target] = [addressOf(from), addressOf(to)];
        const filter = `icmp and src ${own} and dst ${target}`;
        const { seen } = await capture(...programOn(to, ...tcpdump(1, filter)));
        expect(passesWhole(from, "plain", target, MTU)).toBe(true);
        expect(await seen).toContain("ICMP echo request");
    });

    it.each(HOSTS)("masquerades what leaves it from %s, and closes it to others", async (host) => {
        const { internet, hosts, lan } = lab();
        const echo = tcpdump(1, "icmp[icmptype] == icmp-echo");
        const { seen } = await capture("ip", ["netns", "exec", internet.namespace, ...echo]);
        expect(passesWhole(host, "plain", internet.address, 100)).toBe(true);
        const address = hosts[host]?.address ?? "";
        expect(await seen).toContain(`${address} > ${internet.address}`);
        const route = `${subnetOf(host)}.0/24 via ${address}`;
        const ping = `ping -c 1 -W 1 ${addressOf(host)}`;
        const way = `ip route add ${route}; ${ping}; code=$?; ip route del ${route}; exit $code`;
        expect(succeeds(() => within(lan.namespace, way))).toBe(false);
    });

    it.each(["soft", "hard"] as const)("is there again after a %s reboot", async (how) => {
        await rebootAll(HOSTS, ...(how === "hard" ? (["--hard"] as const) : []));
        await until(WITHIN_MS, () => wrong().length === 0);
        stack.nothingToDo("preview");
    });

    it.each(["first", "second"])("is told and repaired when it is changed, the %s time", (time) => {
        on("vm1", `sed -i 's/"fixed-cidr": "[^"]*"/"fixed-cidr": "172.17.51.64\\/26"/' ${FILE}`);
        on("vm2", "ip link set dev $(ls /sys/class/net | grep ^ch-) mtu 1400");
        on(
            "vm3",
            `iptables -t raw -S PREROUTING | sed -n '/crosshost/s/^-A/-D/p' | xargs -r iptables -t raw`,
        );
        const shown = stack.preview();
        expect(shown).toMatch(/drift daemon fixed-cidr *: "172.17.51.64\/26"/);
        expect(shown).toMatch(/drift link ch-\S+ *: .*mtu 1400/);
        expect(shown.match(/drift iptables raw-PREROUTING \S+ *: "missing"/g) ?? []).toHaveLength(
            engineOf("vm3") < 28 ? 0 : 1,
        );
        stack.up();
        stack.nothingToDo("preview");
        expect([time, wrong()]).toEqual([time, []]);
    });

    it("gives docker0 back, and the file to the byte, and the containers run", async () => {
        stack.destroy();
        expect(await files()).toEqual(texts);
        HOSTS.forEach((host) => {
            expect(addressOf(host)).toMatch(/^172\.17\.0\.\d+$/);
        });
        await onAll(HOSTS, "docker rm -f plain >/dev/null");
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        expect(difference(before, await baseline())).toEqual([]);
    });
});

/** What of a host is not as it is to be. */
function wrong(): string[] {
    return HOSTS.flatMap((host) => {
        const own = addressOf(host);
        const others = HOSTS.filter((other) => other !== host).flatMap((other) => [
            addressOf(other),
            addressOf(other, `app${HOSTS.indexOf(other) + 1}`),
        ]);
        const links = on(host, "ls /sys/class/net");
        return [
            ...(own.startsWith(`${subnetOf(host)}.`) ? [] : [`${host}: plain has ${own}`]),
            ...(links.includes("docker0") ? [`${host} has docker0`] : []),
            ...(answersOnLan(`${lab().hosts[host]?.address ?? ""}/8080`)
                ? []
                : [`${host}: 8080 is not published`]),
            ...unanswered(host, "plain", others).map((to) => `${host} does not reach ${to}`),
        ];
    });
}
