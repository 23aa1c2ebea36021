import { readFileSync } from "node:fs";
import { join } from "node:path";
import { baseline, difference, dumps, HOSTS } from "../support/hosts";
import { lab, on, programOn, start, watchersRest } from "../support/lab";
import { Stack, UP_AS_FAR_AS_IT_GOES } from "../support/stack";

const POISON = readFileSync(join(__dirname, "../support/poison.sh"), "utf8");
const CONFIG = { cidr: "10.70.0.0/16", port: 20997 };
const STACK = "$(basename /var/lib/crosshost/*-*)";

/** By the kinds of entries; what Docker answers is another text in each engine. */
const SAYS: Readonly<Record<string, RegExp>> = {
    addr: /tried `ip addr add .*`: Error: .*invalid scope/,
    boot: /refused: .*needs `before docker\.service`/,
    converger: /refused: .*the unit needs program/,
    docker: /tried `docker network (create|connect) .*`: (Error response from daemon: |no matching subnet)/,
    fdb: /tried `bridge fdb replace .*`: Error: any valid address is expected/,
    iptables: /tried `iptables .*`: .*NOSUCHTARGET/,
    link: /tried `ip link (add|set) .*`: .*(mtu greater than device maximum|MTU must be between)/,
    name: /refused: .*needs a network, an address, and names/,
    neigh: /tried `ip neigh replace .*`: "zz" is invalid lladdr/,
    nft: /tried `nft gibberish .*`: Error: syntax error/,
    range: /refused: .*needs a network, such as/,
    route: /tried `ip route add .*`: Error: Nexthop has invalid gateway/,
    sysctl: /tried `sysctl net\.\S+ no`: .*Invalid argument/,
    underlay: /refused: .*eth0 has mtu 1500, needs 9999/,
    watch: /refused: .*only `watch containers: attach on start` and `watch routes: add on link up` are known/,
};

describe("a change that fails", () => {
    const stack = new Stack("tenant", join(__dirname, "tenants"));
    let clean: string[];
    let before: string[];

    beforeAll(async () => {
        clean = await baseline();
        stack.configure(CONFIG);
        stack.up();
        before = await dumps();
    });

    afterAll(() => {
        on("vm1", "systemctl stop squatter.socket 2>/dev/null; rm -rf /tmp/slow");
        stack.cleanUp();
    });

    it("is undone at whatever entry it fails, and names host, unit, entry and what was said", async () => {
        const answers = await Promise.all(
            HOSTS.map((host, share) =>
                start(...programOn(host, "sh", "-c", POISON, "poison", String(share))),
            ),
        );
        const kinds = new Set<string>();
        answers.forEach((answer, at) => {
            for (const line of answer.trimEnd().split("\n")) {
                const [, unit = "", kind = ""] =
                    /^[12] same unit (\S+) entry (\S+)/.exec(line) ?? [];
                expect(line).toMatch(SAYS[kind] ?? /^one of the known kinds$/);
                if (line.startsWith("1")) {
                    expect(line).toContain(
                        `says crosshost: unit ${unit} on ${HOSTS[at] ?? ""}: ${kind} `,
                    );
                    expect(line).toMatch(/; (put back: .*|nothing was changed)$/);
                }
                kinds.add(kind);
            }
        });
        expect([...kinds].sort()).toEqual(Object.keys(SAYS));
        expect(difference(before, await dumps())).toEqual([]);
    });

    it("is told whole by `pulumi up`, and the next up heals", () => {
        const squat = "systemd-run -q --unit=squatter --socket-property=ListenDatagram=20998 true";
        on("vm1", squat);
        stack.configure({ ...CONFIG, port: 20998 });
        const { status, output } = stack.attempt(...UP_AS_FAR_AS_IT_GOES);
        expect(status).not.toBe(0);
        expect(output).toMatch(
            /crosshost: unit overlay-net on vm1: link vx-net-\w+: tried `ip link set vx-net-\w+ up`: RTNETLINK answers: Address already in use; put back: /,
        );
        expect(on("vm1", "ip -d link show type vxlan")).toContain("dstport 20997");
        expect(on("vm2", "ip -d link show type vxlan")).toContain("dstport 20998");
        on("vm1", "systemctl stop squatter.socket");
        stack.up();
    });

    it("and a run that waits for another says for whom", async () => {
        await watchersRest(["vm1"]); // whose changes have a journal too
        const slow = start("ssh", ["-F", lab().sshConfigFile, "vm1", SLOW_CHANGE]);
        on("vm1", "timeout 20 sh -c 'until [ -e /run/crosshost/journal ]; do sleep 0.1; done'");
        const shown = stack.preview();
        expect(shown).toMatch(
            /vm1: waiting for `apply crosshost-tenant-\w+ overlay-net` \(process \d+, for \d+ s, from [\d.]+\)/,
        );
        await slow;
        stack.up();
        stack.nothingToDo("preview");
    });

    it("leaves no trace", async () => {
        stack.destroy();
        expect(difference(clean, await dumps())).toEqual([]);
    });
});

/** A change of one unit, made by hand, that goes on as soon as somebody waits for it. */
/** Until an observer says that it waits: an announcement of an address waits for the same lock. */
const SLOW_CHANGE = `
set -e
mkdir -p /tmp/slow
cat >/tmp/slow/ip <<'E'
#!/bin/sh
if [ "$1" = -batch ] && [ "$2" != - ]; then
    timeout 60 sh -c 'until pgrep -P "$(pgrep -d, -f "crosshost observe")" -f "^flock -s -w 20" >/dev/null 2>&1; do sleep 0.1; done'
fi
exec /usr/sbin/ip "$@"
E
chmod +x /tmp/slow/ip
cd /var/lib/crosshost/*-*/units
sed 's/mtu 1450/mtu 1400/' overlay-net |
    unshare --mount sh -c 'mount --bind /tmp/slow /usr/local/sbin && exec ../crosshost apply ${STACK} overlay-net'
rm -rf /tmp/slow`;
