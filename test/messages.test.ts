import { readFileSync } from "node:fs";
import { awkTexts } from "./support/awkTexts";
import { messages, SNAPSHOT } from "./support/messages";

test("test/messages.txt has all texts that users may read, as they are: npm run messages", () => {
    expect(readFileSync(SNAPSHOT, "utf8")).toBe(messages());
});

test.each([
    ['refuse(key ": is not " name) # "a comment"', ["…: is not …"]],
    [
        'refuse(name ": is " (x == "" ? "not ours" : "of " mark[x]) ": choose another")',
        ["…: is {not ours|of …}: choose another"],
    ],
    ['refuse(why("an argument", 1) " " \\\n    "goes on")', ["… goes on", "an argument"]],
    ['if (text ~ /"/) return "after a pattern"', ["after a pattern"]],
])("texts of awk's %s", (source, texts) => {
    expect(awkTexts(source)).toEqual(expect.arrayContaining(texts));
});
