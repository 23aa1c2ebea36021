// WireGuard, which the kernel that tests run on may lack: what such a host prints is read, and what is sent to it is seen.
// On a kernel that has it: test/e2e/kernels.e2e.test.ts.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ITS_IP } from "../support/fakeIp";
import { BEFORE, DEVICE, ITS_WG, LINK, ROUTE } from "../support/fakeWireguard";
import { BARE, NetnsHost, STACK, TOOLS } from "../support/netns";
import { keyOf } from "../support/publicKeys";

/** Of the generation after. */
const NEXT = "wg-mesh2-823fa";
const KEY_UNIT = `private-key ${DEVICE}: wireguard\n`;
const KEYS = `/var/lib/crosshost/${STACK}/keys`;
const KEY = `${KEYS}/${DEVICE}`;

describe.each(TOOLS)("WireGuard, with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.put("modprobe", "#!/bin/sh\nexit 0\n");
        host.put("wg", ITS_WG);
        host.sh(`${BARE}\nmkdir -p /run/crosshost /var/lib/crosshost/${STACK}/units`);
    });
    afterEach(() => {
        host.close();
    });

    describe("private keys", () => {
        const privateKey = () => host.sh(`cat ${KEY}`).trim();
        const told = (stdout: string) => /^public-key \S+: (\S+)$/m.exec(stdout)?.[1];

        test("are made for root alone, and told by their public half, each time the same", () => {
            const made = host.apply("key-mesh", KEY_UNIT);
            expect(made).toMatchObject({ status: 0, stderr: "" });
            expect(host.sh(`stat -c '%a %u %n' ${KEYS} ${KEY}`)).toBe(
                `700 0 ${KEYS}\n600 0 ${KEY}\n`,
            );
            expect(told(made.stdout)).toBe(host.sh(`wg pubkey <${KEY}`).trim());
            expect(host.observe().drift).toEqual([]);
            const again = host.apply("key-mesh", KEY_UNIT).stdout;
            expect(again).toContain("in step, nothing to do\n");
            expect(told(again)).toBe(told(made.stdout));
        });

        test("are in nothing that is told or written but their file", () => {
            const { stdout } = host.apply("key-mesh", KEY_UNIT);
            const { drift, facts } = host.observe();
            const files = host.sh(
                `find /run/crosshost /var/lib/crosshost /etc/systemd -type f ! -path ${KEY} -exec cat {} +`,
            );
            expect([stdout, ...drift, ...facts, files].join("\n")).not.toContain(privateKey());
        });

        test.each([
            ["somebody has put there", `wg genkey >${KEY}`, "another key"],
            ["others can read", `chmod 640 ${KEY}`, "mode 640 0"],
            ["belongs to another user", `chown 7 ${KEY}`, "mode 600 7"],
            ["is lost", `rm ${KEY}`, "missing"],
            ["has lost its public half", `rm ${KEY}.pub`, "another key"],
            ["is none", `: >${KEY}`, "another key"],
        ])("are made anew where one %s", (_what, does, drift) => {
            host.apply("key-mesh", KEY_UNIT);
            const before = privateKey();
            host.sh(does);
            const now = host.sh(`cat ${KEY} 2>/dev/null || true`).trim();
            expect(host.observe().drift).toEqual([`private-key ${DEVICE}: ${drift}`]);
            const { stdout } = host.apply("key-mesh", KEY_UNIT);
            expect(told(stdout)).toBe(host.sh(`wg pubkey <${KEY}`).trim());
            expect([before, now]).not.toContain(privateKey());
            expect(host.observe().drift).toEqual([]);
        });

        test("go with their unit, and leave nothing", () => {
            host.apply("key-mesh", KEY_UNIT);
            expect(host.delete("key-mesh")).toMatchObject({ status: 0, stderr: "" });
            expect(host.sh(`ls -A /var/lib/crosshost/${STACK}`)).toBe("units\n");
        });

        test("are refused without the program, or the kernel's module, and nothing is made", () => {
            host.put("modprobe", "#!/bin/sh\nexit 1\n");
            expect(host.apply("key-mesh", KEY_UNIT).stderr).toMatch(
                /private-key wg-mesh-9078d: this kernel \(.*\) has no wireguard/,
            );
            host.remove("wg");
            expect(host.observe().facts).toContain("without wg");
            expect(host.apply("key-mesh", KEY_UNIT).stderr).toContain(
                `private-key ${DEVICE}: WireGuard's tools are not installed (no program \`wg\`): apt install wireguard-tools`,
            );
            expect(host.sh(`ls -A /var/lib/crosshost/${STACK}`)).toBe("units\n");
        });

        test("are not half there where making one fails", () => {
            host.put("wg", "#!/bin/sh\n[ $1 != pubkey ] || exit 1\necho x\n");
            expect(host.apply("key-mesh", KEY_UNIT)).toMatchObject({ status: 1 });
            expect(host.sh(`ls -A /var/lib/crosshost/${STACK}`)).toBe("units\n");
        });
    });

    describe("devices", () => {
        let own: string;
        const peer = `wireguard ${DEVICE} peer ${keyOf("vm2")}`;

        beforeEach(() => {
            own = /public-key \S+: (\S+)/.exec(host.apply("key-mesh", KEY_UNIT).stdout)?.[1] ?? "";
            host.put("ip", ITS_IP);
            host.sh(": >$FAKES/whole; : >$FAKES/steps");
            shows(BEFORE + LINK + ROUTE);
            for (const folder of ["wg", "wg-whole"]) {
                mkdirSync(join(host.folder, folder));
            }
            prints({});
            host.sh("rm -rf $FAKES/wg; cp -r $FAKES/wg-whole $FAKES/wg");
        });

        const unit = (more = "") =>
            `link ${DEVICE}: wireguard mtu 1440\nroute 10.42.2.0/24: dev ${DEVICE} src 10.42.1.1\n` +
            `wireguard ${DEVICE}: listen-port 30001 public-key ${own}\n` +
            `${peer}: endpoint 192.168.40.12:30001 allowed-ips 10.42.2.0/24${more}\n`;

        function shows(links: string): void {
            writeFileSync(join(host.folder, "links"), links);
        }

        /** What `wg show DEVICE ...` says when it is as wanted, but for what is said here. */
        function prints(
            more: Readonly<Record<string, string>>,
            folders: readonly string[] = ["wg-whole"],
        ): void {
            const two = keyOf("vm2");
            const said = {
                "public-key": `${own}\n`,
                "listen-port": "30001\n",
                fwmark: "off\n",
                endpoints: `${two}\t192.168.40.12:30001\n`,
                "allowed-ips": `${two}\t10.42.2.0/24\n`,
                "persistent-keepalive": `${two}\toff\n`,
                "preshared-keys": `${two}\t(none)\n`,
                ...more,
            };
            for (const [what, text] of Object.entries(said)) {
                for (const folder of folders) {
                    writeFileSync(join(host.folder, folder, what), text);
                }
            }
        }

        function holds(text: string): void {
            host.run(["sh", "-c", `cat >/var/lib/crosshost/${STACK}/units/mesh`], text);
        }

        const steps = () =>
            readFileSync(join(host.folder, "steps"), "utf8")
                .split("\n")
                .filter((line) => line.startsWith("wg "));

        test("are in step as such a host prints them, and told with their port", () => {
            holds(unit());
            expect(host.observe().drift).toEqual([]);
            expect(host.observe().facts).toContain(
                `wireguard ${DEVICE} 30001 crosshost:${STACK}:mesh`,
            );
            expect(host.apply("mesh", unit())).toMatchObject({
                stderr: "",
                stdout: "mesh: in step, nothing to do\n",
            });
        });

        test.each([
            [{ "listen-port": "4444\n" }, (device: string) => `${device}: listen-port 4444`],
            [{ fwmark: "0x7\n" }, (device: string) => `${device}: fwmark 0x7`],
            [
                { "public-key": `${keyOf("x")}\n` },
                (device: string) => `${device}: public-key ${keyOf("x")}`,
            ],
            [{ endpoints: `${keyOf("vm2")}\t(none)\n` }, () => `${peer}: endpoint none`],
            [
                { "allowed-ips": `${keyOf("vm2")}\t10.42.2.0/24 10.9.0.0/16\n` },
                () => `${peer}: allowed-ips 10.42.2.0/24,10.9.0.0/16`,
            ],
            [
                { "persistent-keepalive": `${keyOf("vm2")}\t25\n` },
                () => `${peer}: persistent-keepalive 25`,
            ],
            [
                { "preshared-keys": `${keyOf("vm2")}\t${keyOf("secret")}\n` },
                () => `${peer}: preshared-key set`,
            ],
            [{ endpoints: "" }, () => `${peer}: missing`],
        ])("tell as drift and repair what differs: %j", (more, drift) => {
            holds(unit());
            prints(more, ["wg"]);
            const told = drift(`wireguard ${DEVICE}`);
            expect(host.observe().drift.map((line) => line.replace("(none)", "none"))).toEqual([
                told,
            ]);
            expect(host.apply("mesh", unit())).toMatchObject({ status: 0, stderr: "" });
            const isOfPeer = told.startsWith(peer);
            expect(steps()).toHaveLength(1);
            expect(steps()[0]).toContain(
                isOfPeer
                    ? `wg set ${DEVICE} peer ${keyOf("vm2")} endpoint 192.168.40.12:30001 allowed-ips 10.42.2.0/24`
                    : `wg set ${DEVICE} private-key ${KEY} `,
            );
        });

        test("are in step wherever a peer has called from that has no endpoint", () => {
            const calling = unit().replace("endpoint 192.168.40.12:30001 ", "");
            holds(calling);
            prints({ endpoints: `${keyOf("vm2")}\t203.0.113.9:40123\n` }, ["wg"]);
            expect(host.observe().drift).toEqual([]);
            expect(host.apply("mesh", calling).stdout).toBe("mesh: in step, nothing to do\n");
            prints({ endpoints: "" }, ["wg"]);
            host.apply("mesh", calling);
            expect(steps()).toEqual([
                `wg set ${DEVICE} peer ${keyOf("vm2")} allowed-ips 10.42.2.0/24 persistent-keepalive off`,
            ]);
        });

        test("take away a peer that is none of ours, and touch no other", () => {
            holds(unit());
            const endpoints = `${keyOf("vm2")}\t192.168.40.12:30001\n${keyOf("odd")}\t(none)\n`;
            prints({ endpoints }, ["wg"]);
            expect(host.observe().drift.join()).toContain(
                `wireguard ${DEVICE} peer ${keyOf("odd")}: not in the plan, `,
            );
            host.apply("mesh", unit());
            expect(steps()).toEqual([`wg set ${DEVICE} peer ${keyOf("odd")} remove`]);
        });

        test("are made with their key by its file's name, then their peers", () => {
            shows(BEFORE);
            writeFileSync(join(host.folder, "whole"), BEFORE + LINK + ROUTE);
            expect(host.apply("mesh", unit())).toMatchObject({ status: 0, stderr: "" });
            expect(host.sh("grep 'add name' $FAKES/steps")).toBe(
                `link add name ${DEVICE} mtu 1440 group 201 type wireguard\n`,
            );
            expect(steps()).toEqual([
                `wg set ${DEVICE} private-key ${KEY} listen-port 30001`,
                `wg set ${DEVICE} peer ${keyOf("vm2")} endpoint 192.168.40.12:30001 allowed-ips 10.42.2.0/24 persistent-keepalive off`,
            ]);
        });

        test("refuse a key that is not the one that was told; a boot makes all but the tunnel", () => {
            holds(unit());
            prints({ "listen-port": "1\n" }, ["wg"]);
            host.sh(`wg genkey >${KEY}`);
            expect(host.apply("mesh", unit()).stderr).toContain(
                `wireguard ${DEVICE}: this host's private key is another one: run \`pulumi up\`, which tells its peers`,
            );
            expect(host.crosshost(["boot", STACK, "links"])).toMatchObject({ status: 0 });
            expect(steps()).toEqual([]);
        });

        test("are undone to a peer that had no networks and had not called yet", () => {
            holds(unit());
            const two = keyOf("vm2");
            const none = `${two}\t(none)\n`;
            prints({ endpoints: none, "allowed-ips": none }, ["wg"]);
            host.put("nft", "#!/bin/sh\necho no >&2; exit 1\n");
            const result = host.apply(
                "mesh",
                `${unit()}nft forward 9-mine: ip saddr 10.9.0.0/24 accept\n`,
            );
            expect(result.status).toBe(1);
            const set = `wg set ${DEVICE} peer ${two}`;
            expect(steps()).toEqual([`${set} remove`, `${set} persistent-keepalive off`]);
        });

        test("of a name that would be a command are not asked for anything", () => {
            host.put("id", '#!/bin/sh\n: >"$FAKES/ran"\n');
            shows(BEFORE + LINK.replaceAll(DEVICE, "$(id)").replace(/\\ {4}alias.*/, ""));
            expect(host.observe().facts).toContain("wireguard $(id) - -");
            expect(host.sh("ls $FAKES")).not.toContain("ran\n");
        });

        describe("two of them, while keys are rolled", () => {
            const NEXT_KEY_UNIT = KEY_UNIT.replace(DEVICE, NEXT);
            const now = Math.floor(Date.now() / 1000);
            const routes = (device: string) => `route 10.42.2.0/24: dev ${device} src 10.42.1.1\n`;
            const files = () => host.sh(`ls ${KEYS}`).split("\n").filter(Boolean);

            /** Both are there, and the routes of another unit lead by the first; peers are the same. */
            beforeEach(() => {
                holds(unit().replace(routes(DEVICE), ""));
                const next = LINK.replaceAll(DEVICE, NEXT).replace("5: ", "6: ");
                shows(BEFORE + LINK + next.replace(/:mesh\n$/, ":tunnel2-mesh\n") + ROUTE);
                host.run(
                    ["sh", "-c", `cat >/var/lib/crosshost/${STACK}/units/overlay-mesh`],
                    routes(DEVICE),
                );
                hears(DEVICE, now);
                hears(NEXT, 0);
            });

            function hears(device: string, at: number): void {
                for (const folder of ["wg", "wg-whole"]) {
                    const path = join(host.folder, folder, `${device}.latest-handshakes`);
                    writeFileSync(path, `${keyOf("vm2")}\t${at}\n`);
                }
            }

            const moved = () => {
                const lines = readFileSync(join(host.folder, "links"), "utf8");
                writeFileSync(
                    join(host.folder, "whole"),
                    lines.replace(`dev ${DEVICE} table`, `dev ${NEXT} table`),
                );
                return host.apply("overlay-mesh", routes(NEXT));
            };
            /** Nothing leads by the first any more, and it goes. */
            const leaves = () => {
                host.sh(`rm /var/lib/crosshost/${STACK}/units/overlay-mesh`);
                const lines = readFileSync(join(host.folder, "links"), "utf8").split("\n");
                const left = lines.filter((line) => !line.includes(DEVICE));
                writeFileSync(join(host.folder, "whole"), left.join("\n"));
                expect(host.delete("mesh")).toMatchObject({ status: 0, stderr: "" });
            };
            const routeSteps = () => host.sh("grep route $FAKES/steps || true");

            test("a key goes with its device, whose unit goes after the key's", () => {
                host.apply("key-mesh", NEXT_KEY_UNIT);
                expect(files()).toEqual([DEVICE, `${DEVICE}.pub`, NEXT, `${NEXT}.pub`]);
                leaves();
                expect(files()).toEqual([NEXT, `${NEXT}.pub`]);
            });

            test("a key stays that is wanted after its device", () => {
                leaves();
                expect(files()).toEqual([DEVICE, `${DEVICE}.pub`]);
            });

            test("going back finds the former key", () => {
                const before = host.sh(`cat ${KEY}`);
                host.apply("key-mesh", NEXT_KEY_UNIT);
                host.apply("key-mesh", KEY_UNIT);
                expect(host.sh(`cat ${KEY}`)).toBe(before);
                expect(files()).toEqual([DEVICE, `${DEVICE}.pub`]);
            });

            test("one that a route still leads by does not go", () => {
                const { status, stderr } = host.delete("mesh");
                expect(status).not.toBe(0);
                expect(stderr).toContain(
                    `link ${DEVICE}: route 10.42.2.0/24 of unit overlay-mesh leads by it, and has to lead by another first`,
                );
                expect(files()).toEqual([DEVICE, `${DEVICE}.pub`]);
            });

            test("one at the same port goes in the same change", () => {
                host.apply("key-mesh", NEXT_KEY_UNIT);
                const own = host.sh(`wg pubkey <${KEYS}/${NEXT}`).trim();
                const text = `link ${NEXT}: wireguard mtu 1440\nwireguard ${NEXT}: listen-port 30001 public-key ${own}\n`;
                host.apply("tunnel2-mesh", text);
                expect(host.sh("grep del $FAKES/steps")).toContain(`link del ${DEVICE}\n`);
            });

            test("routes lead by the next one when its peers have answered, who are called", () => {
                host.put(
                    "wg",
                    ITS_WG.replace(
                        "set)",
                        `set) [ "$6" != 1 ] || echo "$4\t${now}" >$FAKES/wg-whole/${NEXT}.latest-handshakes;`,
                    ),
                );
                expect(moved()).toMatchObject({ status: 0, stderr: "" });
                const calls = ["off", "1", "off"].map(
                    (seconds) =>
                        `wg set ${NEXT} peer ${keyOf("vm2")} persistent-keepalive ${seconds}`,
                );
                expect(steps()).toEqual(calls);
                expect(routeSteps()).toBe(
                    `route replace 10.42.2.0/24 dev ${NEXT} src 10.42.1.1 proto 201\n`,
                );
            });

            test("routes stay where a peer answers on the former one alone", () => {
                host.put(
                    "sleep",
                    '#!/bin/sh\nread -r now _ <$FAKES/uptime\necho "$((${now%.*} + 3)).00 0.00" >$FAKES/uptime\n',
                );
                host.sh("echo 100.00 0.00 >$FAKES/uptime; mount --bind $FAKES/uptime /proc/uptime");
                const { status, stderr } = moved();
                expect(status).toBe(1);
                expect(stderr).toContain(
                    `tried \`meet ${NEXT} ${DEVICE}\`: there is no answer from 192.168.40.12:30001 in 15 s, though ${DEVICE} has one: that UDP port must be open between the hosts`,
                );
                expect(routeSteps()).toBe("");
            });

            test("nobody waits for a peer that the former one does not hear either", () => {
                hears(DEVICE, now - 200);
                expect(moved()).toMatchObject({ status: 0, stderr: "" });
                expect(steps()).toEqual([]);
                expect(routeSteps()).toContain(`dev ${NEXT}`);
            });
        });
    });
});
