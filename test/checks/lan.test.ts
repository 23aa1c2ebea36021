import { entriesHash } from "../../components/facts/observation";
import { misfits } from "../../components/checks/unit";
import { observation } from "../support/builders";
import { unitOf } from "../support/units";

const STACK = "crosshost-demo-79f8e4";
const UNIT =
    "docker network lan: macvlan eth0 mode bridge subnet 192.168.40.0/24 gateway 192.168.40.254 ip-range 192.168.40.64/29\n";
const VLAN = `${UNIT.replace("eth0", "eth0.20")}link eth0.20: vlan link eth0 id 20\n`;
const IPVLAN = UNIT.replace("macvlan eth0 mode bridge", "ipvlan eth0 mode l2");

/** A host in order, with some facts otherwise. */
function told(more: Record<string, string[]>, text = UNIT, lies?: string) {
    const facts = {
        docker: ["26.1.5"],
        kernel: ["6.1.0-32-amd64"],
        link: ["lo device -", "eth0 device -", "eth1 device -", "br0 bridge -"],
        ssh: ["192.168.40.1"],
        vendor: ["Dell Inc."],
        ...more,
    };
    const units = lies === undefined ? [] : [["macvlan-lan", { hash: entriesHash(lies) }] as const];
    return misfits(
        { stack: STACK, name: "macvlan-lan", wanted: unitOf(text) },
        observation({
            facts: new Map(Object.entries(facts)),
            units: new Map(units.map(([name, one]) => [name, { ...one, said: [], drift: [] }])),
        }),
    );
}

test.each([UNIT, VLAN, IPVLAN])("a host in order, and one that tells nothing", (text) => {
    expect(told({}, text)).toEqual({ errors: [], warnings: [] });
    const nothing = { stack: STACK, name: "macvlan-lan", wanted: unitOf(text) };
    expect(misfits(nothing, observation())).toEqual({ errors: [], warnings: [] });
});

test.each<[string, Record<string, string[]>, string, string]>([
    [
        "no link of its name",
        { link: ["lo device -", "enp1s0 device -", "enp2s0 device -"] },
        UNIT,
        "there is no link eth0: write one of enp1s0, enp2s0 as its parent",
    ],
    [
        "no VLAN of its name, but the NIC",
        {},
        UNIT.replace("eth0", "eth0.20"),
        'there is no link eth0.20: write parent: "eth0", vlan: 20 to have it created',
    ],
    [
        "no NIC of its VLAN",
        { link: ["lo device -", "enp1s0 device -"] },
        VLAN,
        "there is no link eth0: write one of enp1s0 as its parent",
    ],
    [
        "a port of a bridge",
        { port: ["eth1 br9", "eth0 br0"] },
        UNIT,
        'eth0 is a port of br0, which receives all its traffic: write "br0" as its parent',
    ],
    [
        "a wireless link",
        { wireless: ["eth0"] },
        UNIT,
        "eth0 is wireless, and an access point accepts no frames from other MACs: use a wired link as its parent",
    ],
    [
        "a kernel without macvlan",
        { lacks: ["macvlan"] },
        UNIT,
        'its kernel, 6.1.0-32-amd64, lacks macvlan: install its extra modules (linux-modules-extra on Ubuntu), boot another, or write driver: "ipvlan"',
    ],
    [
        "a kernel without ipvlan",
        { lacks: ["ipvlan"] },
        IPVLAN,
        'its kernel, 6.1.0-32-amd64, lacks ipvlan: install its extra modules (linux-modules-extra on Ubuntu), boot another, or write driver: "macvlan"',
    ],
    [
        "a kernel without VLANs",
        { lacks: ["8021q"] },
        VLAN,
        "its kernel, 6.1.0-32-amd64, lacks VLANs (8021q): install its extra modules (linux-modules-extra on Ubuntu), boot another, or leave out vlan",
    ],
    [
        "who logs in from the automatic addresses",
        { ssh: ["192.168.40.66"] },
        UNIT,
        "ipRange contains 192.168.40.66, the address of this SSH client: choose another",
    ],
    [
        "a network of somebody else's on the link",
        {
            lan: [
                "old macvlan eth0 10.9.0.0/24 -",
                "far macvlan eth1 10.8.0.0/24 -",
                `lan macvlan eth0 192.168.40.0/24 ${STACK}:macvlan-lan`,
            ],
        },
        UNIT,
        'eth0 is the parent of Docker\'s network "old", not made by Crosshost: remove it (docker network rm old), or choose another parent or a vlan',
    ],
    [
        "one of its subnet, with an engine that lets others share the link",
        {
            docker: ["28.5.2"],
            lan: [
                "old macvlan eth0 192.168.0.0/16 crosshost-other-123456:macvlan-net",
                "iot macvlan eth0 10.9.0.0/24 -",
            ],
        },
        UNIT,
        'eth0 is the parent of Docker\'s network "old", macvlan-net of stack crosshost-other-123456: remove it (docker network rm old), or choose another parent or a vlan',
    ],
    [
        "one of another driver",
        { docker: ["28.5.2"], lan: ["old macvlan eth0 10.9.0.0/24 -"] },
        IPVLAN,
        'eth0 is the parent of Docker\'s network "old", not made by Crosshost: remove it (docker network rm old), or choose another parent or a vlan',
    ],
    ...["Amazon EC2", "Google", "DigitalOcean", "Hetzner"].map(
        (vendor): [string, Record<string, string[]>, string, string] => [
            `the cloud of ${vendor}`,
            { vendor: [vendor] },
            UNIT,
            `${{ Google: "Google Cloud", Hetzner: "Hetzner Cloud" }[vendor] ?? vendor} drops frames from MACs that it did not assign, so containers would reach nothing: use an Overlay`,
        ],
    ),
    [
        "Azure",
        {
            vendor: ["Microsoft Corporation"],
            chassis: ["7783-7084-3265-9085-8269-3286-77"],
        },
        UNIT,
        "Azure drops frames from MACs that it did not assign, so containers would reach nothing: use an Overlay",
    ],
    [
        "Oracle Cloud",
        { vendor: ["QEMU"], chassis: ["OracleCloud.com"] },
        UNIT,
        "Oracle Cloud drops frames from MACs that it did not assign, so containers would reach nothing: use an Overlay",
    ],
])("%s is refused", (_, more, text, error) => {
    expect(told(more, text)).toEqual({ errors: [error], warnings: [] });
});

test.each<[string, string, string]>([
    [
        "OpenStack Foundation",
        UNIT,
        "OpenStack drops frames from MACs that it did not assign, so containers would reach nothing: allow them there, or use an Overlay",
    ],
    [
        "Amazon EC2",
        IPVLAN,
        "Amazon EC2 drops packets with addresses that it did not assign to the machine: allow them there, or use an Overlay",
    ],
    [
        "VMware, Inc.",
        UNIT,
        "VMware drops frames of containers' MACs unless the port group allows forged transmits and promiscuous mode (or MAC learning)",
    ],
    [
        "innotek GmbH",
        UNIT,
        "VirtualBox drops frames of containers' MACs unless the adapter's promiscuous mode is Allow All",
    ],
    [
        "Microsoft Corporation",
        UNIT,
        "Hyper-V drops frames of containers' MACs unless MacAddressSpoofing is on for the adapter",
    ],
])("%s is warned of, as long as the unit is not there", (vendor, text, warning) => {
    expect(told({ vendor: [vendor] }, text)).toEqual({ errors: [], warnings: [warning] });
    expect(told({ vendor: [vendor] }, text, UNIT.replace("eth0", "eth9")).warnings).toHaveLength(1);
    expect(told({ vendor: [vendor] }, text, text)).toEqual({ errors: [], warnings: [] });
});

describe("an interface of a container's own on a NIC", () => {
    const own = (nic: string) =>
        `interface web eth1: macvlan ${nic} mac 02:c4:00:00:00:32 ipv4 192.168.40.50/24\n`;

    test.each<[string, Record<string, string[]>, string, readonly string[]]>([
        ["a host in order", {}, own("eth0"), []],
        ["a Bridge", {}, own("eth9").replace("macvlan", "veth"), []],
        [
            "no NIC of its name, nor a VLAN that nobody makes",
            {},
            own("eth0.20"),
            ["there is no link eth0.20: write one of eth0, eth1, br0 in interface.on"],
        ],
        [
            "a port of a bridge",
            { port: ["eth0 br0"] },
            own("eth0"),
            ['eth0 is a port of br0, which receives all its traffic: write "br0" in interface.on'],
        ],
        [
            "a kernel without macvlan",
            { lacks: ["macvlan"] },
            own("eth0"),
            [
                "its kernel, 6.1.0-32-amd64, lacks macvlan: install its extra modules (linux-modules-extra on Ubuntu), boot another, or use a Bridge in interface.on",
            ],
        ],
        [
            "no Docker",
            { docker: ["none"] },
            own("eth0"),
            ["Docker is not installed: apt install docker.io, or https://get.docker.com"],
        ],
        [
            "a cloud that checks MACs",
            { vendor: ["Amazon EC2"] },
            own("eth0"),
            [
                "Amazon EC2 drops frames from MACs that it did not assign, so containers would reach nothing: use an Overlay",
            ],
        ],
    ])("%s", (_, facts, text, expected) => {
        expect(told(facts, text).errors).toEqual(expected);
    });
});
