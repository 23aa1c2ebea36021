import * as pulumi from "@pulumi/pulumi";
import { inTheWay, type Wish } from "../../components/resources/inTheWay";
import { type ProbeResult } from "../../components/facts/observation";
import { stackId } from "../../components/wire/identity";
import { answered, IDENTITY } from "../support/builders";
import { mockedStack } from "../support/mocks";

const OURS = stackId(IDENTITY);
const UNIT = "attachment-web";
const OWNER = "crosshost/demo web-vm1 0a1b2c3d";
const FORMER = "crosshost/demo old-vm1 99999999";

beforeEach(() => mockedStack());

interface Host {
    readonly containers: readonly string[];
    readonly endpoints?: readonly string[];
    readonly owner?: string;
}

function probed({ containers, endpoints = [], owner }: Host): ProbeResult {
    const facts = new Map([
        ["docker", ["26.1.5"]],
        ["container", containers],
        ["endpoint", endpoints],
    ] as const);
    const said = owner === undefined ? ["seen: a1"] : ["seen: a1", `owner: ${owner}`];
    return answered({ facts, units: new Map([[UNIT, { hash: "", said, drift: [] }]]) });
}

function wayOf(probe: ProbeResult, more: Partial<Wish> = {}): Promise<string[]> {
    return inTheWay(
        { stack: IDENTITY, probe: Promise.resolve(probe) },
        {
            container: "web",
            unit: UNIT,
            owner: pulumi.output(OWNER),
            ports: [{ ip: "0.0.0.0", port: 8080, protocol: "tcp" }],
            network: pulumi.output("mesh"),
            ipv4Address: pulumi.output("10.42.1.200"),
            ...more,
        },
    );
}

/** As a host tells it, by default of another unit of this stack, and with nothing that is wanted. */
function container(name: string, { unit = "attachment-old", stack = OURS, ports = "" } = {}) {
    return `${name} running mesh id 1 mark ${stack}:${unit} ports ${ports}`;
}

describe("in the way of a container is what this stack has made and", () => {
    test.each<[string, Host, string[]]>([
        [
            "publishes its port",
            { containers: [container("old", { ports: "0.0.0.0:8080->80/tcp" })] },
            ["old"],
        ],
        [
            "publishes it on one address of the host",
            { containers: [container("old", { ports: "192.168.40.11:8080->80/tcp" })] },
            ["old"],
        ],
        ["has its name", { containers: [container("web")] }, ["web"]],
        [
            "has its address on the network",
            { containers: [container("old")], endpoints: ["old mesh 10.42.1.200"] },
            ["old"],
        ],
        [
            "is its own unit's, under a former owner",
            { containers: [container("old", { unit: UNIT })], owner: FORMER },
            ["old"],
        ],
    ])("%s", async (_what, host, names) => {
        expect(await wayOf(probed(host))).toEqual(names);
    });

    test("all of these at once, in the order of the host", async () => {
        const containers = [
            container("a", { ports: "0.0.0.0:8080->80/tcp" }),
            container("b"),
            container("web"),
            container("c"),
        ];
        const host = probed({ containers, endpoints: ["b mesh 10.42.1.200"] });
        expect(await wayOf(host)).toEqual(["a", "b", "web"]);
    });
});

describe("not in the way is", () => {
    const other = { stack: "crosshost-other-77aa02", ports: "0.0.0.0:8080->80/tcp" };

    test.each<[string, Host]>([
        [
            "another port, protocol, address or network",
            {
                containers: [
                    container("old", { ports: "0.0.0.0:8081->80/tcp, 0.0.0.0:8080->80/udp" }),
                ],
                endpoints: ["old mesh 10.42.1.201", "old lan 10.42.1.200"],
            },
        ],
        [
            "what another stack has made, whatever it has",
            {
                containers: [container("web", other), container("old", { ...other, unit: UNIT })],
                endpoints: ["web mesh 10.42.1.200"],
                owner: FORMER,
            },
        ],
        [
            "what nobody of ours has made",
            { containers: ["web running mesh id 1 ports 0.0.0.0:8080->80/tcp"] },
        ],
        [
            "its own, of the same owner",
            { containers: [container("web", { unit: UNIT })], owner: OWNER },
        ],
        [
            "its own, where the host says no owner",
            { containers: [container("web", { unit: UNIT })] },
        ],
    ])("%s", async (_what, host) => {
        expect(await wayOf(probed(host))).toEqual([]);
    });

    test("anything of a host that did not answer", async () => {
        expect(await wayOf({ status: "unknown" })).toEqual([]);
    });
});
