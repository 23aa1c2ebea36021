// A bridge in place of docker0: who is there first, and what comes back.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SYSTEMCTL } from "../support/fakeEngine";
import { NetnsHost, TOOLS } from "../support/netns";

const FILE = "/etc/docker/daemon.json";
const NET = `addr br-a 172.17.51.1/16: scope global
daemon bridge: br-a
daemon fixed-cidr: 172.17.51.0/26
daemon ip-masq: false
link br-a: bridge mtu 1500 address 02:c2:00:00:00:01
range 172.17.0.0/16: ours alone
`;
/** As Docker: it needs the bridge that it is told of, and makes docker0 where it has none and needs it. */
const RESTART = String.raw`        bridge=$(sed -n 's/.*"bridge": "\([^"]*\)".*/\1/p' ${FILE} 2>/dev/null)
        bip=$(sed -n 's/.*"bip": "\([^"]*\)".*/\1/p' ${FILE} 2>/dev/null)
        [ -n "$bip" ] || bip=172.18.0.1/16
        if [ -n "$bridge" ]; then
            echo "with $bridge" >>"$FAKES/systemctl.log"
            ip link show dev $bridge >/dev/null || exit 1
        else
            echo "with docker0 $bip" >>"$FAKES/systemctl.log"
            ip link show dev docker0 >/dev/null 2>&1 || { ip link add docker0 type bridge && ip addr add $bip dev docker0 && ip link set docker0 up; }
        fi
`;

function restarting(): string {
    const reads = "        cp /etc/docker/daemon.json";
    return SYSTEMCTL.replace(reads, `${RESTART}${reads}`);
}

describe.each(TOOLS)("a bridge in place of docker0, with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh("docker network ls; docker network create -d bridge bridge");
        writeFileSync(join(host.folder, "docker/version"), "26.1.5\n");
        host.put("systemctl", restarting());
        host.put("dockerd", "#!/bin/sh\n");
        host.put("journalctl", "#!/bin/sh\n");
        host.sh(
            "ip link add docker0 type bridge; ip addr add 172.17.0.1/16 dev docker0; ip link set docker0 up",
        );
        host.sh("systemctl restart docker.service; docker run web");
        done();
    });
    afterEach(() => {
        host.sh("kill $(cat $FAKES/main) 2>/dev/null || true");
        host.close();
    });

    const text = () => host.sh(`cat ${FILE} 2>/dev/null || true`);
    const addresses = () =>
        host.sh("ip -o -4 addr show | awk '$2 ~ /^(docker0|br-a)$/ { print $2, $4 }'").trim();
    const write = (said: string) => {
        writeFileSync(join(host.folder, "daemon.json"), said);
        host.sh(`cp $FAKES/daemon.json ${FILE}`);
    };

    function done(): string {
        const lines = host.sh("cat $FAKES/systemctl.log 2>/dev/null || true");
        rmSync(join(host.folder, "systemctl.log"), { force: true });
        return lines.trim().split("\n").join(", ");
    }

    test("is there when Docker starts with it, and docker0 where it was when it goes", () => {
        write('{ "debug": true }\n');
        expect(host.apply("bridge-a", NET)).toMatchObject({ status: 0, stderr: "" });
        expect(JSON.parse(text())).toEqual({
            debug: true,
            bridge: "br-a",
            "fixed-cidr": "172.17.51.0/26",
            "ip-masq": false,
        });
        expect(done()).toBe("restart, with br-a");
        expect(addresses()).toBe("br-a 172.17.51.1/16");
        expect(host.observe().drift).toEqual([]);
        expect(host.apply("bridge-a", NET).stdout).toBe("bridge-a: in step, nothing to do\n");
        expect(host.apply("bridge-a", "")).toMatchObject({ status: 0, stderr: "" });
        expect(done()).toBe("restart, with docker0 172.17.0.1/16");
        expect(addresses()).toBe("docker0 172.17.0.1/16");
        expect(text()).toBe('{ "debug": true }\n');
    });

    test("has Docker start anew when its address is another", () => {
        host.apply("bridge-a", NET);
        done();
        const other = NET.replace("172.17.51.1/16", "172.17.51.2/16");
        expect(host.apply("bridge-a", other)).toMatchObject({ status: 0, stderr: "" });
        expect(done()).toBe("restart, with br-a");
        host.sh("ip addr del 172.17.51.2/16 dev br-a");
        expect(host.apply("bridge-a", `${other}seen: x\n`).status).toBe(0);
        expect(done()).toBe("");
    });

    test("changes places with a network of a name on the same bridge", () => {
        const network =
            "bridge br-a subnet 172.17.0.0/16 gateway 172.17.51.1 ip-range 172.17.51.0/26 mtu 1500 masquerade false";
        const named = NET.replace(/^daemon .*\n/gm, "")
            .replaceAll("172.17.", "10.60.")
            .concat(`docker network mine: ${network}\n`.replaceAll("172.17.", "10.60."));
        const usual = NET.replaceAll("172.17.", "10.60.");
        for (const [unit, addressed] of [
            [named, "br-a 10.60.51.1/16\ndocker0 172.17.0.1/16"],
            [usual, "br-a 10.60.51.1/16"],
            [named, "br-a 10.60.51.1/16\ndocker0 172.17.0.1/16"],
        ] as const) {
            expect(host.apply("bridge-a", unit)).toMatchObject({ status: 0, stderr: "" });
            expect(addresses().split("\n").sort().join("\n")).toBe(addressed);
            expect(host.sh("docker network ls").includes("mine")).toBe(unit === named);
            expect(host.observe().drift).toEqual([]);
        }
        expect(done()).toBe("restart, with br-a, restart, with docker0 172.17.0.1/16");
    });

    test("is taken back with docker0 where something fails after it has gone", () => {
        const answers = 'case "$1 $2 $3" in\n';
        const fails = `${answers}    start*) echo cannot; exit 1 ;;\n`;
        host.put("systemctl", restarting().replace(answers, fails));
        const bad = `${NET}watch routes: add on link up\n`;
        expect(host.apply("bridge-a", bad).status).not.toBe(0);
        expect(done()).toBe("restart, with br-a, restart, with docker0 172.17.0.1/16");
        expect(addresses()).toBe("docker0 172.17.0.1/16");
        expect(text()).toBe("");
    });

    test("is refused where the admin has a bip, and where containers live on", () => {
        write('{ "bip": "10.9.0.1/24" }\n');
        expect(host.apply("bridge-a", NET).stderr).toContain(
            `daemon bridge: ${FILE} has bip 10.9.0.1/24, and a bridge in place of docker0 has an address of its own`,
        );
        write('{ "live-restore": true }\n');
        expect(host.apply("bridge-a", NET).stderr).toContain(
            "daemon bridge: with live-restore, Docker keeps its default network for as long as a container runs",
        );
        expect(done()).toBe("");
        expect(addresses()).toBe("docker0 172.17.0.1/16");
        host.sh("docker stop web 2>/dev/null || echo false >$FAKES/docker/containers/web/.running");
        expect(host.apply("bridge-a", NET)).toMatchObject({ status: 0, stderr: "" });
        expect(addresses()).toBe("br-a 172.17.51.1/16");
    });
});
