import { meshUnit, NetnsHost, STACK, TOOLS } from "../support/netns";

const SLOW_NFT =
    '#!/bin/sh\n[ "$1" != -f ] || { : >$FAKES/held; sleep 3; }\nexec /usr/sbin/nft "$@"\n';
const APPLY = `apply ${STACK} mesh`;
const RP_FILTER = "sysctl net.ipv4.conf.all.rp_filter: 2\n";

/** An apply that holds the lock, for 3 s or more; a sudo keeps the login's variables from it. */
function startSlowApply(host: NetnsHost, client: string): void {
    host.put("nft", SLOW_NFT);
    const asSudo = `env -i PATH=$PATH FAKES=$FAKES sh ${host.program} ${APPLY}; :`;
    host.sh(
        `(SSH_CONNECTION='${client} 50000 192.168.40.11 22' sh -c '${asSudo}' ` +
            `<<'E' >/dev/null 2>&1 &)\n${meshUnit()}E\nuntil [ -e $FAKES/held ]; do sleep 0.05; done`,
    );
}

describe.each(TOOLS)("the lock, with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
    });
    afterEach(() => {
        host.close();
    });

    test("whoever waits names the stack and unit at work, since when, and from where", () => {
        startSlowApply(host, "192.168.40.99");
        host.sh(
            `(sh ${host.program} apply ${STACK} other <<'E' >/dev/null 2>&1 &)\n${RP_FILTER}E\nsleep 0.3`,
        );
        const third = host.apply("third", RP_FILTER);
        expect(third.stderr).toMatch(
            new RegExp(
                `^crosshost: waiting for \`${APPLY}\` \\(process \\d+, for \\d s, from 192\\.168\\.40\\.99\\)\n$`,
            ),
        );
        expect(third.status).toBe(0);
        expect(host.observe().drift).toEqual([]);
    });

    test("a folder for it that another run has made meanwhile is as good, as where stacks boot at once", () => {
        host.put("mkdir", '#!/bin/sh\n/bin/mkdir "$@" 2>/dev/null\nexec /bin/mkdir "$@"\n');
        expect(host.apply("third", RP_FILTER)).toMatchObject({ status: 0, stderr: "" });
    });

    test("an observer waits too, and then sees what was done", () => {
        startSlowApply(host, "192.168.40.99");
        const { stderr, stdout } = host.crosshost(["observe", STACK]);
        expect(stderr).toContain(`waiting for \`${APPLY}\``);
        expect(stdout).toMatch(/^unit mesh [0-9a-f]{16}$/m);
        expect(stdout).not.toMatch(/^drift /m);
    });

    test("a container's link is announced when nobody else is at work, who might give it another MAC", () => {
        const process = host
            .sh(
                `ip link add br0 type bridge; ip link add port0 master br0 type veth peer name eth9
                ip link set br0 up; ip link set port0 up; ip link set eth9 up
                sleep 20 >/dev/null 2>&1 & echo $!-$(sed 's/.*) //' /proc/$!/stat | cut -d ' ' -f 20)`,
            )
            .trim();
        startSlowApply(host, "192.168.40.99");
        const announced = host.crosshost(["announce", process, "port0", "eth9"]);
        expect(announced.stderr).toContain(`waiting for \`${APPLY}\``);
        expect(announced.status).toBe(0);
        host.delete("mesh");
        host.crosshost(["uninstall", STACK]);
        expect(host.crosshost(["announce", process, "port0", "eth9"]).status).toBe(0);
        expect(host.sh("ls /run")).not.toContain("crosshost");
    });

    test("what a killed run has left at work is waited for, and named", () => {
        host.put("nft", '#!/bin/sh\n[ "$1" != -f ] || exec sleep 1.7\nexec /usr/sbin/nft "$@"\n');
        host.sh(
            `(sh ${host.program} ${APPLY} <<'E' >/dev/null 2>&1 & sleep 0.7; kill -9 $!)\n${meshUnit()}E`,
        );
        host.remove("nft");
        const { stderr, status } = host.apply("other", RP_FILTER);
        expect(stderr).toMatch(
            /waiting for `sleep 1\.7` \(process \d+, for \d s\), which a killed run has left\n/,
        );
        expect(stderr).toContain("undid an unfinished apply of unit mesh");
        expect(status).toBe(0);
    });
});
