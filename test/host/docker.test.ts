import { type DockerArgs, Host, Overlay } from "../../components";
import { dockerEntries } from "../../components/host/docker";
import { planHost } from "../../components/host/plan";
import { unitText } from "../../components/wire/unit";
import { connection, host, hosts, IDENTITY, refusal } from "../support/builders";
import { mockedStack, resources } from "../support/mocks";
import { PROGRAM } from "../support/program";

jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));
jest.mock("../../components/remote/probe", () => ({
    probe: () => Promise.resolve({ status: "unknown" }),
}));

beforeEach(() => mockedStack());

const ALL: Required<DockerArgs> = {
    bip: "10.10.1.1/24",
    fixedCidr: "10.10.1.128/25",
    defaultGateway: "10.10.1.254",
    mtu: 1400,
    defaultAddressPools: [
        { base: "10.200.0.0/16", size: 24 },
        { base: "10.201.0.0/16", size: 26 },
    ],
    liveRestore: true,
    userlandProxy: false,
    iptables: true,
    dns: ["9.9.9.9", "2620:fe::fe"],
    logDriver: "local",
    registryMirrors: ["https://mirror.example"],
    insecureRegistries: ["registry.example:5000", "10.0.0.0/8"],
    allowDirectRouting: true,
    ipForwardNoDrop: true,
    firewallBackend: "nftables",
};

test("each is a line of the Host's unit, by Docker's name of it", () => {
    const lines = unitText(planHost(IDENTITY, PROGRAM, undefined, dockerEntries(ALL))).split("\n");
    expect(lines.filter((line) => line.startsWith("daemon "))).toEqual([
        "daemon allow-direct-routing: true",
        "daemon bip: 10.10.1.1/24",
        "daemon default-address-pools: base 10.200.0.0/16 size 24, base 10.201.0.0/16 size 26",
        "daemon default-gateway: 10.10.1.254",
        "daemon dns: 9.9.9.9, 2620:fe::fe",
        "daemon firewall-backend: nftables",
        "daemon fixed-cidr: 10.10.1.128/25",
        "daemon insecure-registries: registry.example:5000, 10.0.0.0/8",
        "daemon ip-forward-no-drop: true",
        "daemon iptables: true",
        "daemon live-restore: true",
        "daemon log-driver: local",
        "daemon mtu: 1400",
        "daemon registry-mirrors: https://mirror.example",
        "daemon userland-proxy: false",
    ]);
});

test("a Host takes all of them, and none", async () => {
    expect(() => host("vm1", 11, { docker: ALL })).not.toThrow();
    expect(() => host("vm2", 12, { docker: {} })).not.toThrow();
    await resources();
});

test.each<[object, string]>([
    [
        { bip: "10.10.1.0/24" },
        'docker.bip: "10.10.1.0/24" must be an address that docker0 can have, such as 10.10.1.1/24',
    ],
    [
        { bip: "10.10.1.255/24" },
        'docker.bip: "10.10.1.255/24" must be an address that docker0 can have, such as 10.10.1.1/24',
    ],
    [
        { bip: "10.10.1.1" },
        'docker.bip: "10.10.1.1" must be an address with its prefix length, such as 10.10.1.1/24',
    ],
    [
        { bip: "10.10.1.1/31" },
        'docker.bip: "10.10.1.1/31" must have a prefix length of 30 at most, so that a container has an address too',
    ],
    [
        { fixedCidr: "10.10.1.0/25" },
        'docker.fixedCidr: "10.10.1.0/25" needs bip, in whose network it lies',
    ],
    [
        { bip: "10.10.1.1/24", fixedCidr: "10.10.2.0/25" },
        'docker.fixedCidr: "10.10.2.0/25" lies outside 10.10.1.0/24, the network of bip',
    ],
    [
        { bip: "10.10.1.1/24", defaultGateway: "10.10.2.1" },
        'docker.defaultGateway: "10.10.2.1" lies outside 10.10.1.0/24, the network of bip',
    ],
    [
        { fixedCidr: "10.10.1.1/25" },
        'docker.fixedCidr: "10.10.1.1/25" has host bits set: write 10.10.1.0/25',
    ],
    [{ mtu: 500 }, "docker.mtu: 500 must be a whole number, 576 to 65535"],
    [{ defaultAddressPools: [] }, "docker.defaultAddressPools: is empty: leave it out"],
    [
        { defaultAddressPools: [{ base: "10.0.0.0/16", size: 8 }] },
        "docker.defaultAddressPools[0].size: 8 must be the prefix length of base, or longer",
    ],
    [
        {
            defaultAddressPools: [
                { base: "10.0.0.0/8", size: 24 },
                { base: "10.9.0.0/16", size: 24 },
            ],
        },
        'docker.defaultAddressPools[1].base: "10.9.0.0/16" has addresses of another of the list',
    ],
    [{ dns: ["ns.example"] }, 'docker.dns[0]: "ns.example" is not an IPv4 or IPv6 address'],
    [{ logDriver: "json file" }, 'docker.logDriver: "json file" is not the name of a log driver'],
    [
        { registryMirrors: ["mirror.example"] },
        'docker.registryMirrors[0]: "mirror.example" must be a URL without a path, such as https://mirror.example',
    ],
    [
        { registryMirrors: ["https://u:p@mirror.example"] },
        "docker.registryMirrors[0]: must be a URL without a path, such as https://mirror.example",
    ],
    [
        { insecureRegistries: ["http://lan:5000"] },
        "docker.insecureRegistries[0]: must be HOST, HOST:PORT or a network, such as registry.example:5000",
    ],
    [
        { firewallBackend: "ipfw" },
        'docker.firewallBackend: "ipfw" must be "iptables" or "nftables"',
    ],
    [{ bridge: "br0" }, "docker: unknown argument bridge"],
    [
        { bip: "192.168.40.1/24" },
        'docker.bip: "192.168.40.1/24" has 192.168.40.11 in its network, the address at which vm1 is reached: choose another',
    ],
])("%j is refused", (docker, message) => {
    const said = refusal(
        () => new Host("vm1", { connection: connection("192.168.40.11"), docker }),
    );
    expect(said).toBe(`Host "vm1" cannot be made:\n    ${message}`);
});

test.each<[DockerArgs, string]>([
    [{ defaultAddressPools: [{ base: "10.0.0.0/8", size: 24 }] }, "docker.defaultAddressPools"],
    [{ bip: "10.42.9.1/24" }, "docker.bip"],
])("a network of the program lies in none of Docker's: %j", async (docker, field) => {
    const [vm2] = hosts(1);
    const vm1 = host("vm9", 19, { docker });
    const said = refusal(
        () =>
            new Overlay("mesh", {
                hosts: vm2 ? [vm1, vm2] : [vm1],
                cidr: "10.42.0.0/16",
                backend: { vxlan: {} },
            }),
    );
    expect(said).toContain(
        `"10.42.0.0/16" overlaps the network of ${field} on vm9: choose another`,
    );
    await resources();
});
