import { misfits } from "../../components/checks/unit";
import { entriesHash, type ObservedUnit } from "../../components/facts/observation";
import { observation } from "../support/builders";
import { unitOf } from "../support/units";

const STACK = "crosshost-demo-79f8e4";
const UNIT = `docker network crosshost-demo-mesh: bridge ch-mesh-1 subnet 10.42.1.0/24 mtu 1450
link ch-mesh-1: bridge mtu 1450
link gn2-mesh-1: geneve id 7 remote 192.168.40.12 dstport 6081 mtu 1450
link vx-mesh-1: vxlan id 42 local 192.168.40.11 dstport 4789 mtu 1450
nft input peers: udp dport 4789 drop
range 10.42.0.0/16: ours alone
underlay 192.168.40.11: mtu 1500
`;
const OWN = `crosshost:${STACK}:overlay-mesh`;
const THEIRS = "crosshost-other-123456:overlay-net";

/** A host in order, with some facts otherwise. */
function told(
    more: Record<string, string[]>,
    text = UNIT,
    units: readonly [string, ObservedUnit][] = [],
) {
    const facts = {
        address: ["eth0 192.168.40.11/24 1500"],
        docker: ["26.1.5"],
        nft: ["1.0.9"],
        kernel: ["6.1.0-32-amd64"],
        route: ["192.168.40.0/24 dev eth0", "172.17.0.0/16 dev docker0"],
        link: ["eth0 device -", `ch-mesh-1 bridge ${OWN}`],
        network: ["bridge -", `crosshost-demo-mesh ${STACK}:overlay-mesh`],
        table: [`crosshost_crosshost_demo_79f8e4_overlay_mesh ${STACK}:overlay-mesh`],
        ssh: ["192.168.40.1"],
        ...more,
    };
    return misfits(
        { stack: STACK, name: "overlay-mesh", wanted: unitOf(text), modules: ["vxlan"] },
        observation({ facts: new Map(Object.entries(facts)), units: new Map(units) }),
    );
}

test("a host in order, and one that tells nothing", () => {
    expect(told({})).toEqual({ errors: [], warnings: [] });
    const nothing = { stack: STACK, name: "overlay-mesh", wanted: unitOf(UNIT) };
    expect(misfits(nothing, observation())).toEqual({ errors: [], warnings: [] });
});

describe("in place of docker0", () => {
    const unit = `daemon bridge: ch-mesh-1\niptables raw-PREROUTING ch-mesh-1: -s 172.17.0.0/16 -d 172.17.1.0/24 -j ACCEPT\nrange 172.17.0.0/16: ours alone\n`;

    test("docker0's own route is in nobody's way, and any other is", () => {
        expect(told({}, unit).errors).toEqual([]);
        expect(told({}, "range 172.17.0.0/16: ours alone\n").errors).toHaveLength(1);
        expect(told({ route: ["172.17.9.0/24 dev eth1"] }, unit).errors).toEqual([
            '"172.17.0.0/16" overlaps the route 172.17.9.0/24 dev eth1: choose another network',
        ]);
    });

    test("what other hosts send to it does not come in where Docker filters by nftables", () => {
        const [error] = told({ "docker-iptables": ["nftables"] }, unit).errors;
        expect(error).toBe(
            "defaultNetwork: Docker keeps its rules by nftables there (firewall-backend), and drops what other hosts send to its default network: set it to iptables, or leave defaultNetwork out",
        );
    });
});

describe.each([
    ["gre", "gre", "key 7 ttl 64", "7", "GRE key 7", "backend.gre.key"],
    ["gretap", "gre", "remote 192.168.40.12 key 7", "7", "GRE key 7", "backend.gre.key"],
    ["ipip", "ipip", "nopmtudisc", "-", "IPIP", "backend"],
] as const)("a device of %s", (kind, fact, words, key, what, path) => {
    const unit = `link xx-mesh-1: ${kind} local 192.168.40.11 ${words} mtu 1472\n`;
    const taken = (...devices: string[]) => told({ [fact]: devices }, unit).errors;

    test("is refused where its packets are another's", () => {
        const clash = `${what} at 192.168.40.11 is taken by`;
        expect(taken(`t9 ${key} 192.168.40.11 -`, `t8 ${key} any crosshost:${THEIRS}`)).toEqual([
            `${clash} t9, not made by Crosshost: choose another ${path}`,
            `${clash} t8, overlay-net of stack crosshost-other-123456: choose another ${path}`,
        ]);
    });

    test("is none of the business of devices of another address, or of its own stack", () => {
        const own = [`xx-mesh-1 ${key} 192.168.40.11 -`, `xx-mesh-2 ${key} 192.168.40.11 ${OWN}`];
        expect(taken(`t9 ${key} 192.168.40.12 -`, ...own)).toEqual([]);
    });
});

test("GRE of another key is no clash", () => {
    const unit = "link gr-mesh-1: gre local 192.168.40.11 key 7 mtu 1472\n";
    expect(told({ gre: ["t9 8 192.168.40.11 -", "t8 - any -"] }, unit).errors).toEqual([]);
});

test.each<[string, Record<string, string[]>, string[]]>([
    [
        "a NIC that carries less",
        { address: ["eth1 10.0.0.5/24 1500", "eth0 192.168.40.11/24 1400"] },
        [
            "eth0, which has 192.168.40.11/24, carries 1400 bytes, but 1500 are needed: set mtu: 1400 in the Host, and in the network one that fits",
        ],
    ],
    [
        "who logs in from the network",
        { ssh: ["10.42.3.9"] },
        [
            '"10.42.0.0/16" contains 10.42.3.9, the address of this SSH client: choose another network',
        ],
    ],
    [
        "another stack's network",
        {
            range: [`10.42.128.0/17 ${THEIRS}`],
            route: ["10.42.129.0/24 dev ch-net-2"],
            link: [`ch-net-2 bridge crosshost:${THEIRS}`],
        },
        [
            '"10.42.0.0/16" overlaps 10.42.128.0/17 of overlay-net of stack crosshost-other-123456: choose another network',
        ],
    ],
    [
        "routes within it, around it, and to one address of it",
        {
            route: [
                "10.42.7.0/24 via 192.168.40.7 dev eth0",
                "10.0.0.0/8 dev eth1",
                "10.42.9.9 dev tun0",
            ],
        },
        [
            '"10.42.0.0/16" overlaps the route 10.42.7.0/24 via 192.168.40.7 dev eth0: choose another network',
            '"10.42.0.0/16" overlaps the route 10.0.0.0/8 dev eth1: choose another network',
            '"10.42.0.0/16" overlaps the route 10.42.9.9 dev tun0: choose another network',
        ],
    ],
    [
        "links of its names: of nobody, and of another stack",
        { link: ["ch-mesh-1 bridge -", `vx-mesh-1 vxlan crosshost:${THEIRS}`] },
        [
            "the link ch-mesh-1 already exists, bridge, not made by Crosshost: remove it (ip link del ch-mesh-1), or rename the component",
            "the link vx-mesh-1 already exists, vxlan, overlay-net of stack crosshost-other-123456: remove it (ip link del vx-mesh-1), or rename the component",
        ],
    ],
    [
        "its VXLAN",
        { vxlan: ["vx9 42 4789 -", "vx8 43 4789 -", "vx7 42 8472 -", "vx-mesh-1 42 4789 -"] },
        [
            "VXLAN 42 on UDP port 4789 is taken by vx9, not made by Crosshost: choose another backend.vxlan.vni or port",
        ],
    ],
    [
        "a VXLAN that takes all of the port, another stack's",
        { vxlan: [`ext all 4789 crosshost:${THEIRS}`] },
        [
            "VXLAN 42 on UDP port 4789 is taken by ext, overlay-net of stack crosshost-other-123456: choose another backend.vxlan.vni or port",
        ],
    ],
    [
        "its Geneve, from the same peer, and one that takes all of the port",
        {
            geneve: [
                "gn9 7@192.168.40.12 6081 -",
                "gn8 7@192.168.40.13 6081 -",
                "gn7 7@192.168.40.12 6082 -",
                "gn2-mesh-1 7@192.168.40.12 6081 -",
                `ext all 6081 crosshost:${THEIRS}`,
            ],
        },
        [
            "Geneve 7@192.168.40.12 on UDP port 6081 is taken by gn9, not made by Crosshost: choose another backend.geneve.vni or port",
            "Geneve 7@192.168.40.12 on UDP port 6081 is taken by ext, overlay-net of stack crosshost-other-123456: choose another backend.geneve.vni or port",
        ],
    ],
    [
        "a kernel without vxlan",
        { lacks: ["vxlan"] },
        [
            "its kernel, 6.1.0-32-amd64, has no vxlan: install its extra modules (linux-modules-extra on Ubuntu), boot another, or choose another backend",
        ],
    ],
    [
        "no Docker",
        { docker: ["none"] },
        ["Docker is not installed: apt install docker.io, or https://get.docker.com"],
    ],
    [
        "Docker that is stopped",
        { docker: ["stopped"] },
        ["Docker is not running: systemctl start docker"],
    ],
    [
        "Docker that does not answer",
        { docker: ["silent"] },
        ["Docker is not answering: systemctl status docker says why"],
    ],
    [
        "Docker as a service of another name",
        { docker: ["stopped"], "docker-service": ["snap.docker.dockerd.service"] },
        [
            "Docker runs as snap.docker.dockerd.service there, but the services that keep containers connected wait for docker.service: " +
                "add that name (Alias=docker.service in its [Install], then systemctl reenable snap.docker.dockerd.service)",
        ],
    ],
    [
        "an engine that is too old",
        { docker: ["19.03.15"] },
        ["Docker 19.03.15 is too old: 20.10 or newer is needed"],
    ],
    [
        "a Docker network of its name",
        { network: ["crosshost-demo-mesh -"] },
        [
            'Docker already has a network "crosshost-demo-mesh", not made by Crosshost: remove it (docker network rm crosshost-demo-mesh), or choose another dockerName',
        ],
    ],
    [
        "no nft, and many mistakes at once",
        { nft: ["none"], docker: ["19.3.1"], lacks: ["vxlan"] },
        [
            "its kernel, 6.1.0-32-amd64, has no vxlan: install its extra modules (linux-modules-extra on Ubuntu), boot another, or choose another backend",
            "Docker 19.3.1 is too old: 20.10 or newer is needed",
            "nftables is not installed: apt install nftables",
        ],
    ],
    [
        "an nft table of its name",
        { table: ["crosshost_crosshost_demo_79f8e4_overlay_mesh -"] },
        [
            "the nft table inet crosshost_crosshost_demo_79f8e4_overlay_mesh already exists, not made by Crosshost: remove it (nft delete table inet crosshost_crosshost_demo_79f8e4_overlay_mesh), or rename the component",
        ],
    ],
])("%s", (_, more, errors) => {
    expect(told(more)).toEqual({ errors, warnings: [] });
});

test.each(["20.10.24+dfsg1", "28.5.2", "27.0.0-rc.1"])("engine %s will do", (version) => {
    expect(told({ docker: [version] }).errors).toEqual([]);
});

test("a gateway's wider route stays in use for the rest, which is worth a warning", () => {
    expect(told({ route: ["10.0.0.0/8 via 192.168.40.7 dev eth0"] })).toEqual({
        errors: [],
        warnings: [
            '"10.42.0.0/16" lies inside the existing route 10.0.0.0/8 via 192.168.40.7 dev eth0: addresses of "10.42.0.0/16" behind that route can no longer be reached from this host',
        ],
    });
});

test("so does a VPN's, whose link has no other machines", () => {
    expect(told({ route: ["10.0.0.0/8 dev wg0"], tunnel: ["wg0"] })).toEqual({
        errors: [],
        warnings: [
            '"10.42.0.0/16" lies inside the existing route 10.0.0.0/8 dev wg0: addresses of "10.42.0.0/16" behind that route can no longer be reached from this host',
        ],
    });
    expect(told({ route: ["10.42.7.0/24 dev wg0"], tunnel: ["wg0"] }).errors).toEqual([
        '"10.42.0.0/16" overlaps the route 10.42.7.0/24 dev wg0: choose another network',
    ]);
});

describe("who logs in from a container of the network, as a CI runner does", () => {
    const ssh = { ssh: ["10.42.1.7"] };
    const held = { ...ssh, "ssh-in": [`10.42.0.0/16 ${STACK}:overlay-mesh`] };
    const there = (drift: string[] = []): [string, ObservedUnit] => [
        "overlay-mesh",
        { hash: entriesHash(UNIT), said: [], drift },
    ];
    const WARNED =
        '"10.42.0.0/16" contains 10.42.1.7, the address of this SSH client, and is about to change: if that cuts this run off, start it again';

    test("is told nothing where nothing changes", () => {
        expect(told(held, UNIT, [there()])).toEqual({ errors: [], warnings: [] });
    });

    test("is warned where the unit changes, or has drifted", () => {
        const warned = { errors: [], warnings: [WARNED] };
        expect(told(held, UNIT, [])).toEqual(warned);
        expect(told(held, UNIT, [there(["drift addr x: missing"])])).toEqual(warned);
    });

    test("is refused where another stack's network holds him, or none did before", () => {
        const refused = [
            '"10.42.0.0/16" contains 10.42.1.7, the address of this SSH client: choose another network',
        ];
        expect(told(ssh, UNIT, [there()]).errors).toEqual(refused);
        const other = { ...ssh, "ssh-in": [`10.42.0.0/16 ${THEIRS.replace("crosshost:", "")}`] };
        expect(told(other).errors).toEqual(refused);
    });
});

test("a unit without networks needs no Docker, one without rules no nft", () => {
    const text = "boot x.service: before docker.service\nunderlay 192.168.40.11: mtu 1280\n";
    expect(told({ docker: ["none"], nft: ["none"] }, text)).toEqual({ errors: [], warnings: [] });
});

describe("devices of Geneve", () => {
    const device = (peer: number) =>
        `link gn${peer}-mesh-1: geneve id 7 remote 192.168.40.1${peer} dstport 6081 mtu 1450\n`;
    const kernel = { listens: ["udp 0.0.0.0 6081 - -"] };

    test.each([
        [{ listens: ["udp 0.0.0.0 6081 sflowtool 7"] }, "sflowtool (pid 7)"],
        [kernel, "the kernel"],
        [{ vxlan: ["vxlan9 7 6081 -"], ...kernel }, "vxlan9, not made by Crosshost"],
        [{ wireguard: ["wg0 6081 -"], ...kernel }, "wg0, not made by Crosshost"],
    ])("are refused, in one line, where their port is another's: %j", (facts, by) => {
        expect(told(facts, device(2) + device(3)).errors).toEqual([
            `UDP port 6081 is taken by ${by}: choose another backend.geneve.port, or stop it`,
        ]);
    });

    test.each([
        ["of another number", ["gn9 8@192.168.40.12 6081 -"]],
        ["of the unit's own", [`gn2-mesh-1 7@192.168.40.12 6081 ${OWN}`]],
    ])("share it with one %s", (_, geneve) => {
        expect(told({ geneve, ...kernel }, device(2) + device(3)).errors).toEqual([]);
    });
});

describe("a device of WireGuard", () => {
    const unit = "link wg-mesh-1: wireguard mtu 1440\nwireguard wg-mesh-1: listen-port 30001\n";
    const clash = "UDP port 30001 is taken by";
    const next = "choose another backend.wireguard.port, or stop it";
    const kernel = "udp 0.0.0.0 30001 - -";

    test.each([
        [{ listens: ["udp 192.168.40.11 30001 dnsmasq 7"] }, "dnsmasq (pid 7)"],
        [{ listens: [kernel] }, "the kernel"],
        [{ wireguard: ["wg0 30001 -"], listens: [kernel] }, "wg0, not made by Crosshost"],
        [
            { wireguard: [`wg-x 30001 crosshost:${THEIRS}`], listens: [kernel] },
            "overlay-net of stack crosshost-other-123456",
        ],
        [{ vxlan: ["vxlan9 7 30001 -"], listens: [kernel] }, "vxlan9, not made by Crosshost"],
    ])("is refused where its port is another's: %j", (facts, by) => {
        const [said, ...more] = told(facts, unit).errors;
        expect(said).toContain(clash);
        expect(said).toContain(`${by}: ${next}`);
        expect(more).toEqual([]);
    });

    test.each([
        ["tunnel1-mesh", unit, { vxlan: [`vx-mesh-1 7 30001 ${OWN}`] }, "vx-mesh-1", "wireguard"],
        [
            "overlay-mesh",
            "link vx-mesh-1: vxlan id 7 local 192.168.40.11 dstport 30001\n",
            { wireguard: [`wg-mesh-1 30001 crosshost:${STACK}:tunnel1-mesh`] },
            "wg-mesh-1",
            "vxlan",
        ],
    ])(
        "is refused beside a vxlan at its port, by which the overlay goes so far, and the other way round: %s",
        (name, text, facts, former, backend) => {
            const observed = observation({ facts: new Map(Object.entries({ ...facts })) });
            const asked = (of: string) =>
                misfits({ stack: STACK, name: of, wanted: unitOf(text) }, observed).errors;
            expect(asked(name)).toEqual([
                `UDP port 30001 is that of ${former}, which this overlay has until the change is made: choose another backend.${backend}.port`,
            ]);
            expect(asked(name.replace("mesh", "other"))).toEqual([]);
        },
    );

    test("is made by wireguard-go where the kernel has none, which a preview says; without both it is refused", () => {
        const asked = (facts: Record<string, string[]>) =>
            misfits(
                {
                    stack: STACK,
                    name: "overlay-mesh",
                    wanted: unitOf(unit),
                    modules: ["wireguard"],
                },
                observation({ facts: new Map(Object.entries({ kernel: ["6.1.0"], ...facts })) }),
            );
        const warning =
            "its kernel, 6.1.0, has no wireguard: wireguard-go is used instead, which is slower";
        expect(asked({ replaced: ["wireguard"] })).toEqual({ errors: [], warnings: [warning] });
        expect(asked({ lacks: ["wireguard"] }).errors).toEqual([
            "its kernel, 6.1.0, has no wireguard: install wireguard-go or its extra modules (linux-modules-extra on Ubuntu), boot another, or choose another backend",
        ]);
    });

    test.each([
        [{ wireguard: [`wg-mesh-1 30001 ${OWN}`], listens: [kernel] }],
        [{ vxlan: [`vx-mesh-1 7 30001 ${OWN}`], listens: [kernel] }],
        [
            {
                wireguard: ["wg0 51820 -"],
                listens: ["tcp 0.0.0.0 30001 nginx 7", "udp :: 51820 - -"],
            },
        ],
    ])("is not refused for its own, nor for other ports: %j", (facts) => {
        expect(told(facts, unit).errors).toEqual([]);
    });
});
