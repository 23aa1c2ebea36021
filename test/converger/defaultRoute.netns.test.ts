import { TOOLS } from "../support/netns";
import { GOOD, InnerHost } from "../support/inner";

/** A second network, that the container is on with eth5. */
const APP = `
docker network create -d bridge --subnet 10.70.0.0/24 --gateway 10.70.0.1 app
ip link add br-app type bridge; ip addr add 10.70.0.1/24 dev br-app; ip link set br-app up
ip link add vethapp master br-app up type veth peer name eth5 netns $(cat $FAKES/docker/containers/web/.pid)
docker inside web ip addr add 10.70.0.9/24 dev eth5
docker inside web ip link set eth5 up`;
const PLACE = "docker endpoint web app: ipv4 10.70.0.9\n";
/** What the kernel refuses, at another step than those of the container. */
const POISON = "addr nope0 10.9.9.9/24: scope 999\n";
const ROUTE = "default-route web: app\n";

describe.each(TOOLS)("the default route of a container, with $shell and $awk", (tools) => {
    let host: InnerHost;
    const current = () => host.inside("ip route show default").trim();

    beforeAll(() => {
        host = new InnerHost(tools);
        host.sh(APP);
    });
    afterEach(() => host.delete("attachment-web"));
    afterAll(() => host.close());

    test("goes through the network that is named, is told where it does not, and comes back", () => {
        expect(host.attach(PLACE + ROUTE)).toMatchObject(GOOD);
        expect(current()).toBe("default via 10.70.0.1 dev eth5 proto 201");
        expect(host.attach(PLACE + ROUTE).stdout).toContain("in step, nothing to do");
        for (const [command, told] of [
            ["ip route replace default via 172.17.0.1", "default via 172.17.0.1 dev eth0"],
            ["ip route del default", "missing"],
        ]) {
            host.sh(`docker inside web ${command ?? ""}`);
            expect(host.observe().drift).toEqual([`default-route web: ${told ?? ""}`]);
            expect(host.attach(PLACE + ROUTE)).toMatchObject(GOOD);
            expect(current()).toContain("via 10.70.0.1");
        }
        expect(host.attach(PLACE)).toMatchObject(GOOD);
        expect(current()).toBe("default via 172.17.0.1 dev eth0");
        host.attach(PLACE + ROUTE);
        expect(host.delete("attachment-web")).toMatchObject(GOOD);
        expect(current()).toBe("default via 172.17.0.1 dev eth0");
    });

    test("is refused where its network is a command, which nobody runs", () => {
        const { stderr } = host.attach("default-route web: x & touch /run/canary\n");
        expect(stderr).toContain("default-route web: needs the name of a network");
        expect(host.sh("ls /run")).not.toContain("canary");
    });

    test("steps aside where Docker may want to add its own, whichever unit has it, and comes back when that fails", () => {
        host.attach(PLACE + ROUTE);
        host.sh(
            "docker network create -d bridge --subnet 10.71.0.0/24 --gateway 10.71.0.1 aaa; echo 172.17.0.1 >$FAKES/docker/aaa.gateway",
        );
        expect(
            host.apply("attachment-second", "docker endpoint web aaa: ipv4 10.71.0.9\n"),
        ).toMatchObject(GOOD);
        expect(current()).toContain("via 10.70.0.1");
        expect(host.delete("attachment-second")).toMatchObject(GOOD);
        expect(current()).toContain("via 10.70.0.1");
        const { stderr } = host.apply(
            "attachment-second",
            `docker endpoint web aaa: ipv4 10.71.0.9\n${POISON}`,
        );
        expect(stderr).not.toContain("not everything is as before");
        expect(current()).toContain("via 10.70.0.1");
        expect(host.observe().drift).toEqual([]);
    });

    test("is refused by a network without a gateway", () => {
        host.sh(
            "docker network create -d bridge --subnet 10.72.0.0/24 lonely; docker network connect lonely web",
        );
        expect(host.attach(ROUTE.replace("app", "lonely")).stderr).toContain(
            "default-route web: the network lonely has no gateway",
        );
    });
});
