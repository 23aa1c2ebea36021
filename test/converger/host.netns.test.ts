import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { convergerProgram } from "../../components/converger/program";
import { meshUnit, NetnsHost, STACK, timesWith, TOOLS } from "../support/netns";

const LINKS = `crosshost-${STACK}-links.service`;
const RULES = `crosshost-${STACK}-rules.service`;
const PROGRAM = `/var/lib/crosshost/${STACK}/crosshost`;

function hostUnit(hash = convergerProgram().hash): string {
    return [
        `boot ${LINKS}: before docker.service`,
        `boot ${RULES}: after docker.service`,
        `converger: ${convergerProgram().version} ${hash}`,
        "underlay 192.168.40.11: mtu 1280",
        "seen: a1",
        "",
    ].join("\n");
}

describe.each(TOOLS)("the host's own unit with $shell and $awk", (tools) => {
    const times = timesWith(tools);
    let host: NetnsHost;
    let before: string;

    beforeEach(() => {
        host = new NetnsHost(tools);
        before = host.dump();
        expect(install()).toMatchObject({ status: 0, stderr: "" });
    });
    afterEach(() => host.close());

    function install() {
        return host.crosshost(["install", STACK], hostUnit());
    }

    function systemctl(): string {
        return readFileSync(join(host.folder, "systemctl.log"), "utf8");
    }

    test("is installed once, and leaves no trace when uninstalled", () => {
        const stamps = host.stamps();
        const log = systemctl();
        expect(install().stdout).toBe("host: in step, nothing to do\n");
        expect(host.run(["sh", PROGRAM, "apply", STACK, "host"], hostUnit()).stdout).toBe(
            "host: in step, nothing to do\n",
        );
        expect(host.stamps()).toBe(stamps);
        expect(systemctl()).toBe(log);
        expect(log).toBe("daemon-reload\n");
        const seen = host.observe();
        expect(seen.drift).toEqual([]);
        const entries = hostUnit().replace("seen: a1\n", "");
        const hash = createHash("sha256").update(entries).digest("hex").slice(0, 16);
        expect(seen.units).toEqual([`host ${hash}`]);
        expect(seen.lines).toContain("said seen: a1");
        host.apply("mesh", meshUnit());
        expect(host.run(["sh", PROGRAM, "uninstall", STACK])).toMatchObject({
            status: 0,
            stderr: "",
        });
        expect(host.dump()).toBe(before);
    });

    test.each([
        [`echo "# mine" >>/etc/systemd/system/${RULES}`, `boot ${RULES}: changed`],
        [`rm /etc/systemd/system/${LINKS}`, `boot ${LINKS}: missing`],
        [`rm /etc/systemd/system/multi-user.target.wants/${LINKS}`, `boot ${LINKS}: disabled`],
        [`rm /etc/systemd/system/docker.service.wants/${RULES}`, `boot ${RULES}: disabled`],
        [`ln -sf /dev/null /etc/systemd/system/${RULES}`, `boot ${RULES}: missing`],
        [`echo "# mine" >>${PROGRAM}`, /^converger: another program, [0-9a-f]{16}$/],
        [`rm ${PROGRAM}`, "converger: missing"],
    ])("drift: %s", (command, told) => {
        const whole = host.dump();
        for (let time = 1; time <= times; time++) {
            host.sh(command);
            const { drift } = host.observe();
            expect(drift).toHaveLength(1);
            expect(drift[0]).toMatch(told);
            expect(install()).toMatchObject({ status: 0, stderr: "" });
            expect(host.observe().drift).toEqual([]);
            expect(host.dump()).toBe(whole);
        }
    });

    test("all of our files are gone: everything comes again, and nothing is made twice", () => {
        host.apply("mesh", meshUnit());
        const whole = host.dump();
        host.sh("rm -rf /var/lib/crosshost");
        expect(host.observe().units).toEqual([]);
        install();
        expect(host.apply("mesh", meshUnit()).stdout).toBe(
            "mesh: in step, its new text is stored\n",
        );
        expect(host.dump()).toBe(whole);
    });

    test("a boot brings back links first, then the rest", () => {
        host.apply("mesh", meshUnit());
        host.apply("bad", "link br-gone: bridge mtu 1500 address 02:00:00:00:00:05\n");
        const whole = host.dump();
        host.sh(
            "ip link del vx-mesh-4f2a1; ip link del ch-mesh-4f2a1; ip link del br-gone; nft flush ruleset; rm -rf /run/crosshost; echo 0 >/proc/sys/net/ipv4/ip_forward; ip link add br-gone type bridge",
        );
        const links = host.run(["sh", PROGRAM, "boot", STACK, "links"]);
        expect(links.stderr).toContain("unit bad: link br-gone: belongs to somebody else");
        expect(links.status).toBe(1);
        host.sh("ip link del br-gone");
        expect(host.run(["sh", PROGRAM, "boot", STACK, "links"])).toMatchObject({
            status: 0,
            stderr: "",
        });
        expect(host.observe().drift).toEqual(["sysctl net.ipv4.ip_forward: 0"]);
        expect(host.run(["sh", PROGRAM, "boot", STACK, "rules"])).toMatchObject({
            status: 0,
            stderr: "",
        });
        expect(host.observe().drift).toEqual([]);
        expect(host.dump()).toBe(whole);
    });

    test("forwarding is on before a Docker that does not start without, and stays when the unit goes", () => {
        const forwarding = () => host.sh("cat /proc/sys/net/ipv4/ip_forward").trim();
        const afterBoot = () => {
            host.sh("rm -rf /run/crosshost; echo 0 >/proc/sys/net/ipv4/ip_forward");
            host.run(["sh", PROGRAM, "boot", STACK, "links"]);
            return forwarding();
        };
        host.apply("mesh", meshUnit());
        expect(afterBoot()).toBe("0");
        host.sh(`echo '{ "firewall-backend": "nftables" }' >/etc/docker/daemon.json`);
        expect(afterBoot()).toBe("1");
        host.delete("mesh");
        expect(forwarding()).toBe("1");
        host.sh("rm /etc/docker/daemon.json");
    });

    test("a program that is not the one the unit names is refused", () => {
        const { status, stderr } = host.crosshost(["install", STACK], hostUnit("0123456789abcdef"));
        expect(status).toBe(2);
        expect(stderr).toMatch(/the unit needs program 0123456789abcdef, this one is [0-9a-f]{16}/);
    });

    test("a second stack keeps its own when the first goes", () => {
        const other = "crosshost-other-77aa11";
        const unit = hostUnit().replaceAll(STACK, other);
        host.crosshost(["install", other], unit);
        host.run(["sh", PROGRAM, "uninstall", STACK]);
        expect(host.observe(other).drift).toEqual([]);
        expect(host.sh("ls /var/lib/crosshost")).toBe(`${other}\n`);
        host.crosshost(["uninstall", other]);
        expect(host.dump()).toBe(before);
    });
});

test("facts are told alone", () => {
    const host = new NetnsHost();
    const { stdout } = host.crosshost(["facts"]);
    expect(stdout).toMatch(/^kernel \d/);
    expect(stdout).toContain("\naddress eth0 192.168.40.11/24 1500\n");
    host.close();
});
