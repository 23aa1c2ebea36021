import { seenOf } from "../../cli/import/host/collect";
import { importSeen } from "../../cli/import/host/host";

const BRIDGE = { linkinfo: { info_kind: "bridge", info_data: { stp_state: 0 } } };

function link(ifname: string, more: object = {}) {
    return { ifname, mtu: 1500, link_type: "ether", group: "default", ...more };
}

function vxlan(ifname: string, more: object = {}) {
    const info_data = { id: 7, local: "192.168.40.11", port: 8472, learning: true };
    return link(ifname, { linkinfo: { info_kind: "vxlan", info_data }, ...more });
}

function network(Name: string, more: object = {}) {
    return {
        Name,
        Id: "2e8c36038c56c766aa5429d08c853fce4d65ca57fb73a839e1e420535c820dac",
        Driver: "bridge",
        EnableIPv4: true,
        EnableIPv6: false,
        Internal: false,
        IPAM: { Driver: "default", Options: null, Config: [{ Subnet: "172.30.0.0/24" }] },
        Containers: {},
        Options: { "com.docker.network.enable_ipv4": "true" },
        Labels: {},
        ...more,
    };
}

interface Host {
    readonly links?: readonly object[];
    readonly addresses?: Readonly<Record<string, readonly string[]>>;
    readonly routes?: readonly object[];
    readonly fdb?: readonly object[];
    readonly daemon?: string;
    readonly networks?: readonly object[];
}

/** As the script prints it, behind what a login's start file has said. */
function printed(host: Host): string {
    const addresses = Object.entries(host.addresses ?? {}).map(([ifname, all]) => ({
        ifname,
        addr_info: all.map((one) => {
            const [local = "", prefix = ""] = one.split("/");
            return { family: "inet", local, prefixlen: Number(prefix) };
        }),
    }));
    const parts = {
        links: JSON.stringify(host.links ?? []),
        addresses: JSON.stringify(addresses),
        routes: JSON.stringify(host.routes ?? []),
        fdb: JSON.stringify(host.fdb ?? []),
        daemon: host.daemon ?? "",
        networks: JSON.stringify(host.networks ?? []),
    };
    const told = Object.entries(parts).map(
        ([name, text]) => `crosshost-import: ${name}\n${text}crosshost-import: ended 0\n`,
    );
    return ["Welcome!\n", ...told, "crosshost-import: whole\n"].join("");
}

function imported(host: Host): [program: string, left: string[]] {
    const { program, left } = importSeen("vm1", seenOf(printed(host)));
    const from = program.indexOf("});\n") + 4;
    return [program.slice(from).trim(), left.map((line) => line.replace("vm1: ", ""))];
}

describe("a bridge", () => {
    test("of the host's own is a Bridge with its address", () => {
        const host = {
            links: [
                link("br0", { ...BRIDGE, mtu: 9000 }),
                link("veth1", { master: "br0", linkinfo: { info_kind: "veth" } }),
            ],
            addresses: { br0: ["10.99.1.5/24", "10.98.0.1/16"] },
        };
        expect(imported(host)).toEqual([
            'new Bridge("br0", {\n    host,\n    cidr: "10.99.1.0/24",\n    gateway: "10.99.1.5",\n    mtu: 9000,\n});',
            ["bridge br0: 10.98.0.1/16: a Bridge has one IPv4 address of its own"],
        ]);
    });

    test("with a NIC is a Bridge with an uplink", () => {
        const bond = { master: "br0", linkinfo: { info_kind: "bond" } };
        const stp = { linkinfo: { info_kind: "bridge", info_data: { stp_state: 1 } } };
        const host = {
            links: [link("br0", stp), link("eth0", { master: "br0" }), link("bond0", bond)],
            addresses: { br0: ["192.168.40.11/24"] },
        };
        expect(imported(host)).toEqual([
            'new Bridge("br0", {\n    host,\n    cidr: "192.168.40.0/24",\n    uplink: "eth0",\n});',
            [
                "bridge br0: port bond0: a Bridge has one uplink",
                "bridge br0: stp_state: a Bridge has it off",
            ],
        ]);
    });

    test("without an address, of Docker's or of Crosshost's is none", () => {
        const dockers = "br-2e8c36038c56";
        const host = {
            links: [
                link("virbr0", BRIDGE),
                link("docker0", BRIDGE),
                link(dockers, BRIDGE),
                link("ch-mesh-0a1b2", { ...BRIDGE, group: "201" }),
            ],
            addresses: {
                docker0: ["172.17.0.1/16"],
                [dockers]: ["172.30.0.1/24"],
                "ch-mesh-0a1b2": ["10.42.1.1/16"],
            },
            networks: [network("web")],
        };
        expect(imported(host)).toEqual([
            'new Bridge("web", {\n    host,\n    cidr: "172.30.0.0/24",\n    dockerName: "web",\n});',
            [
                "bridge virbr0: has no IPv4 address, and a Bridge has one, which is its containers' gateway",
            ],
        ]);
    });
});

describe("a vxlan device", () => {
    test("with routes is an Overlay of the least network that has them", () => {
        const host = {
            links: [vxlan("flannel.7")],
            addresses: { "flannel.7": ["10.244.1.0/32"] },
            routes: [
                { dst: "10.244.2.0/24", dev: "flannel.7" },
                { dst: "10.244.5.0/24", dev: "flannel.7" },
                { dst: "default", dev: "eth0" },
            ],
            fdb: [
                { ifname: "flannel.7", dst: "192.168.40.13" },
                { ifname: "flannel.7", dst: "192.168.40.12" },
                { ifname: "eth0" },
            ],
        };
        expect(imported(host)).toEqual([
            'new Overlay("flannel.7", {\n    hosts: [host],\n    cidr: "10.244.0.0/21",\n    backend: { vxlan: { vni: 7, port: 8472 } },\n});',
            [
                "vxlan flannel.7: add the other hosts to `hosts`: it sends to 192.168.40.12, 192.168.40.13",
                "vxlan flannel.7: 10.244.0.0/21 is the least that has its routes: set `cidr` if it is larger",
            ],
        ]);
    });

    test("in a bridge is a switched Overlay of the bridge's network", () => {
        const host = {
            links: [link("br7", BRIDGE), vxlan("vx7", { master: "br7" })],
            addresses: { br7: ["10.77.0.1/16"] },
        };
        const [program, left] = imported(host);
        expect(program).toContain(
            'new Overlay("vx7", {\n    hosts: [host],\n    cidr: "10.77.0.0/16",\n    switched: true,',
        );
        expect(left).toEqual(["vxlan vx7: add the other hosts to `hosts`"]);
    });

    test("without both is none, and an error where there is nothing else", () => {
        expect(() => imported({ links: [vxlan("vx7")] })).toThrow(
            "vm1 has no network that Crosshost can make\nvm1: vxlan vx7: neither an address nor a route tells its network",
        );
    });
});

test("of other devices it is told what Crosshost has in their place", () => {
    const kinds = ["wireguard", "gre", "geneve", "macvlan", "openvswitch", "dummy"];
    const host = {
        links: kinds.map((info_kind) => link(`${info_kind}0`, { linkinfo: { info_kind } })),
        networks: [network("web")],
    };
    expect(imported(host)[1]).toEqual([
        "wireguard wireguard0: an Overlay with the backend `wireguard` is a mesh of such devices, with keys of its own",
        "gre gre0: an Overlay with the backend `gre` is a mesh of such tunnels",
        "geneve geneve0: an Overlay with the backend `geneve` is a mesh of such tunnels",
        "macvlan macvlan0: a Macvlan is Docker's network on a NIC; it makes no address for the host",
        "openvswitch openvswitch0: has no counterpart in Crosshost",
    ]);
});

test("Docker's networks are read as a compose file's, but for those of Docker and Crosshost", () => {
    const lan = {
        Driver: "macvlan",
        IPAM: {
            Config: [
                {
                    Subnet: "192.168.40.0/24",
                    IPRange: "192.168.40.192/26",
                    Gateway: "192.168.40.2",
                    AuxiliaryAddresses: { router: "192.168.40.193" },
                },
            ],
        },
        Options: { parent: "eth0.20" },
        Containers: { b: { Name: "web" }, a: { Name: "db" } },
    };
    const host = {
        networks: [
            network("bridge"),
            network("host", { Driver: "host", IPAM: { Config: null } }),
            network("demo-dev-mesh", { Labels: { crosshost: "demo-dev-1:overlay-mesh" } }),
            network("lan", lan),
            network("odd", {
                Options: { "com.docker.network.bridge.enable_icc": "false" },
                Internal: true,
            }),
        ],
    };
    expect(imported(host)).toEqual([
        [
            'new Macvlan("lan", {',
            "    hosts: [host],",
            '    parent: "eth0",',
            "    vlan: 20,",
            '    subnet: "192.168.40.0/24",',
            '    gateway: "192.168.40.2",',
            '    ipRange: "192.168.40.192/26",',
            '    reserved: ["192.168.40.193"],',
            '    dockerName: "lan",',
            "});",
            "",
            'new Bridge("odd", {',
            "    host,",
            '    cidr: "172.30.0.0/24",',
            '    dockerName: "odd",',
            "});",
        ].join("\n"),
        [
            "Docker: networks.odd.internal: a Bridge always lets its containers out",
            "Docker: networks.odd.driver_opts.com.docker.network.bridge.enable_icc: is not known to this import",
            "Docker: networks.lan: has db, web: give each a ContainerAttachment",
        ],
    ]);
});

describe("daemon.json", () => {
    test("is `docker` of the Host, as far as that has a field", () => {
        const daemon = JSON.stringify({
            bip: "10.10.1.1/24",
            "default-address-pools": [{ base: "10.200.0.0/16", size: 24 }],
            "live-restore": true,
            "fixed-cidr": "10.20.0.0/24",
            "storage-driver": "overlay2",
        });
        const { program, left } = importSeen("vm1", seenOf(printed({ daemon })));
        expect(program).toContain(
            '    docker: { bip: "10.10.1.1/24", defaultAddressPools: [{ base: "10.200.0.0/16", size: 24 }], liveRestore: true },\n});\n',
        );
        expect(left).toEqual([
            "vm1: daemon.json: fixed-cidr: lies outside 10.10.1.0/24, the network of bip",
            "vm1: daemon.json: storage-driver: has no counterpart in `docker` of a Host; Crosshost leaves it in the file",
        ]);
    });

    test("that is not JSON is told", () => {
        const host = { daemon: "{ not", networks: [network("web")] };
        expect(imported(host)[1]).toEqual([expect.stringMatching(/^daemon.json: is not JSON: /)]);
    });

    test.each(["null", "[1]", '"x"'])("that is %s is told", (daemon) => {
        const host = { daemon, networks: [network("web")] };
        expect(imported(host)[1]).toEqual(["daemon.json: is not a JSON object"]);
    });
});

test("what a tool of the host refuses is an error, and so is what cannot be read", () => {
    const whole = printed({ networks: [network("web")] });
    expect(() =>
        seenOf(whole.replace(/ended 0\n(?=crosshost-import: whole)/, "ended 1\n")),
    ).toThrow(
        "the host does not tell its networks: what its tool said stands above; --become asks as root",
    );
    expect(() => seenOf(whole.replace('"Name":"web"', '"Nome":"web"'))).toThrow(
        /^what the host says of its networks cannot be read: /,
    );
    expect(() => seenOf(whole.replace('[{"Name"', '{"Name"'))).toThrow(
        /^what the host says of its networks cannot be read: /,
    );
});
