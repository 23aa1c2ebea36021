import { FOREIGN } from "../../cli/kinds";
import { containersOf, lookupsOf, pairsOf } from "../../cli/reach";
import { topologyOf } from "../../cli/topology";
import { attachment, bridge, encrypted, host, overlay, stateOf, twelve } from "./states";

const mesh = overlay("mesh", ["vm1", "vm2"]);
const hosts = [...host("vm1", 11), ...host("vm2", 12)];

test("a topology has the hosts, networks and attachments of the state", () => {
    const topology = topologyOf(stateOf(twelve()));
    expect(topology).toMatchObject({ project: "crosshost", stack: "demo", unmade: [] });
    expect(topology.hosts.map(({ name, address }) => [name, address])).toEqual([
        ["vm1", "192.168.40.11"],
        ["vm2", "192.168.40.12"],
        ["vm3", "192.168.40.13"],
    ]);
    expect(
        topology.networks.map(({ name, kind, backend, mtu }) => [name, kind.word, backend, mtu]),
    ).toEqual([
        ["inner-1", "bridge", undefined, 1500],
        ["inner-2", "bridge", undefined, 1500],
        ["inner-3", "bridge", undefined, 1500],
        ["lan", "macvlan", undefined, 1500],
        ["mesh", "overlay", "vxlan", 1450],
    ]);
    expect(topology.attachments).toHaveLength(15);
    expect(topology.attachments[1]).toMatchObject({
        name: "cache-mesh-1",
        host: "vm1",
        container: "cache-1",
        network: { name: "mesh" },
        address: "10.42.1.201",
        aliases: [],
    });
});

test("bridges of one Docker name on two hosts are two networks", () => {
    const one = bridge("one", "vm1", "10.60.0.0/24", "lan");
    const two = bridge("two", "vm2", "10.60.0.0/24", "lan");
    const { attachments } = topologyOf(
        stateOf([
            ...hosts,
            one,
            two,
            attachment("a", "vm1", one, "10.60.0.9"),
            attachment("b", "vm2", two, "10.60.0.9"),
        ]),
    );
    expect(attachments.map(({ network }) => network.name)).toEqual(["one", "two"]);
});

test("a network of another stack is one for all that joined it", () => {
    const a = attachment("a", "vm1", mesh, "10.42.1.9");
    const b = attachment("b", "vm2", mesh, "10.42.2.9");
    const { networks, attachments } = topologyOf(stateOf([...hosts, a, b]));
    expect(networks).toHaveLength(1);
    expect(networks[0]).toMatchObject({
        name: "crosshost-demo-mesh",
        kind: FOREIGN,
        cidr: "10.42.0.0/16",
        mtu: 1450,
    });
    expect(Object.keys(networks[0]?.places ?? {})).toEqual(["vm1", "vm2"]);
    expect(attachments.map(({ network }) => network)).toEqual([networks[0], networks[0]]);
});

test("a LAN is one, whatever its NICs and bridges are called on the hosts", () => {
    const any = bridge("any", "vm1", "10.60.0.0/24");
    const onLan = (name: string, at: string, networkName: string, address: string) =>
        attachment(name, at, any, address, {
            networkName,
            networkCidr: "192.168.40.0/24",
            aliases: [],
            interface: { name: "eth1", on: "nic", addresses: [`${address}/24`] },
        });
    const { attachments, networks } = topologyOf(
        stateOf([
            ...hosts,
            onLan("web", "vm1", "br-lan1-9078d", "192.168.40.201"),
            onLan("db", "vm2", "br-lan2-9078d", "192.168.40.202"),
            onLan("api", "vm2", "enp1s0", "192.168.40.203"),
        ]),
    );
    expect(networks.map(({ name, kind }) => [name, kind.word])).toEqual([
        ["192.168.40.0/24", "LAN"],
    ]);
    expect(attachments.map(({ network }) => network)).toEqual([
        networks[0],
        networks[0],
        networks[0],
    ]);
});

test("interfaces of containers' own are on their Bridge's network, or on the LAN of a NIC", () => {
    const lan1 = bridge("lan1", "vm1", "10.60.0.0/24");
    const own = (name: string, at: string, on: string, ...addresses: string[]) =>
        attachment(name, at, lan1, addresses[0]?.replace(/\/.*/, "") ?? "", {
            networkName: on === "nic" ? "eth0" : "lan1",
            networkCidr: on === "nic" ? "192.168.40.0/24" : "10.60.0.0/24",
            aliases: [],
            interface: { name: "eth1", on, addresses },
        });
    const { attachments, networks, unmade } = topologyOf(
        stateOf([
            ...hosts,
            lan1,
            attachment("api", "vm1", lan1, "10.60.0.200"),
            own("db", "vm1", "bridge", "10.60.0.201/24", "10.77.0.1/16"),
            own("web", "vm1", "nic", "192.168.40.50/24"),
            own("printer", "vm2", "nic", "192.168.40.51/24"),
        ]),
    );
    expect(unmade).toEqual([]);
    expect(networks.map(({ name, kind, cidr }) => [name, kind.word, cidr])).toEqual([
        ["eth0", "LAN", "192.168.40.0/24"],
        ["lan1", "bridge", "10.60.0.0/24"],
        ["lan1", "LAN", "10.77.0.0/16"],
    ]);
    expect(
        attachments.map(({ name, address, network, named }) => [
            name,
            address,
            network.cidr,
            named,
        ]),
    ).toEqual([
        ["api", "10.60.0.200", "10.60.0.0/24", true],
        ["db", "10.60.0.201", "10.60.0.0/24", false],
        ["db", "10.77.0.1", "10.77.0.0/16", false],
        ["web", "192.168.40.50", "192.168.40.0/24", false],
        ["printer", "192.168.40.51", "192.168.40.0/24", false],
    ]);
    const containers = containersOf({
        project: "p",
        stack: "s",
        hosts: [],
        apart: [],
        networks,
        attachments,
        unmade,
    });
    const reached = pairsOf(containers)
        .filter(({ should }) => should === "reach")
        .map(({ from, to }) => `${from.name} -> ${to.name}`);
    expect(reached).toEqual(["api -> db", "db -> api", "web -> printer", "printer -> web"]);
    expect(lookupsOf(containers)).toEqual([]);
});

test("what an up that failed has not made is named and left out", () => {
    const empty = { type: "crosshost:index:ContainerAttachment", name: "api" };
    const half = {
        type: "crosshost:index:Overlay",
        name: "late",
        outputs: { cidr: "10.43.0.0/16" },
    };
    const topology = topologyOf(stateOf([...hosts, mesh, empty, half]));
    expect(topology.unmade).toEqual(['Overlay "late"', 'ContainerAttachment "api"']);
    expect(topology.networks.map(({ name }) => name)).toEqual(["mesh"]);
});

test("a host whose address is a secret is there without it", () => {
    const { hosts: found } = topologyOf(stateOf(host("vm1", 11, { address: encrypted() })));
    expect(found).toEqual([{ name: "vm1", address: "[secret]", become: undefined, gone: false }]);
});

test("a container's name that would be more than a name is not taken", () => {
    const evil = attachment("a", "vm1", mesh, "10.42.1.9", { containerName: "a; reboot" });
    expect(topologyOf(stateOf([...hosts, mesh, evil])).unmade).toEqual(['ContainerAttachment "a"']);
});

test("a stack without hosts is refused", () => {
    expect(() => topologyOf(stateOf([mesh]))).toThrow(
        "the stack demo has no Host in its state: run `pulumi up` first",
    );
    expect(() => topologyOf(stateOf([]))).toThrow("the stack has no Host in its state");
});
