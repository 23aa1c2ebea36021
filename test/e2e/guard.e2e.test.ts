// What a change leaves that cuts off SSH: nothing. The commit is kept from hosts by a rule that drops new connections by their bridge.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { baseline, difference, HOSTS } from "../support/hosts";
import { lab, on, onAll, rebootAll } from "../support/lab";
import { Stack, UP_AS_FAR_AS_IT_GOES } from "../support/stack";

const SECONDS = 8;
/** A login that goes by another host takes its time. */
const MARGIN_MS = 5000;

const CUT = `nft -f - <<E
table inet cut {
    chain in {
        type filter hook input priority 0;
        iifname "br-*" tcp dport 22 tcp flags & (syn | ack) == syn drop
    }
}
E`;
const MEND = "nft delete table inet cut 2>/dev/null; :";
const ARMED = "until [ -e /run/crosshost/journal/armed ]; do sleep 0.05; done";

const masterOf = (host: string) =>
    (JSON.parse(on(host, "ip -j link show dev eth0")) as [{ readonly master?: string }])[0].master;

describe("a change of the NIC that SSH comes by", () => {
    const stack = new Stack("guard", join(__dirname, "guard"));
    let before: string[];

    beforeAll(async () => {
        before = await baseline();
        stack.configure({ seconds: SECONDS });
    });
    afterAll(async () => {
        await onAll(HOSTS, MEND);
        stack.cleanUp();
    });

    it("is taken back where its commit does not arrive, and done where it does", async () => {
        await onAll(["vm1", "vm2"], CUT);
        const { silences, result } = silencesWhile(["vm1"], () =>
            stack.attempt(...UP_AS_FAR_AS_IT_GOES),
        );
        expect(Math.max(...silences)).toBeGreaterThan(1000);
        expect(Math.max(...silences)).toBeLessThan(SECONDS * 1000 + MARGIN_MS);
        const { status, output } = result;
        expect(status).not.toBe(0);
        for (const host of ["vm1", "vm2"]) {
            expect(output).toMatch(
                new RegExp(
                    `crosshost: unit bridge-lan-${host} on ${host}: the change was taken back, no commit came within ${SECONDS} s, when the way back to [\\d.]+ was by [\\d.]+ dev br-`,
                ),
            );
        }
        expect(HOSTS.map((host) => masterOf(host)?.slice(0, 3))).toEqual([
            undefined,
            undefined,
            "br-",
        ]);
    });

    it("is told by each preview until it is done", async () => {
        for (const time of ["first", "second"]) {
            const shown = stack.preview();
            expect([time, shown.match(/drift guard *: "taken back, no commit came/g)]).toEqual([
                time,
                [expect.anything(), expect.anything()],
            ]);
        }
        expect(stack.attempt(...UP_AS_FAR_AS_IT_GOES).status).not.toBe(0); // as it is cut off yet
        await onAll(["vm1", "vm2"], MEND);
        stack.up();
        expect(HOSTS.filter((host) => masterOf(host) === undefined)).toEqual([]);
        stack.nothingToDo("preview");
        stack.nothingToDo("up");
    });

    it("is taken back too where it gives the NIC back", async () => {
        await onAll(["vm1"], CUT.replace('iifname "br-*"', 'iifname "eth0"'));
        const bridge = masterOf("vm1");
        const { status, output } = stack.attempt("destroy", "--yes", "--skip-preview");
        expect(status).not.toBe(0);
        expect(output).toContain(
            "unit bridge-lan-vm1 on vm1: the change was taken back, no commit",
        );
        expect(masterOf("vm1")).toBe(bridge);
        await onAll(["vm1"], MEND);
        stack.up();
        stack.nothingToDo("preview");
    });

    it("is gone with the power, and told", async () => {
        stack.destroy();
        await onAll(["vm1"], CUT);
        const { command, args, options } = stack.operation(...UP_AS_FAR_AS_IT_GOES);
        const up = spawn(command, args, { ...options, stdio: "ignore" });
        const ended = once(up, "exit");
        on("vm1", `timeout 120 sh -c '${ARMED}'`);
        await rebootAll(["vm1"], "--hard");
        await ended;
        expect(masterOf("vm1")).toBeUndefined();
        expect(stack.preview()).toContain("taken back, the host went down before it was committed");
        stack.up();
        stack.nothingToDo("preview");
    });

    it("leaves no trace", async () => {
        stack.destroy();
        expect(difference(before, await baseline())).toEqual([]);
    });
});

/** A login every 0.3 s meanwhile: for how long none succeeded, each time. */
function silencesWhile<T>(
    hosts: readonly string[],
    act: () => T,
): { readonly silences: number[]; readonly result: T } {
    const log = join(tmpdir(), "crosshost-guard-logins");
    const login = (host: string) =>
        `timeout 2 ssh -nF ${lab().sshConfigFile} -o BatchMode=yes -o ControlPath=none ${host} true`;
    const script = `while :; do ${hosts.map(login).join(" && ")} && date +%s%3N >>${log}; sleep 0.3; done`;
    const child = spawn("sh", ["-c", script], { detached: true, stdio: "ignore" });
    try {
        const result = act();
        const times = [...readFileSync(log, "utf8").trimEnd().split("\n").map(Number), Date.now()];
        return { silences: times.slice(1).map((time, at) => time - (times[at] ?? 0)), result };
    } finally {
        process.kill(-(child.pid ?? 0), "SIGTERM");
        rmSync(log, { force: true });
    }
}
