// In a preview, a host asks its LAN for addresses that are new there. What is refused then ends the program;
// here it is written down instead.
import * as pulumi from "@pulumi/pulumi";
import { ContainerAttachment, type Host, Macvlan, type MacvlanArgs } from "../../components";
import { entriesHash } from "../../components/facts/observation";
import { answerTo, probe } from "../../components/remote/probe";
import { type Problem } from "../../components/wire/problem";
import { answered, hosts } from "../support/builders";
import { mockedStack, resources } from "../support/mocks";

const mockRefused: string[] = [];
jest.mock("../../components/run/refuse", () => ({
    ...jest.requireActual<object>("../../components/run/refuse"),
    refuse: (_: string, name: string, problems: readonly Problem[]) => {
        mockRefused.push(...problems.map(({ path, message }) => `${name}: ${path}: ${message}`));
    },
}));
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

const ROUTER = "192.168.40.254";
const ROUTER_ANSWERS = `answer ${ROUTER} 02:4C:41:00:00:FE\n`;
const ANSWER = `${ROUTER_ANSWERS}answer 192.168.40.200 02:4C:41:00:00:02\nasked\n`;
const BOTH_ASK = [`ask eth0 192.168.40.200 ${ROUTER}`, `ask eth0 ${ROUTER}`];

beforeEach(async () => {
    await mockedStack({ preview: true });
    mockRefused.length = 0;
    asked.mockReset();
    asked.mockResolvedValue(`${ROUTER_ANSWERS}asked\n`);
    jest.mocked(probe).mockResolvedValue(answered());
});

function observed(facts: Record<string, string[]>, units: Record<string, string> = {}) {
    const known = Object.entries(units).map(
        ([name, text]) => [name, { hash: entriesHash(text), said: [], drift: [] }] as const,
    );
    return answered({ facts: new Map(Object.entries(facts)), units: new Map(known) });
}

/** What a program with one container on a LAN of two hosts is refused for. */
async function refused(more: Partial<MacvlanArgs> = {}): Promise<readonly string[]> {
    const [vm1, vm2] = hosts(2) as [Host, Host];
    const network = new Macvlan("lan", {
        hosts: [vm1, vm2],
        parent: "eth0",
        subnet: "192.168.40.0/24",
        gateway: ROUTER,
        ipRange: "192.168.40.64/26",
        ...more,
    });
    new ContainerAttachment("db", {
        host: vm1,
        network,
        containerName: pulumi.output("postgres"),
        ipv4Address: "192.168.40.200",
    });
    await resources();
    return mockRefused;
}

function requests() {
    return asked.mock.calls.map(([, command]) => / crosshost (ask .*)$/.exec(command)?.[1]).sort();
}

test("one that answers is refused with its MAC", async () => {
    asked.mockResolvedValue(ANSWER);
    expect(await refused()).toEqual([
        "db: ipv4Address: 192.168.40.200 is in use: 02:4c:41:00:00:02 answers for it on eth0 of vm1: choose another ipv4Address, or remove that machine from the LAN",
    ]);
    expect(requests()).toEqual(BOTH_ASK);
});

test("one that is free is not refused", async () => {
    expect(await refused()).toEqual([]);
    expect(requests()).toEqual(BOTH_ASK);
});

test("what a container of this stack has is not refused: it may be on its way to another host", async () => {
    asked.mockResolvedValue(ANSWER);
    jest.mocked(probe).mockResolvedValue(observed({ mac: ["02:4c:41:00:00:02 postgres"] }));
    expect(await refused()).toEqual([]);
});

test("one that is there by the unit already is not asked for", async () => {
    const unit =
        "docker endpoint postgres crosshost-demo-lan: ipv4 192.168.40.200 alias db\nwatch containers: attach on start\n";
    jest.mocked(probe).mockResolvedValue(observed({}, { "attachment-db": unit }));
    asked.mockResolvedValue(ANSWER);
    expect(await refused()).toEqual([]);
    expect(requests().join()).not.toContain("192.168.40.200");
});

test("a router that is silent on a host's link is told, one that answers is not", async () => {
    const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue();
    asked.mockImplementation((_, command) =>
        Promise.resolve(command.includes("192.168.40.200") ? ANSWER : "asked\n"),
    );
    await refused();
    const silent = `vm2: nothing on eth0 answers for ${ROUTER}, the gateway of "lan": packets through it will be lost; check the address, and whether the router is up`;
    expect(warn.mock.calls.map(([text]) => text)).toEqual([silent]);
    warn.mockRestore();
});

test("nobody is asked in an up, nor where the host is the router", async () => {
    asked.mockResolvedValue(ANSWER);
    await refused({ driver: "ipvlan", mode: "l3", gateway: undefined, hostPrefix: 28 });
    await mockedStack();
    await refused();
    expect(requests()).toEqual([]);
});

test("an address of a host is told without asking, a link of ours is no stranger", async () => {
    const address = ["mv-lan-9ca85 192.168.40.70/32 1500", "eth1 192.168.40.200/24 1500"];
    const link = ["mv-lan-9ca85 macvlan crosshost:s:macvlan-lan", "eth1 device -"];
    jest.mocked(probe).mockResolvedValue(observed({ address, link }));
    expect(await refused({ hostAccess: true })).toEqual([
        "db: ipv4Address: 192.168.40.200 is in use: eth1 of vm1 has it: choose another ipv4Address, or remove that machine from the LAN",
    ]);
});

test("the hosts' own addresses are asked for too, all of a host by one login", async () => {
    asked.mockResolvedValue("answer 192.168.40.70 02:00:00:00:00:01\nasked\n");
    expect(await refused({ hostAccess: true })).toEqual([
        "lan: ipRange: for vm1's own link, 192.168.40.70 is in use: 02:00:00:00:00:01 answers for it on eth0 of vm1: choose another ipRange, or remove that machine from the LAN",
    ]);
    expect(requests()).toEqual([
        `ask eth0 192.168.40.200 ${ROUTER} 192.168.40.70`,
        `ask eth0 ${ROUTER} 192.168.40.78`,
    ]);
});

test.each([
    ["cannot eth0 is down\nasked\n", "eth0 is down"],
    ["answer 192.168.40.200 02:", "it gave no answer"],
])("a host that answers %j says so once", async (said, why) => {
    const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue();
    asked.mockResolvedValue(said);
    await refused({ hostAccess: true });
    expect(warn.mock.calls.map(([text]) => text).sort()).toEqual(
        ["vm1", "vm2"].map(
            (name) => `${name}: cannot tell whether addresses on its LAN are in use: ${why}`,
        ),
    );
    warn.mockRestore();
});
