import { stripVTControlCharacters as plain } from "node:util";
import { answer, CommandFailed } from "../../lab/command";
import { duration, table } from "../../lab/terminal";

describe("commands that the demo and the test run start", () => {
    test("answer what they print", async () => {
        await expect(answer(["sh", "-c", "echo $WORD; echo aside >&2"], env("here"))).resolves.toBe(
            "here\n",
        );
    });

    test("tell how they failed, with all that they said", async () => {
        const failed = answer(["sh", "-c", "echo out; echo why >&2; exit 3"]);
        await expect(failed).rejects.toThrow(CommandFailed);
        await expect(failed).rejects.toMatchObject({
            message: expect.stringContaining("ended with status 3") as string,
            output: "out\nwhy\n",
        });
    });

    test("are named where they do not exist", async () => {
        await expect(answer(["/no/such/program"])).rejects.toThrow(/\/no\/such\/program.*ENOENT/);
    });

    test("are done when they end, though a service they started holds their output", async () => {
        const began = Date.now();
        await expect(answer(["sh", "-c", "sleep 8 & echo started"])).resolves.toBe("started\n");
        expect(Date.now() - began).toBeLessThan(6_000);
    });

    function env(word: string): { env: NodeJS.ProcessEnv } {
        return { env: { WORD: word } };
    }
});

describe("what a person reads", () => {
    test.each([
        [7, "7 ms"],
        [999, "999 ms"],
        [1_240, "1.2 s"],
        [59_960, "1 min 00 s"],
        [184_000, "3 min 04 s"],
    ])("%d ms is %s", (milliseconds, text) => {
        expect(duration(milliseconds)).toBe(text);
    });

    test("a table is as wide as its cells", () => {
        expect(plain(table(["host", "MTU"], [["vm1", "1450"]]))).toBe("host  MTU\nvm1   1450");
    });
});
