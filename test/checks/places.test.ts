import { misfits } from "../../components/checks/unit";
import { observation } from "../support/builders";
import { unitOf } from "../support/units";

const STACK = "crosshost-demo-79f8e4";
const OWN = `${STACK}:attachment-web`;
const THEIRS = "crosshost-other-123456:attachment-db";
const ENDPOINT = "docker endpoint web mesh: ipv4 10.42.1.200 alias web\n";
const LAN = "docker network lan: macvlan eth0 subnet 10.9.0.0/24 ip-range 10.9.0.64/26\n";
const BRIDGE = "docker network mesh: bridge ch-1 subnet 10.42.1.0/24 ip-range 10.42.1.0/26\n";

function told(text: string, facts: Record<string, string[]>): readonly string[] {
    const all = { docker: ["26.1.5"], link: ["eth0 device -"], ...facts };
    const seen = observation({ facts: new Map(Object.entries(all)) });
    return misfits({ stack: STACK, name: "attachment-web", wanted: unitOf(text) }, seen).errors;
}

test.each<[string, string[], string[], string]>([
    [
        "of a container that runs",
        ["db mesh 10.42.1.200 -"],
        ["db running mesh id 1 mark ports"],
        "",
    ],
    [
        "of one that is stopped",
        ["db mesh 10.42.1.200 -"],
        ["db exited mesh id 1 mark ports"],
        " (exited: without its address it could not start)",
    ],
    ["of what Docker has forgotten to take back", ["db mesh 10.42.1.200 -"], [], ""],
    [
        "of another stack's unit",
        [`db mesh 10.42.1.200 ${THEIRS}`],
        ["db running mesh id 1 mark ports"],
        ", by attachment-db of stack crosshost-other-123456",
    ],
])("an address %s is refused, naming who has it", (_, endpoint, container, more) => {
    expect(told(ENDPOINT, { endpoint, container })).toEqual([
        `10.42.1.200 on the network mesh is the address of the container db${more}: choose another ipv4Address`,
    ]);
});

test.each([
    ["the container's own", `web mesh 10.42.1.200 ${OWN}`],
    ["another unit's of the stack, which goes or changes", `db mesh 10.42.1.200 ${STACK}:gone`],
    ["one of another network", "db lan 10.42.1.200 -"],
    ["another address", "db mesh 10.42.1.201 -"],
    ["given out anew at each start", "db mesh - -"],
])("an address is free that is %s", (_, endpoint) => {
    expect(told(ENDPOINT, { endpoint: [endpoint] })).toEqual([]);
});

test.each([
    [
        "web mesh 10.42.1.9 -",
        "web is already on the network mesh, at 10.42.1.9, not connected by Crosshost: remove that network from its compose file or command, and run `docker network disconnect mesh web`",
    ],
    [
        "web mesh - -",
        "web is already on the network mesh, not connected by Crosshost: remove that network from its compose file or command, and run `docker network disconnect mesh web`",
    ],
    [
        `web mesh 10.42.1.200 ${THEIRS}`,
        "web is already on the network mesh, at 10.42.1.200, by attachment-db of stack crosshost-other-123456: leave one of the two out",
    ],
])("a container that is there already is refused: %s", (endpoint, text) => {
    expect(told(ENDPOINT, { endpoint: [endpoint] })).toEqual([text]);
});

test.each([
    [LAN, "old macvlan 10.9.0.0/24 10.9.0.64/26 -", " and its range 10.9.0.64/26"],
    [LAN, "old bridge 10.9.0.0/24 10.9.0.64/26 -", " and its range 10.9.0.64/26"],
    [BRIDGE, "old bridge 10.42.0.0/16 - -", ""],
])("addresses of another network of Docker's: %s", (unit, pool, range) => {
    const [, , subnet] = pool.split(" ");
    expect(told(unit, { pool: [pool] })).toEqual([
        `Docker's network "old", not made by Crosshost, has ${subnet ?? ""}${range}: remove it (docker network rm old), or choose another network or ipRange`,
    ]);
});

test.each([
    [LAN, "old macvlan 10.9.0.0/24 10.9.0.128/26 -"],
    [LAN, "old bridge 10.8.0.0/24 - -"],
    [LAN, "lan macvlan 10.9.0.0/24 10.9.0.64/26 -"],
    [LAN, `old macvlan 10.9.0.0/24 10.9.0.64/26 ${STACK}:macvlan-old`],
    [BRIDGE, "swarm overlay 10.42.0.0/16 - -"],
])("addresses that no other network has: %s", (unit, pool) => {
    expect(told(unit, { pool: [pool] })).toEqual([]);
});
