import { AS_AFTER_A_REBOOT, baseline, difference, dumps, HOSTS } from "../support/hosts";
import {
    answersOnLan,
    inNetworkOf,
    lab,
    on,
    onAll,
    rebootAll,
    succeeds,
    unanswered,
    within,
} from "../support/lab";
import { lostAfter, until } from "../support/patience";
import { Stack } from "../support/stack";

const IMAGE = "lan-registry:5000/busybox:1";
const NETWORK = "crosshost-macvlan-lan";
/** Each host's container, by what the tutorial makes and takes. */
const CONTAINERS = {
    vm1: "crosshost-macvlan-web",
    vm2: "crosshost-macvlan-db",
    vm3: "printer",
} as const;
const RUN = `docker run -d --name printer --restart unless-stopped ${IMAGE} >/dev/null`;

/** Docker gives its own bridge, on which the printer is too, another MAC at each boot. */
const OF_DOCKER0 = /\bdocker0\b.* fe80:| fe80:.* docker0\b/;

/** Of eth0, 192.168.K.11: the LAN's machines are told by their last number. */
const HOME = lab().lan.cidr.replace(/\.0\/24$/, "");
/** What the lab's own machine on the LAN, its router, has as MAC. */
const FOREIGN_MAC = "02:4c:41:00:00:02";
const WITHIN_MS = 15_000;

describe("the macvlan tutorial", () => {
    const stack = new Stack("macvlan");
    let before: string[];
    let addresses: Record<string, string>;

    beforeAll(async () => {
        on("vm3", `docker rm -f printer >/dev/null 2>&1; ${RUN}`);
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        before = await baseline();
    });

    afterAll(() => {
        within(lab().lan.namespace, `ip addr del ${HOME}.100/24 dev lan 2>/dev/null || true`);
        stack.cleanUp();
        on("vm3", "docker rm -f printer >/dev/null");
    });

    it("is refused in a preview where a machine of the LAN has an address, and where the kernel lacks ipvlan", async () => {
        within(lab().lan.namespace, `ip addr add ${HOME}.100/24 dev lan`);
        stack.configure({ lan: HOME, driver: "ipvlan" });
        const { status, output } = stack.attempt("preview");
        within(lab().lan.namespace, `ip addr del ${HOME}.100/24 dev lan`);
        expect(status).not.toBe(0);
        const held = `${HOME}.100 is in use: ${FOREIGN_MAC} answers for it on eth0 of vm1: `;
        expect(output).toMatch(/ContainerAttachment "web" cannot be made:\n +ipv4Address: /);
        expect(output).toContain(held);
        expect(output).not.toContain(`${HOME}.200 is in use`);
        expect(output).toMatch(
            /Macvlan "lan" cannot be applied on vm2:\n +its kernel, \S+, lacks ipvlan: .* write driver: "macvlan"/,
        );
        expect(differences(await dumps())).toEqual([]);
    });

    it("makes containers machines of the LAN, which their own hosts do not reach", () => {
        stack.configure({ lan: HOME, hostAccess: false });
        stack.up();
        addresses = stack.outputs()["addresses"] as Record<string, string>;
        expect(addresses).toMatchObject({ web: `${HOME}.100`, db: `${HOME}.200` });
        expect(lostAmongContainers()).toEqual([]);
        expect(unheardOnTheLan()).toEqual([]);
        expect(HOSTS.filter((host) => hostReaches(host))).toEqual([]);
    });

    it("gives each host a way to its own, and the LAN one MAC for each address", () => {
        stack.configure({ lan: HOME });
        stack.up();
        expect(HOSTS.filter((host) => !hostReaches(host))).toEqual([]);
        expect(lostAmongContainers()).toEqual([]);
        expect(unheardOnTheLan()).toEqual([]);
        const wanted = HOSTS.flatMap((host, at) => [
            [`${HOME}.${11 + at}`, macOf(host, "eth0")],
            [`${HOME}.${134 + 8 * at}`, macOf(host, "mv-lan-*")],
        ]);
        expect(macsOf(wanted.map(([address = ""]) => address)).sort()).toEqual(
            wanted.map(([address = "", mac = ""]) => `${address} is-at ${mac}`).sort(),
        );
    });

    it("changes nothing the second time", () => {
        stack.nothingToDo("up");
    });

    it("is there again after a reboot of every host", async () => {
        await rebootAll(HOSTS);
        await until(WITHIN_MS, () => all().length === 0);
        expect(all()).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("tells containers whose links went with the parent, and connects them again", async () => {
        for (const host of HOSTS) {
            const link = `ip -o -4 addr show to ${addressOn(host)} | cut -d" " -f2`;
            inNetworkOf(host, CONTAINERS[host], `ip link del $(${link})`);
        }
        const shown = stack.preview();
        const told = /drift docker network crosshost-macvlan-lan *: "containers cut off"/g;
        expect(shown.match(told)).toHaveLength(3);
        stack.up();
        // From 28 on, Docker gives a connected container another MAC, which others learn by its announcement.
        expect(await lostAfter(WITHIN_MS, all)).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("tells what is broken by hand, and is repaired", async () => {
        on("vm1", `ip link del $(basename /sys/class/net/mv-lan-*)`);
        on("vm1", `docker network disconnect -f ${NETWORK} ${CONTAINERS.vm1}`);
        on("vm2", `docker network disconnect -f ${NETWORK} ${CONTAINERS.vm2}`);
        on("vm2", `docker network rm ${NETWORK}`);
        on(
            "vm3",
            `docker network disconnect -f ${NETWORK} printer; ip route del ${addresses["printer"] ?? ""}`,
        );
        const shown = stack.preview();
        expect(shown).toMatch(/drift link mv-lan-\S+ *: "missing"/);
        expect(shown).toMatch(/drift docker endpoint crosshost-macvlan-web \S+ *: "missing"/);
        expect(shown).toMatch(
            /drift docker network crosshost-macvlan-lan *: "containers cut off" => "missing"/,
        );
        expect(shown).toMatch(/drift docker endpoint printer \S+ *: "missing"/);
        expect(shown).toContain(`+ drift route ${addresses["printer"] ?? ""}`);
        stack.up();
        // From 28 on, Docker gives a connected container another MAC, which others learn by its announcement.
        expect(await lostAfter(WITHIN_MS, all)).toEqual([]);
        stack.nothingToDo("preview");
    });

    it("leaves no trace after destroy", async () => {
        stack.destroy();
        expect(differences(await dumps())).toEqual([]);
    });

    function differences(now: string[]): string[] {
        return difference(before, now).filter((line) => !OF_DOCKER0.test(line));
    }

    /** Everything that should reach another and does not. */
    function all(): string[] {
        const cut = HOSTS.filter((host) => !hostReaches(host)).map((host) => `${host} -> its own`);
        return [...lostAmongContainers(), ...unheardOnTheLan(), ...cut];
    }

    function addressOn(host: (typeof HOSTS)[number]): string {
        return (
            { vm1: addresses["web"], vm2: addresses["db"], vm3: addresses["printer"] }[host] ?? ""
        );
    }

    function lostAmongContainers(): string[] {
        return HOSTS.flatMap((from) =>
            unanswered(from, CONTAINERS[from], HOSTS.map(addressOn)).map(
                (to) => `${from} -> ${to}`,
            ),
        );
    }

    function hostReaches(host: (typeof HOSTS)[number]): boolean {
        return succeeds(() => on(host, `ping -c 1 -W 1 ${addressOn(host)} >/dev/null`));
    }

    /** By ping and by HTTP, for which nothing is published. */
    function unheardOnTheLan(): string[] {
        const { namespace } = lab().lan;
        return HOSTS.map(addressOn).filter(
            (address) =>
                !succeeds(() => within(namespace, `ping -c 1 -W 1 ${address}`)) ||
                !answersOnLan(`${address}/80`),
        );
    }
});

function macOf(host: string, link: string): string {
    return on(host, `cat /sys/class/net/${link}/address`).trim();
}

/** All MACs that answer for addresses on the LAN. */
function macsOf(addresses: readonly string[]): string[] {
    const pings = addresses.map((address) => `ping -c 1 -W 1 ${address} >/dev/null &`).join(" ");
    const script = `timeout 2 tcpdump -lnei lan 'arp[6:2] = 2' 2>/dev/null & sleep 0.5; ip neigh flush dev lan; ${pings} wait; true`;
    const seen = within(lab().lan.namespace, script);
    const answers = [...seen.matchAll(/Reply (\S+) is-at (\S+?),/g)]
        .filter(([, address = ""]) => addresses.includes(address))
        .map(([, address = "", mac = ""]) => `${address} is-at ${mac}`);
    return [...new Set(answers)];
}
