import fc from "fast-check";
import { parse } from "yaml";
import { entry, unit, unitText } from "../../components/wire/unit";
import { lines } from "../support/units";

const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.:,/@=+{}!<>*&|()-]{0,12}$/);
const words = fc.array(word, { minLength: 1, maxLength: 4 }).map((list) => list.join(" "));

test("entries are sorted by key, byte by byte, whatever order they come in", () => {
    const entries = [entry("b", "2"), entry("a b", "1"), entry("a", 0), entry("B", "3")];
    expect(unitText(unit(entries))).toBe("B: 3\na: 0\na b: 1\nb: 2\n");
    expect(unitText(unit([...entries].reverse()))).toBe(unitText(unit(entries)));
});

test("a key twice is a mistake of ours", () => {
    expect(() => unit([entry("link a", "x"), entry("link a", "y")])).toThrow(
        '"link a" occurs twice in the unit',
    );
});

test.each([
    ["key", "a: b"],
    ["key:", "b"],
    ["key", "b:"],
    ["key", "b "],
    ["key", ""],
    ["key", "- item"],
    ["key", "-"],
    ["key", "--- "],
    ["key", "it's"],
    ["key", 'say "yes"'],
    ["key", "cost $5"],
    ["key", "`id`"],
    ["key", "a # b"],
    ["key", "a\nb"],
    ["key", "a\\b"],
    ["key", "[a]"],
    ["key", "50%"],
    ["key", "*a"],
    ["key", "&a"],
    ["key", "!a"],
    ["key", "{a"],
    ["key", "|"],
    ["key", "é"],
    ["- key", "b"],
    ["", "b"],
    ["key ", "b"],
    ["ke\ty", "b"],
])("%j: %j cannot be written into a unit", (key, value) => {
    expect(() => unit([entry(key, value)])).toThrow("cannot be written into a unit");
});

test("whatever can be written is read by YAML as the same map", () => {
    fc.assert(
        fc.property(fc.uniqueArray(fc.tuple(words, words), { selector: ([key]) => key }), (all) => {
            const accepted = all.filter(([key, value]) => {
                try {
                    return unit([entry(key, value)]).length === 1;
                } catch {
                    return false;
                }
            });
            const wanted = unit(accepted.map(([key, value]) => entry(key, value)));
            const read: unknown = parse(unitText(wanted), { schema: "failsafe" }) ?? {};
            expect(read).toEqual(Object.fromEntries(lines(wanted)));
        }),
        { numRuns: 500 },
    );
});
