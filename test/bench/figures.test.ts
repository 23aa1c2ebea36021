import { median, ratio, ratioText, span } from "../../bench/figures";

describe("figures of a benchmark", () => {
    it("have a median that one odd round does not move", () => {
        expect(median([3, 1, 2])).toBe(2);
        expect(median([3, 1, 200])).toBe(3);
    });

    it("are compared round by round, so that a slow round is slow for both", () => {
        const ours = [10, 5, 20];
        const theirs = [10, 4, 10];
        expect(ratio(ours, theirs)).toEqual({ median: 1.25, quartiles: [1, 1.25] });
        expect(ratioText(ratio(ours, theirs))).toBe("1.25 (1.00-1.25)");
    });

    it("of hosts are one where they are the same", () => {
        expect([span([9, 9]), span([7, 9, 8])]).toEqual(["9", "7 to 9"]);
    });

    it("are not compared where a round lacks one of the two", () => {
        expect(() => ratio([1, 2], [1])).toThrow("cannot be paired");
    });
});
