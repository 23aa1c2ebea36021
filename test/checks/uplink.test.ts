import { lanProblems } from "../../components/checks/uplink";
import { misfits } from "../../components/checks/unit";
import { entriesHash } from "../../components/facts/observation";
import { observation } from "../support/builders";
import { unitOf } from "../support/units";

const STACK = "crosshost-demo-79f8e4";
const LINK = "link br-lan-5c688: bridge forward_delay 0\n";
const UNIT = `${LINK}uplink eth0: bridge br-lan-5c688\n`;

/** A host in order, with some facts otherwise. */
function told(more: Record<string, string[]> = {}, text = UNIT, lies?: string) {
    const facts = {
        link: ["lo device -", "eth0 device -", "eth1 device -"],
        "no-uplink": ["lo is no NIC (loopback): use the one that leads to the LAN"],
        vendor: ["Dell Inc."],
        ...more,
    };
    const said = { said: [], drift: [] };
    const units = lies === undefined ? [] : [["bridge-lan", entriesHash(lies)] as const];
    return misfits(
        { stack: STACK, name: "bridge-lan", wanted: unitOf(text) },
        observation({
            facts: new Map(Object.entries(facts)),
            units: new Map(units.map(([name, hash]) => [name, { ...said, hash }])),
        }),
    );
}

test("a host in order, and one that tells nothing", () => {
    expect(told()).toEqual({ errors: [], warnings: [] });
    const nothing = { stack: STACK, name: "bridge-lan", wanted: unitOf(UNIT) };
    expect(misfits(nothing, observation())).toEqual({ errors: [], warnings: [] });
});

test.each<[string, Record<string, string[]>, string]>([
    [
        "no link of its name",
        { link: ["lo device -", "docker0 bridge -", "veth1a veth -", "enp1s0 device -"] },
        "there is no link eth0: write one of enp1s0 in uplink",
    ],
    [
        "what the host itself says",
        { "no-uplink": ["eth0 is down: plug it in", "eth1 is wireless"] },
        "eth0 is down: plug it in",
    ],
    [
        "a cloud that checks MACs",
        { vendor: ["Amazon EC2"] },
        "Amazon EC2 drops frames from MACs that it did not assign, so containers would reach nothing: use an Overlay",
    ],
])("refused: %s", (_, facts, expected) => {
    expect(told(facts)).toEqual({ errors: [expected], warnings: [] });
});

test("a hypervisor that may check MACs is warned of, until the bridge is there", () => {
    const vendor = ["VMware, Inc."];
    expect(told({ vendor }).warnings).toEqual([expect.stringContaining("VMware drops frames")]);
    expect(told({ vendor }, UNIT, UNIT).warnings).toEqual([]);
});

test("an uplink that is taken away in place is refused: nobody would guard it", () => {
    const uplink = ["br-lan-5c688 eth0", "br-other eth1"];
    expect(told({ uplink }, LINK).errors).toEqual([
        "br-lan-5c688 has the NIC eth0, which goes back when the Bridge goes: remove the Bridge from the program, run `pulumi up`, and write it without uplink then",
    ]);
    expect(told({ uplink }).errors).toEqual([]);
});

describe("the cidr of a Bridge with an uplink", () => {
    const problems = (cidr: string, ...address: string[]) =>
        lanProblems(cidr, "eth0", new Map([["address", address]]));

    test.each([
        ["192.168.40.0/24", "eth0 192.168.40.11/24 1500"],
        ["192.168.40.0/24", "eth0 10.0.0.1/8 1500", "eth0 192.168.40.11/24 1500"],
        ["10.164.0.0/20", "eth0 10.164.0.5/32 1460"],
        ["192.168.40.0/24", "eth1 10.0.0.1/8 1500", "br-lan 10.0.0.2/8 1500"],
        ["192.168.40.0/24", "eth0 fd00::1/64 1500"],
        ["192.168.40.0/24"],
    ])("may be %s, where the host has %s", (cidr, ...addresses) => {
        expect(problems(cidr, ...addresses)).toEqual([]);
    });

    test.each(["192.168.1.0/24", "192.168.0.0/16", "192.168.40.0/25"])(
        "is none but the NIC's: %s",
        (cidr) => {
            expect(problems(cidr, "eth0 192.168.40.11/24 1500")).toEqual([
                {
                    path: "cidr",
                    message: `"${cidr}" is not the network of eth0, which has 192.168.40.11/24: write "192.168.40.0/24"`,
                },
            ]);
        },
    );

    test("is not asked of what is no NIC, which is told as that", () => {
        const address = ["docker0 172.17.0.1/16 1500"];
        const facts = new Map([
            ["address", address],
            ["no-uplink", ["docker0 is no NIC (bridge)"]],
        ]);
        expect(lanProblems("192.168.40.0/24", "docker0", facts)).toEqual([]);
    });
});
