import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { killedAt } from "../support/killer";
import {
    canMove,
    commit,
    expire,
    FIRST,
    letTimePass,
    move,
    MOVING,
    NEXT,
    OTHER,
    started,
} from "../support/moving";
import { NetnsHost, STACK, TOOLS } from "../support/netns";

const GUARDED = {
    status: 0,
    stdout: "lan: 1 of its entries changed, under guard: taken back in 15 s unless committed\n",
    stderr: "",
};
const COMMITTED = { status: 0, stdout: "lan: committed\nlan: stays as it is\n", stderr: "" };
const WHERE = `crosshost: unit lan on ${hostname()}: `;
const NO_COMMIT =
    /taken back[,:] no commit came within 15 s, when the way back to 192\.168\.40\.1 was by 192\.168\.40\.1 dev br0(, which is down)?, neighbour \w+/;

describe.each(TOOLS)("a guarded change on a host with $shell and $awk", (tools) => {
    let host: NetnsHost;
    let before: string;
    let after: string;

    const takenLines = () => host.observe().lines.filter((line) => line.startsWith("taken "));
    const systemctl = () => readFileSync(join(host.folder, "systemctl.log"), "utf8");
    const nic = () => host.sh("ip -o addr show dev eth0");

    beforeAll(() => {
        host = canMove(new NetnsHost(tools));
        host.apply("other", "sysctl net.ipv4.conf.eth0.rp_filter: 2\n");
        before = host.dump();
        expect(move(host, MOVING, {})).toMatchObject({ status: 0 }); // at a console
        after = host.dump();
        expect(host.delete("lan")).toMatchObject({ status: 0 });
        expect(host.dump()).toBe(before);
    });
    afterEach(() => {
        host.delete("lan");
        expect(host.dump()).toBe(before);
    });
    afterAll(() => host.close());

    test("is committed by a new connection, and only then is on the disk", () => {
        expect(move(host)).toEqual(GUARDED);
        expect(nic()).not.toContain("192.168.40.11");
        expect(host.dump()).not.toContain("/etc/systemd/system/moved");
        expect(readFileSync(join(host.folder, "systemd-run.log"), "utf8")).toMatch(
            /--on-active=15s .*--property=Restart=on-failure .*\/bin\/sh \/run\/crosshost\/guard\/crosshost expire\n$/,
        );
        expect(commit(host)).toEqual(COMMITTED);
        expect(systemctl()).toMatch(/stop crosshost-guard\.timer crosshost-guard\.service\n$/);
        expect(host.dump()).toBe(after);
        expect(commit(host)).toEqual({ ...COMMITTED, stdout: "lan: stays as it is\n" });
        expect(move(host).stdout).toBe("lan: in step, nothing to do\n");
        expect(takenLines()).toEqual([]);
    });

    test("leaves no timer, though systemd starts itself anew as it is committed", () => {
        move(host);
        host.put(
            "systemctl",
            `#!/bin/sh\nif [ "$*" = "stop crosshost-guard.timer crosshost-guard.service" ] && echo >>"$FAKES/tries" && [ $(wc -l <"$FAKES/tries") -lt 4 ]; then exit 1; fi\nexec sh "${join(__dirname, "../support/fake-systemctl.sh")}" "$@"\n`,
        );
        expect(commit(host)).toEqual(COMMITTED);
        expect(systemctl()).toMatch(/stop crosshost-guard\.timer crosshost-guard\.service\n$/);
    });

    test("is taken back by the timer, and told until it is done", () => {
        const { absent } = host.observe();
        move(host);
        letTimePass(host);
        expect(expire(host).stderr).toMatch(NO_COMMIT);
        expect(systemctl()).toMatch(/stop crosshost-guard\.timer\n$/); // not itself
        expect(host.dump().replace(/^.*\/guarded.*\n/gm, "")).toBe(before);
        const told = takenLines();
        expect(told).toHaveLength(1);
        expect(told[0]).toMatch(NO_COMMIT);
        expect(takenLines()).toEqual(told);
        const late = commit(host);
        expect(late).toMatchObject({ status: 1, stdout: "" });
        expect(late.stderr).toMatch(NO_COMMIT);
        expect(late.stderr).toMatch(/; the host is as before\n$/);

        // another time it is told anew, as Pulumi would see no difference
        move(host, `${MOVING}seen: ${absent}\n`);
        letTimePass(host);
        expect(expire(host).status).toBe(0);
        expect(takenLines()[0]?.split(" ")[2]).not.toBe(told[0]?.split(" ")[2]);

        const healed = `${MOVING}drift guard: taken back\nseen: f1\n`;
        expect(move(host, healed)).toEqual(GUARDED);
        expect(commit(host, healed)).toEqual(COMMITTED);
        expect(takenLines()).toEqual([]);
    });

    test("is taken back by a commit that comes late", () => {
        move(host);
        letTimePass(host);
        const { status, stderr } = commit(host);
        expect(status).toBe(1);
        expect(stderr).toMatch(NO_COMMIT);
        expect(nic()).toContain("192.168.40.11");
    });

    test("says how a removal that was taken back is made again", () => {
        move(host);
        commit(host);
        host.crosshost(["delete", STACK, "lan"], "", FIRST);
        letTimePass(host);
        for (const destroy of ["first", "second"]) {
            const { status, stderr } = host.crosshost(["commit", STACK, "lan"], "", NEXT);
            expect([destroy, status]).toEqual([destroy, 1]);
            expect(stderr).toMatch(
                /was taken back, no commit came .*; the host is as before, with what was to be removed: once the cause is gone, run `pulumi up` with it in the program, then remove it again\n$/,
            );
        }
        expect(host.dump().replace(/^.*\/guarded.*\n/gm, "")).toBe(after);
    });

    test("is told to have gone with the power: what is on the disk is as before", () => {
        move(host);
        host.sh(
            "rm -r /run/crosshost; ip link del br0; ip addr add 192.168.40.11/24 brd + dev eth0; ip route add default via 192.168.40.1 dev eth0",
        );
        expect(host.crosshost(["boot", STACK, "links"]).status).toBe(0);
        expect(nic()).toContain("192.168.40.11");
        expect(takenLines()).toEqual([
            expect.stringMatching(
                /^taken lan g\w+ taken back, the host went down before it was committed$/,
            ),
        ]);
        expect(commit(host).stderr).toBe(
            `${WHERE}the change was taken back, the host went down before it was committed, and came up as before; the host is as before\n`,
        );
    });

    test("of an earlier boot is taken back, whatever the time", () => {
        move(host);
        host.sh(
            "sed -i '1s/ [0-9a-f-]* eth0/ 00000000-0000-0000-0000-000000000000 eth0/' /run/crosshost/journal/guard",
        );
        expect(host.crosshost(["boot", STACK, "links"]).status).toBe(0);
        expect(nic()).toContain("192.168.40.11");
    });

    test("is free where nobody's connection comes by what it touches", () => {
        host.sh("ip link add mgmt0 type veth peer name mgmt1; ip addr add 10.9.0.1/24 dev mgmt0");
        host.sh("ip link set mgmt0 up");
        const by = { SSH_CONNECTION: "10.9.0.2 50001 10.9.0.1 22" };
        expect(move(host, MOVING, by)).toMatchObject({
            status: 0,
            stdout: "lan: 1 of its entries changed\n",
        });
        expect(commit(host).stdout).toBe("lan: stays as it is\n");
        host.sh("ip link del mgmt0");
    });

    test.each([
        ["a tunnel's end on the host itself", "127.0.0.1 50001 127.0.0.1 22", ":"],
        [
            "a route over it",
            "10.9.0.2 50001 10.8.0.1 22",
            "ip link add up0 type veth peer name up1; ip link set up0 up; ip addr add 10.8.0.1/24 dev up0; ip route add 10.9.0.0/24 via 192.168.40.1 dev eth0",
        ],
        ["an address of IPv6", "fe80::1%eth0 50001 fe80::2%eth0 22", ":"],
    ])("is guarded by %s", (_what, connection, setup) => {
        host.sh(setup);
        const first = move(host, MOVING, { SSH_CONNECTION: connection });
        expect(first).toEqual(GUARDED);
        expect(commit(host)).toEqual(COMMITTED);
        host.delete("lan");
        host.sh("ip link del up0 2>/dev/null; ip route flush to 10.9.0.0/24; :");
    });

    test("is refused where nobody would commit it", () => {
        const { status, stderr } = move(host, "moved br0: eth0\n");
        expect(status).toBe(2);
        expect(stderr).toBe(
            "crosshost: refused: unit lan: moved br0: touches eth0, which this SSH connection comes by: only an apply or a delete of a unit that is guarded may do that\n",
        );
        move(host);
        commit(host);
        expect(host.crosshost(["uninstall", STACK], "", FIRST).stderr).toContain(
            "moved br0: touches eth0 br0, which this SSH connection comes by",
        );
        expect(host.dump()).toBe(after);
    });

    test("is not begun where no timer can be armed", () => {
        host.put("systemd-run", "#!/bin/sh\necho Failed to connect to bus >&2\nexit 1\n");
        expect(move(host)).toEqual({
            status: 1,
            stdout: "",
            stderr: `${WHERE}cannot be put under guard: tried \`systemd-run\`: Failed to connect to bus; nothing was changed\n`,
        });
        expect(host.dump()).toBe(before);
        canMove(host);
    });

    test("is undone whole where what waited for the commit fails", () => {
        move(host);
        host.sh("mount -o remount,ro /etc/systemd");
        const { status, stderr } = commit(host);
        host.sh("mount -o remount,rw /etc/systemd");
        expect(status).toBe(1);
        expect(stderr).toMatch(/: moved br0: tried `put .*Read-only file system; put back: moved/);
        expect(takenLines()[0]).toContain("Read-only file system");
        expect(nic()).toContain("192.168.40.11");
    });

    test.each([
        ["hangs", () => undefined],
        ["is stopped by a signal", (pid: number) => process.kill(pid, "SIGSTOP")],
    ])("that %s is ended and undone when its time is over, and says so", async (_, stop) => {
        host.put(
            "ip",
            `#!/bin/sh\nif [ "$1" = -batch ] && grep -q master "$2"; then : >"$FAKES/hangs"; while :; do sleep 1; done; fi\nexec /usr/sbin/ip "$@"\n`,
        );
        const { command, args, env } = host.command([
            tools.shell,
            host.program,
            "apply",
            STACK,
            "lan",
        ]);
        const applying = spawn(command, args, { env: { ...env, ...FIRST } });
        let said = "";
        applying.stderr.on("data", (text: Buffer) => (said += text.toString()));
        applying.stdin.end(MOVING);
        while (!existsSync(join(host.folder, "hangs"))) {
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
        host.remove("ip");
        rmSync(join(host.folder, "hangs"));
        stop(applying.pid ?? 0);
        letTimePass(host);
        const ended = once(applying, "close");
        expect(expire(host).status).toBe(0);
        await ended;
        expect(said).toContain("not done within the 15 s of its guard");
        expect(host.dump()).toBe(before);
    });

    describe("while it waits for its commit", () => {
        test("a command of its stack that came by it is its commit", () => {
            move(host);
            const { status, stdout } = host.crosshost(
                ["apply", STACK, "other"],
                "sysctl net.ipv4.conf.eth0.rp_filter: 2\n",
                NEXT,
            );
            expect(status).toBe(0);
            expect(stdout).toBe("lan: committed\nother: in step, nothing to do\n");
            expect(host.dump()).toBe(after);
        });

        const other = "sysctl net.ipv4.conf.eth0.rp_filter: 2\n";

        test.each([
            ["the same connection", FIRST, ["commit", STACK, "lan"], ""],
            [
                "a commit of another text",
                NEXT,
                ["commit", STACK, "lan"],
                "commit: 0011223344556677\n",
            ],
            ["a service, as a boot's", {}, ["boot", STACK, "rules"], ""],
            ["a command from elsewhere", OTHER, ["apply", STACK, "other"], other],
            ["another stack", NEXT, ["delete", "crosshost-else-3fa9c1", "x"], ""],
        ])("%s waits, and is none", async (_what, by, words, input) => {
            move(host);
            const waiting = await waitsWith(by, words, input);
            letTimePass(host);
            expect(await waiting.said()).toMatch(NO_COMMIT);
            expect(nic()).toContain("192.168.40.11");
        });

        test("who only looks waits too", async () => {
            move(host);
            const waiting = await waitsWith({}, ["observe", STACK], "");
            expect(commit(host)).toEqual(COMMITTED);
            const said = await waiting.said();
            expect(said).toMatch(/^unit lan /m);
            expect(said).not.toMatch(/^(drift|taken) /m);
        });
    });

    /** A request that has said for whom it waits. */
    async function waitsWith(by: NodeJS.ProcessEnv, words: readonly string[], input: string) {
        const waiting = started(host, by, words, input);
        await waiting.says("crosshost: waiting for the commit of unit lan, which is under guard");
        return waiting;
    }

    describe("that takes it away", () => {
        const remove = () => host.crosshost(["delete", STACK, "lan"], "", FIRST);
        beforeEach(() => {
            move(host, MOVING, {});
            expect(remove()).toMatchObject({ status: 0, stderr: "" });
            expect(nic()).toContain("192.168.40.11");
        });

        test("is committed too", () => {
            expect(commit(host, "")).toEqual({ ...COMMITTED });
            expect(host.dump()).toBe(before);
            expect(commit(host, "")).toMatchObject({ status: 0 });
        });

        test("is taken back too", () => {
            letTimePass(host);
            expect(commit(host, "")).toMatchObject({ status: 1 });
            expect(host.dump().replace(/^.*\/guarded.*\n/gm, "")).toBe(after);
            expect(commit(host, "").stderr).toMatch(/the change was taken back, no commit came/);
            const again = `${MOVING}drift guard: taken back\nseen: f1\n`;
            expect(move(host, again).stdout).toBe("lan: in step, its new text is stored\n");
            expect(takenLines()).toEqual([]);
        });
    });
});

describe("kill -9", () => {
    let host: NetnsHost;
    let before: string;
    let after: string;

    beforeAll(() => {
        host = canMove(new NetnsHost());
        host.apply("other", "sysctl net.ipv4.conf.eth0.rp_filter: 2\n");
        before = host.dump();
        move(host, MOVING, {});
        after = host.dump();
        host.delete("lan");
    });
    afterAll(() => host.close());

    const killed =
        (verb: string, text: string, by: NodeJS.ProcessEnv) => (kill: NodeJS.ProcessEnv) =>
            host.run(["setsid", "-w", "sh", host.program, verb, STACK, "lan"], text, {
                ...by,
                ...kill,
            });

    const runs = (["before", "after"] as const).flatMap((when) =>
        (["apply", "commit"] as const).map((verb) => ({ when, verb })),
    );

    test.each(runs)(
        "$when any call of the $verb: it is taken back or whole, and the next heals",
        ({ when, verb }) => {
            let at = 1;
            for (; ; at += 2) {
                if (verb === "commit") {
                    expect(move(host)).toEqual(GUARDED);
                }
                const run = verb === "apply" ? killed(verb, MOVING, FIRST) : killed(verb, "", NEXT);
                const was = killedAt(host, at, when, run);
                if (
                    existsSync("/dev/null") &&
                    host.run(["test", "-e", "/run/crosshost/journal/guard"]).status === 0
                ) {
                    letTimePass(host);
                }
                expect(host.crosshost(["boot", STACK, "rules"]).status).toBe(0);
                expect([before, after]).toContain(
                    host.dump().replace(/^.*\/(guarded|guard\b|moved.new).*\n/gm, ""),
                );
                expect(move(host, `${MOVING}seen: f${at}\n`, FIRST)).toMatchObject({
                    status: 0,
                    stderr: "",
                });
                expect(commit(host, `${MOVING}seen: f${at}\n`)).toMatchObject({
                    status: 0,
                    stderr: "",
                });
                expect(host.dump().replace(/^.*units\/lan .*\n/m, "")).toBe(
                    after.replace(/^.*units\/lan .*\n/m, ""),
                );
                host.delete("lan");
                expect(host.dump()).toBe(before);
                if (!was) {
                    break;
                }
            }
            expect(at).toBeGreaterThan(5);
        },
    );
});
