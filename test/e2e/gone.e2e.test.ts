import { join } from "node:path";
import { baseline, difference } from "../support/hosts";
import { labCommand, on } from "../support/lab";
import { Stack } from "../support/stack";

const CONFIG = { cidr: "10.70.0.0/16", hosts: "vm1 vm3" };

describe("a host that does not answer", () => {
    const stack = new Stack("tenant", join(__dirname, "tenants"), [], /vm3 is gone|left on vm3/);
    let before: string[];
    /** Of an `up` that has nothing to do: most of it is the CLI and the program's start, on a machine that has more to do. */
    let idleMs: number;

    beforeAll(async () => {
        // It will have booted anew: Docker 28's empty raw table, of networks long gone, is no more then.
        labCommand("reboot", "vm3");
        before = await baseline();
        stack.configure(CONFIG);
        stack.up();
        const began = Date.now();
        stack.nothingToDo("up");
        idleMs = Date.now() - began;
    });

    afterAll(() => {
        labCommand("up", "3");
        stack.cleanUp();
    });

    it.each([
        ["has no sshd", "systemctl stop ssh.socket ssh", "refuses the connection"],
        ["is off", undefined, "does not answer within 5 s"],
    ])("because it %s is named in time, and the others converge", (_why, script, says) => {
        on("vm1", "ip route del 10.70.3.0/24");
        if (script) {
            on("vm3", script);
        } else {
            labCommand("poweroff", "vm3", "--hard");
        }
        const start = Date.now();
        const { status, output } = stack.attempt("up", "--yes", "--skip-preview");
        const took = Date.now() - start;
        labCommand(...(script ? ["reboot", "vm3", "--hard"] : ["start", "vm3"]));
        expect(status).not.toBe(0);
        expect(output).toMatch(new RegExp(`error: vm3 was left unchanged: .*${says}`));
        expect(output.match(/^ {4}error: vm3/gm)).toHaveLength(1);
        expect(on("vm1", "ip route show 10.70.3.0/24")).not.toBe("");
        expect(took).toBeLessThan(2 * idleMs + 10_000); // the kernel gives up after 130 s
    });

    it("is healed by the next up", () => {
        on("vm3", "ip route del 10.70.1.0/24");
        stack.up();
        expect(on("vm3", "ip route show 10.70.1.0/24")).not.toBe("");
        stack.nothingToDo("preview");
    });

    it("is let go with gone: true, with what is left there", () => {
        labCommand("poweroff", "vm3", "--hard");
        stack.configure({ ...CONFIG, gone: "vm3" });
        const told = stack.up();
        expect(told).toMatch(/warning: vm3 is gone: /);
        expect(told).toMatch(/left on vm3: .*docker network crosshost-tenant-net, .*link vx-net-/);
        expect(told).toContain("left on vm3: container crosshost-tenant-app2");
        expect(on("vm1", "ip route show 10.70.3.0/24")).toBe("");
        stack.nothingToDo("up");
        stack.configure({ ...CONFIG, hosts: "vm1" });
        stack.up();
        expect(stack.attempt("stack", "--show-urns").output).not.toContain("vm3");
        stack.nothingToDo("preview");
        stack.destroy();
    });

    it("is cleaned, should it come back, as was told", async () => {
        labCommand("start", "vm3");
        on("vm3", "docker rm -f crosshost-tenant-app2");
        on(
            "vm3",
            "s=$(basename /var/lib/crosshost/*-*); /var/lib/crosshost/$s/crosshost uninstall $s",
        );
        expect(difference(before, await baseline())).toEqual([]);
    });
});
