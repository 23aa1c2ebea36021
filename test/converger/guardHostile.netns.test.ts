// A guarded change on a host that has no room, that another hangs on, and that others come to at the wrong time.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
    canMove,
    commit,
    expire,
    FIRST,
    letTimePass,
    move,
    MOVING,
    NEXT,
    started,
} from "../support/moving";
import { NetnsHost, STACK } from "../support/netns";

const OTHER_UNIT = "sysctl net.ipv4.conf.eth0.rp_filter: 2\n";

describe("a guarded change", () => {
    let host: NetnsHost;
    let before: string;

    const nic = () => host.sh("ip -o addr show dev eth0");

    beforeAll(() => {
        host = canMove(new NetnsHost());
        host.apply("other", OTHER_UNIT);
        before = host.dump();
    });
    afterEach(() => {
        host.delete("lan");
        expect(host.dump()).toBe(before);
    });
    afterAll(() => host.close());

    test("is not begun where /run has no room for what would take it back", () => {
        const free = (kilobytes: number) =>
            `mount -o remount,size=$(($(df -k --output=used /run | tail -n 1) + ${kilobytes}))k /run`;
        host.sh(free(160)); // a journal's, but not the program's
        const { status, stderr } = move(host);
        host.sh(free(100_000));
        expect(status).toBe(1);
        expect(stderr).toMatch(
            /cannot be put under guard: cp: .*No space left on device; nothing was changed\n$/,
        );
        expect(host.dump()).toBe(before);
    });

    test("is undone where nothing would be left to tell of it", () => {
        host.sh("mount -o remount,ro /var/lib");
        const { status, stderr } = move(host);
        host.sh("mount -o remount,rw /var/lib");
        expect(status).toBe(1);
        expect(stderr).toMatch(/: cannot be recorded: .*Read-only file system; put back: moved/);
        expect(host.dump()).toBe(before);
    });

    test("is taken back though somebody looks who does not come to an end", () => {
        move(host);
        host.sh(
            `flock -s /run/crosshost sh -c 'exec 8</run/crosshost; : >"$FAKES/looks"; exec sleep 1000' >/dev/null 2>&1 &
            until [ -e "$FAKES/looks" ]; do sleep 0.02; done`,
        );
        letTimePass(host);
        expect(expire(host).status).toBe(0);
        expect(nic()).toContain("192.168.40.11");
    });

    test("is not committed by who had come before it, and waited", async () => {
        host.put(
            "ip",
            `#!/bin/sh\nif [ "$1" = -batch ] && grep -q master "$2"; then : >"$FAKES/works"; until [ -e "$FAKES/go" ]; do sleep 0.02; done; fi\nexec /usr/sbin/ip "$@"\n`,
        );
        const moving = started(host, FIRST, ["apply", STACK, "lan"], MOVING);
        while (!existsSync(join(host.folder, "works"))) {
            await sleep(20);
        }
        const early = started(host, NEXT, ["apply", STACK, "other"], OTHER_UNIT);
        await early.says("crosshost: waiting for `apply");
        host.sh(': >"$FAKES/go"');
        expect(await moving.said()).toContain("under guard: taken back in 15 s unless committed");
        host.sh('rm "$FAKES/go"');
        host.remove("ip");
        await early.says("crosshost: waiting for the commit of unit lan");
        expect(commit(host).stdout).toBe("lan: committed\nlan: stays as it is\n");
        expect(await early.said()).toContain("other: in step, nothing to do\n");
    });
});
