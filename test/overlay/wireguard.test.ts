import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { type Host, Overlay, type OverlayArgs } from "../../components";
import { layOut, type OverlayLayout, planMember } from "../../components/overlay/plan";
import { applyCommand, deleteCommand } from "../../components/remote/commands";
import { probe } from "../../components/remote/probe";
import { unitText } from "../../components/wire/unit";
import {
    answered,
    host,
    hosts,
    IDENTITY,
    overlaySpec,
    planned,
    refusal,
} from "../support/builders";
import { keyOf } from "../support/publicKeys";
import { made, mockedStack, resource, resources, settled } from "../support/mocks";
import { refusedAtRunTime } from "../support/refused";

jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));
const probed = jest.mocked(probe);

const STACK = "crosshost-demo-79f8e4";
const DEVICE = "wg-mesh-9078d";
/** Of the second generation. */
const NEXT = "wg-mesh2-823fa";
const KEY_ENTRY = `private-key ${DEVICE}: wireguard\n`;

function laidOut(backend: object, names: readonly string[], stack = "demo", name = "mesh") {
    const identity = { ...IDENTITY, stack };
    const { layout, problems } = layOut(
        identity,
        name,
        overlaySpec({ backend }),
        names.map((host) => planned(host)),
    );
    expect(problems).toEqual([]);
    const underlays = Object.fromEntries(names.map((host, at) => [host, `192.168.0.${at + 1}`]));
    return { layout, underlays };
}

/** Both units of a host, in one text. */
function textOf(
    layout: OverlayLayout,
    host: string,
    underlays: Record<string, string>,
    keys: Record<string, string> = {},
): string {
    const { unit, tunnel } = planMember(layout, host, underlays, keys);
    return unitText([...unit, ...(tunnel?.unit ?? [])]);
}

function own(text: string): string[] {
    return text.split("\n").filter((line) => /wg-mesh|nft input|underlay|redirects/.test(line));
}

describe("the plan", () => {
    const names = ["vm1", "vm2", "vm3"];
    const keys = Object.fromEntries(names.map((host) => [host, keyOf(host)]));
    const unitOf = (backend: object, known: Record<string, string> = keys) => {
        const { layout, underlays } = laidOut(backend, names);
        return textOf(layout, "vm1", underlays, known);
    };
    const peer = (host: string) => `wireguard ${DEVICE} peer ${keyOf(host)}`;

    test("of one host of three: a device, and a route and a peer for each other host", () => {
        expect(own(unitOf({ wireguard: { port: 30_001 } })).sort()).toEqual(
            [
                `addr ${DEVICE} 192.0.0.8/32: scope global`,
                `iptables DOCKER-USER ${DEVICE}: -s 10.42.0.0/16 -i ${DEVICE} -o ch-mesh-9078d -j ACCEPT`,
                `iptables DOCKER-USER ${DEVICE}-out: -i ch-mesh-9078d -o ${DEVICE} -j ACCEPT`,
                `link ${DEVICE}: wireguard mtu 1440`,
                `nft forward 4-overlay: oifname ch-mesh-9078d iifname { ${DEVICE}, ${NEXT} } ip saddr 10.42.0.0/16 accept`,
                "nft input no-ipv6: meta nfproto ipv6 udp dport 30001 drop",
                "nft input peers: udp dport 30001 ip saddr != { 192.168.0.2, 192.168.0.3 } drop",
                `route 10.42.2.0/24: dev ${DEVICE} src 10.42.1.1`,
                `route 10.42.3.0/24: dev ${DEVICE} src 10.42.1.1`,
                "sysctl net.ipv4.conf.all.send_redirects: 0",
                `sysctl net.ipv4.conf.${DEVICE}.rp_filter: 2`,
                "underlay 192.168.0.1: mtu 1500",
                `wireguard ${DEVICE}: listen-port 30001 public-key ${keyOf("vm1")}`,
                `${peer("vm2")}: endpoint 192.168.0.2:30001 allowed-ips 10.42.2.0/24`,
                `${peer("vm3")}: endpoint 192.168.0.3:30001 allowed-ips 10.42.3.0/24`,
            ].sort(),
        );
    });

    test("has all but peers as long as their keys are not known", () => {
        const before = own(unitOf({ wireguard: { port: 30_001 } }, {}));
        expect(before).toContain(`wireguard ${DEVICE}: listen-port 30001`);
        expect(before).toContain(`route 10.42.3.0/24: dev ${DEVICE} src 10.42.1.1`);
        expect(before.filter((line) => line.includes(" peer "))).toEqual([]);
    });

    test("keeps a way through firewalls open where it is told to", () => {
        expect(unitOf({ wireguard: { keepalive: 25 } })).toMatch(
            /allowed-ips 10\.42\.3\.0\/24 persistent-keepalive 25$/m,
        );
    });

    test("a host behind NAT calls all others, which know no address of it and let its packets in from any", () => {
        const backend = { wireguard: { port: 30_001, behindNat: ["vm3"] } };
        const reachable = own(unitOf(backend));
        expect(reachable).toContain(`${peer("vm3")}: allowed-ips 10.42.3.0/24`);
        expect(reachable).toContain(
            `${peer("vm2")}: endpoint 192.168.0.2:30001 allowed-ips 10.42.2.0/24`,
        );
        expect(reachable).toContain(`route 10.42.3.0/24: dev ${DEVICE} src 10.42.1.1`);
        expect(reachable.filter((line) => line.startsWith("nft input peers"))).toEqual([]);

        const { layout, underlays } = laidOut(backend, names);
        const behind = own(textOf(layout, "vm3", underlays, keys));
        for (const [at, to] of [
            [1, "vm1"],
            [2, "vm2"],
        ] as const) {
            expect(behind).toContain(
                `${peer(to)}: endpoint 192.168.0.${at}:30001 allowed-ips 10.42.${at}.0/24 persistent-keepalive 25`,
            );
        }
        expect(behind).toContain(
            "nft input peers: udp dport 30001 ip saddr != { 192.168.0.1, 192.168.0.2 } drop",
        );
        // no firewall there has to let anybody in first
        const asked = (member: string) =>
            planMember(layout, member, underlays, keys).tunnel?.flows.flatMap((flow) =>
                flow.kind === "udp" ? [flow.from] : [],
            );
        expect(asked("vm3")).toEqual([[]]);
        expect(asked("vm1")).toEqual([["192.168.0.2"]]);
    });

    test("two hosts behind NAT have neither peer nor route for one another, and their own keepalive if told", () => {
        const backend = { wireguard: { keepalive: 20, behindNat: ["vm1", "vm3"] } };
        const lines = own(unitOf(backend));
        expect(lines.filter((line) => / peer |^route /.test(line))).toEqual([
            `route 10.42.2.0/24: dev ${DEVICE} src 10.42.1.1`,
            expect.stringMatching(/vm|endpoint 192\.168\.0\.2:\d+ .* persistent-keepalive 20$/),
        ]);
    });

    test("a port that is derived is of the stack and the name, below the ephemeral ones", () => {
        const portOf = (name: string, stack?: string) => {
            const { layout, underlays } = laidOut({ wireguard: {} }, ["vm1"], stack, name);
            const { tunnel } = planMember(layout, "vm1", underlays);
            return tunnel?.flows.flatMap((flow) => (flow.kind === "udp" ? flow.port : []))[0] ?? 0;
        };
        fc.assert(
            fc.property(fc.stringMatching(/^[a-z]{1,9}$/), (name) => {
                expect(portOf(name)).toBeGreaterThanOrEqual(30_000);
                expect(portOf(name)).toBeLessThan(32_768);
            }),
        );
        expect(portOf("mesh")).toBe(portOf("mesh"));
        expect(new Set([portOf("mesh"), portOf("more"), portOf("mesh", "prod")]).size).toBe(3);
    });
});

describe("an Overlay by it", () => {
    const mesh = (members: Host[], more: Partial<OverlayArgs> = {}, name = "mesh") =>
        new Overlay(name, {
            hosts: members,
            cidr: "10.42.0.0/16",
            backend: { wireguard: { port: 30_001 } },
            ...more,
        });
    const said = (...names: string[]) =>
        Object.fromEntries(
            names.map((host) => [
                `mesh-${host}-key`,
                `Welcome to ${host}\nkey-mesh: 1 of its entries changed\npublic-key ${DEVICE}: ${keyOf(host)}\n`,
            ]),
        );
    const stdinOf = async (name: string) => (await resource(name)).inputs["stdin"];
    /** A host in order, which has what WireGuard needs. */
    const there = (more: Record<string, string[]> = {}) =>
        answered({
            absent: "t7",
            facts: new Map(
                Object.entries({
                    address: [
                        "eth0 192.168.40.11/24 1500",
                        "eth0 192.168.40.12/24 1500",
                        "eth0 192.168.40.13/24 1500",
                    ],
                    docker: ["28.5.2"],
                    kernel: ["6.1.0"],
                    ...more,
                }),
            ),
        });

    beforeEach(() => {
        jest.spyOn(console, "log").mockReturnValue();
        jest.spyOn(console, "warn").mockReturnValue();
        jest.spyOn(console, "error").mockReturnValue();
        probed.mockResolvedValue(there());
    });
    afterEach(() => {
        jest.restoreAllMocks();
    });

    test("has each host make a key first, by a command that waits for no other host's", async () => {
        await mockedStack({ printed: said("vm1", "vm2") });
        mesh(hosts(2));
        const { inputs, dependencies, parent } = await resource("mesh-vm1-key");
        expect(inputs).toMatchObject({
            create: applyCommand(STACK, "key-mesh", undefined),
            delete: deleteCommand(STACK, "key-mesh", undefined),
            logging: "none",
        });
        expect(inputs["stdin"]).toMatch(
            new RegExp(`^${KEY_ENTRY}seen: t7\nowner: crosshost/demo mesh-vm1-key \\w+\n$`),
        );
        expect([dependencies, parent]).toEqual([["vm1-converger"], "mesh"]);
    });

    test("tells each host the keys of all, and itself", async () => {
        await mockedStack({ printed: said("vm1", "vm2") });
        mesh(hosts(2));
        const stdin = await stdinOf("mesh-vm1-tunnel1");
        expect(stdin).toContain(`listen-port 30001 public-key ${keyOf("vm1")}\n`);
        expect(stdin).toContain(
            `wireguard ${DEVICE} peer ${keyOf("vm2")}: endpoint 192.168.40.12:30001 allowed-ips 10.42.2.0/24\n`,
        );
        const dependenciesOf = async (name: string) =>
            [...(await resource(name)).dependencies].sort();
        const keys = ["mesh-vm1-key", "mesh-vm2-key"];
        expect(await dependenciesOf("mesh-vm1-tunnel1")).toEqual(keys);
        // nobody sends by a device before all have theirs
        expect(await dependenciesOf("mesh-vm1")).toEqual([
            "mesh-vm1-key",
            "mesh-vm1-tunnel1",
            "mesh-vm2-key",
            "mesh-vm2-tunnel1",
        ]);
    });

    test("has three resources for a host, whatever their number, and other backends one", async () => {
        await mockedStack();
        mesh(hosts(6));
        expect(await made()).toHaveLength(24);
        await mockedStack();
        mesh(hosts(6), { backend: { vxlan: {} } });
        expect(await made()).toHaveLength(12);
    });

    test("says in a preview whose keys are still to be made, and shows a word in their place", async () => {
        await mockedStack({ preview: true, printed: said("vm1") });
        const info = jest.spyOn(pulumi.log, "info").mockResolvedValue();
        mesh(hosts(3));
        expect(await stdinOf("mesh-vm1-tunnel1")).toContain(
            `wireguard ${DEVICE} peer made-by-vm2: endpoint 192.168.40.12:30001 allowed-ips 10.42.2.0/24\n`,
        );
        expect(await stdinOf("mesh-vm2-tunnel1")).toContain(`peer ${keyOf("vm1")}: endpoint`);
        expect(await stdinOf("mesh-vm2-key")).toContain(KEY_ENTRY);
        expect(info.mock.calls.map(([text]) => text)).toEqual([
            "the keys of vm2, vm3 are made by the next `pulumi up`, and shown as made-by-vm2, made-by-vm3 until then",
        ]);
    });

    test("behind NAT are only hosts of its own, and of two a preview says that they do not meet", async () => {
        await mockedStack({ preview: true, printed: said("vm1", "vm2", "vm3") });
        const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue();
        const behind = (behindNat: string[]) => ({
            backend: { wireguard: { port: 30_001, behindNat } },
        });
        expect(refusal(() => mesh(hosts(3), behind(["vm9", "vm2", "vm2"])))).toEqual(
            expect.stringMatching(
                /backend\.wireguard\.behindNat: "vm9" is none of its hosts: vm1, vm2, vm3[^]*backend\.wireguard\.behindNat: "vm2" stands there twice/,
            ),
        );
        await mockedStack({ preview: true, printed: said("vm1", "vm2", "vm3") });
        mesh(hosts(3), behind(["vm2", "vm3"]));
        await resources();
        expect(warn.mock.calls.map(([text]) => text)).toEqual([
            "vm2 and vm3 are both behind NAT, so their containers do not reach each other: make one of them reachable at its address, and take it out of backend.wireguard.behindNat",
        ]);
    });

    test("says nothing of keys that the state has", async () => {
        await mockedStack({ preview: true, printed: said("vm1", "vm2") });
        const info = jest.spyOn(pulumi.log, "info").mockResolvedValue();
        mesh(hosts(2));
        expect(await stdinOf("mesh-vm2-tunnel1")).toContain(keyOf("vm1"));
        expect(info).not.toHaveBeenCalled();
    });

    test("is refused in a preview before any key is known: what kernels and hosts lack, ports taken", async () => {
        await mockedStack({ preview: true });
        probed.mockResolvedValue(
            there({
                lacks: ["wireguard"],
                without: ["wg"],
                listens: ["udp 0.0.0.0 30001 dnsmasq 7"],
            }),
        );
        expect(await refusedAtRunTime(() => void mesh(hosts(1)))).toEqual([
            [
                'Overlay "mesh" cannot be applied on vm1:',
                "its kernel, 6.1.0, has no wireguard: install wireguard-go or its extra modules (linux-modules-extra on Ubuntu), boot another, or choose another backend",
                "it has no program wg: apt install wireguard-tools, or choose another backend",
                "UDP port 30001 is taken by dnsmasq (pid 7): choose another backend.wireguard.port, or stop it",
            ].join("\n    "),
        ]);
    });

    test("goes on without a host that is down: its key stays in the state, and nobody waits for it", async () => {
        await mockedStack({ printed: said("vm1", "vm2") });
        probed
            .mockResolvedValueOnce(there())
            .mockResolvedValueOnce({ status: "unreachable", reason: "down" });
        const refused = await refusedAtRunTime(() => void mesh(hosts(2)));
        expect(refused.join()).toContain("vm2 was left unchanged: down");
        const all = await settled();
        expect(all.map(({ name }) => name).filter((name) => name.startsWith("mesh-"))).toEqual(
            expect.arrayContaining(["mesh-vm1-key", "mesh-vm2-key", "mesh-vm1"]),
        );
        const ofDown = all.find(({ name }) => name === "mesh-vm2-key");
        expect(ofDown?.dependencies).toEqual([]);
        const args = { custom: true, type: "", name: "", props: {}, opts: {} };
        const transformed = await ofDown?.transforms[0]?.(args);
        expect(transformed?.opts.ignoreChanges).toEqual([
            "stdin",
            "connection",
            "create",
            "delete",
        ]);
        const ofUp = all.find(({ name }) => name === "mesh-vm1-key");
        expect(await ofUp?.transforms[0]?.(args)).toBeUndefined();
        expect(all.find(({ name }) => name === "mesh-vm1-tunnel1")?.inputs["stdin"]).toContain(
            `peer ${keyOf("vm2")}: `,
        );
    });

    test("is shown in a preview for those of its hosts that let us in", async () => {
        await mockedStack({ preview: true });
        probed
            .mockResolvedValueOnce(there())
            .mockResolvedValueOnce({ status: "refused", reason: "it does not let root in" });
        const refused = await refusedAtRunTime(() => void mesh(hosts(2)));
        expect(refused).toEqual(["vm2: it does not let root in"]);
        const all = await settled();
        const stdin = all.find(({ name }) => name === "mesh-vm1-tunnel1")?.inputs["stdin"];
        expect(stdin).toContain(`wireguard ${DEVICE} peer made-by-vm2: endpoint `);
    });

    test("that has a host which is gone has no peer there", async () => {
        await mockedStack({ printed: said("vm1", "vm2") });
        mesh([host("vm1", 11), host("vm2", 12, { gone: true }), host("vm3", 13)]);
        const all = await settled();
        const ofGone = all.find(({ name }) => name === "mesh-vm2-key");
        expect(ofGone?.inputs).not.toHaveProperty("create");
        const stdin = all.find(({ name }) => name === "mesh-vm1-tunnel1")?.inputs["stdin"];
        expect(stdin).not.toContain(keyOf("vm2"));
        expect(stdin).toContain(`listen-port 30001 public-key ${keyOf("vm1")}`);
    });

    test("shares its port with no overlay of another backend on a host, whichever comes first", async () => {
        await mockedStack({ printed: said("vm1", "vm2") });
        const members = hosts(1);
        const backend = { vxlan: { port: 30_001 } };
        mesh(members);
        expect(refusal(() => mesh(members, { cidr: "10.43.0.0/16", backend }, "more"))).toContain(
            'backend.vxlan.port: UDP port 30001 on vm1 is already used by Overlay "mesh": choose another',
        );
        const others = [host("vm4", 14)];
        mesh(others, { cidr: "10.44.0.0/16", backend }, "one");
        mesh(others, { cidr: "10.45.0.0/16", backend }, "two");
        expect(refusal(() => mesh(others, { cidr: "10.46.0.0/16" }, "three"))).toContain(
            "backend.wireguard.port: UDP port 30001 on vm4 is already used by overlays with vxlan: choose another",
        );
        await resources();
    });

    test("shares its port with no other overlay of a host", async () => {
        await mockedStack({ printed: said("vm1", "vm2") });
        const members = hosts(2);
        mesh(members);
        expect(refusal(() => mesh(members, { cidr: "10.43.0.0/16" }, "more"))).toContain(
            'backend.wireguard.port: UDP port 30001 on vm1 is already used by Overlay "mesh": choose another',
        );
        await resources();
    });
});
