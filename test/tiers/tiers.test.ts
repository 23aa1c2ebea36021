import { join } from "node:path";
import { longestFirst, SECONDS } from "./order";
import { type Selection, select, testFiles, tierOf } from "./selection";
import { closingLine, failure, NOTHING, succeeded, sum } from "./tally";
import { obstacle } from "./needs";

const FILES = [
    "test/overlay/plan.test.ts",
    "test/converger/route.netns.test.ts",
    "test/e2e/drift.e2e.test.ts",
    "test/e2e/overlay.e2e.test.ts",
];

describe("what npm test runs", () => {
    const chosen = ({ files }: Selection) => Object.fromEntries(files);

    test.each([
        {
            words: [],
            why: "no word: all tiers, cheapest first",
            expected: {
                unit: ["test/overlay/plan.test.ts"],
                netns: ["test/converger/route.netns.test.ts"],
                e2e: ["test/e2e/drift.e2e.test.ts", "test/e2e/overlay.e2e.test.ts"],
            },
        },
        {
            words: ["unit"],
            why: "a tier",
            expected: { unit: ["test/overlay/plan.test.ts"] },
        },
        {
            words: ["e2e", "overlay"],
            why: "a tier's files of a name",
            expected: { e2e: ["test/e2e/overlay.e2e.test.ts"] },
        },
        {
            words: ["overlay"],
            why: "files of a name in any tier",
            expected: {
                unit: ["test/overlay/plan.test.ts"],
                e2e: ["test/e2e/overlay.e2e.test.ts"],
            },
        },
        { words: ["macvlan"], why: "a name that no file has", expected: {} },
    ])("$why", ({ words, expected }) => {
        expect(chosen(select(words, FILES))).toEqual(expected);
    });

    test("options are jest's, with what follows them; --keep is ours", () => {
        const selection = select(["e2e", "--keep", "-t", "netns"], FILES);
        expect(selection).toMatchObject({ keep: true, options: ["-t", "netns"] });
        expect([...selection.files.keys()]).toEqual(["e2e"]);
    });

    test("a file's tier is told by its suffix", () => {
        expect(FILES.map(tierOf)).toEqual(["unit", "netns", "e2e", "e2e"]);
    });
});

describe("the order of files", () => {
    test("is longest first, and one of unknown length is in the middle of its tier", () => {
        const drift = "test/e2e/drift.e2e.test.ts";
        const undo = "test/converger/undo.netns.test.ts";
        const unknown = ["test/e2e/new.e2e.test.ts", "test/new.netns.test.ts", "test/new.test.ts"];
        const named = [drift, undo, "test/hostile.test.ts"];
        expect(longestFirst([...named, ...unknown])).toEqual([
            drift,
            undo,
            "test/e2e/new.e2e.test.ts",
            "test/hostile.test.ts",
            "test/new.netns.test.ts",
            "test/new.test.ts",
        ]);
    });

    test("names files that there are", () => {
        const all = testFiles(join(__dirname, "../.."));
        expect(Object.keys(SECONDS).filter((file) => !all.includes(file))).toEqual([]);
    });
});

describe("the closing line", () => {
    const file = { passed: 3, failed: 1, skipped: 2, failures: ["a.test.ts > adds"] };

    test("sums all tiers; what is skipped is in neither number", () => {
        const total = sum([file, NOTHING, failure("b.test.ts could not run")]);
        expect(closingLine(total)).toBe("3 passed, 2 failed");
        expect(total.failures).toEqual(["a.test.ts > adds", "b.test.ts could not run"]);
    });

    test.each([
        { total: { ...NOTHING, passed: 1 }, green: true, why: "all passed" },
        { total: { ...NOTHING, passed: 9, failed: 1 }, green: false, why: "one failed" },
        { total: NOTHING, green: false, why: "nothing ran" },
        { total: { ...NOTHING, skipped: 4 }, green: false, why: "all were skipped" },
    ])("$why: green is $green", ({ total, green }) => {
        expect(succeeded(total)).toBe(green);
    });
});

describe("a tier that cannot run here", () => {
    test("says what it needs and what to do", () => {
        expect(obstacle("netns", "darwin", 501)).toBe(
            "needs Linux, this is darwin: run `npm test -- netns` as root on a Debian machine",
        );
        expect(obstacle("e2e", "linux", 1000)).toBe(
            "needs root, for network namespaces: `sudo npm test -- e2e`",
        );
    });

    test("unit runs everywhere", () => {
        expect(obstacle("unit", "darwin", 501)).toBeUndefined();
    });
});
