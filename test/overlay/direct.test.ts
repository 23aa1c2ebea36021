import * as pulumi from "@pulumi/pulumi";
import { Overlay, type OverlayArgs } from "../../components";
import { cloudNotes, linkProblems } from "../../components/overlay/neighbours";
import { layOut, planOverlay } from "../../components/overlay/plan";
import { entriesHash } from "../../components/facts/observation";
import { probe } from "../../components/remote/probe";
import { unitText } from "../../components/wire/unit";
import { answered, hosts, IDENTITY, overlaySpec, planned } from "../support/builders";
import { mockedStack, resource } from "../support/mocks";

jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

const BACKEND = { backend: { direct: {} } };

/** The unit of vm1 in an overlay over hosts of these numbers. */
function unitOf(...numbers: number[]): string {
    const members = numbers.map((number) => planned(`vm${number}`));
    const { layout, problems } = layOut(IDENTITY, "mesh", overlaySpec(BACKEND), members);
    expect(problems).toEqual([]);
    const underlays = members.map(({ name, id }) => [name, `192.168.40.${(id ?? 0) + 10}`]);
    const known = Object.fromEntries(underlays) as Record<string, string>;
    return unitText(planOverlay(layout, "vm1", known));
}

describe("the plan", () => {
    test("of one host of three, line by line", () => {
        expect(unitOf(3, 1, 2)).toBe(
            [
                "addr ch-mesh-9078d 10.42.1.1/16: scope global",
                "docker network crosshost-demo-mesh: bridge ch-mesh-9078d subnet 10.42.0.0/16 gateway 10.42.1.1 ip-range 10.42.1.0/26 mtu 1500 masquerade false",
                "iptables DOCKER-USER ch-mesh-9078d: -s 10.42.0.0/16 -d 10.42.1.0/24 -o ch-mesh-9078d -j ACCEPT",
                "iptables DOCKER-USER ch-mesh-9078d-out: -s 10.42.1.0/24 -d 10.42.0.0/16 -i ch-mesh-9078d -j ACCEPT",
                "link ch-mesh-9078d: bridge mtu 1500 address 02:c0:78:eb:00:01",
                "networkd foreign-routes: keep",
                "nft forward 1-replies: ct state established,related accept",
                "nft forward 2-published: oifname ch-mesh-9078d ct status dnat accept",
                "nft forward 3-bridge: oifname ch-mesh-9078d iifname ch-mesh-9078d accept",
                "nft forward 4-10.42.2.0/24: oifname ch-mesh-9078d ip saddr 10.42.2.0/24 fib saddr . iif oif exists accept",
                "nft forward 4-10.42.3.0/24: oifname ch-mesh-9078d ip saddr 10.42.3.0/24 fib saddr . iif oif exists accept",
                "nft forward 5-closed: oifname ch-mesh-9078d drop",
                "nft forward 6-members: ip daddr 10.42.0.0/16 iifname != ch-mesh-9078d ct state new drop",
                "nft postrouting masquerade: ip saddr 10.42.1.0/24 ip daddr != 10.42.0.0/16 oifname != ch-mesh-9078d masquerade",
                "range 10.42.0.0/16: ours alone",
                "route 10.42.2.0/24: via 192.168.40.12 src 10.42.1.1",
                "route 10.42.3.0/24: via 192.168.40.13 src 10.42.1.1",
                "sysctl net.ipv4.conf.ch-mesh-9078d.proxy_arp: 1",
                "sysctl net.ipv4.ip_forward: 1",
                "sysctl net.ipv4.neigh.ch-mesh-9078d.proxy_delay: 0",
                "underlay 192.168.40.11: mtu 1500",
                "watch routes: add on link up",
                "",
            ].join("\n"),
        );
    });

    test("changes by one route and one rule for a host more", () => {
        const [few, many] = [unitOf(1, 2).split("\n"), unitOf(1, 2, 9).split("\n")];
        expect(few.filter((line) => !many.includes(line))).toEqual([]);
        expect(many.filter((line) => !few.includes(line))).toEqual([
            expect.stringMatching(
                /^nft forward 4-10\.42\.9\.0\/24: .* ip saddr 10\.42\.9\.0\/24 fib/,
            ),
            "route 10.42.9.0/24: via 192.168.40.19 src 10.42.1.1",
        ]);
    });

    test("lets nobody in where there is no peer", () => {
        expect(unitOf(1)).not.toMatch(/forward 4|iptables|route 1/);
    });

    test("loses nothing of the MTU, and says so where more is asked for", () => {
        const spec = overlaySpec({ ...BACKEND, mtu: 1501 });
        const { problems } = layOut(IDENTITY, "mesh", spec, [planned("vm1")]);
        expect(problems).toEqual([
            {
                path: "mtu",
                message: "1501 does not fit: the hosts carry 1500 (Host's mtu), minus 0 is 1500",
            },
        ]);
    });
});

const facts = (more: Record<string, string[]>) => new Map(Object.entries(more));

const onLan = (last: number, lan = "192.168.40") =>
    facts({
        address: [`eth0 ${lan}.${last}/24 1500`, "docker0 172.17.0.1/16 1500"],
        "on-link": [`${lan}.0/24 eth0`, "172.17.0.0/16 docker0"],
    });

describe("hosts on different links", () => {
    const underlays = { vm1: "192.168.40.11", vm2: "192.168.40.12", vm3: "192.168.50.13" };
    const told = new Map([
        ["vm1", onLan(11)],
        ["vm2", onLan(12)],
        ["vm3", onLan(13, "192.168.50")],
    ]);

    test("are told in pairs, with where they are", () => {
        const message = (host: string, last: number) =>
            `${host} (eth0 192.168.40.${last}/24) and vm3 (eth0 192.168.50.13/24) share no link, which direct routes need: use { vxlan: {} }`;
        expect(linkProblems(underlays, told)).toEqual([
            { path: "backend", message: message("vm1", 11) },
            { path: "backend", message: message("vm2", 12) },
        ]);
    });

    test("are told by the one of a pair that answers", () => {
        const problems = linkProblems(underlays, new Map([["vm1", onLan(11)]]));
        expect(problems.map(({ message }) => message)).toEqual([
            expect.stringContaining("vm1 (eth0 192.168.40.11/24) and vm3 (192.168.50.13) share no"),
        ]);
        expect(linkProblems(underlays, new Map())).toEqual([]);
    });

    test("are none where a route without a gateway leads from one to the other", () => {
        const wide = facts({ "on-link": ["192.168.0.0/16 eth0"] });
        const all = new Map(Object.keys(underlays).map((name) => [name, wide]));
        expect(linkProblems(underlays, all)).toEqual([]);
    });

    describe("in a program", () => {
        const mesh = (args: Partial<OverlayArgs> = {}) =>
            new Overlay("mesh", { hosts: hosts(2), cidr: "10.42.0.0/16", ...BACKEND, ...args });
        const said: string[] = [];
        /** What both hosts say of themselves, wherever their prefixes lead. */
        const inCloud = (prefix: string) =>
            facts({
                address: ["eth0 192.168.40.11/24 1500", "eth0 192.168.40.12/24 1500"],
                "on-link": [`${prefix} eth0`],
                vendor: ["Amazon EC2"],
            });

        beforeEach(() => {
            said.length = 0;
            jest.spyOn(pulumi.log, "warn").mockImplementation((text) => {
                said.push(text);
                return Promise.resolve();
            });
        });
        afterEach(() => {
            jest.restoreAllMocks();
        });

        test("that runs `up` is no business of a check in front of it: each host says it", async () => {
            await mockedStack();
            jest.mocked(probe).mockResolvedValue(answered({ facts: inCloud("192.168.50.0/24") }));
            mesh();
            expect((await resource("mesh-vm1")).inputs["stdin"]).toContain("route 10.42.2");
        });

        test("in a cloud, a preview tells once what the cloud does, until it is done", async () => {
            const cloud = inCloud("192.168.40.0/24");
            await mockedStack({ preview: true });
            jest.mocked(probe).mockResolvedValue(answered({ facts: cloud }));
            mesh();
            const wanted = String((await resource("mesh-vm1")).inputs["stdin"]);
            expect(said).toEqual([
                "vm1, vm2: Amazon EC2 may drop packets that carry containers' addresses; `aws ec2 modify-instance-attribute --no-source-dest-check --instance-id ID` turns that off",
            ]);

            const entries = wanted.replace(/^(seen|owner): .*\n/gm, "");
            const unit = { hash: entriesHash(entries), said: [], drift: [] };
            const units = new Map([["overlay-mesh", unit]]);
            await mockedStack({ preview: true });
            jest.mocked(probe).mockResolvedValue(answered({ facts: cloud, units }));
            said.length = 0;
            mesh();
            await resource("mesh-vm1");
            expect(said).toEqual([expect.stringMatching(/^vm2: Amazon/)]);
        });

        test("of another backend asks nothing", async () => {
            await mockedStack({ preview: true });
            jest.mocked(probe).mockResolvedValue(answered({ facts: inCloud("192.168.50.0/24") }));
            mesh({ backend: { vxlan: {} } });
            expect((await resource("mesh-vm1")).inputs["stdin"]).toContain("vxlan id");
            expect(said).toEqual([]);
        });
    });
});

describe("clouds", () => {
    test.each<[string, Record<string, string[]>, RegExp | undefined]>([
        ["Amazon", { vendor: ["Amazon EC2"] }, /no-source-dest-check/],
        ["Google", { vendor: ["Google"] }, /--can-ip-forward/],
        [
            "Azure",
            { vendor: ["Microsoft Corporation"], chassis: ["7783-7084-3265-9085-8269-3286-77"] },
            /az network nic update/,
        ],
        ["a Hyper-V of one's own", { vendor: ["Microsoft Corporation"] }, undefined],
        ["Oracle", { vendor: ["QEMU"], chassis: ["OracleCloud.com"] }, /skip-source-dest-check/],
        ["OpenStack", { vendor: ["OpenStack Foundation"] }, /ip-address=10\.42\.0\.0\/16/],
        ["DigitalOcean", { vendor: ["DigitalOcean"] }, /there is no known way.*vxlan/],
        ["Hetzner", { vendor: ["Hetzner"] }, /there is no known way.*vxlan/],
        ["a rack", { vendor: ["Dell Inc."] }, undefined],
        ["a board that says nothing", {}, undefined],
    ])("%s", (_, told, note) => {
        const notes = cloudNotes("10.42.0.0/16", new Map([["vm1", facts(told)]]));
        expect(notes).toEqual(note ? [expect.stringMatching(note)] : []);
    });
});
