import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { planAttachment } from "../components/attachment/plan";
import { attachmentSchema } from "../components/attachment/schema";
import { bridgeEntries } from "../components/network/entries";
import { hostNetwork } from "../components/network/hostNetwork";
import { dockerName, linkName, macAddress } from "../components/wire/identity";
import { check } from "../components/wire/problem";
import { unit, unitText } from "../components/wire/unit";
import { IDENTITY } from "./support/builders";
import { COUNT, executed, hostileTexts, SEED, TOUCH } from "./support/hostile";
import { NetnsHost, STACK, TOOLS } from "./support/netns";

/** As many networks and containers as a host of the tests makes in a second. */
const NETWORKS = 6;
const ALIASES = 50;

afterEach(() => {
    expect(executed()).toBe(false);
});

test("the canary sings when something is executed", () => {
    const host = new NetnsHost();
    host.sh(`echo $(${TOUCH})`);
    expect(executed()).toBe(true);
    host.close();
});

describe.each(TOOLS)("on a host with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
    });
    afterEach(() => {
        host.close();
    });

    test("a link's alias is anybody's text, and not what the link is", () => {
        host.sh(String.raw`ip link set lo alias 'x\vxlan id 5 local 1.2.3.4 dstport 8472'`);
        const { facts } = host.observe();
        expect(facts.filter((fact) => /^(link lo|vxlan) /.test(fact))).toEqual([
            expect.stringMatching(/^link lo device x/),
        ]);
    });

    test(`what the schemas let through is carried to Docker as it is (seed ${SEED})`, () => {
        const names = accepted("api", (name) => ({ container: { image: "i", name } }));
        const aliases = accepted("api", (alias) => ({ aliases: [alias] }));
        const places = names.slice(0, NETWORKS).map((name, at) => ({
            name,
            network: hostNetwork(dockerName(IDENTITY, `${name}-${at}`), `10.42.${at}.0/24`),
            link: linkName("ch", IDENTITY, name),
            ipv4Address: `10.42.${at}.200`,
            aliases: aliases.filter((_, one) => one % NETWORKS === at).slice(0, ALIASES),
        }));
        host.sh("echo 1 >/run/docker.pid; docker network ls");
        writeFileSync(join(host.folder, "docker/version"), "26.1.5\n");
        host.sh("docker network create -d bridge bridge");
        host.sh(places.map(({ name }) => `docker run ${name}`).join("\n"));
        const networks = places.flatMap(({ network, link }, at) => {
            const mac = macAddress(0xc0, IDENTITY, link, at);
            return bridgeEntries({
                link,
                mac,
                mtu: 1450,
                place: network,
                onLink: network.subnet,
            }).filter(({ key }) => !key.startsWith("sysctl"));
        });
        const made = host.apply("networks", unitText(unit(networks)));
        expect(made).toMatchObject({ status: 0, stderr: "" });
        const endpoints = places.flatMap((place) => [
            ...planAttachment({
                ...place,
                container: place.name,
                network: place.network.network,
                existing: false,
            }),
        ]);
        const text = unitText(unit(endpoints));
        expect(host.apply("endpoints", text)).toMatchObject({ status: 0, stderr: "" });
        for (const place of places) {
            const said = host.sh(
                `cat "$FAKES/docker/containers/${place.name}/${place.network.network}"`,
            );
            const words = said.trim().split(" ");
            const held = words
                .filter((_, at) => words[at - 1] === "alias")
                .map((word) => word.slice(1));
            const wanted = place.aliases.filter((alias) => alias !== place.name);
            expect([...held].sort()).toEqual([...new Set(wanted)].sort());
        }
        expect(host.observe().drift).toEqual([]);
    });

    test(`${COUNT} raw lines are refused one by one, and nothing is done (seed ${SEED})`, () => {
        const lines = RAW_PLACES.flatMap((put, at) =>
            hostileTexts("right")
                .filter((_, one) => one % RAW_PLACES.length === at)
                .map(put),
        );
        const before = host.dump();
        const { status, stderr } = host.apply("raw", `${lines.join("\n")}\n`);
        expect(status).toBe(2);
        const odd = lines
            .flatMap((line) => line.split("\n"))
            .filter((line) => /[^A-Za-z0-9 _.:,/@=+{}!<>*&|()-]/.test(line))
            .filter((line) => !/^(drift .*|seen): /.test(line) && !/^[ \t]*$/.test(line));
        expect(odd.length).toBeGreaterThan(COUNT / 3);
        const refused = stderr.match(/: not an entry \(key: value, plain characters\)$/gm);
        expect(refused?.length).toBeGreaterThanOrEqual(odd.length);
        host.sh("rmdir /run/crosshost 2>/dev/null || :");
        expect(host.dump()).toBe(before);
    });

    test("names on the command line are refused, or they are names", () => {
        for (const text of hostileTexts("mesh").slice(0, 20)) {
            const name = text.replace(/\0/g, "");
            for (const args of [
                [name, "mesh"],
                [STACK, name],
            ]) {
                const { status, stderr } = host.crosshost(["apply", ...args], "x: y\n");
                expect(status).not.toBe(0);
                expect(stderr).toMatch(/^crosshost: (stack|unit|refused: unit|usage)/);
            }
        }
    });
});

/** Where a text may stand in a line that somebody else than a plan has written. */
const RAW_PLACES: readonly ((text: string) => string)[] = [
    (text) => text,
    (text) => `${text}: ${text}`,
    (text) => `link ${text}: bridge mtu 1450`,
    (text) => `link br: bridge mtu ${text}`,
    (text) => `addr eth0 ${text}: scope global`,
    (text) => `route ${text}: dev eth0`,
    (text) => `neigh ${text} dev eth0: lladdr ${text}`,
    (text) => `sysctl net.${text}: 1`,
    (text) => `sysctl net.ipv4.ip_forward: ${text}`,
    (text) => `nft forward ${text}: accept`,
    (text) => `nft forward a: ${text}`,
    (text) => `iptables DOCKER-USER ${text}: -j ACCEPT`,
    (text) => `underlay ${text}: mtu 1280`,
    (text) => `docker network ${text}: bridge br subnet 10.9.0.0/24`,
    (text) => `docker endpoint ${text} mesh: connected`,
    (text) => `docker endpoint api mesh: alias ${text}`,
    (text) => `boot ${text}: before docker.service`,
    (text) => `converger: 0.1.0 ${text}`,
];

/** Texts that an attachment takes, each once. */
function accepted(right: string, args: (text: string) => object): string[] {
    const base = { host: {}, network: {}, container: { image: "i" } };
    const takes = (text: string) =>
        check(attachmentSchema, { ...base, ...args(text) }).problems.length === 0;
    return [...new Set(hostileTexts(right))].filter(takes);
}
