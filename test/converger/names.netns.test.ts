import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { convergerProgram } from "../../components/converger/program";
import { meshUnit, NetnsHost, STACK, TOOLS } from "../support/netns";

const NETWORK =
    "docker network mesh: bridge ch-mesh-4f2a1 subnet 10.42.1.0/24 gateway 10.42.1.1 ip-range 10.42.1.0/26 mtu 1450 masquerade false\n";
const NAMES = "name mesh 10.42.2.70: db postgres\nname mesh 10.42.3.80: web\n";
const DOCKERS = "127.0.0.1\tlocalhost\n10.42.1.5\t0123456789ab\n";
const HOSTS_OWN = "/etc/hosts";
const MARK = ` # crosshost ${STACK}`;
const PROGRAM_UNIT = `converger: ${convergerProgram().version} ${convergerProgram().hash}\n`;
const OURS = `10.42.2.70 db postgres${MARK}\n10.42.3.80 web${MARK}\n`;

describe.each(TOOLS)("names of containers on other hosts, with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh("echo 1 >/run/docker.pid; docker network create -d bridge apart");
        host.sh("echo 26.1.5 >$FAKES/docker/version");
        expect(host.apply("mesh", meshUnit() + NETWORK)).toMatchObject({ status: 0, stderr: "" });
        host.sh("docker run api mesh api; docker run cron mesh cron; docker run far apart far");
        host.sh("docker run late mesh late; echo false >$FAKES/docker/containers/late/.running");
        for (const container of ["api", "cron", "far", "late"]) {
            make(container);
        }
    });
    afterEach(() => host.close());

    const of = (container: string, what: string) =>
        join(host.folder, "docker/containers", container, what);
    const file = (container: string) =>
        join(host.folder, "docker/root/containers", `id${container}`, "hosts");
    /** As Docker does, under the container's id. */
    const make = (container: string) => {
        writeFileSync(of(container, ".id"), `id${container}\n`);
        mkdirSync(dirname(file(container)), { recursive: true });
        writeFileSync(file(container), DOCKERS);
    };
    const hosts = (container: string) => readFileSync(file(container), "utf8");
    /** The host's, not this machine's. */
    const ownHosts = () => {
        host.sh(`cp /etc/hosts $FAKES/own-hosts; mount --bind $FAKES/own-hosts /etc/hosts`);
    };
    const leave = () =>
        host.sh("for c in api cron late; do docker network disconnect -f mesh $c; done; echo left");
    const apply = (text = NAMES) => host.apply("names", text);

    test("stand in the hosts file of each container that runs on the network, behind Docker's lines", () => {
        expect(apply()).toMatchObject({ status: 0, stderr: "" });
        expect(["api", "cron", "far", "late"].map(hosts)).toEqual([
            DOCKERS + OURS,
            DOCKERS + OURS,
            DOCKERS,
            DOCKERS,
        ]);
        expect(apply().stdout).toBe("names: in step, nothing to do\n");
        expect(host.observe().drift).toEqual([]);
    });

    test("change and go, and leave nothing", () => {
        const before = host.dump();
        apply();
        apply("name mesh 10.42.3.80: shop web\n");
        expect(hosts("api")).toBe(`${DOCKERS}10.42.3.80 shop web${MARK}\n`);
        expect(host.delete("names")).toMatchObject({ status: 0, stderr: "" });
        expect(["api", "cron"].map(hosts)).toEqual([DOCKERS, DOCKERS]);
        expect(host.dump()).toBe(before);
    });

    test("leave what others write there, and lines of other stacks", () => {
        const others = `${DOCKERS}10.9.9.9 mine\n10.42.4.4 db # crosshost other-stack\n`;
        writeFileSync(file("api"), others);
        apply();
        expect(hosts("api")).toBe(others + OURS);
        host.delete("names");
        expect(hosts("api")).toBe(others);
    });

    test.each([
        ["Docker has written it anew", DOCKERS, "api", "api"],
        ["somebody has changed a line", DOCKERS + OURS.replace("db ", "bd "), "api", "api"],
    ])("that are not there are drift: %s", (_, text) => {
        apply();
        for (let time = 1; time <= 2; time++) {
            writeFileSync(file("api"), text);
            const { drift } = host.observe();
            expect(drift).toContain("name mesh 10.42.2.70: missing in api");
            expect(apply()).toMatchObject({ status: 0, stderr: "" });
            expect(hosts("api")).toBe(DOCKERS + OURS);
            expect(host.observe().drift).toEqual([]);
        }
    });

    test("that nobody wants any more are drift", () => {
        apply();
        writeFileSync(file("cron"), `${DOCKERS}${OURS}10.42.9.9 old${MARK}\n`);
        expect(host.observe().drift).toEqual(["names in cron: not in the plan, 10.42.9.9 old"]);
        apply();
        expect(hosts("cron")).toBe(DOCKERS + OURS);
    });

    test.each([
        ["the host's own", () => HOSTS_OWN],
        ["a file of the user's", () => join(host.folder, "users-hosts")],
        ["another container's", () => file("far")],
        ["one whose path has blanks", () => join(host.folder, "users hosts")],
        ["one whose path looks like Docker's", () => join(host.folder, "containers/idother/hosts")],
    ])("never stand in a file that is mounted there: %s", (_, path) => {
        ownHosts();
        const mounted = path();
        mkdirSync(dirname(mounted), { recursive: true });
        host.run(["sh", "-c", 'cat >"$1"', "sh", mounted], DOCKERS);
        const text = () => host.run(["cat", mounted]).stdout;
        writeFileSync(of("cron", ".mounted"), `${mounted}\n`);
        expect(apply()).toMatchObject({ status: 0, stderr: "" });
        host.crosshost(["attach", STACK, "cron"]);
        expect([text(), hosts("api"), hosts("cron")]).toEqual([DOCKERS, DOCKERS + OURS, DOCKERS]);
        expect(host.observe().drift).toEqual([]);
        expect(host.observe().facts).toContain("nameless cron");
        host.delete("names");
        expect(text()).toBe(DOCKERS);
    });

    test("of a container stay where another shares its network, and so its file", () => {
        apply();
        host.sh("docker run side");
        writeFileSync(of("side", ".id"), "idside\n");
        writeFileSync(of("side", ".mode"), "container:idapi\n");
        writeFileSync(of("side", ".mounted"), `${file("api")}\n`);
        expect(host.observe().drift).toEqual([]);
        expect(apply().stdout).toBe("names: in step, nothing to do\n");
        expect(hosts("api")).toBe(DOCKERS + OURS);
    });

    test.each([
        ["up", () => apply()],
        ["a new version", () => host.crosshost(["install", STACK], PROGRAM_UNIT)],
        ["destroy", () => host.delete("names")],
        ["uninstall", () => leave() && host.crosshost(["uninstall", STACK])],
    ])("that an older version has left in the host's own file go by %s", (_, act) => {
        ownHosts();
        apply();
        const others = `${DOCKERS}10.42.4.4 db # crosshost other-stack\n`;
        host.run(["sh", "-c", `cat >${HOSTS_OWN}`], others + OURS);
        expect(host.observe().drift).toEqual([
            "names in /etc/hosts: not in the plan, 10.42.2.70 db postgres, not in the plan, 10.42.3.80 web",
        ]);
        expect(act()).toMatchObject({ status: 0 });
        expect(host.run(["cat", HOSTS_OWN]).stdout).toBe(others);
    });

    test("come to a container that starts or is connected", () => {
        apply();
        host.sh("echo true >$FAKES/docker/containers/late/.running");
        host.sh("docker network connect mesh far");
        for (const name of ["late", "far"]) {
            expect(host.crosshost(["attach", STACK, name])).toMatchObject({
                status: 0,
                stderr: "",
            });
        }
        expect(["late", "far"].map(hosts)).toEqual([DOCKERS + OURS, DOCKERS + OURS]);
        host.sh("docker network disconnect -f mesh far");
        host.crosshost(["attach", STACK, "far"]);
        expect(hosts("far")).toBe(DOCKERS);
    });

    test("go with the stack, after a boot of other units that was killed too", () => {
        apply();
        leave();
        host.sh("mkdir -p /run/crosshost/journal/1/do /run/crosshost/journal/1/undo");
        host.sh(
            `cd /run/crosshost/journal; echo 'boot ${STACK}:* names' >what; touch new before 1/ready`,
        );
        expect(host.crosshost(["uninstall", STACK]).status).toBe(0);
        expect(host.sh("docker network ls")).not.toContain("mesh");
        expect(["api", "cron"].map(hosts)).toEqual([DOCKERS, DOCKERS]);
    });

    test("that are foretold are there from a container's start, and the unit itself takes their place", () => {
        apply(`${NAMES}owner: crosshost/demo vm1-names 1a2b3c4d\nseen: a1\n`);
        const foretell = (text: string) => host.crosshost(["foretell", STACK, "names"], text);
        const stamps = host.stamps();
        expect(foretell(NAMES)).toEqual({ status: 0, stdout: "", stderr: "" });
        expect(host.stamps()).toBe(stamps);
        const more = "name mesh 10.42.3.80: shop web\nname mesh 10.42.4.90: mail\n";
        expect(foretell(more)).toMatchObject({ status: 0, stderr: "" });
        expect(hosts("api")).toBe(
            `${DOCKERS}10.42.2.70 db postgres${MARK}\n10.42.3.80 shop web${MARK}\n10.42.4.90 mail${MARK}\n`,
        );
        const { lines } = host.observe();
        expect(lines).toContain("said owner: crosshost/demo vm1-names 1a2b3c4d");
        expect(lines.filter((line) => line.startsWith("said seen: "))).not.toContain(
            "said seen: a1",
        );
        apply();
        expect(hosts("api")).toBe(DOCKERS + OURS);
    });

    test("that are foretold where there is no unit yet go with the stack", () => {
        const watch = "watch containers: attach on start\n";
        const foretold = host.crosshost(["foretell", STACK, "names"], NAMES + watch);
        expect(foretold).toMatchObject({ status: 0, stderr: "" });
        expect(hosts("api")).toBe(DOCKERS + OURS);
        leave();
        expect(host.crosshost(["uninstall", STACK]).status).toBe(0);
        expect(hosts("api")).toBe(DOCKERS);
    });

    test("that could become words of a command are refused", () => {
        const { status, stderr } = apply("name mesh 10.42.2.70: $(reboot)\n");
        expect(status).toBe(2);
        expect(stderr).toContain("not an entry");
        expect(apply("name mesh db: 10.42.2.70\n").stderr).toContain(
            "name mesh db: needs a network, an address, and names",
        );
    });

    test("are put back when the change fails", () => {
        apply();
        const before = host.dump() + hosts("api");
        const poison = "name mesh 10.42.2.70: changed\nsysctl net.ipv4.ip_forward: poison\n";
        expect(apply(poison).status).not.toBe(0);
        expect(host.dump() + hosts("api")).toBe(before);
    });
});
