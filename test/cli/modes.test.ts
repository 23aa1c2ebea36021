import { layOut } from "../../cli/graph/layout";
import { mermaidOf } from "../../cli/graph/mermaid";
import { pageOf } from "../../cli/graph/page";
import { containersOf, lookupsOf, pairsOf } from "../../cli/reach";
import { topologyOf } from "../../cli/topology";
import { attachment, host, overlay, stateOf } from "./states";

const mesh = overlay("mesh", ["vm1", "vm2"]);

function apart(name: string, mode: string, joins?: string, on = "vm1") {
    const outputs = { hostName: on, containerName: name, mode, ipv4Address: "", joins };
    return { type: "crosshost:index:ContainerAttachment", name, outputs };
}

/** web, whose network side has, whose network shell has; and three in no network. */
const topology = topologyOf(
    stateOf([
        ...host("vm1", 11),
        ...host("vm2", 12),
        ...host("vm3", 13, { gone: true }),
        mesh,
        attachment("web", "vm1", mesh, "10.42.1.9"),
        attachment("db", "vm2", mesh, "10.42.2.9"),
        apart("shell", "container", "side"),
        apart("side", "container", "web"),
        apart("guest", "container", "vpn"),
        apart("edge", "host"),
        apart("batch", "none"),
        apart("old", "bridge"),
        apart("lost", "host", undefined, "vm3"),
    ]),
);
const containers = containersOf(topology);
const named = (name: string) => containers.filter((one) => one.name === name);

test("a container that has another's network has its places, and no names", () => {
    expect(topology.unmade).toEqual([]);
    for (const name of ["side", "shell"]) {
        expect(named(name)[0]?.attachments).toMatchObject([
            { address: "10.42.1.9", network: { name: "mesh" }, aliases: [] },
        ]);
    }
    const lookups = lookupsOf(containers).map(({ from, name }) => `${from.name} finds ${name}`);
    expect(lookups.sort()).toEqual([
        "db finds web",
        "shell finds db",
        "shell finds web",
        "side finds db",
        "side finds web",
        "web finds db",
    ]);
});

test("it is asked for all others, and others for the one that the address is of", () => {
    const pairs = pairsOf(containers).map(({ from, to }) => `${from.name} -> ${to.container}`);
    expect(pairs.sort()).toEqual([
        "db -> web",
        "shell -> db",
        "shell -> web",
        "side -> db",
        "side -> web",
        "web -> db",
    ]);
});

test("what is in no network is asked for nothing", () => {
    const none = ["guest", "edge", "batch", "old"].flatMap(named);
    expect(none).toEqual([]);
});

test("pictures have all of them, each with its mode", () => {
    const texts = layOut(topology).labels.map(({ text }) => text);
    for (const [name, mode] of [
        ["side", "the network of web"],
        ["shell", "the network of side"],
        ["guest", "the network of vpn"],
        ["edge", "the host's network"],
        ["batch", "no network"],
        ["old", "Docker's own bridge"],
    ] as const) {
        expect(texts[texts.indexOf(name) + 1]).toBe(mode);
        expect(mermaidOf(topology)).toMatch(
            new RegExp(`"${name}<br>(10\\.42\\.1\\.9<br>)?${mode}"`),
        );
    }
    expect(texts).not.toContain("lost");
    expect(pageOf(topology, layOut(topology))).toContain("9 containers");
});
