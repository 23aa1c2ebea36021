import { AS_AFTER_A_REBOOT, baseline, difference, dumps, HOSTS } from "../support/hosts";
import {
    inNetworkOf,
    lab,
    on,
    onAll,
    rebootAll,
    succeeds,
    watchersRest,
    within,
} from "../support/lab";
import { until } from "../support/patience";
import { Stack } from "../support/stack";

const IMAGE = "lan-registry:5000/busybox:1";
const WEB = "crosshost-pipework-web";
/** Made by hand: one without a network, one on Docker's own; with words of Docker's answers as names of their hosts. */
const BY_HAND = [
    [
        "vm2",
        `docker run -d --name printer --hostname pid --restart unless-stopped --network none ${IMAGE}`,
    ],
    ["vm3", `docker run -d --name db --hostname mark --restart unless-stopped ${IMAGE}`],
] as const;
/** Where Docker's command line would go for whoever logs in, and where not. */
const ELSEWHERE =
    "echo DOCKER_HOST=tcp://192.0.2.1:2375 >>/etc/environment; mkdir -p /root/.docker; " +
    `echo '{ "currentContext": "elsewhere" }' >/root/.docker/config.json`;
const HERE = "sed -i /^DOCKER_HOST=/d /etc/environment; rm -r /root/.docker";
/** Docker gives its own bridge, on which `db` is too, another MAC at each boot. */
const OF_DOCKER0 = /\bdocker0\b.* fe80:| fe80:.* docker0\b/;
const HOME = lab().lan.cidr.replace(/\.0\/24$/, "");
const WITHIN_MS = 20_000;

describe("the pipework tutorial", () => {
    const stack = new Stack("pipework");
    let before: string[];

    beforeAll(async () => {
        for (const [host, run] of BY_HAND) {
            on(host, `docker rm -f printer db >/dev/null 2>&1; ${run} >/dev/null`);
        }
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        before = await baseline();
        stack.configure({ lan: HOME });
    });

    afterAll(() => {
        within(lab().lan.namespace, `ip addr del ${HOME}.50/24 dev lan 2>/dev/null || true`);
        stack.cleanUp();
        on("vm2", "docker rm -f printer >/dev/null");
        on("vm3", "docker rm -f db >/dev/null");
    });

    it("is refused in a preview where a machine of the LAN has an address", () => {
        within(lab().lan.namespace, `ip addr add ${HOME}.50/24 dev lan`);
        const { status, output } = stack.attempt("preview");
        within(lab().lan.namespace, `ip addr del ${HOME}.50/24 dev lan`);
        expect(status).not.toBe(0);
        expect(output).toMatch(/ContainerAttachment "web" cannot be made:\n +interface\.addresses/);
        expect(output).toContain(`${HOME}.50 is in use: 02:4c:41:00:00:02 answers for it on eth0`);
    });

    it("makes containers machines of the LAN, and tells the LAN of them", async () => {
        const { namespace } = lab().lan;
        const heard = "/tmp/crosshost-pipework.heard";
        within(
            namespace,
            `timeout 300 tcpdump -lnei lan -c 2 'arp[6:2] = 1 and arp[14:4] = arp[24:4]' >${heard} 2>/dev/null &`,
        );
        await onAll(HOSTS, ELSEWHERE);
        stack.up();
        stack.nothingToDo("preview");
        await onAll(HOSTS, HERE);
        await until(WITHIN_MS, () => within(namespace, `cat ${heard}`).split("\n").length > 2);
        const told = within(namespace, `cat ${heard}; rm ${heard}`);
        expect(told).toMatch(new RegExp(`02:c4:\\S+ > ff.* who-has ${HOME}.50 .*tell ${HOME}.50`));
        expect(told).toMatch(
            new RegExp(`02:42:c0:a8:28:33 > ff.* who-has ${HOME}.51 .*tell ${HOME}.51`),
        );
        expect(wrong()).toEqual([]);
        stack.nothingToDo("up");
    });

    it("is there again after a reboot of every host", async () => {
        await rebootAll(HOSTS);
        await until(WITHIN_MS, () => wrong().length === 0);
        expect(wrong()).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("is there again when a container is started anew", async () => {
        on("vm1", `docker restart -t 1 ${WEB} >/dev/null`);
        on("vm2", "docker restart -t 1 printer >/dev/null");
        on("vm3", `docker rm -f db >/dev/null; ${BY_HAND[1][1]} >/dev/null`);
        await until(WITHIN_MS, () => wrong().length === 0);
        expect(wrong()).toEqual([]);
        await watchersRest(HOSTS);
    });

    it.each(["first", "second"])(
        "tells what is broken by hand, and is repaired, the %s time",
        () => {
            inNetworkOf("vm1", WEB, "ip link set eth1 mtu 1400; ip route del 10.9.0.0/16");
            inNetworkOf(
                "vm2",
                "printer",
                `ip addr add ${HOME}.77/24 dev eth1; ip link set eth1 address 02:42:c0:a8:28:44; ip route del default`,
            );
            inNetworkOf("vm3", "db", "ip link del eth1");
            const shown = stack.preview();
            expect(shown).toMatch(
                new RegExp(
                    `drift interface ${WEB} eth1 *: "mtu 1400, route 10\\.9\\.0\\.0/16 via ${HOME}\\.51 missing"`,
                ),
            );
            expect(shown).toMatch(
                new RegExp(
                    `drift interface printer eth1 *: "mac 02:42:c0:a8:28:44, ipv4 ${HOME}\\.77/24 not in the plan, gateway ${HOME}\\.2 missing"`,
                ),
            );
            expect(shown).toMatch(/drift interface db eth1 *: "missing"/);
            stack.up();
            expect(wrong()).toEqual([]);
            stack.nothingToDo("preview");
        },
    );

    it("leaves no trace after destroy, in the containers neither", async () => {
        stack.destroy();
        expect(inNetworkOf("vm2", "printer", "ip -o link")).not.toContain("eth1");
        expect(inNetworkOf("vm3", "db", "ip route show default")).toMatch(
            /^default via 172\.17\.0\.1 dev eth0 *\n$/,
        );
        const now = difference(before, await dumps()).filter((line) => !OF_DOCKER0.test(line));
        expect(now).toEqual([]);
    });

    /** Everything that is not as the tutorial says. */
    function wrong(): string[] {
        const { namespace } = lab().lan;
        const checks: readonly (readonly [string, () => unknown])[] = [
            ["the LAN -> web", () => within(namespace, `ping -c 1 -W 1 ${HOME}.50`)],
            ["the LAN -> printer", () => within(namespace, `ping -c 1 -W 1 ${HOME}.51`)],
            ["web -> printer", () => pings("vm1", WEB, `${HOME}.51`)],
            ["printer -> web", () => pings("vm2", "printer", `${HOME}.50`)],
            ["web -> internet", () => pings("vm1", WEB, lab().internet.address)],
            [
                "web's route",
                () =>
                    inNetworkOf(
                        "vm1",
                        WEB,
                        `ip route get 10.9.1.1 | grep -q 'via ${HOME}.51 dev eth1'`,
                    ),
            ],
            [
                "printer's MAC",
                () => within(namespace, `ip neigh show ${HOME}.51 | grep -q 02:42:c0:a8:28:33`),
            ],
            ["db -> internet", () => pings("vm3", "db", lab().internet.address)],
            [
                "db by its bridge",
                () =>
                    inNetworkOf(
                        "vm3",
                        "db",
                        "ip route show default | grep -q 'via 10.60.0.1 dev eth1'",
                    ),
            ],
            ["vm3 -> db", () => on("vm3", "ping -c 1 -W 1 10.60.0.200")],
        ];
        return checks.filter(([, check]) => !succeeds(check)).map(([what]) => what);
    }
});

describe("the tutorial of two networks", () => {
    const stack = new Stack("two-networks");
    let before: string[];

    beforeAll(async () => {
        await onAll(
            HOSTS,
            `docker rm -f app >/dev/null 2>&1; docker run -d --name app --restart unless-stopped ${IMAGE} >/dev/null`,
        );
        before = await baseline();
    });

    afterAll(async () => {
        stack.cleanUp();
        await onAll(HOSTS, "docker rm -f app >/dev/null");
    });

    it("sends what a running container sends by the network that is named", () => {
        stack.up();
        expect(ways()).toEqual(["10.61.0.1", "10.62.0.1", "10.63.0.1"]);
        expect(HOSTS.filter((host) => !reachesInternet(host))).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("again when the container starts anew, and tells where it does not", async () => {
        await onAll(HOSTS, "docker restart -t 1 app >/dev/null");
        await until(WITHIN_MS, () => ways().every((way) => way.startsWith("10.6")));
        expect(ways()).toEqual(["10.61.0.1", "10.62.0.1", "10.63.0.1"]);
        await watchersRest(HOSTS);
        HOSTS.forEach((host) =>
            inNetworkOf(host, "app", "ip route replace default via 172.17.0.1"),
        );
        const shown = stack.preview();
        // Docker 28 joins the networks of a container that starts in another order, 2 times of 12.
        const told = /drift default-route app *: "default via 172\.17\.0\.1 dev eth[01]"/g;
        expect(shown.match(told) ?? shown).toHaveLength(3);
        stack.up();
        expect(ways()).toEqual(["10.61.0.1", "10.62.0.1", "10.63.0.1"]);
    });

    it("by Docker's choice where none is named, on every engine, and leaves no trace", async () => {
        stack.configure({ defaultRoute: false });
        stack.up();
        expect(ways()).toEqual(HOSTS.map(() => "172.17.0.1"));
        stack.configure({});
        stack.up();
        stack.destroy();
        expect(ways()).toEqual(HOSTS.map(() => "172.17.0.1"));
        const now = difference(before, await dumps()).filter((line) => !OF_DOCKER0.test(line));
        expect(now).toEqual([]);
    });

    function ways(): string[] {
        return HOSTS.map((host) =>
            inNetworkOf(
                host,
                "app",
                "ip route show default | sed 's/.*via \\([^ ]*\\).*/\\1/'",
            ).trim(),
        );
    }

    function reachesInternet(host: string): boolean {
        return succeeds(() => pings(host, "app", lab().internet.address));
    }
});

function pings(host: string, container: string, address: string): string {
    return inNetworkOf(host, container, `ping -c 1 -W 1 ${address}`);
}
