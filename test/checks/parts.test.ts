import { partWarnings } from "../../components/checks/parts";
import { unitOf } from "../support/units";

const UNIT = `docker network mesh: bridge ch-1 subnet 10.42.0.0/16 gateway 10.42.1.1 ip-range 10.42.1.0/26
nft postrouting masquerade: ip saddr 10.42.1.0/24 ip daddr != 10.42.0.0/16 oifname != ch-1 masquerade
range 10.42.0.0/16: ours alone
`;

function told(facts: Record<string, string[]>): readonly string[] {
    return partWarnings(unitOf(UNIT), new Map(Object.entries(facts)));
}

test("a swarm's network of the same addresses, which has no route, is warned of", () => {
    const pool = [
        "ingress overlay 10.42.0.0/24 - -",
        "apart overlay 10.0.1.0/24 - -",
        "mesh bridge 10.42.0.0/16 10.42.1.0/26 own",
    ];
    expect(told({ pool })).toEqual([
        '"10.42.0.0/16" overlaps 10.42.0.0/24 of the swarm\'s network "ingress": a container on both reaches only one of them; choose another network',
    ]);
});

test("a network that leaves Docker nothing to make others from is warned of", () => {
    const pools = ["10.42.128.0/17", "10.42.0.0/18"];
    expect(told({ "docker-pool": [...pools, "172.20.0.0/16"] })).toEqual([]);
    expect(told({})).toEqual([]);
    expect(told({ "docker-pool": pools })).toEqual([
        '"10.42.0.0/16" covers all address pools that Docker creates networks from, 10.42.128.0/17, 10.42.0.0/18: compose and `docker network create` would find no free one: choose another network, or set other default-address-pools in /etc/docker/daemon.json',
    ]);
});

test("a container at an address of another host's part is warned of", () => {
    const endpoint = ["db mesh 10.42.2.50 -", "web mesh 10.42.1.50 -", "api lan 10.42.2.51 -"];
    expect(told({ endpoint })).toEqual([
        "container db has the address 10.42.2.50 on mesh, outside 10.42.1.0/24, this host's part: other hosts do not reach it, and it blocks the container that owns that address: docker network disconnect mesh db, then connect it with an --ip of the part, or none",
    ]);
});
