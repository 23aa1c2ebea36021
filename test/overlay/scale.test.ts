// What grows with the number of hosts, and by how much: per host one line of each kind for each peer, and nothing else.
import { ContainerAttachment, Overlay } from "../../components";
import { layOut, planMember } from "../../components/overlay/plan";
import { BACKENDS } from "../../components/overlay/backends";
import { probe } from "../../components/remote/probe";
import { unitText } from "../../components/wire/unit";
import { answered, hosts, IDENTITY, overlaySpec, planned } from "../support/builders";
import { made, mockedStack } from "../support/mocks";

jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

const MANY = [16, 32, 64];

interface Member {
    readonly lines: readonly string[];
    readonly text: string;
    readonly flows: number;
}

/** All hosts of an overlay, with keys where the backend wants them. */
function members(backend: string, switched: boolean, count: number): Member[] {
    const all = Array.from({ length: count }, (_, at) => planned(`vm${at + 1}`));
    const spec = overlaySpec({ backend: { [backend]: {} }, switched });
    const { layout } = layOut(IDENTITY, "mesh", spec, all);
    const each = (value: (at: number) => string) =>
        Object.fromEntries(all.map(({ name }, at) => [name, value(at)]));
    const underlays = each((at) => `192.168.40.${at + 11}`);
    const keys = each((at) => Buffer.alloc(32, at + 1).toString("base64"));
    return all.map(({ name }) => {
        const { unit, flows } = planMember(layout, name, underlays, keys);
        const text = unitText(unit);
        return { lines: text.split("\n").filter(Boolean), text, flows: flows.length };
    });
}

/** Of the kinds of lines, how many there are on the first host. */
function kinds([first]: readonly Member[]): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const line of first?.lines ?? []) {
        const kind = line.split(" ")[0] ?? "";
        counts[kind] = (counts[kind] ?? 0) + 1;
    }
    return counts;
}

/** What lists all peers: those that may send, and the ports that the gateway is kept off. */
const LISTS = 1;
const LISTS_OF_PORTS = LISTS + 2;

describe.each<[string, boolean, number]>([
    ...Object.keys(BACKENDS).map((name): [string, boolean, number] => [name, false, LISTS]),
    ["vxlan", true, LISTS],
    ["geneve", true, LISTS_OF_PORTS],
    ["gre", true, LISTS_OF_PORTS],
])("a host of an overlay by %s, switched: %s", (backend, switched, lists) => {
    const PEERS = 2;
    const few = kinds(members(backend, switched, PEERS + 1));
    const fewer = kinds(members(backend, switched, PEERS));
    /** Lines of each kind that one host more adds. */
    const more = (kind: string) => (few[kind] ?? 0) - (fewer[kind] ?? 0);

    test.each(MANY)("has of each kind of line at most one for each of %d hosts", (count) => {
        const found = kinds(members(backend, switched, count));
        expect(Object.keys(found).sort()).toEqual(Object.keys(few).sort());
        for (const [kind, lines] of Object.entries(found)) {
            expect(more(kind)).toBeLessThanOrEqual(1);
            expect([kind, lines]).toEqual([
                kind,
                (few[kind] ?? 0) + more(kind) * (count - 1 - PEERS),
            ]);
        }
    });

    test.each(MANY)("sees one small change when one joins %d", (count) => {
        const before = members(backend, switched, count);
        const after = members(backend, switched, count + 1);
        const added = Object.keys(few).reduce((sum, kind) => sum + more(kind), 0);
        before.forEach(({ lines, flows }, at) => {
            const now = after[at];
            const gone = lines.filter((line) => !now?.lines.includes(line));
            const come = now?.lines.filter((line) => !lines.includes(line)) ?? [];
            expect(gone.length).toBeLessThanOrEqual(lists);
            expect(come).toHaveLength(gone.length + added);
            expect((now?.flows ?? NaN) - flows).toBeLessThanOrEqual(1);
        });
    });

    it("takes room in the state that is linear in hosts, within a tenth", () => {
        const [sixteen = NaN, , sixtyFour = NaN] = MANY.map((count) => {
            const sizes = members(backend, switched, count).map(({ text }) => text.length);
            return Math.max(...sizes);
        });
        expect(sixtyFour / sixteen).toBeLessThan(4 * 1.1);
        expect(sixtyFour).toBeLessThan(24 * 1024);
    });
});

test("a host has as many resources among six as among three, and waits for as many", async () => {
    const counted = async (count: number) => {
        await mockedStack();
        jest.mocked(probe).mockResolvedValue(answered());
        const all = hosts(count);
        const network = new Overlay("mesh", {
            hosts: all,
            cidr: "10.42.0.0/16",
            backend: { vxlan: {} },
        });
        all.forEach((host, at) => {
            const container = { image: "registry.example/app:1" };
            new ContainerAttachment(`app-vm${at + 1}`, { host, network, container });
        });
        const found = await made();
        return all.map((_, at) => {
            const of = new RegExp(`(^|-)vm${at + 1}(-|$)`);
            const own = found.filter(({ name }) => of.test(name));
            return {
                resources: own.length,
                others: own.flatMap(({ dependencies }) =>
                    dependencies.filter((name) => /vm\d/.test(name) && !of.test(name)),
                ),
            };
        });
    };
    const three = await counted(3);
    const six = await counted(6);
    expect(new Set([...three, ...six].map(({ resources }) => resources)).size).toBe(1);
    expect([...three, ...six].flatMap(({ others }) => others)).toEqual([]);
});
