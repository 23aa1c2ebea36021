import { measure, type Measured } from "../../bench/measure";
import { LAB_JSON } from "../support/lab";

const COMPONENTS_OF_A_HOST = 3; // a Host, its part of an Overlay, a ContainerAttachment
const MOST_RESOURCES = 3 * COMPONENTS_OF_A_HOST;

describe("the cost of a host", () => {
    let two: Measured;
    let three: Measured;

    beforeAll(async () => {
        two = await measure(LAB_JSON, 2, 1);
        three = await measure(LAB_JSON, 3, 1);
    });

    const all = () => [two, three];

    it("is one SSH login for a preview", () => {
        for (const { previews, hosts } of all()) {
            expect(previews.map(({ logins }) => logins)).toEqual([Array(hosts).fill(1)]);
        }
    });

    it("is at most three resources for each component, however many hosts there are", () => {
        const counts = all().flatMap(({ resources }) => resources.map(({ length }) => length));
        expect(new Set(counts).size).toBe(1);
        expect(counts[0]).toBeLessThanOrEqual(MOST_RESOURCES);
    });

    it("is the same number of SSH logins for an up from nothing, however many hosts there are", () => {
        const [ups] = all().map(({ up }) => Math.max(...up.logins));
        expect(three.up.logins).toEqual(Array(3).fill(ups));
    });

    it("is one login more, and on that host only, for an entry that has drifted", () => {
        expect(two.repair.logins).toEqual([2, 1]);
        expect(three.repair.logins).toEqual([2, 1, 1]);
    });

    it("is one login more, and on that host only, for an entry that the program changes", () => {
        expect(two.edit.logins).toEqual([2, 1]);
        expect(three.edit.logins).toEqual([2, 1, 1]);
    });

    it("is a no-op that runs no more programs where there are more hosts", () => {
        expect(three.programsOfNoOp.slice(0, 2)).toEqual(two.programsOfNoOp);
        expect(Math.max(...three.programsOfNoOp)).toBeLessThanOrEqual(20);
    });

    it("leaves no SSH connection open", () => {
        expect(all().flatMap(({ openConnections }) => openConnections)).toEqual(Array(5).fill(0));
    });
});
