import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { meshUnit, NetnsHost, STACK, TOOLS } from "../support/netns";

const NETWORK =
    "docker network mesh: bridge ch-mesh-4f2a1 subnet 10.42.1.0/24 gateway 10.42.1.1 ip-range 10.42.1.0/26 mtu 1450 masquerade false\n";
const ENDPOINT = "docker endpoint api mesh: ipv4 10.42.1.200 alias api alias www\n";

describe.each(TOOLS)("Docker's objects with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh("docker network ls");
        engine("26.1.5", 1);
        host.sh("docker network create -d bridge bridge");
        expect(host.apply("mesh", meshUnit() + NETWORK)).toMatchObject({ status: 0, stderr: "" });
    });
    afterEach(() => host.close());

    /** Another version comes with another process: any that runs. */
    function engine(version: string, pid = process.pid): void {
        writeFileSync(join(host.folder, "docker/version"), `${version}\n`);
        host.sh(`echo ${pid} >/run/docker.pid`);
    }

    function changes(): string[] {
        const log = join(host.folder, "docker.log");
        const lines = readFileSync(log, "utf8").trimEnd().split("\n");
        rmSync(log);
        return lines;
    }

    function files(): string {
        return host.sh("cd $FAKES/docker; find . -type f | sort | xargs grep ''");
    }

    test("the address of the overlay's link is none that Docker gives away", () => {
        expect(host.delete("mesh").status).toBe(0);
        changes();
        const overlay = NETWORK.replace("subnet 10.42.1.0/24", "subnet 10.42.0.0/16");
        expect(host.apply("mesh", meshUnit() + overlay)).toMatchObject({ status: 0, stderr: "" });
        expect(changes()[0]).toContain(" --aux-address vx-mesh-4f2a1=10.42.1.0 --label ");
        expect(host.apply("mesh", meshUnit() + overlay).stdout).toBe(
            "mesh: in step, nothing to do\n",
        );
        const before = files();
        const poison = "docker network poison: bridge br-p subnet 10.42.0.0/16 gateway 10.42.0.1\n";
        const changed = overlay.replace("mtu 1450", "mtu 1400");
        expect(host.apply("mesh", meshUnit() + changed + poison).status).toBe(1);
        expect(files()).toBe(before);
    });

    test("a network is made over our bridge, and deleted", () => {
        expect(changes()[1]).toBe(
            "network create -d bridge -o com.docker.network.bridge.name=ch-mesh-4f2a1 --subnet 10.42.1.0/24 --gateway 10.42.1.1 --ip-range 10.42.1.0/26 -o com.docker.network.driver.mtu=1450 -o com.docker.network.bridge.enable_ip_masquerade=false --label crosshost=crosshost-test-3fa9c1:mesh mesh",
        );
        expect(host.apply("mesh", meshUnit() + NETWORK).stdout).toBe(
            "mesh: in step, nothing to do\n",
        );
        expect(host.observe().facts).toEqual(
            expect.arrayContaining([
                "docker 26.1.5",
                "network mesh crosshost-test-3fa9c1:mesh",
                "network bridge -",
            ]),
        );
        rmSync(join(host.folder, "docker.asked"));
        expect(host.delete("mesh").status).toBe(0);
        expect(changes()).toEqual(["network rm mesh"]);
        // Stray containers, stray networks, the network, who uses it. That Docker has removed it need not be asked.
        expect(readFileSync(join(host.folder, "docker.asked"), "utf8").trim().split("\n")).toEqual([
            "ps -a",
            "network ls",
            "inspect --format",
            "ps -a",
        ]);
    });

    test("the version of an engine that keeps no pid is asked each time", () => {
        host.sh("rm /run/docker.pid /run/crosshost/engine; : >$FAKES/running.docker.service");
        host.apply("mesh", meshUnit() + NETWORK.replace("mtu 1450", "mtu 1400"));
        writeFileSync(join(host.folder, "docker/version"), "28.5.2\n");
        expect(host.observe().facts).toContain("docker 28.5.2");
    });

    test.each([
        ["a container of its name", "docker run mesh"],
        ["an image of its name", "mkdir $FAKES/docker/images; : >$FAKES/docker/images/mesh"],
        [
            "a container whose id begins so",
            "docker run web; echo mesh0123456789ab >$FAKES/docker/containers/web/.id",
        ],
    ])("a network is found beside %s, which is asked for first", (_, make) => {
        host.sh(make);
        const changed = meshUnit() + NETWORK.replace("mtu 1450", "mtu 1400");
        expect(host.apply("mesh", changed)).toMatchObject({ status: 0, stderr: "" });
        expect(host.observe().drift).toEqual([]);
        host.sh("docker network rm mesh");
        expect(host.observe().drift).toEqual(["docker network mesh: missing"]);
    });

    test("a unit whose file is gone is deleted by its marks", () => {
        host.sh(`rm /var/lib/crosshost/${STACK}/units/mesh`);
        changes();
        expect(host.delete("mesh")).toMatchObject({ status: 0, stderr: "" });
        expect(changes()).toEqual(["network rm mesh"]);
        expect(host.sh("nft list tables; ip -o link show group 201")).toBe("");
    });

    test("a newer engine needs an option more, which is drift after an upgrade", () => {
        engine("28.5.2");
        expect(host.observe().drift).toEqual(["docker network mesh: gateway-mode nat"]);
        changes();
        host.apply("mesh", meshUnit() + NETWORK);
        expect(changes()[1]).toContain(
            " -o com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected ",
        );
        expect(host.observe().drift).toEqual([]);
    });

    test("a changed network is made anew under its containers, those with their own addresses first", () => {
        host.sh(
            `docker run app mesh app; docker run api; docker mark api ${STACK}:api; docker network connect --ip 10.42.1.200 --alias www mesh api; docker run far --ip 10.42.1.250 mesh far`,
        );
        host.apply("api", ENDPOINT);
        changes();
        host.apply("mesh", meshUnit() + NETWORK.replace("mtu 1450", "mtu 1400"));
        expect(changes()).toEqual([
            "network disconnect -f mesh api",
            "network disconnect -f mesh far",
            "network disconnect -f mesh app",
            "network rm mesh",
            expect.stringContaining("driver.mtu=1400"),
            "network connect --ip 10.42.1.200 --alias www mesh api",
            "network connect --ip 10.42.1.250 mesh far",
            "network connect mesh app",
        ]);
        expect(host.observe().drift).toEqual([]);
        const smaller = NETWORK.replace("10.42.1.0/24", "10.42.1.0/25").replace(
            "10.42.1.0/26",
            "10.42.1.0/27",
        );
        host.apply("mesh", meshUnit() + smaller);
        expect(changes()).toContain("network connect --alias www mesh api");
        expect(host.observe().drift).toEqual([
            "docker endpoint api mesh: automatic address, alias www",
        ]);
    });

    test("what fails after a network was made anew brings back the old one, with all that was in it", () => {
        host.sh("docker run app mesh app; docker run api --ip 10.42.1.200 --alias www mesh api");
        const before = files();
        const whole = host.dump();
        const unit = meshUnit((line) => line.replace("1048999", "1048998"));
        const changed = NETWORK.replace("mtu 1450", "mtu 1400");
        const poison = "docker network poison: bridge br-p subnet 10.42.0.0/16 gateway 10.42.0.1\n";
        const { status, stderr } = host.apply("mesh", unit + changed + poison);
        expect(stderr).toMatch(
            /docker network poison: tried `docker network create .*`: Error response from daemon: invalid pool request: .*; put back: .* and \d+ more\n$/,
        );
        expect(status).toBe(1);
        expect(files()).toBe(before);
        expect(host.dump()).toBe(whole);
    });

    test("an endpoint is connected, told when it differs, repaired, and released", () => {
        host.sh("docker run api");
        expect(host.apply("api", ENDPOINT)).toMatchObject({ status: 0, stderr: "" });
        expect(host.apply("api", ENDPOINT).stdout).toBe("api: in step, nothing to do\n");
        for (const [command, told] of [
            ["docker network disconnect -f mesh api", "missing"],
            [
                "docker network disconnect -f mesh api; docker network connect --ip 10.42.1.9 --alias www mesh api",
                "ipv4 10.42.1.9 alias www",
            ],
            [
                "echo 'id old ipv4 10.42.1.200 alias =www' >$FAKES/docker/containers/api/mesh",
                "in a network that is gone",
            ],
        ]) {
            host.sh(command ?? "");
            expect(host.observe().drift).toEqual([`docker endpoint api mesh: ${told}`]);
            expect(host.apply("api", ENDPOINT)).toMatchObject({ status: 0, stderr: "" });
            expect(host.observe().drift).toEqual([]);
        }
        host.sh("echo false >$FAKES/docker/containers/api/.running");
        expect(host.observe().lines).toContain("stopped api");
        expect(host.delete("api").status).toBe(0);
        expect(files()).not.toContain("containers/api/mesh");
    });

    test("an endpoint bears our mark, and keeps it when its network is made anew", () => {
        const connected = `network connect --driver-opt crosshost=${STACK}:api --ip 10.42.1.200 --alias api --alias www mesh api`;
        host.sh("docker run api");
        changes();
        expect(host.apply("api", ENDPOINT)).toMatchObject({ status: 0, stderr: "" });
        expect(changes()).toEqual([connected.replace(" --alias api", "")]);
        host.apply("mesh", meshUnit() + NETWORK.replace("mtu 1450", "mtu 1400"));
        expect(changes().at(-1)).toBe(connected.replace(" --alias api", ""));
        expect(host.observe().drift).toEqual([]);
    });

    test("what others have connected is refused, equal or not, and left as it is", () => {
        for (const address of ["10.42.1.200", "10.42.1.9"]) {
            host.sh(`docker run api --ip ${address} --alias www mesh api`);
            const before = files();
            expect(host.apply("api", ENDPOINT)).toMatchObject({
                status: 2,
                stderr: `crosshost: refused: unit api: container api is already on the network mesh, not connected by Crosshost (ipv4 ${address} alias www): docker network disconnect mesh api\n`,
            });
            expect(files()).toBe(before);
            host.sh("docker network disconnect -f mesh api");
        }
    });

    test("what our unit has connected is known again when all units were lost", () => {
        host.sh("docker run api");
        host.apply("api", ENDPOINT);
        host.sh("rm -r /var/lib/crosshost/*/units/api");
        expect(host.apply("api", ENDPOINT)).toMatchObject({ status: 0, stderr: "" });
        host.sh("rm -r /var/lib/crosshost");
        expect(host.crosshost(["uninstall", STACK])).toMatchObject({ status: 0, stderr: "" });
        expect(files()).toMatch(/^\.\/containers\/api\/\.running:true$/m);
        expect(files()).not.toContain("mesh");
    });

    test("a container without a network of its own is refused, and told why", () => {
        host.sh("docker network create -d host host; docker network create -d null none");
        for (const [set, why] of [
            ["docker run api host api", "the host's network"],
            ["docker run api none api", "no network (--network none)"],
            [
                "docker run api; echo container:x >$FAKES/docker/containers/api/.mode",
                "the network of another container",
            ],
        ]) {
            host.sh(`rm -rf $FAKES/docker/containers/api; ${set ?? ""}`);
            expect(host.apply("api", ENDPOINT)).toMatchObject({
                status: 2,
                stderr: `crosshost: refused: unit api: container api has ${why ?? ""}, and Docker cannot connect such a container to a network: recreate it with another network mode\n`,
            });
        }
    });

    test("a container made anew is drift, and connected again; a stopped one is connected", () => {
        host.sh("docker run api");
        host.apply("api", ENDPOINT);
        host.sh("rm -r $FAKES/docker/containers/api; docker run api");
        expect(host.observe().drift).toEqual(["docker endpoint api mesh: missing"]);
        host.sh("echo false >$FAKES/docker/containers/api/.running");
        expect(host.apply("api", ENDPOINT)).toMatchObject({ status: 0, stderr: "" });
        expect(host.observe().drift).toEqual([]);
    });

    test("one container may have several endpoints, each of its own unit", () => {
        const second = "docker endpoint api lan: ipv4 10.60.0.200 alias api\n";
        host.sh("docker run api; docker network create -d bridge --subnet 10.60.0.0/24 lan");
        expect(host.apply("api", ENDPOINT).status).toBe(0);
        expect(host.apply("api-lan", second).status).toBe(0);
        expect(host.apply("third", second, "crosshost-other-1")).toMatchObject({
            status: 2,
            stderr: `crosshost: refused: unit third: docker endpoint api lan: belongs to unit api-lan of stack ${STACK}\n`,
        });
        expect(host.observe().facts).toContain("container api running =lan,mesh");
        expect(host.delete("api-lan").status).toBe(0);
        expect(host.observe().facts).toContain("container api running =mesh");
        expect(host.observe().drift).toEqual([]);
    });

    test("who holds which address is told: units of all stacks, others' containers, stopped ones too", () => {
        const other = "crosshost-other-1";
        host.sh(
            [
                "docker run api",
                "docker run db",
                "docker run theirs --ip 10.42.1.201 mesh theirs",
                "docker run rests --ip 10.42.1.202 mesh rests",
                "echo false >$FAKES/docker/containers/rests/.running",
                "docker run created --ip 10.42.1.203 mesh created",
                `docker mark created ${STACK}:attachment-new`,
            ].join("\n"),
        );
        expect(host.apply("api", ENDPOINT).status).toBe(0);
        expect(host.apply("db", "docker endpoint db mesh: ipv4 10.42.1.204\n", other).status).toBe(
            0,
        );
        host.sh("rm $FAKES/docker/containers/db/mesh");
        const named = "name mesh 10.42.2.7: web www\nwatch containers: attach on start\n";
        expect(host.apply("names", named)).toMatchObject({ status: 0, stderr: "" });
        const told = (facts: readonly string[]) =>
            facts.filter((fact) => /^(endpoint|named) /.test(fact)).sort();
        const held = [
            `endpoint api mesh 10.42.1.200 ${STACK}:api`,
            `endpoint created mesh 10.42.1.203 ${STACK}:attachment-new`,
            `endpoint db mesh 10.42.1.204 ${other}:db`,
            "endpoint rests mesh 10.42.1.202 -",
            "endpoint theirs mesh 10.42.1.201 -",
        ];
        const all = [...held, `named mesh 10.42.2.7 ${STACK}:names web www`];
        expect(told(host.observe().facts)).toEqual(all);
        expect(told(host.observe(other).facts)).toEqual(all);
    });

    test("a line that says by what the container was made is carried, and nothing else", () => {
        host.sh("docker run api");
        host.apply("api", `${ENDPOINT}made: 1111\n`);
        expect(host.observe().lines).toContain("said made: 1111");
        const { units } = host.observe();
        expect(host.apply("api", `${ENDPOINT}made: 2222\n`).stdout).toBe(
            "api: in step, its new text is stored\n",
        );
        expect(host.observe().units).toEqual(units);
    });

    test("a container that is gone is told, refused, and no hindrance to a delete", () => {
        host.sh("docker run api");
        host.apply("api", ENDPOINT);
        host.sh("rm -r $FAKES/docker/containers/api");
        const seen = host.observe();
        expect(seen.lines).toContain("gone api");
        expect(seen.drift).toEqual([]);
        expect(host.apply("api", ENDPOINT)).toMatchObject({
            status: 2,
            stderr: "crosshost: refused: unit api: container api does not exist on this host: start it; if this program creates it, `pulumi up --refresh` recreates it\n",
        });
        expect(host.delete("api")).toMatchObject({ status: 0, stderr: "" });
    });

    test("a network that others use or made is left alone", () => {
        host.sh(
            "docker run app mesh app; docker network create -d bridge --subnet 10.9.0.0/24 theirs",
        );
        expect(host.delete("mesh")).toMatchObject({
            status: 2,
            stderr: "crosshost: refused: unit mesh: docker network mesh: still used by app; remove or disconnect them: docker network disconnect -f mesh CONTAINER\n",
        });
        expect(
            host.apply(
                "x",
                "docker network theirs: bridge br-x subnet 10.9.0.0/24 gateway 10.9.0.1\n",
            ),
        ).toMatchObject({
            status: 2,
            stderr: "crosshost: refused: unit x: docker network theirs: Docker already has a network of this name that Crosshost did not make (driver bridge): remove it (docker network rm theirs) or choose another name\n",
        });
    });

    test("a stopped engine is told in one line, and asked nothing", () => {
        host.sh("rm /run/docker.pid; docker run api");
        expect(host.observe().drift).toEqual(["docker: not running"]);
        expect(host.observe().facts).toContain("docker stopped");
        expect(host.apply("mesh", meshUnit() + NETWORK)).toMatchObject({ status: 2 });
        expect(host.apply("other", "link br-o: bridge mtu 1500\n")).toMatchObject({ status: 0 });
    });

    test("a bridge that Docker made anew is taken over", () => {
        host.sh(
            "ip link del ch-mesh-4f2a1; ip link add ch-mesh-4f2a1 type bridge; ip addr add 10.42.1.1/24 dev ch-mesh-4f2a1",
        );
        expect(host.observe().drift).toContain(
            "link ch-mesh-4f2a1: mtu 1500 address " +
                host.sh("ip -o link show ch-mesh-4f2a1 | sed 's/.*ether //; s/ .*//'").trim() +
                " down",
        );
        expect(host.apply("mesh", meshUnit() + NETWORK)).toMatchObject({ status: 0, stderr: "" });
        expect(host.observe().drift).toEqual([]);
    });
});
