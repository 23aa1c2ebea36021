import { join } from "node:path";
import { AS_AFTER_A_REBOOT, baseline, difference, dumps, HOSTS } from "../support/hosts";
import { lab, labCommand, on, rebootAll, unanswered, watchersRest } from "../support/lab";
import { whilePinging } from "../support/pinging";
import { Stack } from "../support/stack";
import { neverBack, removeByHand, runByHand } from "../sweep/restarts";

/** Its packages have containerd and runc of an age that both engines run with. */
const HOST = HOSTS.find((host) => lab().hosts[host]?.release === "forky") ?? "";
const OTHER = HOST === "vm1" ? "vm2" : "vm1";
/** As Docker's guide to the change of its backend says; a reboot would do as well. */
const OPENED = "iptables -P FORWARD ACCEPT";
/** Who asks for nftables has forwarding on from the boot, and then Docker leaves no policy DROP. */
const FORWARDING = "/etc/sysctl.d/60-docker.conf";
const MADE = "10.42.N.200";
const HAND = "10.42.N.201";

const of = (address: string, host: string) =>
    address.replace("N", String(HOSTS.findIndex((each) => each === host) + 1));

describe("an engine that is exchanged under running units", () => {
    const stack = new Stack("upgrade", join(__dirname, "../sweep/programs/restarts"));
    const engineOfLab = lab().hosts[HOST]?.engine ?? "";
    let before: string[];

    beforeAll(async () => {
        labCommand("engine", HOST, "28");
        on(HOST, `[ ! -e ${FORWARDING} ] || mv ${FORWARDING} ${FORWARDING}.aside`);
        await rebootAll([HOST]); // or it has chains that 29 left
        await runByHand();
        before = await baseline();
        stack.up();
    });

    afterAll(async () => {
        stack.cleanUp();
        await removeByHand();
        const back = `mv ${FORWARDING}.aside ${FORWARDING} && sysctl -qp ${FORWARDING}`;
        on(HOST, `[ ! -e ${FORWARDING}.aside ] || { ${back}; }`);
        labCommand("engine", HOST, engineOfLab);
        await rebootAll([HOST]); // or nftables has the policy DROP that 28 left
    });

    describe.each([
        ["28", "29"],
        ["29", "29-nftables"],
        ["29-nftables", "29"],
        ["29", "28"],
    ])("from %s to %s", (from, to) => {
        it("is away no longer than its own restart takes", () => {
            const { gapMs, answered } = whilePinging(
                { host: OTHER, container: "made", target: of(MADE, HOST) },
                () => {
                    labCommand("engine", HOST, to);
                    if (to === "29-nftables") {
                        on(HOST, OPENED);
                    }
                    expect(neverBack(HOST)).toEqual([]);
                },
            );
            const away = millisecondsAway("made");
            process.stdout.write(
                `Docker ${from} -> ${to}: gap ${Math.round(gapMs)} ms, its own restart ${Math.round(away)} ms\n`,
            );
            expect(answered).toBeGreaterThan(100);
            expect(gapMs).toBeLessThan(away + 2_000);
        });

        it("is nothing that a preview would change, and all answers", async () => {
            await watchersRest([HOST]);
            stack.nothingToDo("preview");
            expectAllReached();
        });

        it("is the same after a reboot", async () => {
            await rebootAll([HOST]);
            expect(neverBack(HOST)).toEqual([]);
            await watchersRest([HOST]);
            stack.nothingToDo("preview");
            expectAllReached();
        });
    });

    it("is told where nftables follows on iptables and nobody has opened what that left, with what opens it", () => {
        labCommand("engine", HOST, "29");
        labCommand("engine", HOST, "29-nftables");
        const outside = [lab().internet.address];
        expect(unanswered(HOST, "made", outside)).toEqual(outside);
        const told = stack.preview().split("\n");
        const at = told.findIndex((line) => line.includes("the policy DROP that Docker left"));
        expect(told[at]).toContain(`${HOST}: `);
        expect(told[at + 1]?.trim()).toBe(OPENED);
        on(HOST, OPENED);
        expect(neverBack(HOST)).toEqual([]);
        expect(unanswered(HOST, "made", outside)).toEqual([]);
        stack.nothingToDo("preview");
        expectAllReached();
    });

    it("leaves no trace after destroy", async () => {
        stack.destroy();
        labCommand("engine", HOST, "28");
        await rebootAll([HOST]);
        on(HOST, AS_AFTER_A_REBOOT);
        expect(difference(before, await dumps())).toEqual([]);
    });
});

/** By Docker's word: from the container's end until its start. */
function millisecondsAway(container: string): number {
    const said = on(
        HOST,
        `docker inspect -f '{{.State.FinishedAt}} {{.State.StartedAt}}' ${container}`,
    );
    const [finished = 0, started = 0] = said.split(" ").map((time) => Date.parse(time.trim()));
    return started - finished;
}

function expectAllReached(): void {
    const targets = HOSTS.flatMap((host) => [of(MADE, host), of(HAND, host)]);
    for (const host of [HOST, OTHER]) {
        expect(unanswered(host, "hand", targets)).toEqual([]);
    }
}
