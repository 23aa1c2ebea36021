import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { browser, look } from "../support/browser";
import { crosshost } from "../support/crosshostCli";
import { baseline, difference, dumps, HOSTS } from "../support/hosts";
import { inside, lab, on, onAll } from "../support/lab";
import { Stack } from "../support/stack";

/** Containers of each host, and the networks that they are on. */
const CONTAINERS = HOSTS.flatMap((host, at) =>
    Object.entries({ web: ["mesh"], db: ["inner"], cache: ["inner", "mesh"], dns: ["lan"] }).map(
        ([name, networks]) => ({
            host,
            name: `${name}-${at + 1}`,
            networks: networks.map((network) =>
                network === "inner" ? `inner-${at + 1}` : network,
            ),
        }),
    ),
);
const DOCKER_NAME = "crosshost-check-";
const FOUND_WITHIN_MS = 10_000;
/** Milliseconds from the start of a container until one of another host is in its hosts file. */
const FOUND_AGAIN = `n=\${HOSTNAME#vm}
docker restart -t 1 web-$n >/dev/null
began=$(date +%s%3N)
until docker exec web-$n grep -qw web-$((n % 3 + 1)) /etc/hosts; do
    [ $(($(date +%s%3N) - began)) -le ${FOUND_WITHIN_MS} ] || break
done
echo $(($(date +%s%3N) - began))`;

describe("a stack of twelve containers on three hosts", () => {
    const stack = new Stack("check", join(__dirname, "check"));
    const folder = mkdtempSync(join(tmpdir(), "crosshost-graph-"));

    let before: string[];

    beforeAll(async () => {
        on("vm2", "usermod -aG docker ops");
        before = await baseline();
        stack.up();
    });

    afterAll(() => {
        stack.cleanUp();
        on("vm2", "gpasswd -d ops docker");
        rmSync(folder, { recursive: true });
    });

    it("is as it should be, says the check, and shows no secret", () => {
        const { status, stdout, stderr } = crosshost(stack, "check");
        expect(stderr).toBe("");
        expect(stdout).toMatch(/\n165 pairs by address, 42 names: all as it should be\n$/);
        expect(stdout).not.toContain("PRIVATE");
        expect(status).toBe(0);
    });

    it("is so indeed, by the containers' own pings", async () => {
        const addresses = await addressesOfAll();
        expect(addresses).toHaveLength(15);
        expect(await reachedByAll(addresses)).toEqual(
            CONTAINERS.flatMap((from) =>
                judged(from, addresses)
                    .filter(({ network }) => from.networks.includes(network))
                    .map(({ address }) => `${from.name} -> ${address}`),
            ).sort(),
        );
    });

    it("finds all names of a network, and no others, by the containers' own lookups", async () => {
        expect(await foundByAll()).toEqual(
            CONTAINERS.flatMap((from) =>
                CONTAINERS.filter((to) => to !== from && sharesNetwork(from, to)).map(
                    (to) => `${from.name} finds ${to.name}`,
                ),
            ).sort(),
        );
    });

    it("finds them again as soon as a container has started", async () => {
        const times = await onAll(HOSTS, FOUND_AGAIN);
        process.stdout.write(
            `names found again after ${times.map((time) => `${time.trim()} ms`).join(", ")}\n`,
        );
        expect(times.filter((time) => Number(time) > FOUND_WITHIN_MS)).toEqual([]);
    });

    it("is drawn with all of them, and without a secret of the state", () => {
        const page = join(folder, "page.html");
        const { status, stdout, stderr } = crosshost(stack, "graph", "--output", page);
        expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `${page}\n`, stderr: "" });
        const text = readFileSync(page, "utf8");
        for (const { name } of CONTAINERS) {
            expect(text).toContain(`>${name}</text>`);
        }
        expect(text).toContain(">mesh, overlay vxlan, 10.42.0.0/16, MTU 1450</text>");
        expect(text).toContain(`>lan, macvlan bridge, ${lab().lan.cidr}, MTU 1500</text>`);
        expect(text).not.toMatch(/PRIVATE|ciphertext|v1:/);
        const chromium = browser();
        for (const scheme of chromium ? (["light", "dark"] as const) : []) {
            expect(look(chromium ?? "", text, scheme)).toMatchObject({ overlaps: [], outside: [] });
        }
    });

    it("differs when a link is down, and the check names the pairs and ends with 1", () => {
        on("vm2", "ip link set $(basename /sys/class/net/vx-mesh*) down");
        on("vm3", "docker stop -t 1 db-3 >/dev/null");
        const { status, stdout } = crosshost(stack, "check");
        expect(status).toBe(1);
        expect(stdout).toMatch(/^ *\d+ +web-1 .* NO/m);
        expect(stdout).toMatch(
            /^web-2 on vm2 is not reached at \S+ from cache-1 on vm1, web-1 on vm1, cache-3 on vm3, web-3 on vm3$/m,
        );
        expect(stdout).toContain("\ndb-3 on vm3 is not running\n");
        expect(stdout).not.toMatch(/web-1 on vm1 is not reached at \S+ from .*on vm[13]/);
        expect(stdout).toMatch(/: \d+ differences\n$/);
    });

    it("names a container that others have put at an address of another host's part, and why it finds no names", () => {
        const image = "$(docker inspect -f '{{.Config.Image}}' web-1)";
        on(
            "vm1",
            `docker run -d --name stray --network ${DOCKER_NAME}mesh --ip 10.42.2.50 -v /etc/hostname:/etc/hosts --entrypoint sleep ${image} 600`,
        );
        const { status, stdout } = crosshost(stack, "check");
        on("vm1", "docker rm -f stray");
        expect(status).toBe(1);
        expect(stdout).toContain(
            `\nvm1: container stray has the address 10.42.2.50 on ${DOCKER_NAME}mesh, `,
        );
        expect(stdout).toContain("\nvm1: container stray does not find names of other hosts: ");
    });

    it("goes without a trace of the check on its hosts", async () => {
        stack.destroy();
        expect(difference(before, await dumps())).toEqual([]);
    });
});

interface Place {
    readonly container: string;
    readonly network: string;
    readonly address: string;
}

/** By Docker's word, not by ours. */
async function addressesOfAll(): Promise<Place[]> {
    const template =
        "{{range $network, $at := .NetworkSettings.Networks}}{{$.Name}} {{$network}} {{$at.IPAddress}}{{println}}{{end}}";
    const said = await onAll(HOSTS, `docker inspect -f '${template}' $(docker ps -q)`);
    return said
        .flatMap((text) => text.split("\n").filter((line) => line.trim() !== ""))
        .map((line) => {
            const [container = "", network = "", address = ""] = line.split(" ");
            return {
                container: container.replace("/", ""),
                network: network.replace(DOCKER_NAME, ""),
                address,
            };
        });
}

/** Of all others; who gets to a LAN's machines from elsewhere is up to the LAN. */
function judged(from: (typeof CONTAINERS)[number], addresses: readonly Place[]): readonly Place[] {
    return addresses
        .filter(({ container }) => container !== from.name)
        .filter(({ network }) => network !== "lan" || from.networks.includes("lan"));
}

function sharesNetwork(one: (typeof CONTAINERS)[number], other: (typeof CONTAINERS)[number]) {
    return one.networks.some((network) => other.networks.includes(network));
}

async function foundByAll(): Promise<string[]> {
    const found = await Promise.all(
        CONTAINERS.map(async (from) => {
            const pings = CONTAINERS.filter((to) => to !== from).map(
                ({ name }) => `(ping -c 2 -W 1 ${name} >/dev/null 2>&1 && echo ${name}) &`,
            );
            const script = inside(from.name, `${pings.join(" ")} wait`);
            const [text = ""] = await onAll([from.host], script);
            return text
                .split("\n")
                .filter(Boolean)
                .map((name) => `${from.name} finds ${name}`);
        }),
    );
    return found.flat().sort();
}

async function reachedByAll(addresses: readonly Place[]): Promise<string[]> {
    const found = await Promise.all(
        CONTAINERS.map(async (from) => {
            const { host, name } = from;
            const pings = judged(from, addresses).map(
                ({ address }) => `(ping -c 2 -W 1 ${address} >/dev/null 2>&1 && echo ${address}) &`,
            );
            const script = inside(name, `${pings.join(" ")} wait`);
            const [text = ""] = await onAll([host], script);
            return text
                .split("\n")
                .filter(Boolean)
                .map((address) => `${name} -> ${address}`);
        }),
    );
    return found.flat().sort();
}
