// What a preview says of an interface on a LAN that may be meant, and probably is not.
import * as pulumi from "@pulumi/pulumi";
import { Bridge, ContainerAttachment, type Host } from "../../components";
import { answerTo, probe } from "../../components/remote/probe";
import { answered, hosts } from "../support/builders";
import { mockedStack, resources } from "../support/mocks";

jest.mock("../../components/remote/probe", () => ({ probe: jest.fn(), answerTo: jest.fn() }));
jest.mock("../../components/preview/checks", () => ({
    hostChecks: () => ({
        host: Promise.resolve(),
        unit: () => Promise.resolve(undefined),
    }),
}));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));
const asked = jest.mocked(answerTo);
const ROUTER = "192.168.40.2";

let facts: Map<string, string[]>;
let warn: jest.SpiedFunction<typeof pulumi.log.warn>;

beforeEach(async () => {
    await mockedStack({ preview: true });
    warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue();
    asked.mockReset();
    asked.mockResolvedValue(`answer ${ROUTER} 02:4c:41:00:00:fe\nasked\n`);
    const address = ["eth0 192.168.40.11/24 1500", "eth0 10.0.0.11/32 1500"];
    facts = new Map([
        ["address", address],
        ["link", ["eth0 device -"]],
    ]);
    jest.mocked(probe).mockResolvedValue(answered({ facts }));
});

afterEach(() => warn.mockRestore());

type On = "a NIC" | "a Bridge with that uplink";

/** What is said of a container `web` on vm1. */
async function said(on: On, more: object): Promise<readonly string[]> {
    const [vm1] = hosts(1) as [Host];
    const uplinked = { host: vm1, cidr: "192.168.40.0/24", uplink: "eth0" };
    new ContainerAttachment("web", {
        host: vm1,
        containerName: pulumi.output("web"),
        interface: {
            name: "eth1",
            on: on === "a NIC" ? "eth0" : new Bridge("lan", uplinked),
            addresses: ["192.168.40.200/24"],
            ...more,
        },
    });
    await resources();
    return warn.mock.calls.map(([text]) => text);
}

describe.each<On>(["a NIC", "a Bridge with that uplink"])("on %s", (on) => {
    test("a router that answers and an address of the LAN are as they should be", async () => {
        const routes = [{ to: "10.9.0.0/16", via: ROUTER }];
        expect(await said(on, { gateway: ROUTER, routes })).toEqual([]);
    });

    test("a network that the host has there beside the LAN's is no other", async () => {
        facts.get("address")?.push("eth0 10.7.0.11/24 1500");
        expect(await said(on, { addresses: ["10.7.0.200/24"] })).toEqual([]);
    });

    test("a router that the host itself sends by is one, though it answers no probe", async () => {
        facts.set("router", ["192.168.40.3"]);
        asked.mockResolvedValue("asked\n");
        expect(await said(on, { gateway: "192.168.40.3" })).toEqual([]);
    });

    test("routers that are silent are told", async () => {
        const routes = [{ to: "10.9.0.0/16", via: "192.168.40.4" }];
        expect(await said(on, { gateway: "192.168.40.3", routes })).toEqual([
            'vm1: nothing on eth0 answers for 192.168.40.3, the interface.gateway of "web": packets through it will be lost; check the address, and whether the router is up',
            'vm1: nothing on eth0 answers for 192.168.40.4, the interface.routes[0].via of "web": packets through it will be lost; check the address, and whether the router is up',
        ]);
    });

    test("another host is a router that need not be asked for", async () => {
        asked.mockResolvedValue("asked\n");
        facts.get("address")?.push("eth1 192.168.40.12/24 1500");
        expect(await said(on, { gateway: "192.168.40.12" })).toEqual([]);
    });

    test("the host itself is one for a port of its bridge, and none for a macvlan", async () => {
        const unreached =
            'vm1: 192.168.40.11, the interface.gateway of "web", is the host itself, which containers on eth0 do not reach: use a Bridge with uplink';
        expect(await said(on, { gateway: "192.168.40.11" })).toEqual(
            on === "a NIC" ? [unreached] : [],
        );
    });

    test("an address outside of the LAN is told, one of a single machine is not", async () => {
        expect(await said(on, { addresses: ["10.5.0.1/32", "192.168.41.200/24"] })).toEqual([
            'vm1: "192.168.41.200/24" of "web" lies outside its LAN, 192.168.40.0/24, whose machines reach it only if they have a route to it, or an address in 192.168.41.0/24',
        ]);
    });

    test("nothing is told in an up", async () => {
        await mockedStack();
        asked.mockResolvedValue("asked\n");
        const more = { addresses: ["192.168.41.200/24"], gateway: "192.168.41.3" };
        expect(await said(on, more)).toEqual([]);
    });
});

test("a container of the program may be the router", async () => {
    asked.mockResolvedValue("asked\n");
    const [vm1] = hosts(1) as [Host];
    for (const [name, address, gateway] of [
        ["web", "192.168.40.200/24", "192.168.40.201"],
        ["router", "192.168.40.201/24", undefined],
    ] as const) {
        new ContainerAttachment(name, {
            host: vm1,
            containerName: pulumi.output(name),
            interface: { name: "eth1", on: "eth0", addresses: [address], gateway },
        });
    }
    await resources();
    expect(warn).not.toHaveBeenCalled();
});

test("another prefix length than that of the NIC is told", async () => {
    expect(await said("a NIC", { addresses: ["192.168.40.200/16"] })).toEqual([
        'vm1: "192.168.40.200/16" of "web" has another prefix length than its LAN, 192.168.40.0/24: write "192.168.40.200/24"',
    ]);
});
