import { readFileSync } from "node:fs";
import { join } from "node:path";
import { meshUnit, NetnsHost, STACK, TOOLS } from "../support/netns";

describe.each(TOOLS)("a unit on a host with $shell and $awk", (tools) => {
    let host: NetnsHost;
    let before: string;

    beforeEach(() => {
        host = new NetnsHost(tools);
        before = host.dump();
    });
    afterEach(() => host.close());

    test("is applied, kept as it was said, and deleted without a trace", () => {
        expect(host.apply("mesh", meshUnit())).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh(`cat /var/lib/crosshost/${STACK}/units/mesh`)).toBe(meshUnit());
        expect(host.observe().drift).toEqual([]);
        expect(host.sh("ip -d link show vx-mesh-4f2a1")).toContain(`alias crosshost:${STACK}:mesh`);
        expect(host.delete("mesh")).toMatchObject({ status: 0, stderr: "" });
        expect(host.crosshost(["uninstall", STACK])).toMatchObject({ status: 0, stderr: "" });
        expect(host.dump()).toBe(before);
    });

    test("what was recorded is on the disk before a run ends", () => {
        host.put("sync", '#!/bin/sh\nls "$@" 2>/dev/null | sed "s|^|$* |" >>$FAKES/synced\n');
        const folder = `/var/lib/crosshost/${STACK}/units`;
        const last = () =>
            host.sh("cat $FAKES/synced; rm -f $FAKES/synced").trim().split("\n").at(-1);
        host.apply("mesh", meshUnit());
        expect(last()).toBe(`${folder} mesh`);
        host.apply("more", "sysctl net.ipv4.ip_forward: 1\n");
        expect(last()).toBe(`${folder} more`);
        host.delete("more");
        expect(last()).toBe(`${folder} mesh`);
    });

    test("the prefix of a route is the program's: /32 is a host of IPv4, and a network of IPv6", () => {
        host.sh("echo 0 >/proc/sys/net/ipv6/conf/lo/disable_ipv6");
        const unit = "route 10.9.9.9/32: blackhole\nroute 2001:db8::/32: blackhole\n";
        expect(host.apply("mesh", unit)).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh("ip route show type blackhole; ip -6 route show type blackhole")).toMatch(
            /^blackhole 10\.9\.9\.9 [^]*\nblackhole 2001:db8::\/32 /,
        );
        expect(host.apply("mesh", unit).stdout).toContain("in step");
        expect(host.delete("mesh")).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh("ip -6 route show type blackhole")).toBe("");
    });

    test("applied again, nothing is sent to the kernel and no file is written", () => {
        host.apply("mesh", meshUnit());
        const log = join(host.folder, "monitor");
        host.sh(
            `timeout 30 ip monitor all >${log} 2>&1 & timeout 30 nft monitor >>${log} 2>&1 & sleep 0.2; jobs -p >${log}.pids`,
        );
        const stamps = host.stamps();
        const trace = join(host.folder, "strace");
        const watched = [
            "strace",
            "-f",
            "-e",
            "trace=%file,openat,socket,bind",
            "-o",
            trace,
            tools.shell,
            host.program,
        ];
        for (let again = 0; again < 3; again++) {
            expect(host.apply("mesh", meshUnit()).stdout).toBe("mesh: in step, nothing to do\n");
        }
        host.run([...watched, "apply", STACK, "mesh"], meshUnit());
        expect(host.stamps()).toBe(stamps);
        const writes = readFileSync(trace, "utf8")
            .split("\n")
            .filter((line) => /O_WRONLY|O_RDWR|O_CREAT|mkdir|unlink|rename|chmod/.test(line))
            .filter((line) => !line.includes('"/dev/null"') && !line.includes(" = -1 "));
        expect(writes).toEqual([]);
        host.sh(`sleep 0.2; kill $(cat ${log}.pids)`);
        expect(readFileSync(log, "utf8").replace(/^# new generation.*\n/gm, "")).toBe("");
    });

    test("observe changes nothing on a host never seen before", () => {
        const stamps = host.stamps();
        const seen = host.observe();
        expect(seen.units).toEqual([]);
        expect(seen.facts).toContain("address eth0 192.168.40.11/24 1500");
        expect(seen.facts).toContain("route 192.168.40.0/24 dev eth0 src 192.168.40.11");
        expect(seen.facts).toContain("link eth0 veth -");
        expect(seen.facts).toContain("docker stopped");
        expect(seen.absent).toMatch(/^a[0-9a-f]{15}$/);
        expect(host.observe().absent).toBe(seen.absent);
        expect(host.stamps()).toBe(stamps);
        expect(host.dump()).toBe(before);
    });

    test("an absent unit's token changes when something is applied", () => {
        const first = host.observe().absent;
        host.apply("mesh", meshUnit());
        expect(host.observe().absent).not.toBe(first);
    });

    test.each([
        ["VNI", /1048999/g, "1048998"],
        ["MTU", /mtu 1450/g, "mtu 1400"],
        ["subnet", /10\.42\./g, "10.43."],
        ["local address of the tunnel", /local 192.168.40.11/, "local 192.168.40.99"],
        ["learning", / nolearning/, " ttl 9"],
        ["a link's address", /address 02:c5:9a:01:00:01/, "address 02:c5:9a:01:00:99"],
        ["UDP port", /20473/g, "20474"],
    ])("%s is changed in a living unit, and back", (_what, pattern, replacement) => {
        host.apply("mesh", meshUnit());
        const applied = host.dump();
        const changed = meshUnit((line) =>
            line.startsWith("underlay") ? line : line.replace(pattern, replacement),
        );
        expect(host.apply("mesh", changed)).toMatchObject({ status: 0, stderr: "" });
        expect(host.observe().drift).toEqual([]);
        expect(host.apply("mesh", changed).stdout).toBe("mesh: in step, nothing to do\n");
        expect(host.apply("mesh", meshUnit())).toMatchObject({ status: 0, stderr: "" });
        expect(host.dump()).toBe(applied);
    });

    test("peers come and go", () => {
        host.apply("mesh", meshUnit());
        const applied = host.dump();
        const fewer = meshUnit((line) => (/10\.42\.3|00:03/.test(line) ? undefined : line));
        expect(host.apply("mesh", fewer).status).toBe(0);
        expect(host.sh("ip route; ip neigh; bridge fdb")).not.toMatch(/10\.42\.3|00:03/);
        host.apply("mesh", meshUnit());
        expect(host.dump()).toBe(applied);
    });

    test("an interface of a container that joins the bridge is no drift, and the bridge's MTU stays", () => {
        host.apply("mesh", meshUnit());
        host.sh(
            "ip link add veth1 type veth peer name veth2; ip link set veth1 mtu 1300 master ch-mesh-4f2a1 up; ip link set veth2 up",
        );
        expect(host.observe().drift).toEqual([]);
        host.sh("ip link del veth1");
        expect(host.observe().drift).toEqual([]);
    });
});
