import { type Container, containersOf, lookupsOf, pairsOf } from "../../cli/reach";
import { topologyOf } from "../../cli/topology";
import { attachment, bridge, host, macvlan, overlay, stateOf, twelve } from "./states";

type Resources = Parameters<typeof stateOf>[0];

function containers(resources: Resources): Container[] {
    return containersOf(topologyOf(stateOf(resources)));
}

/** `a -> b`: the word for each pair. */
function table(resources: Resources): Record<string, string> {
    return Object.fromEntries(
        pairsOf(containers(resources)).map(({ from, to, should }) => [
            `${from.name} -> ${to.name}`,
            should,
        ]),
    );
}

function lookups(resources: Resources): Record<string, readonly string[]> {
    return Object.fromEntries(
        lookupsOf(containers(resources)).map(({ from, name, addresses }) => [
            `${from.name}: ${name}`,
            addresses,
        ]),
    );
}

const hosts = [...host("vm1", 11), ...host("vm2", 12)];
const mesh = overlay("mesh", ["vm1", "vm2"]);
const other = overlay("other", ["vm1", "vm2"], "10.43.0.0/16");
const lan = bridge("lan", "vm1", "10.60.0.0/24");
const lan2 = bridge("lan2", "vm2", "10.60.0.0/24");

describe("by address", () => {
    test("containers of one network reach each other, on whatever host, and others are kept out", () => {
        const a = attachment("a", "vm1", mesh, "10.42.1.9");
        const b = attachment("b", "vm2", mesh, "10.42.2.9");
        const c = attachment("c", "vm2", other, "10.43.2.9");
        expect(table([...hosts, mesh, other, a, b, c])).toEqual({
            "a -> b": "reach",
            "b -> a": "reach",
            "a -> c": "be kept out",
            "b -> c": "be kept out",
            "c -> a": "be kept out",
            "c -> b": "be kept out",
        });
    });

    test("a container on two networks reaches both, and joins them for nobody else", () => {
        const a = attachment("a", "vm1", mesh, "10.42.1.9");
        const both = [
            attachment("both-mesh", "vm1", mesh, "10.42.1.10", { containerName: "both" }),
            attachment("both-lan", "vm1", lan, "10.60.0.10", { containerName: "both" }),
        ];
        const c = attachment("c", "vm1", lan, "10.60.0.9");
        expect(table([...hosts, mesh, lan, a, ...both, c])).toEqual({
            "a -> both-mesh": "reach",
            "a -> both-lan": "be kept out",
            "a -> c": "be kept out",
            "both -> a": "reach",
            "both -> c": "reach",
            "c -> both-lan": "reach",
            "c -> both-mesh": "be kept out",
            "c -> a": "be kept out",
        });
    });

    test("where two networks use one range, a ping tells nothing of the other", () => {
        const twin = bridge("twin", "vm2", "10.60.0.0/24");
        const a = attachment("a", "vm1", lan, "10.60.0.9");
        const b = attachment("b", "vm2", twin, "10.60.0.9");
        const c = attachment("c", "vm2", twin, "10.60.0.10");
        expect(table([...hosts, lan, twin, a, b, c])).toMatchObject({
            "a -> b": "not judged",
            "a -> c": "be kept out",
            "c -> a": "not judged",
            "b -> c": "reach",
        });
    });

    test("what gets into a network of another stack is not ours to judge", () => {
        const a = attachment("a", "vm1", lan, "10.60.0.9");
        const visitor = attachment("visitor", "vm1", mesh, "10.42.1.9");
        expect(table([...hosts, lan, a, visitor])).toEqual({
            "a -> visitor": "not judged",
            "visitor -> a": "be kept out",
        });
    });

    test("containers of a LAN reach each other on all hosts; who else reaches them is the LAN's to say", () => {
        const wire = macvlan("wire", ["vm1", "vm2"]);
        const a = attachment("a", "vm1", wire, "192.168.40.100");
        const b = attachment("b", "vm2", wire, "192.168.40.200");
        const c = attachment("c", "vm2", lan2, "10.60.0.9");
        expect(table([...hosts, wire, lan2, a, b, c])).toEqual({
            "a -> b": "reach",
            "b -> a": "reach",
            "a -> c": "be kept out",
            "b -> c": "be kept out",
            "c -> a": "not judged",
            "c -> b": "not judged",
        });
    });

    test.each([
        ["bridge", "reach", "reach"],
        ["private", "be kept out", "reach"],
        ["vepa", "not judged", "reach"],
        ["l2", "reach", "reach"],
        ["l3", "reach", "not judged"],
    ])("containers of a LAN in mode %s: %s on one host, %s between hosts", (mode, near, far) => {
        const wire = macvlan("wire", ["vm1", "vm2"], { mode });
        const a = attachment("a", "vm1", wire, "192.168.40.100");
        const b = attachment("b", "vm1", wire, "192.168.40.101");
        const c = attachment("c", "vm2", wire, "192.168.40.200");
        expect(table([...hosts, wire, a, b, c])).toMatchObject({
            "a -> b": near,
            "b -> a": near,
            "a -> c": far,
            "c -> a": far,
        });
    });

    test("containers on a machine that is no more are left out", () => {
        const dead = [...host("vm1", 11), ...host("vm2", 12, { gone: true })];
        const a = attachment("a", "vm1", mesh, "10.42.1.9");
        const b = attachment("b", "vm2", mesh, "10.42.2.9");
        expect(table([...dead, mesh, a, b])).toEqual({});
    });

    test("twelve containers on three hosts are asked for all of each other's addresses", () => {
        const pairs = pairsOf(containers(twelve()));
        expect(pairs).toHaveLength(12 * 15 - 15);
        // 6 containers on the mesh ask for 5 others, 3 on the LAN for 2; on each bridge two for one another.
        expect(pairs.filter(({ should }) => should === "reach")).toHaveLength(
            6 * 5 + 3 * 2 + 3 * 2,
        );
        expect(pairs.filter(({ should }) => should === "not judged")).toHaveLength(9 * 3);
    });
});

describe("by name", () => {
    test("containers find those of their network, by name and aliases, on all of its hosts", () => {
        const a = attachment("a", "vm1", mesh, "10.42.1.9", {
            containerName: "app",
            aliases: ["a", "www"],
        });
        const b = attachment("b", "vm1", mesh, "10.42.1.10");
        const far = attachment("far", "vm2", mesh, "10.42.2.9");
        const stranger = attachment("stranger", "vm1", lan, "10.60.0.9");
        expect(lookups([...hosts, mesh, lan, a, b, far, stranger])).toEqual({
            "app: b": ["10.42.1.10"],
            "app: far": ["10.42.2.9"],
            "b: app": ["10.42.1.9"],
            "b: a": ["10.42.1.9"],
            "b: www": ["10.42.1.9"],
            "b: far": ["10.42.2.9"],
            "far: app": ["10.42.1.9"],
            "far: a": ["10.42.1.9"],
            "far: www": ["10.42.1.9"],
            "far: b": ["10.42.1.10"],
        });
    });

    test("a name that one of their own host has is that one's alone", () => {
        const aliases = ["www"];
        const a = attachment("a", "vm1", mesh, "10.42.1.9", { aliases });
        const b = attachment("b", "vm1", mesh, "10.42.1.10");
        const far = attachment("far", "vm2", mesh, "10.42.2.9", { aliases });
        const found = lookups([...hosts, mesh, a, b, far]);
        expect(found["b: www"]).toEqual(["10.42.1.9"]);
        expect(found["a: www"]).toEqual(["10.42.1.9"]);
    });

    test("a name that several have leads to any of them", () => {
        const aliases = ["www"];
        const a = attachment("a", "vm1", mesh, "10.42.1.9", { aliases });
        const b = attachment("b", "vm1", mesh, "10.42.1.10", { aliases });
        expect(lookups([...hosts, mesh, a, b])["a: www"]).toEqual(["10.42.1.9", "10.42.1.10"]);
    });
});
