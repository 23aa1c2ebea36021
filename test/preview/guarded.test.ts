// A change that could cut off SSH: the preview says that it is made under guard.
import * as pulumi from "@pulumi/pulumi";
import { Bridge } from "../../components";
import { entriesHash, type ObservedUnit } from "../../components/facts/observation";
import { probe } from "../../components/remote/probe";
import { unitText } from "../../components/wire/unit";
import { bridgeUnit, planBridge } from "../../components/bridge/plan";
import { bridgeSchema } from "../../components/bridge/schema";
import { answered, host, IDENTITY } from "../support/builders";
import { mockedStack, settled } from "../support/mocks";

jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

const LAN = { cidr: "192.168.40.0/24", uplink: "eth0" };
const SAID = `vm1: this \`up\` changes Bridge "lan1" under guard: the host undoes it unless Pulumi can log in again within 20 s`;

/** What a preview says of a Bridge of a host with such a unit. */
async function said(args: { cidr: string; uplink?: string }, there?: ObservedUnit) {
    await mockedStack({ preview: true });
    const info = jest.spyOn(pulumi.log, "info").mockResolvedValue();
    const facts = new Map([
        ["address", ["eth0 192.168.40.11/24 1500"]],
        ["docker", ["28.5.2"]],
        ["link", ["eth0 device -"]],
    ]);
    const units = new Map(there ? [["bridge-lan1", there]] : []);
    jest.mocked(probe).mockResolvedValue(answered({ facts, units }));
    new Bridge("lan1", { host: host("vm1", 11, { guard: { seconds: 20 } }), ...args });
    await settled();
    return info.mock.calls.map(([text]) => text);
}

function asWanted(drift: readonly string[]): ObservedUnit {
    const spec = bridgeSchema.parse({ host: {}, ...LAN });
    const hash = entriesHash(unitText(bridgeUnit(planBridge(IDENTITY, "lan1", spec))));
    return { hash, drift, said: [] };
}

afterEach(() => {
    jest.restoreAllMocks();
});

test.each([
    ["that takes a NIC", LAN, undefined, [SAID]],
    ["that is repaired", LAN, asWanted(["uplink eth0: missing"]), [SAID]],
    ["that is as wanted", LAN, asWanted([]), []],
    ["without an uplink", { cidr: "10.60.0.0/24" }, undefined, []],
] as const)("of a Bridge %s", async (_, args, there, expected) => {
    expect(await said(args, there)).toEqual(expected);
});
