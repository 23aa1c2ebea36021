import { join } from "node:path";
import { baseline, difference, dumps } from "../support/hosts";
import { Stack } from "../support/stack";
import { leftOver, removeByHand, restarts, type Return, runByHand } from "../sweep/restarts";

/** `npm run sweep` does 100, 20 and 20, and holds each to a second: here other tests have the cores too. */
const COUNTS = { "docker restart": 9, "made anew": 6, "systemctl restart docker": 3 } as const;

describe("attachments of every kind, under restarts", () => {
    const stack = new Stack("restarts", join(__dirname, "../sweep/programs/restarts"));
    let before: string[];
    let returns: Return[];

    beforeAll(async () => {
        await runByHand();
        before = await baseline();
        stack.up();
        returns = [...restarts(COUNTS)];
    });

    afterAll(async () => {
        stack.cleanUp();
        await removeByHand();
    });

    it("are back each time", () => {
        const times = returns.map(({ milliseconds }) => milliseconds ?? Infinity);
        process.stdout.write(`back after ${Math.max(...times)} ms at most\n`);
        expect(returns.filter(({ milliseconds }) => milliseconds === undefined)).toEqual([]);
    });

    it("leave no link behind, and no address twice", async () => {
        expect(await leftOver()).toEqual([]);
    });

    it("are nothing that a preview would change", () => {
        stack.nothingToDo("preview");
    });

    it("leave no trace after destroy", async () => {
        stack.destroy();
        expect(difference(before, await dumps())).toEqual([]);
    });
});
