import { killedAt } from "../support/killer";
import { meshUnit, NetnsHost, STACK, TOOLS } from "../support/netns";

const THEIRS = "crosshost-other-77aa02";
const UNITS = `/var/lib/crosshost/${STACK}/units`;
const RANGE = "range 10.42.0.0/16: ours alone\n";
const owner = (resource: string) => `owner: shop/prod ${resource} 0a1b2c3d\n`;
const MESH = meshUnit() + RANGE + owner("mesh-vm1");

/** The same overlay under another name: its own links, and the VNI and port that are derived of it, or those of before. */
function renamed(change: (line: string) => string = (line) => line): string {
    const text = meshUnit((line) => change(line.replaceAll("mesh", "net")));
    return text + RANGE + owner("net-vm1");
}

const NET = renamed((line) =>
    line
        .replaceAll("1048999", "1049000")
        .replaceAll("20473", "20474")
        .replaceAll("02:c5:9a", "02:c5:9b"),
);

describe.each(TOOLS)("whose a unit is, with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        expect(host.apply("mesh", MESH)).toMatchObject({ status: 0, stderr: "" });
    });
    afterEach(() => host.close());

    const remove = (text: string) => host.crosshost(["delete", STACK, "mesh"], text);
    const units = () => host.sh(`ls ${UNITS}`).trim();

    test.each([
        ["a resource that held it before", MESH.replace("mesh-vm1", "old-vm1")],
        ["one of the same name under another parent", MESH.replace("0a1b2c3d", "99999999")],
        ["a version that said no owners", meshUnit()],
    ])("%s deletes nothing, and is told who holds it", (_who, text) => {
        const before = host.dump();
        expect(remove(text)).toEqual({
            status: 0,
            stdout: "mesh: is managed by mesh-vm1 now, and stays\n",
            stderr: "",
        });
        expect(host.dump()).toBe(before);
        expect(host.observe().drift).toEqual([]);
    });

    test.each([
        ["its owner", MESH],
        ["its owner, whose entries were others", MESH.replace("mtu 1450", "mtu 1400")],
        ["whoever runs it by hand", ""],
    ])("%s deletes it", (_who, text) => {
        expect(remove(text)).toMatchObject({ status: 0, stderr: "" });
        expect(units()).toBe("");
        expect(host.sh("ip -o link show")).not.toContain("mesh");
    });

    test("a unit of a version that said no owners goes with any text", () => {
        remove("");
        host.apply("mesh", meshUnit());
        expect(remove(MESH)).toMatchObject({ status: 0, stderr: "" });
        expect(units()).toBe("");
    });

    test("who applies it is its owner from then on, and nothing else changes", () => {
        const network = () =>
            host.dump().replace(/^\/var\/lib\/crosshost\/.*\/units\/mesh .*\n/gm, "");
        const before = network();
        const taken = MESH.replace("mesh-vm1", "new-vm1");
        expect(host.apply("mesh", taken)).toMatchObject({ status: 0, stderr: "" });
        expect(network()).toBe(before);
        expect(remove(MESH).stdout).toBe("mesh: is managed by new-vm1 now, and stays\n");
        expect(remove(taken)).toMatchObject({ status: 0, stderr: "" });
        expect(units()).toBe("");
    });

    test("only the owner of the host's own unit uninstalls the stack", () => {
        const boot = `boot crosshost-${STACK}-rules.service: after docker.service\n`;
        expect(host.crosshost(["install", STACK], boot + owner("vm1-converger")).stderr).toBe("");
        const before = host.dump();
        const uninstall = (text: string) => host.crosshost(["uninstall", STACK], text);
        expect(uninstall(boot + owner("old-converger"))).toEqual({
            status: 0,
            stdout: "host: is managed by vm1-converger now, and stays\n",
            stderr: "",
        });
        expect(host.dump()).toBe(before);
        expect(uninstall(boot + owner("vm1-converger"))).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh("ls /var/lib")).toBe("");
    });
});

describe.each(TOOLS)(
    "a unit that makes room for another of its stack, with $shell and $awk",
    (tools) => {
        let host: NetnsHost;
        let empty: string;

        beforeEach(() => {
            host = new NetnsHost(tools);
            host.sh(
                "iptables -N DOCKER-USER; iptables -A DOCKER-USER -j RETURN; mkdir -p -m 0700 /run/crosshost",
            );
            host.sh(`mkdir -p ${UNITS}`);
            host.apply("mesh", MESH); // what stays behind of any change: the journal's folder
            host.delete("mesh");
            empty = host.dump();
        });
        afterEach(() => host.close());

        /** The host with this unit alone. */
        function alone(unit: string, text: string): string {
            expect(host.apply(unit, text)).toMatchObject({ status: 0, stderr: "" });
            const dump = host.dump();
            expect(host.delete(unit)).toMatchObject({ status: 0, stderr: "" });
            return dump;
        }

        const cases: [string, string][] = [
            ["with another VNI and port", NET],
            ["with the VNI and port of before", renamed()],
            ["with links of the same names", MESH.replace("mesh-vm1", "net-vm1")],
        ];

        test.each(cases)("goes with the same change, %s", (_what, text) => {
            const goal = alone("net", text);
            host.apply("mesh", MESH);
            expect(host.apply("net", text)).toMatchObject({ status: 0, stderr: "" });
            expect(host.dump()).toBe(goal);
            expect(host.observe().drift).toEqual([]);
            expect(host.apply("net", text).stdout).toBe("net: in step, nothing to do\n");
            expect(host.crosshost(["delete", STACK, "mesh"], MESH)).toMatchObject({
                status: 0,
                stderr: "",
            });
            expect(host.dump()).toBe(goal);
            expect(host.delete("net")).toMatchObject({ status: 0, stderr: "" });
            expect(host.dump()).toBe(empty);
        });

        test.each(cases)("is put back whole by a change that fails, %s", (_what, text) => {
            host.apply("mesh", MESH);
            const before = host.dump();
            for (const poison of [
                "nft forward bad: ip saddr 10.0.0.0/8 gibberish",
                "link br-bad: bridge mtu 99999",
                "addr nope0 10.9.9.9/24: scope global",
                "route 10.50.0.0/24: via 10.99.0.1 dev eth0",
                "iptables DOCKER-USER bad: -s 10.0.0.0/8 -j NOSUCHTARGET",
            ]) {
                const { status, stderr } = host.apply("net", `${text}${poison}\n`);
                expect([status, stderr]).toEqual([
                    1,
                    expect.not.stringContaining("not everything is as before"),
                ]);
                expect(host.dump()).toBe(before);
                expect(host.observe().drift).toEqual([]);
            }
        });

        test("several at once, and one whose range only overlaps", () => {
            const wide =
                "range 10.40.0.0/14: ours alone\naddr wide0 10.40.0.1/14: scope global\nlink wide0: bridge mtu 1500 address 02:c5:9a:00:00:07\n";
            const other = "range 10.41.0.0/16: ours alone\nlink other0: bridge mtu 1500\n";
            host.apply("wide", wide);
            const goal = host.dump();
            host.delete("wide");
            host.apply("mesh", MESH);
            expect(host.apply("other", other)).toMatchObject({ status: 0, stderr: "" });
            expect(host.sh(`ls ${UNITS}`)).toBe("mesh\nother\n");
            expect(host.apply("wide", wide)).toMatchObject({ status: 0, stderr: "" });
            expect(host.dump()).toBe(goal);
        });

        test("no unit of another stack makes room, nor one that wants other things", () => {
            host.apply("mesh", MESH);
            const beside = NET.replaceAll("10.42.", "10.43.");
            expect(host.apply("net", beside)).toMatchObject({ status: 0, stderr: "" });
            expect(host.sh(`ls ${UNITS}`)).toBe("mesh\nnet\n");
            expect(host.observe().drift).toEqual([]);
            host.delete("net");
            const before = host.dump();
            for (const text of [NET, renamed(), MESH]) {
                const refused = host.apply("net", text, THEIRS);
                expect(refused.status).toBe(2);
                expect(refused.stderr).toContain(`unit mesh of stack ${STACK}`);
                expect(host.dump()).toBe(before);
            }
        });
    },
);

const lan = (network: string, parent: string) =>
    `docker network ${network}: macvlan ${parent} mode bridge subnet 192.168.40.0/24 gateway 192.168.40.254 ip-range 192.168.40.64/29\n`;
const BRIDGE =
    "docker network lan: bridge br-lan subnet 10.60.0.0/24 gateway 10.60.0.1 ip-range 10.60.0.0/26 mtu 1500 masquerade false\nlink br-lan: bridge mtu 1500 address 02:c2:9a:00:00:00\naddr br-lan 10.60.0.1/24: scope global\n";

describe.each(TOOLS)("what Docker has of a unit that makes room, with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh("echo 1 >/run/docker.pid; docker network ls");
        host.sh("echo 28.5.2 >$FAKES/docker/version; docker network create -d bridge bridge");
    });
    afterEach(() => host.close());

    const docker = () => host.sh("cd $FAKES/docker/networks; grep . *");

    test.each([
        ["a LAN with the same parent", lan("lan", "eth0"), lan("net", "eth0")],
        ["a LAN on another parent, called the same", lan("lan", "eth0"), lan("lan", "peer0")],
        ["a bridge that was a LAN, called the same", lan("lan", "eth0"), BRIDGE],
        ["a LAN that was a bridge, called the same", BRIDGE, lan("lan", "eth0")],
    ])("goes with it: %s", (_what, before, after) => {
        expect(host.apply("new", after)).toMatchObject({ status: 0, stderr: "" });
        const goal = docker();
        expect(host.delete("new")).toMatchObject({ status: 0, stderr: "" });
        expect(host.apply("old", before)).toMatchObject({ status: 0, stderr: "" });
        expect(host.apply("new", after)).toMatchObject({ status: 0, stderr: "" });
        expect(docker()).toBe(goal);
        expect(host.sh(`ls ${UNITS}`)).toBe("new\n");
        expect(host.observe().drift).toEqual([]);
        expect(host.delete("old")).toMatchObject({ status: 0, stderr: "" });
        expect(docker()).toBe(goal);
    });

    test("the place of a container that others make stays under an attachment of another name", () => {
        const place = "docker endpoint web lan: ipv4 192.168.40.200 alias web\n";
        host.sh("docker run web");
        host.apply("lan", lan("lan", "eth0"));
        expect(host.apply("attachment-old", place)).toMatchObject({ status: 0, stderr: "" });
        host.sh("rm $FAKES/docker.log");
        expect(host.apply("attachment-new", place)).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh(`ls ${UNITS}`)).toBe("attachment-new\nlan\n");
        expect(host.observe().drift).toEqual([]);
        expect(host.delete("attachment-old")).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh("cat $FAKES/docker.log 2>/dev/null || true")).toBe("");
        expect(host.delete("attachment-new")).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh("ls $FAKES/docker/containers/web")).toBe("");
    });
});

describe("kill -9 while a unit makes room for another", () => {
    let host: NetnsHost;

    beforeAll(() => {
        host = new NetnsHost();
    });
    afterAll(() => host.close());

    const runs = (["before", "after"] as const).flatMap((when) => [
        { when, what: "another VNI and port", text: NET },
        { when, what: "those of before", text: renamed() },
    ]);

    test.each(runs)("$when any call, with $what, heals", ({ when, text }) => {
        host.apply("mesh", MESH);
        const withMesh = host.dump();
        host.apply("net", text);
        const withNet = host.dump();
        let at = 1;
        for (; ; at++) {
            expect(host.apply("mesh", MESH)).toMatchObject({ status: 0 });
            const killed = killedAt(host, at, when, (environment) =>
                host.run(
                    ["setsid", "-w", "sh", host.program, "apply", STACK, "net"],
                    text,
                    environment,
                ),
            );
            if (!killed) {
                break;
            }
            const goal =
                at % 2 === 0
                    ? (["mesh", MESH, withMesh] as const)
                    : (["net", text, withNet] as const);
            expect(host.apply(goal[0], goal[1])).toMatchObject({ status: 0 });
            expect(host.dump()).toBe(goal[2]);
            expect(host.observe().drift).toEqual([]);
        }
        expect(at).toBeGreaterThan(5);
        expect(host.dump()).toBe(withNet);
        host.delete("net");
    });
});
