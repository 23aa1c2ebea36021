// WireGuard's keys, rolled by one line of the program.
import * as pulumi from "@pulumi/pulumi";
import { type Host, Overlay, type OverlayArgs } from "../../components";
import { exclusiveKeys } from "../../components/entries";
import { layOut, planMember } from "../../components/overlay/plan";
import { applyCommand } from "../../components/remote/commands";
import { probe } from "../../components/remote/probe";
import { unitText } from "../../components/wire/unit";
import { answered, hosts, IDENTITY, overlaySpec, planned, refusal } from "../support/builders";
import { mockedStack, resource, resources, settled } from "../support/mocks";
import { keyOf } from "../support/publicKeys";
import { refusedAtRunTime } from "../support/refused";

jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));
const probed = jest.mocked(probe);

const STACK = "crosshost-demo-79f8e4";
/** Of the generations one to three. */
const [DEVICE, NEXT, THIRD] = ["wg-mesh-9078d", "wg-mesh2-823fa", "wg-mesh3-2d478"];

describe("the plan", () => {
    const names = ["vm1", "vm2", "vm3"];
    const planOf = (options: object) => {
        const keys = Object.fromEntries(names.map((host) => [host, keyOf(host)]));
        const underlays = Object.fromEntries(
            names.map((host, at) => [host, `192.168.0.${at + 1}`]),
        );
        const spec = overlaySpec({ backend: { wireguard: options } });
        const { layout } = layOut(
            IDENTITY,
            "mesh",
            spec,
            names.map((host) => planned(host)),
        );
        const { unit, tunnel } = planMember(layout, "vm1", underlays, keys);
        return { unit, tunnel: tunnel?.unit ?? [] };
    };
    const linesOf = (options: object) => {
        const { unit, tunnel } = planOf(options);
        return unitText([...unit, ...tunnel]).split("\n");
    };

    test("of the next generation of keys is another device at the port after, beside which the former one is let in", () => {
        const lines = linesOf({ port: 30_001, keyGeneration: 2 });
        expect(lines).toEqual(
            expect.arrayContaining([
                `nft forward 4-overlay: oifname ch-mesh-9078d iifname { ${DEVICE}, ${NEXT}, ${THIRD} } ip saddr 10.42.0.0/16 accept`,
                "nft input peers: udp dport 30002 ip saddr != { 192.168.0.2, 192.168.0.3 } drop",
                `route 10.42.2.0/24: dev ${NEXT} src 10.42.1.1`,
                `wireguard ${NEXT}: listen-port 30002 public-key ${keyOf("vm1")}`,
                `wireguard ${NEXT} peer ${keyOf("vm2")}: endpoint 192.168.0.2:30002 allowed-ips 10.42.2.0/24`,
            ]),
        );
        expect(linesOf({ port: 30_001, keyGeneration: 3 })).toContain(
            `wireguard ${THIRD}: listen-port 30001 public-key ${keyOf("vm1")}`,
        );
    });

    test("shares no entry with that of the next generation, which it would have to make room for", () => {
        const [first, second] = [1, 2].map((keyGeneration) =>
            exclusiveKeys(planOf({ keyGeneration }).tunnel),
        );
        expect(first).toContain(`link ${DEVICE}`);
        expect(second).toContain(`link ${NEXT}`);
        expect(second?.filter((key) => first?.includes(key))).toEqual([]);
    });
});

describe("an Overlay whose keys are rolled", () => {
    const mesh = (members: Host[], more: Partial<OverlayArgs>, name = "mesh") =>
        new Overlay(name, {
            hosts: members,
            cidr: "10.42.0.0/16",
            backend: { wireguard: {} },
            ...more,
        });
    /** A host in order, which has what WireGuard needs. */
    const there = () => {
        const address = [1, 2, 3].map((id) => `eth0 192.168.40.1${id}/24 1500`);
        const facts = { address, docker: ["28.5.2"], kernel: ["6.1.0"] };
        return answered({ facts: new Map(Object.entries(facts)) });
    };
    const stdinOf = async (name: string) => (await resource(name)).inputs["stdin"];

    beforeEach(() => {
        jest.spyOn(console, "log").mockReturnValue();
        jest.spyOn(console, "warn").mockReturnValue();
        jest.spyOn(console, "error").mockReturnValue();
        probed.mockResolvedValue(there());
    });
    afterEach(() => {
        jest.restoreAllMocks();
    });

    const rolled = (keyGeneration: number, port = 30_001) => ({
        backend: { wireguard: { port, keyGeneration } },
    });
    const toldOf = (device: string, ...names: string[]) =>
        Object.fromEntries(
            names.map((host) => [`mesh-${host}-key`, `public-key ${device}: ${keyOf(host)}\n`]),
        );

    test("has the next device in a unit of its own, and the former one's is wanted no more", async () => {
        await mockedStack({ printed: toldOf(NEXT, "vm1", "vm2") });
        mesh(hosts(2), rolled(2));
        expect(await stdinOf("mesh-vm1-key")).toContain(`private-key ${NEXT}: wireguard\n`);
        const { inputs } = await resource("mesh-vm1-tunnel2");
        expect(inputs["create"]).toBe(applyCommand(STACK, "tunnel2-mesh", undefined));
        expect(inputs["stdin"]).toContain(`wireguard ${NEXT} peer ${keyOf("vm2")}: `);
        const all = await settled();
        expect(all.map(({ name }) => name)).not.toContain("mesh-vm1-tunnel1");
    });

    test("goes on without a host that is down, whose key is of the generation before", async () => {
        const printed = { ...toldOf(NEXT, "vm1", "vm3"), ...toldOf(DEVICE, "vm2") };
        await mockedStack({ printed });
        probed
            .mockResolvedValueOnce(there())
            .mockResolvedValueOnce({ status: "unreachable", reason: "down" });
        const refused = await refusedAtRunTime(() => void mesh(hosts(3), rolled(2)));
        expect(refused.join()).toContain("vm2 was left unchanged: down");
        const all = await settled();
        const named = (name: string) => all.find((one) => one.name === name);
        const stdin = named("mesh-vm1-tunnel2")?.inputs["stdin"];
        expect(stdin).toContain(`peer ${keyOf("vm3")}: `);
        expect(stdin).not.toContain(keyOf("vm2"));
        expect([...(named("mesh-vm1")?.dependencies ?? [])].sort()).toEqual([
            "mesh-vm1-key",
            "mesh-vm1-tunnel2",
            "mesh-vm2-key",
            "mesh-vm3-key",
            "mesh-vm3-tunnel2",
        ]);
    });

    test("says in a preview who is left behind", async () => {
        const printed = { ...toldOf(NEXT, "vm1"), ...toldOf(DEVICE, "vm2") };
        await mockedStack({ preview: true, printed });
        const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue();
        mesh(hosts(2), rolled(2));
        await resources();
        expect(warn.mock.calls.map(([text]) => text)).toEqual([
            "the keys of vm2 are not of keyGeneration 2 yet: the other hosts have no tunnel to there until an `up` that reaches it",
        ]);
    });

    test("holds both ports, and needs a port after its own", async () => {
        await mockedStack({ printed: toldOf(NEXT, "vm1") });
        const members = hosts(1);
        mesh(members, rolled(2));
        const other = { cidr: "10.43.0.0/16", ...rolled(1, 30_002) };
        expect(refusal(() => mesh(members, other, "more"))).toContain(
            'backend.wireguard.port: UDP port 30002 on vm1 is already used by Overlay "mesh": choose another',
        );
        const last = { cidr: "10.44.0.0/16", ...rolled(2, 65_535) };
        expect(refusal(() => mesh(members, last, "last"))).toContain(
            "backend.wireguard.port: 65535 has no port after it, which every other keyGeneration needs: choose a lower one",
        );
        await resources();
    });
});
