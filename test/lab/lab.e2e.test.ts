import { spawn } from "node:child_process";
import { join } from "node:path";
import { leftovers } from "./leftovers";
import { eventually, shell, TrialLab } from "./trial";

const three = new TrialLab("trialthree", "20.10,26,29");
const one = new TrialLab("trialone", "28");
const labs = [three, one];
/** What a host says of its engine: its version. */
const ENGINES: Readonly<Record<string, string>> = {
    "20.10": "20.10.24+dfsg1",
    "26": "26.1.5+dfsg1",
    "28": "28.5.2+dfsg4",
    "29": "29.8.1",
};

let before: string[];

async function purge(): Promise<void> {
    await Promise.all(labs.map((lab) => lab.command("down", "--purge")));
}

beforeAll(async () => {
    await purge();
    before = await leftovers(labs);
    await Promise.all([three.command("up", "3"), one.command("up", "1")]);
});

afterAll(purge);

const bootId = (host: string): Promise<string> =>
    three.on(host, "cat /proc/sys/kernel/random/boot_id");

const supervisors = (): number[] =>
    ["vm1", "vm2", "vm3"].map((host) => three.pidOf(`${host}.supervisor`));

describe("lab.json", () => {
    test.each(["vm1", "vm2", "vm3"])("says of %s what the host itself says", async (name) => {
        const host = three.described().hosts[name];
        const engine = await three.on(name, `docker version -f '{{.Server.Version}}'`);
        const asked = await three.on(
            name,
            `hostname; . /etc/os-release; echo $VERSION_CODENAME
            ip -o -4 addr show dev eth0 | awk '{ print $4 }'
            cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub
            if systemctl -q is-active systemd-networkd; then echo networkd
            elif ifquery --state eth0 >/dev/null 2>&1; then echo ifupdown
            else echo none; fi
            systemctl is-system-running`,
        );
        expect(asked.trim().split("\n")).toEqual([
            name,
            host?.release,
            `${host?.address}/24`,
            host?.hostKey,
            host?.network,
            "running",
        ]);
        expect(engine.trim().split("\n").join(" ")).toBe(ENGINES[host?.engine ?? ""]);
    });

    test("mixes engines, releases and ways to an address", () => {
        const hosts = Object.values(three.described().hosts);
        expect(hosts.map(({ engine }) => engine)).toEqual(["20.10", "26", "29"]);
        expect(hosts.map(({ release }) => release)).toEqual(["bookworm", "trixie", "forky"]);
        expect(hosts.map(({ network }) => network)).toEqual(["ifupdown", "networkd", "none"]);
        expect(hosts.map(({ kernel }) => kernel)).toEqual(["shared", "shared", "shared"]);
    });
});

describe("hosts", () => {
    test("let root, ops and plain log in, and ops alone become root by sudo", async () => {
        expect(await three.on("ops@vm1", "id -Gn; sudo -n id -un")).toBe("ops\nroot\n");
        expect(await three.on("plain@vm1", "id -Gn")).toBe("plain\n");
        expect((await three.attempt("ssh", "plain@vm1", "sudo -n id")).status).not.toBe(0);
    });

    test("reach one another and the internet, which knows the LAN and nothing else", async () => {
        const { lan, internet, hosts } = three.described();
        await three.on("vm1", "ping -c1 -W2 vm2 && ping -c1 -W2 vm3");
        await three.on("vm3", `ping -c1 -W2 ${internet.address}`);
        await three.command("exec", "internet", "ping", "-c1", "-W2", hosts["vm2"]?.address ?? "");
        const routes = await three.command("exec", "internet", "ip", "-4", "route");
        expect(routes).toContain(`${lan.cidr} via`);
        expect(routes).not.toContain("default");
    });

    test("come without images; pull them; and a container ends as soon as it is told", async () => {
        const { registry, privateRegistry } = three.described();
        const [open] = registry.images;
        const [closed] = privateRegistry.images;
        const login = `docker login -u ${privateRegistry.username} --password-stdin`;
        expect(await three.on("vm1", "docker images -q; docker ps -aq")).toBe("");
        const refused = await three.attempt("ssh", "vm1", `docker pull -q ${closed}`);
        expect(refused.said).toMatch(/no basic auth credentials/);
        await three.on(
            "vm1",
            `set -e; echo ${privateRegistry.password} | ${login} ${privateRegistry.address}
            docker pull -q ${closed}; docker run -d --name web ${open}
            until docker exec web wget -qO- http://127.0.0.1/cgi-bin/peer; do sleep 0.1; done
            timeout 3 docker rm -f web; docker run --rm -d --name web ${open}; timeout 3 docker stop web`,
        );
    });
});

describe("install", () => {
    test.each(["vm1", "vm3"])(
        "puts a package of its release on %s, with what it needs",
        async (host) => {
            expect((await three.attempt("ssh", host, "command -v socat")).status).not.toBe(0);
            await three.command("install", host, "socat");
            await three.command("install", host, "socat");
            expect(
                await three.on(host, "echo yes | socat - EXEC:cat; ls /var/tmp | grep -c lab || :"),
            ).toBe("yes\n0\n");
        },
    );

    test("says what there is none of", async () => {
        const { status, said } = await three.attempt("install", "vm1", "no-such-package");
        expect(status).toBe(1);
        expect(said).toMatch(
            /lab: apt-get could not fetch no-such-package of bookworm: E: Unable to locate package no-such-package \(all of it: .*\)\n$/,
        );
    });
});

describe("up again", () => {
    test("changes nothing", async () => {
        const described = three.describedRaw();
        const running = supervisors();
        await three.command("up", "3");
        expect(supervisors()).toEqual(running);
        expect(three.describedRaw()).toBe(described);
    });
});

describe("two labs", () => {
    test("have LANs of their own, and do not hear each other", async () => {
        const other = one.described();
        expect(other.lan.cidr).not.toBe(three.described().lan.cidr);
        const address = other.hosts["vm1"]?.address ?? "";
        await one.command("ssh", "vm1", "true");
        expect((await three.attempt("ssh", "vm1", `ping -c1 -W1 ${address}`)).status).toBe(1);
    });
});

describe("power", () => {
    test.each([
        ["soft", "vm2", []],
        ["hard", "vm3", ["--hard"]],
    ])("a %s reboot is a reboot", async (_kind, host, options) => {
        const last = await bootId(host);
        await three.on(host, "ip link add handmade type bridge; echo here >/root/kept");
        await three.command("reboot", host, ...options);
        expect(await bootId(host)).not.toBe(last);
        expect(await three.on(host, "cat /root/kept; ip -o link show handmade || :")).toBe(
            "here\n",
        );
    });

    test("off is off until start", async () => {
        await three.command("poweroff", "vm2", "--hard");
        expect(await three.states()).toEqual({ vm1: "running", vm2: "off", vm3: "running" });
        expect(Object.keys(three.described().hosts)).toContain("vm2");
        await three.command("start", "vm2");
        expect(await three.on("vm2", "docker info -f '{{.Name}}'")).toBe("vm2\n");
    });
});

describe("whoever is killed", () => {
    const processesOf = async (host: string): Promise<string> =>
        shell(`grep -l "/${three.name}/${host}[/]" /proc/[0-9]*/cgroup 2>/dev/null || :`);

    test("a supervisor takes its host along; up brings it back", async () => {
        process.kill(three.pidOf("vm1.supervisor"), "SIGKILL");
        await eventually("no process of vm1", 10, async () => (await processesOf("vm1")) === "");
        expect((await three.states())["vm1"]).toBe("killed");
        await three.command("up", "3");
        expect((await three.states())["vm1"]).toBe("running");
    });

    test("a machine that dies is started again, alone on its disk", async () => {
        const last = await bootId("vm2");
        process.kill(three.pidOf("vm2.machine"), "SIGKILL");
        await eventually("a new boot", 20, async () => {
            const now = await three.attempt("ssh", "vm2", "cat /proc/sys/kernel/random/boot_id");
            return now.status === 0 && now.stdout !== last;
        });
        await three.command("up", "3");
    });

    test("down clears away what killed runs left, and leaves nothing", async () => {
        const lab = join(__dirname, "../../lab/lab");
        await one.command("down", "--purge");
        const up = spawn(lab, ["up", "2"], {
            env: one.environment,
            stdio: ["ignore", "ignore", "pipe"],
        });
        await new Promise<void>((resolve) => {
            up.stderr.on("data", (said: Buffer) => {
                if (said.includes("booting")) {
                    resolve();
                }
            });
        });
        up.kill("SIGKILL");
        for (const host of ["vm1", "vm3"]) {
            process.kill(three.pidOf(`${host}.supervisor`), "SIGKILL");
        }
        process.kill(three.pidOf("registry-open.pid"), "SIGKILL");
        await Promise.all(labs.map((trial) => trial.command("down")));
        expect(await leftovers(labs)).toEqual(before);
    });

    test("a lab that was taken down comes back as it was", async () => {
        const described = three.described();
        await three.command("up", "1");
        expect(three.described().hosts).toEqual({ vm1: described.hosts["vm1"] });
        expect(three.described().lan).toEqual(described.lan);
    });
});

test("a mistake is told in one line", async () => {
    expect((await three.attempt("up", "ten")).said).toBe(
        'lab: up takes a number of hosts from 1 to 64, not "ten"\n',
    );
    expect((await three.attempt("reboot", "vm7")).said).toBe(
        'lab: no host "vm7" in lab trialthree; there are: vm1 vm2 vm3\n',
    );
});
