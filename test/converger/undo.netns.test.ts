import { hostname } from "node:os";
import { killedAt } from "../support/killer";
import { meshUnit, NetnsHost, STACK, TOOLS } from "../support/netns";

/** Entries that the kernel refuses, each at another phase of an apply. */
const POISON: readonly (readonly [string, RegExp])[] = [
    [
        "nft forward bad: ip saddr 10.0.0.0/8 gibberish",
        /nft forward bad: tried `nft ip saddr 10\.0\.0\.0\/8 gibberish comment "bad"`: Error: /,
    ],
    [
        "link br-bad: bridge mtu 99999",
        /link br-bad: tried `ip link add name br-bad mtu 99998 .*`: .*/,
    ],
    ["link br-bad: bridge priority 70000", /link br-bad: tried `ip link add name br-bad .*/],
    [
        "addr nope0 10.9.9.9/24: scope global",
        /addr nope0 10\.9\.9\.9\/24: tried `ip addr add .* dev nope0`: Cannot find device "nope0"/,
    ],
    [
        "neigh 10.9.9.9 dev nope0: lladdr 02:00:00:00:00:01",
        /neigh 10\.9\.9\.9 dev nope0: tried `ip neigh replace .*`: Cannot find device "nope0"/,
    ],
    [
        "sysctl net.ipv4.ip_default_ttl: 700",
        /sysctl net\.ipv4\.ip_default_ttl: tried `sysctl net\.ipv4\.ip_default_ttl 700`: /,
    ],
    [
        "fdb 02:00:00:00:00:09 dev nope0: dst 1.1.1.1",
        /fdb 02:00:00:00:00:09 dev nope0: tried `bridge fdb replace .*`: /,
    ],
    [
        "route 10.50.0.0/24: via 10.99.0.1 dev eth0",
        /route 10\.50\.0\.0\/24: tried `ip route add 10\.50\.0\.0\/24 via 10\.99\.0\.1 dev eth0 proto 201`: Error: Nexthop has invalid gateway\./,
    ],
    [
        "iptables DOCKER-USER bad: -s 10.0.0.0/8 -j NOSUCHTARGET",
        /iptables DOCKER-USER bad: tried `iptables .*NOSUCHTARGET`: /,
    ],
    ["sysctl net.ipv4.conf.all.forwarding: 0", /did not take effect/],
];

/** Where it failed, and what had been done before that. */
const ENDS = new RegExp(
    `^crosshost: unit mesh on ${hostname()}: .*; (put back: \\w+ .*|nothing was changed)\\n$`,
    "s",
);

/** Changes that a poisoned entry comes with: all new, made anew, in place, things taken away. */
const CHANGES: readonly (readonly [string, (line: string) => string | undefined])[] = [
    ["nothing else", (line) => line],
    ["another VNI", (line) => line.replace("1048999", "1048998")],
    ["another subnet", (line) => line.replaceAll("10.42.", "10.43.")],
    [
        "another MTU, address and fewer peers",
        (line) =>
            /10\.42\.3|00:03/.test(line)
                ? undefined
                : line.replace("mtu 1450", "mtu 1400").replace("01:00:01", "01:00:77"),
    ],
    ["hardly anything left", (line) => (/^(link ch|addr ch)/.test(line) ? line : undefined)],
];

/** All of them with one pair of tools; a poison that only two entries together are comes alone. */
function changes(shell: string, poison: string) {
    return CHANGES.filter(([what]) =>
        poison.includes("forwarding")
            ? what === "nothing else"
            : shell === "dash" || what === "another VNI",
    );
}

describe.each(TOOLS)("undoing on a host with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeAll(() => {
        host = new NetnsHost(tools);
        host.sh("iptables -N DOCKER-USER; iptables -A DOCKER-USER -j RETURN");
    });
    afterAll(() => host.close());

    test.each(POISON)("on a host that had nothing: %s", (poison, told) => {
        host.sh("mkdir -p -m 0700 /run/crosshost");
        const before = host.dump();
        const { status, stderr } = host.apply("mesh", `${meshUnit()}${poison}\n`);
        expect(stderr).toMatch(told);
        expect(stderr).toMatch(ENDS);
        expect(status).toBe(1);
        expect(host.dump().replace(/^\/run\/crosshost.*\n/gm, "")).toBe(
            before.replace(/^\/run\/crosshost.*\n/gm, ""),
        );
    });

    describe("on a host that has an overlay", () => {
        let before: string;

        beforeAll(() => {
            host.apply("mesh", meshUnit());
            before = host.dump();
        });

        describe.each(POISON)("%s", (poison, told) => {
            test.each(changes(tools.shell, poison))("with %s", (_what, change) => {
                const { stderr } = host.apply("mesh", `${meshUnit(change)}${poison}\n`);
                expect(stderr).toMatch(told);
                expect(stderr).toMatch(ENDS);
                expect(host.dump()).toBe(before);
                expect(host.observe().drift).toEqual([]);
            });
        });
    });
});

describe("kill -9", () => {
    let host: NetnsHost;
    const first = meshUnit();
    const second = meshUnit((line) =>
        /10\.42\.3|00:03/.test(line)
            ? undefined
            : line.replace("1048999", "1048998").replace("mtu 1450", "mtu 1400"),
    );

    beforeAll(() => {
        host = new NetnsHost();
        host.apply("mesh", first);
        host.delete("mesh");
    });
    afterAll(() => host.close());

    function killed(verb: string, text: string) {
        return (environment: NodeJS.ProcessEnv) =>
            host.run(["setsid", "-w", "sh", host.program, verb, STACK, "mesh"], text, environment);
    }

    const runs = (["before", "after"] as const).flatMap((when) => [
        { when, what: "the first apply", base: "", verb: "apply", text: first },
        { when, what: "a change", base: first, verb: "apply", text: second },
        { when, what: "a delete", base: first, verb: "delete", text: "" },
    ]);

    test.each(runs)("$when any call of $what heals", ({ when, base, verb, text }) => {
        const fresh = host.dump();
        host.apply("mesh", first);
        const withFirst = host.dump();
        host.apply("mesh", second);
        const withSecond = host.dump();
        host.delete("mesh");
        expect(host.dump()).toBe(fresh);
        let at = 1;
        for (; ; at++) {
            if (base === "") {
                host.delete("mesh");
            } else {
                host.apply("mesh", base);
            }
            if (!killedAt(host, at, when, killed(verb, text))) {
                break;
            }
            const [goal, reached] = at % 2 === 0 ? [first, withFirst] : [second, withSecond];
            const journal = host.observe().drift.filter((line) => line.startsWith("journal"));
            expect(journal.length).toBeLessThanOrEqual(1);
            expect(host.apply("mesh", goal)).toMatchObject({ status: 0 });
            expect(host.dump()).toBe(reached); // so what follows is as it is after any apply
        }
        expect(host.apply("mesh", first)).toMatchObject({ status: 0 });
        expect(host.apply("mesh", first).stdout).toBe("mesh: in step, nothing to do\n");
        host.delete("mesh");
        expect(host.dump()).toBe(fresh);
        expect(at).toBeGreaterThan(when === "before" ? 10 : 5);
    });
});

test("an unfinished change is told by observe, and healed by boot", () => {
    const host = new NetnsHost();
    host.apply("mesh", meshUnit());
    const whole = host.dump();
    host.put("nft", '#!/bin/sh\n[ "$1" != -f ] || kill -9 0\nexec /usr/sbin/nft "$@"\n');
    host.run(
        ["setsid", "-w", "sh", host.program, "apply", STACK, "mesh"],
        meshUnit((line) => line.replace("1048999", "1048998")),
    );
    host.remove("nft");
    expect(host.observe().drift).toContain("journal: unfinished change of mesh");
    const boot = host.crosshost(["boot", STACK, "rules"]);
    expect(boot.stderr).toContain("undid an unfinished apply of unit mesh");
    expect(host.dump()).toBe(whole);
    expect(host.observe().drift).toEqual([]);
    host.close();
});
