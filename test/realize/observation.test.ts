import { entriesHash, parseObservation, trailer } from "../../components/realize/observation";
import { answered } from "../support/builders";

const WANTED = "link a: bridge\nroute b: via c\n";
const HASH = entriesHash(WANTED);

const ANSWER = `crosshost 1
fact kernel 6.1.0-32-amd64
fact docker 28.5.2
fact address eth0 192.168.40.11/24 1500
fact address eth1 10.0.0.5/24 9000
absent 7d1f00aa
unit host 0011223344556677
said seen: 01aa
unit overlay-mesh 5f2c91ab00000000
said drift route 10.42.2.0/24: missing
said seen: 5f2c
drift route 10.42.2.0/24: missing
drift link vx-mesh: mtu 1400
fresh 91ab
gone api
stopped db
end
`;

describe("an answer", () => {
    const observation = parseObservation(ANSWER);

    test("tells facts, several of a kind", () => {
        expect(observation?.facts).toEqual(
            new Map([
                ["kernel", ["6.1.0-32-amd64"]],
                ["docker", ["28.5.2"]],
                ["address", ["eth0 192.168.40.11/24 1500", "eth1 10.0.0.5/24 9000"]],
            ]),
        );
    });

    test("tells each unit with what was said last and what drifted", () => {
        expect(observation?.units).toEqual(
            new Map([
                ["host", { hash: "0011223344556677", said: ["seen: 01aa"], drift: [] }],
                [
                    "overlay-mesh",
                    {
                        hash: "5f2c91ab00000000",
                        said: ["drift route 10.42.2.0/24: missing", "seen: 5f2c"],
                        drift: [
                            "drift route 10.42.2.0/24: missing",
                            "drift link vx-mesh: mtu 1400",
                        ],
                        fresh: "91ab",
                    },
                ],
            ]),
        );
    });

    test("tells containers that are gone or stopped, and the token for what is absent", () => {
        expect(observation).toMatchObject({
            absent: "7d1f00aa",
            goneContainers: ["api"],
            stoppedContainers: ["db"],
        });
    });

    test.each([
        ["nothing", ""],
        ["cut short", ANSWER.replace("end\n", "")],
        ["of another version", ANSWER.replace("crosshost 1", "crosshost 2")],
        ["something else", "command not found\n"],
        ["only its end", "end\n"],
    ])("is none when it is %s", (_, text) => {
        expect(parseObservation(text)).toBeUndefined();
    });

    test("may follow on what a login shell says, and hold words not known yet", () => {
        const text = `Welcome\n${ANSWER.replace("gone api", "news of a later version\ngone api")}`;
        expect(parseObservation(text)).toEqual(observation);
    });
});

test("the hash of entries is the first 16 digits of their sha256, as sha256sum has it", () => {
    expect(entriesHash("link a: bridge\n")).toMatch(/^[0-9a-f]{16}$/);
    expect(entriesHash("")).toBe("e3b0c44298fc1c14");
});

describe("the lines after a unit's entries", () => {
    const seen = ["drift route b: missing", "seen: 5f2c"];
    const unit = (more: object) =>
        answered({ units: new Map([["u", { hash: HASH, said: seen, drift: [], ...more }]]) });

    test("in step: what was said last, so that nothing changes", () => {
        expect(trailer(unit({}), "u", WANTED)).toEqual(seen);
    });

    test("first application without drift: nothing was said, nothing is", () => {
        expect(trailer(unit({ said: [] }), "u", WANTED)).toEqual([]);
    });

    test("drifted: what differs, and a token never used before", () => {
        const drift = ["drift link a: missing"];
        expect(trailer(unit({ drift, fresh: "91ab" }), "u", WANTED)).toEqual([
            "drift link a: missing",
            "seen: 91ab",
        ]);
    });

    test("the same drift a second time differs from the first by its token", () => {
        const drift = ["drift route b: missing"];
        const first = trailer(unit({ said: [], drift, fresh: "t1" }), "u", WANTED);
        const between = trailer(unit({ said: first }), "u", WANTED);
        const second = trailer(unit({ said: first, drift, fresh: "t2" }), "u", WANTED);
        expect(between).toEqual(first);
        expect(second).not.toEqual(first);
        expect(second.slice(0, -1)).toEqual(first.slice(0, -1));
    });

    test("not on the host: said so, with the host's token", () => {
        expect(trailer(answered({ absent: "t7" }), "u", WANTED)).toEqual([
            "drift unit: not on the host",
            "seen: t7",
        ]);
    });

    test("entries about to change: drift repaired long ago is not carried on", () => {
        expect(trailer(unit({ hash: "0000000000000000" }), "u", WANTED)).toEqual(["seen: 5f2c"]);
    });

    test("entries about to change and drift: the drift is told", () => {
        const drift = ["drift link a: missing"];
        const probed = unit({ hash: "0000000000000000", drift, fresh: "91ab" });
        expect(trailer(probed, "u", WANTED)).toEqual(["drift link a: missing", "seen: 91ab"]);
    });

    test.each([
        { status: "unreachable", reason: "x" } as const,
        { status: "refused", reason: "x" } as const,
        { status: "unknown" } as const,
    ])("nothing is said of a host that was not asked: $status", (probed) => {
        expect(trailer(probed, "u", WANTED)).toEqual([]);
    });
});
