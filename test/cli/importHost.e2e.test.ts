import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { baseline, difference, dumps } from "../support/hosts";
import { lab, on, ROOT } from "../support/lab";

const HOST = "vm1";

/** As a tutorial leaves a host. */
const MAKE = `
ip link add br0 type bridge; ip addr add 10.99.1.1/24 dev br0
ip link add vx7 type vxlan id 7 dstport 8473 local ${lab().hosts[HOST]?.address ?? ""}
ip addr add 10.244.1.0/32 dev vx7; ip link set vx7 up
ip route add 10.244.2.0/24 via 10.244.2.0 dev vx7 onlink
bridge fdb append 02:11:22:33:44:55 dev vx7 dst 192.0.2.12
docker network create --subnet 172.30.0.0/24 --ip-range 172.30.0.128/25 -o com.docker.network.driver.mtu=1400 web
docker network create -d macvlan --subnet 192.0.2.0/24 --gateway 192.0.2.1 --ip-range 192.0.2.64/26 -o parent=eth0 lan`;
const UNMAKE = "docker network rm web lan; ip link del vx7; ip link del br0";

describe(`crosshost import host, on ${HOST}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "crosshost-import-"));
    const ssh = `#!/bin/sh\nexec /usr/bin/ssh -F ${lab().sshConfigFile} "$@"\n`;
    let before: string[];

    beforeAll(async () => {
        before = await baseline([HOST]);
        on(HOST, MAKE);
        writeFileSync(join(folder, "ssh"), ssh);
        chmodSync(join(folder, "ssh"), 0o755);
    });

    afterAll(() => {
        rmSync(folder, { recursive: true });
    });

    function importHost(...words: readonly string[]) {
        const main = ["-r", "ts-node/register/transpile-only", "cli/main.ts", "import", "host"];
        return spawnSync(process.execPath, [...main, ...words], {
            cwd: ROOT,
            env: { ...process.env, PATH: `${folder}:${process.env["PATH"] ?? ""}` },
            encoding: "utf8",
        });
    }

    it.each([
        ["root", [HOST]],
        ["a user who may sudo", ["--become", `ops@${HOST}`]],
    ])("by a login of %s prints what lies there and changes nothing", async (_, words) => {
        const made = await dumps([HOST]);
        const { status, stdout, stderr } = importHost(...words);
        const components = stdout.slice(stdout.indexOf("\nnew ")).trim().split("\n\n").sort();
        expect(components).toEqual([
            'new Bridge("br0", {\n    host,\n    cidr: "10.99.1.0/24",\n    gateway: "10.99.1.1",\n});',
            'new Bridge("web", {\n    host,\n    cidr: "172.30.0.0/24",\n    gateway: "172.30.0.128",\n    ipRange: "172.30.0.128/25",\n    mtu: 1400,\n    dockerName: "web",\n});',
            'new Macvlan("lan", {\n    hosts: [host],\n    parent: "eth0",\n    subnet: "192.0.2.0/24",\n    gateway: "192.0.2.1",\n    ipRange: "192.0.2.64/26",\n    dockerName: "lan",\n});',
            'new Overlay("vx7", {\n    hosts: [host],\n    cidr: "10.244.0.0/22",\n    backend: { vxlan: { vni: 7, port: 8473 } },\n});',
        ]);
        expect(stdout).toMatch(/^ {4}docker: \{ insecureRegistries: \["lan-registry:5000"/m);
        const destination = words.at(-1) ?? "";
        expect(stderr.split("\n")).toEqual([
            `${destination}: vxlan vx7: add the other hosts to \`hosts\`: it sends to 192.0.2.12`,
            `${destination}: vxlan vx7: 10.244.0.0/22 is the least that has its routes: set \`cidr\` if it is larger`,
            "",
        ]);
        expect(status).toBe(0);
        expect(difference(made, await dumps([HOST]))).toEqual([]);
    });

    it("by a login that may not ask Docker says what to do", () => {
        const { status, stdout, stderr } = importHost(`plain@${HOST}`);
        expect(stderr).toMatch(
            /denied[^]*\nerror: the host does not tell its networks: what its tool said stands above; --become asks as root\n$/,
        );
        expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    });

    it("of a host that no login reaches says what ssh ended with", () => {
        const { status, stderr } = importHost("nobody@nowhere.invalid");
        expect(stderr).toContain("error: the host did not answer: ssh ended with status 255\n");
        expect(status).toBe(2);
    });

    it("leaves the host as it was", async () => {
        on(HOST, UNMAKE);
        expect(difference(before, await dumps([HOST]))).toEqual([]);
    });
});
