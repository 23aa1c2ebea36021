import { NetnsHost, meshUnit, STACK, TOOLS } from "../support/netns";

const OURS = `/etc/systemd/network/00-0-crosshost-${STACK}.network`;
const OTHER = "crosshost-other-9b8c7d";
const RUNS = "mkdir -p /run/systemd/netif/links && echo '# private' >/run/systemd/netif/state";
const LOG = "cat $FAKES/networkctl.log 2>/dev/null || true";

describe.each(TOOLS)("links of ours and systemd-networkd, with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh("mount -t tmpfs none /usr/lib/systemd/network 2>/dev/null || true");
        host.put("networkctl", '#!/bin/sh\necho "$*" >>"$FAKES/networkctl.log"\n');
    });
    afterEach(() => host.close());

    const mesh = () => host.apply("mesh", meshUnit());
    const write = (name: string, match: string) =>
        host.sh(
            `mkdir -p /etc/systemd/network; printf '%s\\n' '[Match]' '${match}' '[Network]' DHCP=yes >/etc/systemd/network/${name}`,
        );

    test("are nobody's business where it does not run", () => {
        write("50-all.network", "Name=*");
        const before = host.dump();
        expect(mesh()).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh(`ls /etc/systemd/network`)).toBe("50-all.network\n");
        host.crosshost(["uninstall", STACK]);
        expect(host.dump()).toBe(before);
    });

    test("are kept from it by a file that comes first, until the last of them is gone", () => {
        host.sh(RUNS);
        const before = host.dump();
        expect(mesh()).toMatchObject({ status: 0, stderr: "" });
        const text = host.sh(`cat ${OURS}`);
        expect(text).toContain("[Match]\nName=ch-mesh-4f2a1\n");
        expect(text).toContain("Name=vx-mesh-4f2a1\n");
        expect(text).toContain("[Link]\nUnmanaged=yes\n");
        expect(mesh().stdout).toBe("mesh: in step, nothing to do\n");
        expect(host.apply("two", "link br-two: bridge\n")).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh(`cat ${OURS}`)).toContain("Name=br-two\n");
        host.delete("mesh");
        expect(host.sh(`grep ^Name ${OURS}`)).toBe("Name=br-two\n");
        host.delete("two");
        expect(host.sh("ls -R /etc/systemd/network")).toBe("/etc/systemd/network:\n");
        host.crosshost(["uninstall", STACK]);
        expect(host.dump()).toBe(before);
    });

    test("are the links of one stack: another has a file of its own", () => {
        host.sh(RUNS);
        mesh();
        host.apply("lan", "link br-lan: bridge\n", OTHER);
        expect(host.sh("ls /etc/systemd/network").split("\n").filter(Boolean)).toHaveLength(2);
        expect(host.sh(`cat ${OURS}`)).not.toContain("br-lan");
    });

    test.each([
        ["Name=*", true],
        ["Name=eth0 ch-*", true],
        ["Type=ether", true],
        ["Type=bridge", true],
        ["Kind=vxlan", true],
        ["Kind=!bond", true],
        ["Driver=bridge", true],
        ["Name=!lo", true],
        ["Name=e*", false],
        ["Name=ch-mesh", false],
        ["Type=wlan", false],
        ["Name=*\nMACAddress=02:00:00:00:00:01", false],
    ])("are made after it has read that file, where another matches: %s", (match, reads) => {
        host.sh(RUNS);
        write("10-site.network", match.replace("\n", "' '"));
        expect(mesh()).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh(LOG)).toBe(reads ? "reload\n" : "");
        expect(mesh().stdout).toBe("mesh: in step, nothing to do\n");
    });

    test("are not looked for in a file that an empty one of its name hides", () => {
        host.sh(`${RUNS}; mkdir -p /run/systemd/network`);
        host.sh("printf '[Match]\\nName=*\\n' >/run/systemd/network/10-all.network");
        host.sh("mkdir -p /etc/systemd/network && : >/etc/systemd/network/10-all.network");
        mesh();
        expect(host.sh(LOG)).toBe("");
    });

    test.each([
        ["00-0-a.network", "Name=*", true],
        ["0.network", "Type=bridge", true],
        ["0.network", "Type=ipgre", true],
        ["0.network", "Type=tunnel", true],
        ["0.network", "Kind=ipip", true],
        ["0.network", "Kind=geneve", true],
        ["00-0-a.network", "Name=e*", false],
        ["10-all.network", "Name=*", false],
    ])("are told of a file that comes even before ours: %s with %s", (name, match, told) => {
        host.sh(RUNS);
        write(name, match);
        const facts = host.observe().facts.filter((fact) => fact.startsWith("networkd "));
        expect(facts).toEqual(told ? [`networkd /etc/systemd/network/${name}`] : []);
    });

    test("that lack the file, or that it has taken, are drift of the host, which a change repairs", () => {
        host.sh(RUNS);
        host.apply("host", "seen: a1\n");
        mesh();
        host.sh(`rm ${OURS}`);
        expect(host.observe().drift).toEqual(["networkd links: missing"]);
        write("50-all.network", "Name=*");
        host.apply("host", "seen: a2\n");
        expect(host.observe().drift).toEqual([]);
        host.sh(`n=$(ip -o link show ch-mesh-4f2a1 | cut -d : -f 1)
            printf '%s\\n' ADMIN_STATE=configured NETWORK_FILE=/etc/systemd/network/50-all.network >/run/systemd/netif/links/$n`);
        expect(host.observe().drift).toEqual([
            "networkd links: ch-mesh-4f2a1 is managed by /etc/systemd/network/50-all.network",
        ]);
        expect(host.apply("host", "seen: a3\n")).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh(LOG)).toBe("reload\nreload\n");
    });
});
