import {
    dealer,
    isOnHost,
    OPERATIONS,
    type Point,
    pointText,
    randomFrom,
    type Steps,
} from "./point";
import { stepOf } from "./cliRun";

const STEPS: Steps = {
    up: [
        { name: "overlay-mesh-host1 creating", milliseconds: 300 },
        { name: "app0-container creating", milliseconds: 400 },
    ],
    update: [{ name: "overlay-mesh-host1 updating", milliseconds: 300 }],
    destroy: [{ name: "app0-container deleting", milliseconds: 200 }],
};

function draw(seed: number, count: number): Point[] {
    const next = dealer(STEPS, randomFrom(seed));
    return Array.from({ length: count }, () => OPERATIONS.map(next)).flat();
}

describe("crash points", () => {
    test("are the same for the same seed, and others for another", () => {
        expect(draw(7, 40)).toEqual(draw(7, 40));
        expect(draw(7, 40)).not.toEqual(draw(8, 40));
    });

    test("are of every step and moment before one comes again", () => {
        const ups = draw(3, 8).filter(({ operation }) => operation === "up");
        const kinds = ups.map(({ step, moment }) => `${step}, ${moment}`);
        expect(kinds.sort()).toEqual([
            "app0-container creating, after",
            "app0-container creating, before",
            "app0-container creating, during",
            "app0-container creating, made",
            "app0-container creating, made",
            "overlay-mesh-host1 creating, after",
            "overlay-mesh-host1 creating, before",
            "overlay-mesh-host1 creating, during",
        ]);
    });

    test("have victims that can be there: on a host while it works, and no converger for containers", () => {
        for (const point of draw(5, 300)) {
            const onHost = isOnHost(point.victim);
            const aside =
                point.step.includes("-container ") && point.victim.startsWith("converger");
            expect([pointText(point), onHost && point.moment !== "during"]).toEqual([
                pointText(point),
                false,
            ]);
            expect([pointText(point), aside]).toEqual([pointText(point), false]);
        }
    });
});

describe("a line of the CLI", () => {
    test.each([
        [
            " +  command:remote:Command host1-converger creating (0s) ",
            "host1-converger creating",
            true,
        ],
        [
            " +  command:remote:Command host1-converger created (2s) ",
            "host1-converger creating",
            false,
        ],
        [
            " ~  command:remote:Command overlay updating (0s) [diff: ~stdin]",
            "overlay updating",
            true,
        ],
        [
            " ++ docker:index:Container app0 creating replacement (0s) [diff: ~envs]",
            "app0 creating replacement",
            true,
        ],
        [
            " ++ docker:index:Container app0 created replacement (0.61s) [diff: ~envs]",
            "app0 creating replacement",
            false,
        ],
        [
            " -- docker:index:Container app0 deleted original (0.2s) ",
            "app0 deleting original",
            false,
        ],
    ])("%s", (line, name, began) => {
        expect(stepOf(line)).toEqual({ name, began });
    });

    test.each([
        "",
        "@ updating....",
        " +  crosshost:index:Host vm2 creating (0s) ",
        " +  pulumi:providers:docker vm2-docker creating (0s) ",
    ])("that tells of no step: %s", (line) => {
        expect(stepOf(line)).toBeUndefined();
    });
});
