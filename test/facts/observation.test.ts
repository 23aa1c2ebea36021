import {
    entriesHash,
    ownerOnHost,
    parseObservation,
    type ProbeResult,
    trailer,
} from "../../components/facts/observation";
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
taken bridge-lan g77 taken back, no commit came within 15 s
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
            goneContainers: [{ name: "api", unit: "overlay-mesh" }],
            stoppedContainers: ["db"],
            takenBack: new Map([
                ["bridge-lan", { token: "g77", why: "taken back, no commit came within 15 s" }],
            ]),
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
    const OWNER = "owner: shop/prod mesh-vm1 0a1b2c3d";
    const THEM = "shop/prod web-vm1 99999999";
    const THEIRS = `owner: ${THEM}`;
    const OTHERS = "owner: shop/prod old-vm1 11111111";
    const owner = OWNER.slice("owner: ".length);
    const seen = ["drift route b: missing", "seen: 5f2c"];
    const lines = (probed: ProbeResult) => trailer(probed, "u", WANTED, { owner });
    const unit = (more: object) =>
        answered({ units: new Map([["u", { hash: HASH, said: seen, drift: [], ...more }]]) });

    test("in step: what was said last, so that nothing changes", () => {
        expect(lines(unit({}))).toEqual([...seen, OWNER]);
    });

    test("first application without drift: nothing was said, nothing is", () => {
        expect(lines(unit({ said: [] }))).toEqual([OWNER]);
    });

    test("drifted: what differs, and a token never used before", () => {
        const drift = ["drift link a: missing"];
        expect(lines(unit({ drift, fresh: "91ab" }))).toEqual([
            "drift link a: missing",
            "seen: 91ab",
            OWNER,
        ]);
    });

    test("the same drift a second time differs from the first by its token", () => {
        const drift = ["drift route b: missing"];
        const first = lines(unit({ said: [], drift, fresh: "t1" }));
        const between = lines(unit({ said: first }));
        const second = lines(unit({ said: first, drift, fresh: "t2" }));
        expect(between).toEqual(first);
        expect(second).not.toEqual(first);
        expect(second.slice(0, -2)).toEqual(first.slice(0, -2));
    });

    test("not on the host: the host's token alone, as before the first application", () => {
        expect(lines(answered({ absent: "t7" }))).toEqual(["seen: t7", OWNER]);
    });

    test("taken back: why, and a token of its own, whether it is on the host or not", () => {
        const takenBack = new Map([["u", { token: "g77", why: "taken back, no commit came" }]]);
        const told = ["drift guard: taken back, no commit came"];
        expect(lines(answered({ absent: "t7", takenBack }))).toEqual([...told, "seen: g77", OWNER]);
        const other = { hash: "0000000000000000", said: seen, drift: [] };
        const there = new Map([["u", other]]);
        expect(lines(answered({ units: there, takenBack }))).toEqual([...told, "seen: g77", OWNER]);
        const drifted = new Map([
            ["u", { ...other, drift: ["drift link a: missing"], fresh: "91ab" }],
        ]);
        expect(lines(answered({ units: drifted, takenBack }))).toEqual([
            ...told,
            "drift link a: missing",
            "seen: g7791ab",
            OWNER,
        ]);
    });

    test("under guard: for how long, and that is no drift told long ago", () => {
        const guarded = (probed: ProbeResult) => trailer(probed, "u", WANTED, { owner, guard: 15 });
        const first = guarded(answered({ absent: "t7" }));
        expect(first).toEqual(["seen: t7", OWNER, "guard: 15"]);
        expect(guarded(unit({ said: first }))).toEqual(first);
    });

    test("entries about to change: drift repaired long ago is not carried on", () => {
        expect(lines(unit({ hash: "0000000000000000" }))).toEqual(["seen: 5f2c", OWNER]);
    });

    test("entries about to change and drift: the drift is told", () => {
        const drift = ["drift link a: missing"];
        const probed = unit({ hash: "0000000000000000", drift, fresh: "91ab" });
        expect(lines(probed)).toEqual(["drift link a: missing", "seen: 91ab", OWNER]);
    });

    test.each([
        { status: "unreachable", reason: "x" } as const,
        { status: "refused", reason: "x" } as const,
        { status: "unknown" } as const,
    ])("nothing is said of a host that was not asked: $status", (probed) => {
        expect(lines(probed)).toEqual([OWNER]);
    });

    test("another's unit: a token for who takes it over, and no drift told long ago", () => {
        const [theirs, others] = [unit({ said: [...seen, THEIRS] }), unit({ said: [OTHERS] })];
        const [first, second] = [lines(theirs), lines(others)];
        expect(first).toEqual([expect.stringMatching(/^seen: o[0-9a-f]{16}$/), OWNER]);
        expect(second).toEqual([expect.stringMatching(/^seen: o[0-9a-f]{16}$/), OWNER]);
        expect(first).not.toEqual(second);
        expect(lines(theirs)).toEqual(first);
    });

    test("taken over, taken back and taken over again: each time a token that was not there before", () => {
        const taken = lines(unit({ said: ["seen: 5f2c", THEIRS] }));
        const back = trailer(unit({ said: taken }), "u", WANTED, { owner: THEM });
        const again = lines(unit({ said: back }));
        expect(new Set([taken[0], back[0], again[0]]).size).toBe(3);
        expect(lines(unit({ said: taken }))).toEqual(taken);
    });

    test("another's unit that drifted: its drift, and the host's token", () => {
        const drift = ["drift link a: missing"];
        const theirs = unit({ said: [THEIRS], drift, fresh: "91ab" });
        expect(lines(theirs)).toEqual([...drift, "seen: 91ab", OWNER]);
    });

    test("of a version that said no owners: nothing but the owner is new", () => {
        expect(lines(unit({ said: seen }))).toEqual([...seen, OWNER]);
        expect(ownerOnHost({ hash: HASH, said: seen, drift: [] })).toBeUndefined();
        expect(ownerOnHost({ hash: HASH, said: [...seen, THEIRS], drift: [] })).toBe(THEM);
    });

    test("by what its container was made comes last, that of before goes", () => {
        const unitOf = unit({ said: [...seen, OWNER, "made: aa"] });
        expect(trailer(unitOf, "u", WANTED, { owner, made: "bb" })).toEqual([
            ...seen,
            OWNER,
            "made: bb",
        ]);
    });
});
