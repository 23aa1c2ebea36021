// A way over the wire is one entry of the record: here one more is added, and nothing else is touched.
import * as pulumi from "@pulumi/pulumi";
import { type Host, Overlay, type OverlayArgs } from "../../components";
import { type Backends } from "../../components/overlay/backends";
import { type Backend } from "../../components/overlay/backends/backend";
import { layOut, planMember } from "../../components/overlay/plan";
import { vxlan } from "../../components/overlay/backends/vxlan";
import { overlaySchema } from "../../components/overlay/schema";
import { probe } from "../../components/remote/probe";
import { unitText } from "../../components/wire/unit";
import { answered, hosts, IDENTITY, overlaySpec, planned, refusal } from "../support/builders";
import { mockedStack, resource, resources } from "../support/mocks";
import { refusedAtRunTime } from "../support/refused";

jest.mock("../../components/overlay/backends", () => {
    const { BACKENDS } = jest.requireActual<{ BACKENDS: Backends }>(
        "../../components/overlay/backends",
    );
    const { l2tp } = jest.requireActual<{ l2tp: Backend }>("./l2tp");
    return { BACKENDS: { ...BACKENDS, l2tp } };
});
jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

test("a record that lacks a key of the argument does not compile", () => {
    // @ts-expect-error: `direct` is missing
    const lacking: Backends = { vxlan };
    expect(lacking).toEqual({ vxlan });
});

test("the schema takes it, and messages name it", () => {
    const choose = (backend: object) =>
        overlaySchema.safeParse({ ...overlaySpec(), hosts: [{}], backend });
    expect(choose({ l2tp: { session: 7 } }).success).toBe(true);
    expect(choose({ l2tp: { vni: 7 } }).error?.issues).toMatchObject([
        { path: ["backend", "l2tp"] },
    ]);
    expect(choose({}).error?.issues).toMatchObject([
        {
            message:
                "needs exactly one backend: { vxlan: {} } or { direct: {} } or { gre: {} } or { ipip: {} } or { wireguard: {} } or { geneve: {} } or { l2tp: {} }",
        },
    ]);
});

test("it is planned: its MTU, its entries, what has to pass", () => {
    const members = [planned("vm1"), planned("vm2")];
    const spec = overlaySpec({ backend: { l2tp: { session: 7 } } });
    const { layout, problems } = layOut(IDENTITY, "mesh", spec, members);
    expect(problems).toEqual([]);
    const underlays = { vm1: "192.168.40.11", vm2: "192.168.40.12" };
    const { unit, flows } = planMember(layout, "vm1", underlays);
    expect(layout.plan.mtu).toBe(1472);
    expect(unitText(unit)).toContain(
        "link l2tp2: l2tp local 192.168.40.11 remote 192.168.40.12 session 7\n",
    );
    expect(flows).toMatchObject([{ by: { address: "192.168.40.11" }, range: "10.42.2.0/24" }]);
});

describe("an Overlay by it", () => {
    const args = (members: Host[], cidr = "10.42.0.0/16"): OverlayArgs => ({
        hosts: members,
        cidr,
        backend: JSON.parse('{ "l2tp": {} }') as OverlayArgs["backend"],
    });

    test("is made, and claims what it has one of", async () => {
        await mockedStack();
        jest.mocked(probe).mockResolvedValue(answered());
        const members = hosts(2);
        new Overlay("mesh", args(members));
        expect((await resource("mesh-vm1")).inputs["stdin"]).toContain("link l2tp2: l2tp local");
        const more = () => new Overlay("more", args(members, "10.43.0.0/16"));
        expect(refusal(more)).toContain("backend.l2tp.session: L2TP session 1");
        await resources();
    });

    test("is told in a preview what firewalls drop of it, and what its kernels lack", async () => {
        await mockedStack({ preview: true });
        const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue();
        const facts = {
            address: ["eth0 192.168.40.11/24 1500", "eth0 192.168.40.12/24 1500"],
            kernel: ["6.1.0"],
            lacks: ["l2tp_eth"],
            docker: ["28.5.2"],
        };
        const rules = [
            "table inet admin {",
            "chain forward {",
            "type filter hook forward priority filter; policy drop;",
        ];
        const seen = answered({ facts: new Map(Object.entries(facts)), rules });
        jest.mocked(probe).mockResolvedValue(seen);
        const told = await refusedAtRunTime(() => {
            new Overlay("mesh", args(hosts(2)));
        });
        const lacks =
            "its kernel, 6.1.0, has no l2tp_eth: install its extra modules (linux-modules-extra on Ubuntu), boot another, or choose another backend";
        expect(told).toEqual([
            ["vm1", "vm2"]
                .map((host) => `Overlay "mesh" cannot be applied on ${host}:\n    ${lacks}`)
                .join("\n"),
        ]);
        const drops = "drops traffic from eth0 to ch-mesh-9078d or back";
        expect(warn.mock.calls.filter(([text]) => text.includes(drops))).toHaveLength(2);
        warn.mockRestore();
    });
});
