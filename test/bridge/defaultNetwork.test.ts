import { Bridge, type BridgeArgs, ContainerAttachment, type Host } from "../../components";
import { probe } from "../../components/remote/probe";
import { answered, host, refusal } from "../support/builders";
import { mockedStack, resource, resources, valueOf } from "../support/mocks";

jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/resources/keyfiles", () => ({
    ...jest.requireActual<object>("../../components/resources/keyfiles"),
    sshOptions: () => [],
    writeKeyFiles: () => undefined,
}));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

beforeEach(async () => {
    await mockedStack();
    jest.mocked(probe).mockResolvedValue(answered());
});
afterEach(() => resources());

function lan(name: string, on: Host, more: Partial<BridgeArgs> = {}): Bridge {
    return new Bridge(name, { host: on, cidr: "10.60.0.0/24", ...more });
}

describe("in place of docker0", () => {
    const usual = (on: Host, name = "lan1") => lan(name, on, { defaultNetwork: true });

    test("its network is Docker's default one, which containers join by mode", async () => {
        const vm1 = host("vm1", 11);
        const bridge = usual(vm1);
        expect(await valueOf(bridge.networks)).toEqual({});
        expect(await valueOf(bridge.networkName)).toBe("bridge");
        new ContainerAttachment("web", {
            host: vm1,
            mode: "bridge",
            container: { image: "nginx" },
        });
        expect((await resource("web-container")).dependencies).toContain("lan1-vm1");
        expect(
            refusal(
                () =>
                    new ContainerAttachment("db", {
                        host: vm1,
                        containerName: "db",
                        network: bridge,
                    }),
            ),
        ).toContain(
            'network: "lan1" is Docker\'s default network, where Docker gives each container an address of its own choice: leave it out, and write mode: "bridge"',
        );
    });

    test("interfaces on it stay out of what Docker gives out", () => {
        const vm1 = host("vm1", 11);
        const on = usual(vm1);
        const says = (address: string) => () =>
            new ContainerAttachment(`at-${address}`, {
                host: vm1,
                containerName: address,
                interface: { name: "eth1", on, addresses: [`${address}/24`] },
            });
        expect(refusal(says("10.60.0.9"))).toContain("10.60.0.0/26");
        expect(says("10.60.0.200")).not.toThrow();
    });

    test("there is one on a host, and what the Host says of docker0 is not of it", () => {
        const vm1 = host("vm1", 11);
        usual(vm1);
        expect(
            refusal(() => lan("lan2", vm1, { cidr: "10.61.0.0/24", defaultNetwork: true })),
        ).toContain(
            'defaultNetwork: Docker\'s default network on vm1 is already used by Bridge "lan1": choose another',
        );
        const vm2 = host("vm2", 12, { docker: { bip: "10.9.0.1/24", mtu: 1400 } });
        const says = refusal(() =>
            lan("lan3", vm2, { defaultNetwork: true, dockerName: "mine" }),
        ).split("\n    ");
        expect(says.slice(1)).toEqual([
            'dockerName: "mine" has no use with defaultNetwork, whose name is Docker\'s: leave it out',
            'defaultNetwork: is in place of docker0, of which the Host "vm2" says docker.bip: remove one of them',
            'defaultNetwork: is in place of docker0, of which the Host "vm2" says docker.mtu: remove one of them',
        ]);
    });

    test("with an uplink it is none", () => {
        expect(
            refusal(() =>
                lan("lan1", host("vm1", 11), {
                    cidr: "192.168.40.0/24",
                    uplink: "eth0",
                    defaultNetwork: true,
                }),
            ),
        ).toContain("defaultNetwork: true is not for a Bridge with an uplink");
    });
});
