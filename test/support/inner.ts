import { type Answer, NetnsHost, settled, type Tools } from "./netns";

const BRIDGE =
    "addr br-lan1 10.60.0.1/24: scope global\nlink br-lan1: bridge mtu 1400 address 02:c2:00:00:00:01\n";
export const VETH =
    "interface web eth1: veth br-lan1 host vc-web-1a2b3 mac 02:c4:00:00:00:32 mtu 1400 ipv4 10.60.0.50/24 ipv4 10.61.0.50/24 gateway 10.60.0.1 route 10.9.0.0/16 via 10.60.0.7 route 10.8.0.1/32 via 10.61.0.9\n";
export const MACVLAN =
    "interface web eth2: macvlan eth0 mac 02:c4:00:00:00:33 ipv4 192.168.40.50/24 route 10.7.0.0/16 via 192.168.40.1\n";
export const BOTH = VETH + MACVLAN;
export const GOOD = { status: 0, stderr: "" };

const DOCKER = `
echo 1 >/run/docker.pid; docker network ls
echo 26.1.5 >$FAKES/docker/version
docker network create -d bridge bridge
ip link add docker0 address 02:42:00:00:00:01 type bridge; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up
`;
/** What Docker gives a container that is on its own bridge: an address, and a default route. */
const CONTAINER = `
docker rm -f web 2>/dev/null
docker run web; docker boot web
while ip link show veththeirs >/dev/null 2>&1; do sleep 0.01; done
ip link add veththeirs address 02:42:00:00:00:02 master docker0 up type veth peer name eth0 address 02:42:00:00:00:03 netns $(cat $FAKES/docker/containers/web/.pid)
docker inside web ip -batch - <<E
addr add 172.17.0.2/16 dev eth0
link set eth0 up
route add default via 172.17.0.1
E
echo "id idbridge now 172.17.0.2 gateway 172.17.0.1" >$FAKES/docker/containers/web/bridge
`;

/** All that could be left in a container. */
const INSIDE = `docker inside web ip -d -o -batch - <<.
link show
addr show
route show
.`;

/** A host with a bridge of ours, and a container on Docker's own. */
export class InnerHost extends NetnsHost {
    constructor(tools: Tools) {
        super(tools);
        this.sh(DOCKER);
        this.renew();
    }

    /** As at the beginning, with another container of the same name. */
    renew(): void {
        this.sh(CONTAINER);
        this.apply("bridge-lan1", BRIDGE);
    }

    inside(script: string): string {
        return this.sh(`docker inside web sh -c '${script}'`);
    }

    /** The host and the container, without what a bridge learns, and the random MAC of our ports. */
    all(): string {
        const host = this.dump()
            .replace(/ tso_max_size \d+/g, "")
            .replace(/^[0-9a-f:]{17} dev v[ce].*\n/gm, "")
            .replace(/^(vc-.*link\/ether )[0-9a-f:]{17}/gm, "$1");
        const inside = settled(this.sh(INSIDE)).filter((line) => !line.includes(" inet6 "));
        return host + inside.map(withoutOutside).sort().join("\n");
    }

    attach(text: string): Answer {
        return this.apply("attachment-web", text);
    }

    override close(): void {
        this.run(["docker", "rm", "-f", "web"]);
        super.close();
    }
}

/** An interface without what the kernel counts, and where its other end is. */
function withoutOutside(line: string): string {
    return line.replace(/link-netnsid \d+/, "").replace(/promiscuity.*(veth|macvlan|alias)/, "$1");
}
