import * as pulumi from "@pulumi/pulumi";
import { type ProbeResult } from "../../components/facts/observation";
import { containerTexts, messages, checkHost } from "../../components/preview/host";
import { type HostSession } from "../../components/run/session";
import { answered, observation } from "../support/builders";
import { mockedStack } from "../support/mocks";

const UNREACHABLE: ProbeResult = {
    status: "unreachable",
    reason: "root@192.168.40.12:22 does not answer within 5 s",
};
const REFUSED: ProbeResult = {
    status: "refused",
    reason: "root@192.168.40.12:22 accepts none of the offered logins",
};

function told(probed: ProbeResult, strict = false): string[] {
    return messages("vm2", probed, strict).map(({ severity, text }) => `${severity}: ${text}`);
}

function sessionOf(probed: ProbeResult, earlier: readonly HostSession[] = []) {
    return {
        name: "vm2",
        component: new pulumi.ComponentResource("test:index:Own", "vm2"),
        stack: { project: "crosshost", stack: "demo" },
        address: pulumi.output("192.168.40.12"),
        probe: Promise.resolve(probed),
        earlier,
        docker: [],
    };
}

describe("in a preview", () => {
    beforeAll(() => mockedStack({ preview: true }));

    test("a host that does not answer is a warning, and an error where strict", () => {
        const text =
            "changes to vm2 are not shown: root@192.168.40.12:22 does not answer within 5 s";
        expect(told(UNREACHABLE)).toEqual([`warn: ${text}`]);
        expect(told(UNREACHABLE, true)).toEqual([`error: ${text}`]);
    });

    test("a host that does not let us in is an error", () => {
        expect(told(REFUSED)).toEqual([
            "error: root@192.168.40.12:22 accepts none of the offered logins",
        ]);
    });

    test("containers that are gone or stopped are told with what repairs them", () => {
        const seen = observation({
            goneContainers: [
                { name: "api", unit: "attachment-api" },
                { name: "migrate", unit: "attachment-migrate" },
            ],
            stoppedContainers: ["db", "seed"],
        });
        expect(containerTexts(seen, "demo-1a2b3c", new Set(["migrate", "seed"]))).toEqual([
            "container api is gone: create it again; if this program creates it, `pulumi up --refresh` recreates it",
            "container db is stopped: start it; if this program creates it, `pulumi up --refresh` repairs it",
        ]);
    });

    test("one that was renamed by hand is told by its new name, another stack's is not", () => {
        const facts = new Map([
            ["docker", ["28.5.2"]],
            [
                "container",
                [
                    "theirs running =- id 1 mark other-2b3c4d:attachment-api ports",
                    "web running =- id 2 mark demo-1a2b3c:attachment-web ports",
                    "api-old running =mesh id 3 mark demo-1a2b3c:attachment-api ports",
                ],
            ],
        ]);
        const goneContainers = [{ name: "api", unit: "attachment-api" }];
        expect(
            containerTexts(observation({ goneContainers, facts }), "demo-1a2b3c", new Set()),
        ).toEqual([
            "container api is now called api-old: docker rename api-old api; `pulumi up --refresh` would replace it",
        ]);
    });

    test("one that Docker starts over and over is told as that", () => {
        const facts = new Map([
            ["docker", ["28.5.2"]],
            ["container", ["db restarting mesh id 1 mark ports"]],
        ]);
        expect(
            containerTexts(observation({ stoppedContainers: ["db"], facts }), "demo", new Set()),
        ).toEqual([
            "container db exits as soon as Docker starts it, again and again: see docker logs db",
        ]);
    });

    test("a file that has systemd-networkd take our links is told by its path", () => {
        const file = "/etc/systemd/network/00-0-a.network";
        const probed = answered({ facts: new Map([["networkd", [file]]]) });
        expect(told(probed)).toEqual([
            expect.stringContaining(`warn: ${file} matches Crosshost's links`),
        ]);
    });

    describe("of two Hosts, the second", () => {
        const machine = (boot: string, address: string, id?: string): ProbeResult => {
            const facts = new Map([
                ["boot", [boot]],
                ["address", [`eth0 ${address}/24 1500`]],
            ]);
            return answered({ facts: id === undefined ? facts : facts.set("machine", [id]) });
        };

        async function toldOf(second: ProbeResult, first: ProbeResult): Promise<unknown[]> {
            const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue();
            const earlier = [{ name: "vm1", probe: Promise.resolve(first) } as HostSession];
            const session = sessionOf(second, earlier);
            const refused = await checkHost(session, false).then(
                () => [],
                (error: unknown) => [(error as Error).message],
            );
            const said = [...refused, ...warn.mock.calls.map(([text]) => text)];
            warn.mockRestore();
            return said;
        }

        test("is another machine, with an id of its own or none that is told", async () => {
            const one = machine("b1", "192.168.40.11", "id-1");
            expect(await toldOf(machine("b2", "192.168.40.12", "id-2"), one)).toEqual([]);
            const silent = machine("b2", "192.168.40.12");
            expect(await toldOf(silent, machine("b1", "192.168.40.11"))).toEqual([]);
        });

        test("is the same machine, which is refused", async () => {
            const one = machine("b1", "192.168.40.12", "id-1");
            expect(await toldOf(one, one)).toEqual([
                "vm2: it is the same machine as vm1: use that Host",
            ]);
        });

        test("is a clone that has the first one's id, which is told", async () => {
            const clone = machine("b2", "192.168.40.12", "id-1");
            expect(await toldOf(clone, machine("b1", "192.168.40.11", "id-1"))).toEqual([
                expect.stringContaining(
                    "vm2: it shares its /etc/machine-id with vm1, as clones of one image do",
                ),
            ]);
        });
    });

    test("an error ends the preview, by a rejection that Pulumi shows without a stack trace", async () => {
        const ended: unknown = await checkHost(sessionOf(REFUSED), false).catch(
            (error: unknown) => error,
        );
        expect(pulumi.RunError.isInstance(ended)).toBe(true);
        expect(ended).toMatchObject({
            message: "vm2: root@192.168.40.12:22 accepts none of the offered logins",
        });
    });

    test("nothing is said of a host in order, or of one that is still to be made", () => {
        expect(told(answered())).toEqual([]);
        expect(told({ status: "unknown" }, true)).toEqual([]);
    });
});

describe("in an up", () => {
    beforeAll(() => mockedStack({ preview: false }));

    test("the host's own command fails by name, so nothing is said twice", () => {
        expect(told(UNREACHABLE, true)).toEqual([]);
        expect(told(REFUSED)).toEqual([]);
    });
});
