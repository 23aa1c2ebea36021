import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { baseline, difference, dumps } from "../support/hosts";
import { lab, on, run } from "../support/lab";
import { Stack } from "../support/stack";

const IMAGE = "lan-registry:5000/busybox:1";
const OPS = { vm3: { user: "ops", become: "sudo" } };

/** What is there that a plan does not reckon with, and how it goes again. */
const inTheWay = () => `
ip route add 10.43.7.0/24 via ${lab().lan.address} dev eth0
docker network create crosshost-refusals-net >/dev/null
nft 'add table inet admin; add chain inet admin input { type filter hook input priority 0; policy drop; }'
nft add rule inet admin input ct state established,related accept
nft add rule inet admin input iif lo accept
nft add rule inet admin input tcp dport 22 accept
`;
const OUT_OF_THE_WAY = `
ip route del 10.43.7.0/24
docker network rm crosshost-refusals-net >/dev/null
nft delete table inet admin
`;

describe("hosts that a program is wrong about", () => {
    const stack = new Stack("refusals", join(__dirname, "refusals"));
    const folder = mkdtempSync(join(tmpdir(), "crosshost-refusals-"));
    let before: string[];

    beforeAll(async () => {
        before = await baseline();
        run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, "key")]);
    });

    afterAll(() => {
        rmSync(folder, { recursive: true });
        on("vm3", "gpasswd -d ops docker >/dev/null 2>&1 || :");
        on("vm2", "systemctl start docker.socket docker");
        stack.cleanUp();
    });

    function reach(ways: object, image?: string): void {
        stack.configure({ ways: JSON.stringify(ways), ...(image ? { image } : {}) });
    }

    /** A preview that fails, and leaves hosts as they were. */
    async function refused(dumped = before): Promise<string> {
        const { status, output } = stack.attempt("preview", "--diff");
        expect(status).not.toBe(0);
        expect(difference(dumped, await dumps())).toEqual([]);
        return output;
    }

    it("wrong key, wrong host key, a user who is not root: one login at most, none before the host key", async () => {
        const { vm1, vm2 } = lab().hosts;
        reach({
            vm1: { privateKey: readFileSync(join(folder, "key"), "utf8") },
            vm2: { hostKey: vm1?.hostKey },
            vm3: { user: "plain" },
        });
        for (const operation of ["preview", "up"]) {
            const since = new Map(["vm1", "vm2"].map((host) => [host, endOfJournal(host)]));
            const { status, output } = stack.attempt(
                operation,
                ...(operation === "up" ? ["--yes", "--skip-preview"] : []),
            );
            expect(status).not.toBe(0);
            expect(output).toContain(
                `root@${vm1?.address ?? ""}:22 accepts none of the offered logins`,
            );
            expect(output).toContain(
                `root@${vm2?.address ?? ""}:22 presents another host key than the one in hostKey: ${vm2?.hostKey.split(" ").slice(0, 2).join(" ") ?? ""}`,
            );
            expect(output).toContain(
                'commands run there as plain, who is not root: set become: "sudo"',
            );
            expect(logins("vm1", since.get("vm1"))).toHaveLength(1);
            expect(logins("vm2", since.get("vm2"))).toEqual([]);
        }
        expect(difference(before, await dumps())).toEqual([]);
    });

    it("sudo that asks for a password, no sudo, nobody at the port", async () => {
        reach({
            vm1: { user: "plain", become: "sudo" },
            vm2: { user: "ops", become: "sudo" },
            vm3: { port: 1 },
        });
        on("vm2", "mv /usr/bin/sudo /usr/bin/sudo.away");
        try {
            const output = await refused();
            expect(output).toMatch(
                /sudo does not let plain run commands without a password .*: write "plain ALL=\(ALL\) NOPASSWD: ALL" into \/etc\/sudoers.d\/plain there/,
            );
            expect(output).toContain(
                "sudo is not installed there: install it, or log in as root and leave out become",
            );
            expect(output).toContain(`:1 refuses the connection: no sshd listens there`);
        } finally {
            on("vm2", "mv /usr/bin/sudo.away /usr/bin/sudo");
        }
    });

    it("routes, networks and firewalls in the way, Docker that is stopped, a user outside the docker group", async () => {
        reach(OPS, IMAGE);
        on("vm1", inTheWay());
        on("vm2", "systemctl stop docker.socket docker");
        try {
            const output = await refused(await dumps());
            expect(output).toMatch(
                /Overlay "net" cannot be applied on vm1:\n\s+"10\.43\.0\.0\/16" overlaps the route 10\.43\.7\.0\/24 via \S+ dev eth0: choose another network\n\s+Docker already has a network "crosshost-refusals-net", not made by Crosshost: remove it/,
            );
            expect(output).toMatch(
                /vm1: its firewall \(chain input of table inet admin\) drops UDP to port 24242 from \S+, \S+, which vx-net-\S+ needs; to let it through \(write it into the file that the rules are loaded from, too\):\n\s+nft insert rule inet admin input ip saddr \{ \S+, \S+ \} udp dport 24242 accept/,
            );
            expect(output).toContain("Docker is not running: systemctl start docker");
            expect(output).toContain(
                "vm3: containers are created there as ops, who is not in the docker group: run `usermod -aG docker ops` there",
            );
            expect(on("vm2", "systemctl is-active docker || :").trim()).toBe("inactive");
        } finally {
            on("vm1", OUT_OF_THE_WAY);
            on("vm2", "systemctl start docker.socket docker");
        }
        expect(difference(before, await dumps())).toEqual([]);
    });

    it("all of it but containers is made as ops; with the docker group containers too, if the image is there", () => {
        reach(OPS);
        stack.up();
        on("vm3", "usermod -aG docker ops");
        reach(OPS, "lan-registry:5000/no-such:1");
        const { status, output } = stack.attempt("up", "--yes", "--skip-preview");
        expect(status).not.toBe(0);
        expect(output).toMatch(/lan-registry:5000\/no-such:1/);
        reach(OPS, IMAGE);
        stack.up();
        stack.nothingToDo("preview");
        on("vm3", "docker exec crosshost-refusals-web ping -c 1 -W 2 10.43.1.1");
    });

    it("leaves no trace after destroy", async () => {
        stack.destroy();
        on("vm3", "gpasswd -d ops docker >/dev/null");
        const left = difference(before, await dumps()).filter(
            (line) => !/\/etc\/(group|gshadow)-?$/.test(line),
        );
        expect(left).toEqual([]);
    });
});

/** Where a host's journal ends: a time would not do, as its seconds hold what came before in the same one. */
function endOfJournal(host: string): string {
    const shown = on(host, "journalctl --sync; journalctl -q -n 1 --show-cursor");
    return /^-- cursor: (\S+)$/m.exec(shown)?.[1] ?? "";
}

/**
 * Logins that sshd had to judge after that place, as its own log has them once it is done with each of them:
 * the process without rights ends first, and what it said is logged by the one with rights.
 */
function logins(host: string, since: string | undefined): string[] {
    const judged =
        "while pgrep -f 'sshd.*\\[(net|accepted|priv)\\]' >/dev/null; do sleep 0.1; done; journalctl --sync";
    const lines = `journalctl -q -o short-precise --after-cursor '${since ?? ""}'`;
    return on(host, `${judged}; ${lines}`)
        .split("\n")
        .filter((line) => line.includes("authenticating user"));
}
