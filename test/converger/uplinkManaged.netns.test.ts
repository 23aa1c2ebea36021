import { NetnsHost, STACK } from "../support/netns";
import { BRIDGE, LAN } from "../support/uplinks";

describe("systemd-networkd", () => {
    const LINK = "/run/systemd/netif/links";
    const ADMINS = "/etc/systemd/network/10-lan.network";
    const port = `/run/systemd/network/00-1-crosshost-${STACK}-eth0.network`;
    const bridge = `/run/systemd/network/00-1-crosshost-${STACK}-${BRIDGE}.network`;
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost();
        host.put("networkctl", '#!/bin/sh\necho "$*" >>"$FAKES/networkctl.log"\n');
        host.sh(`
            mkdir -p ${LINK} ${ADMINS}.d
            echo '# private' >/run/systemd/netif/state
            printf '[Match]\\nName=eth0\\n# lan\\n[Link]\\nMTUBytes=1500\\n[Network]\\nAddress=192.168.40.11/24\\n[Route]\\nGateway=192.168.40.1\\n' >${ADMINS}
            printf '[Network]\\nDNS=192.168.40.1\\n' >${ADMINS}.d/dns.conf
        `);
        state("configured", ADMINS);
    });
    afterEach(() => host.close());

    const dropinsLine = (paths: readonly string[]) =>
        `NETWORK_FILE_DROPINS="${paths.join(":")}"\\n`;

    function state(
        admin: string,
        file: string,
        dropins = dropinsLine([`${ADMINS}.d/dns.conf`]),
    ): void {
        const lines = `ADMIN_STATE=${admin}\\nNETWORK_FILE=${file}\\n${dropins}`;
        host.sh(`printf '${lines}' >${LINK}/$(ip -o link show eth0 | cut -d: -f1)`);
    }

    test("is told that the bridge has what the NIC had, and keeps the NIC where it is", () => {
        const before = host.dump();
        expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh(`cat ${port}`)).toBe(
            `# Made by Crosshost from ${ADMINS} ${ADMINS}.d/dns.conf\n[Match]\nName=eth0\n\n` +
                "[Network]\nKeepMaster=yes\nKeepConfiguration=static\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n\n[Link]\nMTUBytes=1500\n",
        );
        expect(host.sh(`cat ${bridge}`)).toBe(
            `# Made by Crosshost from ${ADMINS} ${ADMINS}.d/dns.conf\n[Match]\nName=${BRIDGE}\n\n` +
                "[Network]\nAddress=192.168.40.11/24\n\n[Route]\nGateway=192.168.40.1\n\n[Network]\nDNS=192.168.40.1\n\n[Network]\nKeepConfiguration=static\n",
        );
        expect(host.sh("cat $FAKES/networkctl.log; ls /etc/systemd/network")).toBe(
            "reload\n10-lan.network\n10-lan.network.d\n",
        );
        state("configured", port);
        const number = host.sh(`ip -o link show ${BRIDGE} | cut -d: -f1`).trim();
        host.sh(`printf 'ADMIN_STATE=configured\\nNETWORK_FILE=${bridge}\\n' >${LINK}/${number}`);
        host.apply("host", "boot crosshost-x.service: before docker.service\n");
        expect(host.apply("lan", LAN).stdout).toBe("lan: in step, nothing to do\n");
        expect(host.observe().drift).toEqual([]);

        host.sh(`sed -i s/40.11/40.21/ ${ADMINS}`);
        expect(host.observe().drift).toEqual(["uplink eth0: systemd-networkd is not told"]);
        expect(host.apply("lan", LAN)).toMatchObject({ status: 0 });
        expect(host.sh(`grep Address ${bridge}`)).toBe("Address=192.168.40.21/24\n");

        host.sh(`sed -i s/40.21/40.11/ ${ADMINS}`);
        host.crosshost(["uninstall", STACK]);
        expect(host.sh("ls -A /run/systemd; tail -n 1 $FAKES/networkctl.log")).toBe(
            "netif\nreload\n",
        );
        expect(host.dump()).toBe(before);
    });

    test.each(["tells them all", "tells none, as that of Debian 12"])(
        "has what several files add, where it %s",
        (how) => {
            const more = "/etc/systemd/network/10-lan.network.d";
            const domains = "/run/systemd/network/10-lan.network.d/domains.conf";
            host.sh(`
                mkdir -p /run/systemd/network/10-lan.network.d
                printf '[Network]\\nDomains=lan\\n' >${domains}
                printf '[Network]\\nDNS=192.168.40.99\\n' >/run/systemd/network/10-lan.network.d/dns.conf
                mv ${more}/dns.conf ${more}/z.conf; cp ${more}/z.conf ${more}/dns.conf; echo >${more}/z.conf
            `);
            const told = [`${more}/dns.conf`, domains, `${more}/z.conf`];
            state("configured", ADMINS, how.startsWith("tells them") ? dropinsLine(told) : "");
            expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
            expect(host.sh(`head -n 1 ${bridge}; grep -E '^(DNS|Domains)=' ${bridge}`)).toBe(
                `# Made by Crosshost from ${[ADMINS, ...told].join(" ")}\nDNS=192.168.40.1\nDomains=lan\n`,
            );
        },
    );

    test("has its files as before when something fails", () => {
        const before = host.dump();
        host.apply("lan", `${LAN}addr nope0 10.99.0.1/24: scope global\n`);
        expect(host.sh(`ls ${port} ${bridge} 2>/dev/null || :`)).toBe("");
        expect(host.dump().replace(/^\/run\/crosshost.*\n/gm, "")).toBe(before);
    });

    describe("with DHCP", () => {
        const ID = "DHCPv4 Client ID: IAID:0x56504d98/DUID";
        const leased = () =>
            host.sh("ip addr change 192.168.40.11/24 dev eth0 valid_lft 600 preferred_lft 600");
        const answer = (id: string) =>
            host.put(
                "networkctl",
                `#!/bin/sh\necho "$*" >>"$FAKES/networkctl.log"\n[ "$1" = reload ] || echo "   ${id}"\n`,
            );
        const calls = () => host.sh("grep -c status $FAKES/networkctl.log || :").trim();

        test("has its client on the bridge, known to the server as that of the NIC", () => {
            answer(ID);
            host.sh(`sed -i s/^Address=.*/DHCP=yes/ ${ADMINS}`);
            leased();
            const before = host.dump().replace(/lft \d+sec/g, "");
            expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
            expect(host.sh(`cat ${bridge}`)).toContain(
                "[Network]\nDHCP=yes\n\n[Route]\nGateway=192.168.40.1\n\n[Network]\nDNS=192.168.40.1\n\n" +
                    "[DHCPv4]\nIAID=0x56504d98\n\n[DHCPv6]\nIAID=0x56504d98\n\n[Network]\nKeepConfiguration=static\n",
            );
            expect(host.sh(`cat ${port}`)).not.toMatch(/DHCP|IAID/);
            expect(host.sh(`ip -o addr show dev ${BRIDGE}`)).toMatch(
                /192.168.40.11\/24.* dynamic /,
            );
            state("configured", port);
            answer("there is no client");
            expect(host.apply("lan", LAN).stdout).toBe("lan: in step, nothing to do\n");
            expect(host.observe().drift).toEqual([]);
            expect(calls()).toBe("1");
            host.crosshost(["uninstall", STACK]);
            expect(host.dump().replace(/lft \d+sec/g, "")).toBe(before);
        });

        test("is known by its MAC, where the admin's file says so", () => {
            answer("DHCPv4 Client ID: 02:4c:41:66:00:0b");
            host.sh(
                `printf '[Network]\\nDHCP=ipv4\\n[DHCPv4]\\nClientIdentifier=mac\\n' >>${ADMINS}`,
            );
            leased();
            expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
            expect(host.sh(`cat ${bridge}`)).toContain("[DHCPv4]\nClientIdentifier=mac\n");
            expect(host.sh(`cat ${bridge}`)).not.toContain("IAID");
        });

        /** As systemd-networkd does with a link that gets another file; whose lease comes back from the server at once, or never. */
        const forgetful = (again: string) =>
            host.put(
                "networkctl",
                `#!/bin/sh
[ "$1" = reload ] || { echo "   ${ID}"; exit; }
on=$(ip -o -4 addr show to 192.168.40.11 | awk '{ print $2 }')
ip -4 addr flush dev "$on"
${again}
`,
            );

        test.each([
            ["comes back where no server answers", ":", "192.168.40.11/24"],
            [
                "is not held against a server that gives another",
                'ip addr add 192.168.40.99/24 dev "$on" valid_lft 600 preferred_lft 600',
                "192.168.40.99/24",
            ],
        ])("%s", (_, again, address) => {
            host.sh(`sed -i -e s/^Address=.*/DHCP=yes/ ${ADMINS}`);
            leased();
            host.sh("ip route add default via 192.168.40.2 dev eth0 proto dhcp metric 1024");
            const lost = (link: string) =>
                host.sh(`ip -o -4 addr show dev ${link} | grep -o 'inet [^ ]*'`);
            forgetful(again);
            expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
            expect(lost(BRIDGE)).toBe(`inet ${address}\n`);
            state("configured", port);
            if (again === ":") {
                expect(host.sh("ip route show default")).toContain(`dev ${BRIDGE} proto dhcp`);
                host.delete("lan");
                expect(lost("eth0")).toBe(`inet ${address}\n`);
                expect(host.sh("ip route show default")).toContain("dev eth0 proto dhcp");
                state("configured", ADMINS);
                host.apply("lan", `${LAN}addr nope0 10.99.0.1/24: scope global\n`);
                expect(lost("eth0")).toBe(`inet ${address}\n`);
            }
        });

        test.each(["Yes", "TRUE", "v4"])("is DHCP=%s, too", (word) => {
            answer(ID);
            host.sh(`printf ' [Network] \\n  DHCP = ${word} \\n' >${ADMINS}`);
            leased();
            expect(host.apply("lan", LAN)).toMatchObject({ status: 0, stderr: "" });
            expect(host.sh(`cat ${bridge}`)).toContain("[DHCPv4]\nIAID=0x56504d98\n");
        });

        test("of another client than systemd-networkd's is refused", () => {
            leased();
            expect(host.apply("lan", LAN).stderr).toContain(
                "uplink eth0: eth0 has 192.168.40.11/24 by DHCP, whose client would put it back on the NIC",
            );
        });
    });

    test.each([["VLAN=eth0.20", "eth0 has more on it than addresses and routes ("]])(
        "with %s is refused",
        (line, told) => {
            host.sh(`echo '[Network]\n${line}' >>${ADMINS}`);
            expect(host.apply("lan", LAN)).toMatchObject({ status: 2 });
            expect(host.apply("lan", LAN).stderr).toContain(`uplink eth0: ${told}`);
        },
    );

    test("is told of one bridge at a time: the file of one that had the NIC before goes", () => {
        const files = () => host.sh("ls /run/systemd/network").replaceAll(STACK, "S");
        const other = "br-other-3fa9c";
        host.apply("lan", LAN);
        state("configured", port);
        expect(host.apply("other", LAN.replaceAll(BRIDGE, other))).toMatchObject({ status: 0 });
        const ofOther = `00-1-crosshost-S-${other}.network\n00-1-crosshost-S-eth0.network\n`;
        expect(files()).toBe(ofOther);
        expect(host.delete("lan")).toMatchObject({ status: 0 });
        expect(files()).toBe(ofOther);
        const failing = `${LAN}addr nope0 10.99.0.1/24: scope global\n`;
        expect(host.apply("lan", failing)).toMatchObject({ status: 1 });
        expect(files()).toBe(ofOther);
        expect(host.delete("other")).toMatchObject({ status: 0 });
        expect(host.sh("ls -d /run/systemd/network 2>/dev/null || echo none")).toBe("none\n");
    });

    test("at boot is waited for", () => {
        host.apply("lan", LAN);
        host.sh(
            `rm ${port} ${bridge}; ip link del ${BRIDGE}; ip addr add 192.168.40.11/24 brd + dev eth0`,
        );
        state("configuring", "");
        const soon = `sh -c 'sleep 1; printf "ADMIN_STATE=configured\\nNETWORK_FILE=${ADMINS}\\n" >${LINK}/$(ip -o link show eth0 | cut -d: -f1)' >/dev/null 2>&1 &`;
        host.sh(soon);
        expect(host.crosshost(["boot", STACK, "links"])).toMatchObject({ status: 0, stderr: "" });
        expect(host.sh(`ls ${port}; ip -j addr show dev ${BRIDGE}`)).toContain("192.168.40.11");
    });
});
