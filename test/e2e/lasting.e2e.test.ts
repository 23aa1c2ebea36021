import { unreached } from "../support/demo";
import { HOSTS } from "../support/hosts";
import { labCommand, on, onAll } from "../support/lab";
import { Stack } from "../support/stack";

const WITHIN_MS = 10_000;

describe("wiring that lasts", () => {
    const stack = new Stack("demo");

    beforeAll(() => {
        stack.up();
    });

    afterAll(() => {
        labCommand("up", "3");
        stack.cleanUp();
    });

    it.each([
        ["vm1", "soft", []],
        ["vm2", "hard", ["--hard"]],
        ["vm3", "hard", ["--hard"]],
    ])("is back on %s after a %s reboot, before anyone asks", async (host, _way, flags) => {
        labCommand("reboot", host, ...flags);
        expect(await lostAfter(WITHIN_MS)).toEqual([]);
    });

    it("is back after a container restarts, and after Docker restarts", async () => {
        on("vm1", "docker restart -t 1 crosshost-demo-web >/dev/null");
        expect(await lostAfter(WITHIN_MS)).toEqual([]);
        await onAll(HOSTS, "systemctl restart docker");
        expect(await lostAfter(WITHIN_MS)).toEqual([]);
    });

    it("is nothing that a preview would change after all of these", () => {
        stack.nothingToDo("preview");
    });

    describe("with a host powered off", () => {
        beforeAll(() => {
            // A repair in its past: the lines of it must not come back as a difference.
            on("vm2", "ip route del 10.42.1.0/24");
            stack.up();
            labCommand("poweroff", "vm2");
        });

        it("warns by name, shows the rest and exits with 0", () => {
            on("vm1", "ip route del 10.42.3.0/24");
            const shown = stack.preview();
            expect(shown).toContain("vm2: changes to vm2 are not shown");
            expect(shown).toMatch(/drift route 10.42.3.0\/24 *: "missing"/);
            expect(shown).not.toMatch(/vm2.*(update|replace)/);
        });

        it("fails where strict is asked for", () => {
            stack.configure({ strict: true });
            const { status, output } = stack.attempt("preview", "--diff");
            stack.configure({});
            expect(status).not.toBe(0);
            expect(output).toContain("vm2: changes to vm2 are not shown");
        });

        it("converges the others in up, and names the host", () => {
            const { status, output } = stack.attempt("up", "--yes", "--skip-preview");
            expect(status).not.toBe(0);
            expect(output).toContain("vm2");
            expect(on("vm1", "ip route show 10.42.3.0/24")).not.toBe("");
        });

        it("heals at the next up", async () => {
            labCommand("start", "vm2");
            stack.up();
            stack.nothingToDo("preview");
            expect(await lostAfter(WITHIN_MS)).toEqual([]);
        });
    });

    /** What is still unreached after a time, asked again and again until nothing is. */
    async function lostAfter(milliseconds: number): Promise<string[]> {
        const deadline = Date.now() + milliseconds;
        for (;;) {
            const lost = attemptUnreached();
            if (lost.length === 0 || Date.now() > deadline) {
                return lost;
            }
            await new Promise((resolve) => setTimeout(resolve, 200));
        }
    }

    /** A container that is not up yet reaches nobody. */
    function attemptUnreached(): string[] {
        try {
            return unreached(stack);
        } catch (error) {
            return [String(error)];
        }
    }
});
