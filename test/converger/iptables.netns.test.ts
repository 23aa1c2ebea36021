import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { meshUnit, NetnsHost, STACK, TOOLS } from "../support/netns";

const LINK = "ch-mesh-4f2a1";
const NETWORK = `docker network mesh: bridge ${LINK} subnet 10.42.1.0/24 gateway 10.42.1.1 ip-range 10.42.1.0/26 mtu 1450 masquerade false\n`;
const UNIT = meshUnit() + NETWORK;
const MARK = `-m comment --comment "crosshost:${STACK}:mesh"`;
const LET_IN = `-s 10.42.0.0/16 -d 10.42.1.0/24 -i vx-mesh-4f2a1 -o ${LINK} ${MARK} -j ACCEPT`;
const LET_OUT = `-A DOCKER -i ${LINK} ${MARK} -j RETURN`;
const USER =
    "iptables -N DOCKER-USER; iptables -A DOCKER-USER -j RETURN; iptables -I FORWARD -j DOCKER-USER";
const NAT =
    "iptables -t nat -N DOCKER; iptables -t nat -A DOCKER -i docker0 -j RETURN; iptables -t nat -A DOCKER ! -i docker0 -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80";

describe.each(TOOLS)("rules beside Docker's with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh(
            "docker network create -d bridge bridge; echo 26.1.5 >$FAKES/docker/version; echo 1 >/run/docker.pid",
        );
    });
    afterEach(() => host.close());

    const rules = (chain: string, table = "filter") =>
        host.sh(`iptables -t ${table} -S ${chain}`).trim().split("\n");

    function apply() {
        expect(host.apply("mesh", UNIT)).toMatchObject({ status: 0, stderr: "" });
    }

    function drifted(how: string, told: readonly string[]) {
        host.sh(how);
        expect(host.observe().drift).toEqual(told);
        apply();
        expect(host.observe().drift).toEqual([]);
        expect(host.apply("mesh", UNIT).stdout).toBe("mesh: in step, nothing to do\n");
    }

    describe("a network of ours is left out of Docker's DNAT, as Docker's own are, so that its proxy answers", () => {
        const told = ["docker network mesh: published ports of the host not reached"];

        beforeEach(() => host.sh(NAT));

        test("from its first apply, again after Docker has made its chain anew, until it is deleted", () => {
            const before = host.sh("iptables-save | grep -v '^#'");
            apply();
            expect(rules("DOCKER", "nat")[1]).toBe(LET_OUT);
            drifted("iptables -t nat -F DOCKER", told);
            host.sh("iptables -t nat -F DOCKER");
            expect(host.crosshost(["boot", STACK, "rules"])).toMatchObject({ status: 0 });
            expect(rules("DOCKER", "nat")[1]).toBe(LET_OUT);
            host.sh(NAT.replace(/^.*?; /, ""));
            expect(host.delete("mesh").status).toBe(0);
            expect(host.sh("iptables-save | grep -v '^#'")).toBe(before);
        });

        test("where it was made by a program that knew no such rule, which is told once", () => {
            apply();
            drifted(`iptables -t nat -D DOCKER 1`, told);
        });

        test("and no longer, when its unit lost its file", () => {
            apply();
            host.sh(`rm /var/lib/crosshost/${STACK}/units/mesh`);
            expect(host.crosshost(["uninstall", STACK]).status).toBe(0);
            expect(rules("DOCKER", "nat").join()).not.toContain("crosshost");
        });

        const HAIRPIN = `iptables -t nat -A POSTROUTING -o ${LINK} -m addrtype --src-type LOCAL -j MASQUERADE`;

        test.each([
            [
                "a port",
                "iptables -t nat -A DOCKER -p tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80",
            ],
            ["no port", HAIRPIN],
        ])(
            "but not where Docker runs without its proxy, with %s, and DNAT is the only way",
            (_, how) => {
                host.sh(`iptables -t nat -F DOCKER; ${how}`);
                apply();
                expect(rules("DOCKER", "nat").join()).not.toContain("crosshost");
                expect(host.observe().drift).toEqual([]);
            },
        );

        test("where 20.10 left a rule of the time without its proxy", () => {
            host.sh(HAIRPIN);
            apply();
            expect(rules("DOCKER", "nat")[1]).toBe(LET_OUT);
        });

        test("nor where it is so already", () => {
            host.sh(`iptables -t nat -I DOCKER -i ${LINK} -j RETURN`);
            apply();
            expect(rules("DOCKER", "nat").join()).not.toContain("crosshost");
        });

        test("a failed change takes the rule back", () => {
            const bad = `${UNIT}iptables DOCKER-USER bad: -j NOSUCHTARGET\n`;
            host.sh(USER);
            apply();
            const before = rules("DOCKER", "nat");
            expect(host.apply("mesh", bad).status).not.toBe(0);
            expect(rules("DOCKER", "nat")).toEqual(before);
        });
    });

    describe("what lets the overlay in", () => {
        const missing = "iptables DOCKER-USER mesh: missing";
        const unreached = "iptables DOCKER-USER mesh: not reached from FORWARD";

        test("stands in FORWARD where Docker made no DOCKER-USER and FORWARD drops, and stays when it is made", () => {
            host.sh("iptables -P FORWARD DROP; iptables -A FORWARD -i docker0 -j ACCEPT");
            apply();
            expect(rules("FORWARD")[1]).toBe(`-A FORWARD ${LET_IN}`);
            drifted("iptables -D FORWARD 1", [missing]);
            host.sh(USER);
            expect(host.observe().drift).toEqual([]);
            expect(host.delete("mesh").status).toBe(0);
            expect(rules("FORWARD")).toEqual([
                "-P FORWARD DROP",
                "-A FORWARD -j DOCKER-USER",
                "-A FORWARD -i docker0 -j ACCEPT",
            ]);
        });

        test("stands where it stood, among those of others, after a change that failed", () => {
            const outward = (to: string) =>
                `iptables DOCKER-USER out: -s 10.42.1.0/24 -d ${to} -j ACCEPT\n`;
            host.sh(`iptables -P FORWARD DROP; ${USER}`);
            expect(host.apply("mesh", UNIT + outward("10.42.0.0/16"))).toMatchObject({ status: 0 });
            host.sh(
                "iptables -I DOCKER-USER 2 -s 10.9.0.1 -j DROP; iptables -I DOCKER-USER -s 10.9.0.2 -j DROP",
            );
            const before = rules("DOCKER-USER");
            for (const changed of [
                UNIT,
                outward("10.42.0.0/16"),
                UNIT.replaceAll("10.42.", "10.43.") + outward("10.43.0.0/16"),
            ]) {
                const bad = `${changed}iptables DOCKER-USER bad: -j NOSUCHTARGET\n`;
                expect(host.apply("mesh", bad).status).toBe(1);
                expect(rules("DOCKER-USER")).toEqual(before);
            }
        });

        test("is in DOCKER-USER where that is asked, and is put back", () => {
            host.sh(`iptables -P FORWARD DROP; ${USER}`);
            apply();
            expect(rules("DOCKER-USER")[1]).toBe(`-A DOCKER-USER ${LET_IN}`);
            drifted("iptables -F DOCKER-USER", [missing]);
            drifted("iptables -D FORWARD -j DOCKER-USER", [unreached]);
            drifted("iptables -F; iptables -X DOCKER-USER", [missing]);
            expect(rules("FORWARD")[1]).toBe(`-A FORWARD ${LET_IN}`);
        });

        test("is found in tables in which nft has put what iptables has no words for", () => {
            host.sh(`${NAT}; iptables -P FORWARD DROP; ${USER}`);
            apply();
            const [, told = ""] = rules("DOCKER", "nat");
            host.sh(
                "iptables -A INPUT -j ACCEPT; nft add rule ip filter INPUT ip daddr 192.0.2.1 dup to 192.0.2.2; iptables -t nat -A INPUT -j RETURN; nft add rule ip nat INPUT numgen random mod 2 0 return",
            );
            expect(host.sh("iptables-save")).toContain("is incompatible");
            expect(host.observe().drift).toEqual([]);
            expect(host.apply("mesh", UNIT).stdout).toBe("mesh: in step, nothing to do\n");
            drifted("iptables -D FORWARD -j DOCKER-USER", [unreached]);
            drifted(`iptables -t nat ${told.replace("-A", "-D")}`, [
                "docker network mesh: published ports of the host not reached",
            ]);
        });

        test.each([
            ["after a boot", "boot"],
            ["by an up", "apply"],
        ])("is held %s", (_, verb) => {
            host.sh(`iptables -P FORWARD DROP; ${USER}`);
            apply();
            host.sh("iptables -F; iptables -X DOCKER-USER");
            if (verb === "boot") {
                host.crosshost(["boot", STACK, "rules"]);
            } else {
                apply();
            }
            expect(rules("FORWARD")).toEqual(["-P FORWARD DROP", `-A FORWARD ${LET_IN}`]);
        });

        test("is nowhere where nothing drops, nor where Docker is told to leave iptables alone", () => {
            apply();
            expect(rules("FORWARD")).toEqual(["-P FORWARD ACCEPT"]);
            host.sh("iptables -P FORWARD DROP");
            writeFileSync(join(host.folder, "daemon.json"), '{\n  "iptables" :\n false }');
            host.sh("cp $FAKES/daemon.json /etc/docker/");
            expect(host.observe()).toMatchObject({ drift: [] });
            expect(host.observe().facts).toContain("docker-iptables off");
        });

        test("is not where an option of the engine's command line says so", () => {
            host.sh(
                "iptables -P FORWARD DROP; sh -c 'sleep 30; :' dockerd --iptables=false >/dev/null 2>&1 </dev/null & echo $! >/run/docker.pid",
            );
            expect(host.observe().facts).toContain("docker-iptables off");
            apply();
            expect(rules("FORWARD")).toEqual(["-P FORWARD DROP"]);
        });
    });

    test("rules of iptables-legacy are told where there are some, and asking makes none", () => {
        const tables = "cat /proc/net/ip_tables_names";
        expect(host.observe().lines.filter((line) => line.startsWith("rule :"))).toEqual([]);
        expect(host.sh(`${tables}; nft list ruleset`)).toBe("");
        host.sh("iptables-legacy -P FORWARD DROP; iptables-legacy -A INPUT -p udp -j DROP");
        const told = host.observe().lines.filter((line) => /^rule (:|-A )/.test(line));
        expect(told.map((line) => line.replace(/ \[.*/, ""))).toEqual([
            "rule :INPUT ACCEPT",
            "rule :FORWARD DROP",
            "rule :OUTPUT ACCEPT",
            "rule -A INPUT -p udp -j DROP",
        ]);
    });

    test("a table without a filter is told where a rule of it names a link that may become the port of a bridge", () => {
        const told = () => host.observe().lines.filter((line) => line.includes(" table ip mine "));
        const hide = (link: string) => `nft add rule ip mine post oifname ${link} masquerade`;
        host.sh(
            `nft add table ip mine; nft 'add chain ip mine post { type nat hook postrouting priority 100; }'`,
        );
        host.sh(`ip link add br-x type bridge; ${hide("br-x")}; ${hide("lo")}; ${hide("eth7")}`);
        expect(told()).toEqual([]);
        host.sh(hide("eth0"));
        expect(told()).toEqual(["rule table ip mine {"]);
        expect(host.observe().lines).toContain('rule oifname "eth0" masquerade');
    });

    test("that Docker's own rules are gone is told, of whichever table", () => {
        const gone = () => host.observe().facts.includes("docker-rules gone");
        const dnat = "iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER";
        const forward = "iptables -N DOCKER-FORWARD; iptables -A FORWARD -j DOCKER-FORWARD";
        expect(gone()).toBe(true);
        host.sh(`${NAT}; ${dnat}; ${forward}`);
        expect(gone()).toBe(false);
        for (const [lost, back] of [
            ["iptables -F FORWARD", "iptables -A FORWARD -j DOCKER-FORWARD"],
            ["iptables -t nat -F PREROUTING", dnat],
        ] as const) {
            host.sh(lost);
            expect(gone()).toBe(true);
            host.sh(back);
            expect(gone()).toBe(false);
        }
        host.sh("nft flush ruleset");
        expect(gone()).toBe(true);
    });

    test("nor are they gone where Docker has them in a table of nftables, whose maps are not told, and all behind them is", () => {
        const leaves = () => host.observe().facts;
        writeFileSync(join(host.folder, "daemon.json"), '{ "firewall-backend": "nftables" }');
        writeFileSync(join(host.folder, "ruleset"), `${DOCKERS_TABLE}${BEHIND_IT}`);
        host.sh("cp $FAKES/daemon.json /etc/docker/");
        expect(leaves()).toContain("docker-rules gone");
        host.sh("nft -f $FAKES/ruleset");
        expect(leaves()).toContain("docker-iptables nftables");
        expect(leaves()).not.toContain("docker-rules gone");
        const told = host.observe().lines.filter((line) => line.startsWith("rule "));
        expect(told.join("\n")).not.toMatch(/ map |elements|192\.0\.2\.1/);
        expect(told.slice(-3)).toEqual([
            "rule chain theirs {",
            "rule type filter hook input priority filter; policy drop;",
            "rule udp dport 53 accept",
        ]);
    });
});

/** As Docker 29 writes it. */
const DOCKERS_TABLE = `
table ip docker-bridges {
    map filter-forward-out-jumps {
        type ifname : verdict
        elements = { "docker0" : jump filter-forward-out__docker0, "docker1" : accept }
    }
    chain filter-FORWARD {
        type filter hook forward priority filter; policy accept;
        iifname vmap @filter-forward-out-jumps
    }
    chain filter-forward-out__docker0 {
        ct state established,related counter accept
        counter accept comment "OUTGOING"
    }
}`;
const BEHIND_IT = `
table inet admin {
    set friends {
        type ipv4_addr
        elements = { 192.0.2.1, 192.0.2.2 }
    }
    chain theirs {
        type filter hook input priority filter; policy drop;
        udp dport 53 accept
    }
}
`;
