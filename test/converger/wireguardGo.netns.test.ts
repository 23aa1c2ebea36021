// wireguard-go, where the kernel has no WireGuard: devices and their states are the kernel's own; who holds them, and what systemd does, is played.
// The program itself: test/e2e/wireguard.e2e.test.ts.
import { existsSync } from "node:fs";
import { BARE, NetnsHost, STACK, TOOLS } from "../support/netns";
import { keyOf } from "../support/publicKeys";

const DEVICE = "wg-mesh-9078d";
const SERVICE = `crosshost-${STACK}-${DEVICE}.service`;
const PEER = `wireguard ${DEVICE} peer ${keyOf("vm2")}`;

/** Attaches itself to the device, as wireguard-go does, which gives it an MTU of its own, until it is killed. */
const ITS_WIREGUARD_GO = `#!/bin/sh
ip link set $2 mtu 1420
exec /usr/bin/perl -MIO::Socket::UNIX -e '
mkdir "/run/wireguard"; unlink "/run/wireguard/$ARGV[0].sock";
my $socket = IO::Socket::UNIX->new(Local => "/run/wireguard/$ARGV[0].sock", Listen => 1) or die;
open(my $tun, "+<", "/dev/net/tun") or die;
ioctl($tun, 0x400454CA, pack("a16 s x22", $ARGV[0], 0x1001)) or die;
open(my $pid, ">", "/run/wireguard.pid"); print $pid $$; close($pid);
sleep 1000' $2 7>&- 8>&- 9>&-
`;
const ITS_SYSTEMD_RUN = `#!/bin/sh
echo "systemd-run $*" >>$FAKES/services
while [ $# -gt 0 ]; do case $1 in ExecStartPost=*) post=\${1#*=} ;; -p | -*) ;; *) case $1 in *=*) ;; *) break ;; esac ;; esac; shift; done
rm -f /run/wireguard.pid
"$@" >/dev/null 2>&1 </dev/null 7>&- 8>&- 9>&- &
until [ -s /run/wireguard.pid ]; do sleep 0.02; done
$post
`;
const ITS_SYSTEMCTL = `#!/bin/sh
echo "systemctl $*" >>$FAKES/services
case "$*" in
    "stop ${SERVICE}")
        [ -s /run/wireguard.pid ] || exit 0
        pid=$(cat /run/wireguard.pid)
        kill "$pid"
        # as systemctl does: until the process has left its device
        while [ -n "$(ls "/proc/$pid/fd" 2>/dev/null)" ]; do sleep 0.02; done
        rm /run/wireguard.pid /run/wireguard/*.sock ;;
esac
exit 0
`;
/** Tells of a device that is held what was said of it. */
const ITS_WG = `#!/bin/sh
case $1 in
    pubkey) printf %s "$(sha256sum | cut -c 1-32)" | base64 ;;
    genkey) head -c 32 /dev/urandom | base64 ;;
    show)
        [ -s /run/wireguard.pid ] && cat $FAKES/wg.$3 ;;
    set) echo "wg $*" >>$FAKES/steps ;;
esac
`;

const isPossible = existsSync("/dev/net/tun");

(isPossible ? describe : describe.skip).each(TOOLS)(
    "wireguard-go, with $shell and $awk",
    (tools) => {
        let host: NetnsHost;
        let own: string;

        beforeEach(() => {
            host = new NetnsHost(tools);
            host.put("modprobe", "#!/bin/sh\nexit 1\n");
            host.put("wireguard-go", ITS_WIREGUARD_GO);
            host.put("systemd-run", ITS_SYSTEMD_RUN);
            host.put("systemctl", ITS_SYSTEMCTL);
            host.put("wg", ITS_WG);
            host.sh(
                `${BARE}\nmkdir -p /run/crosshost /var/lib/crosshost/${STACK}/units; : >$FAKES/services; : >$FAKES/steps`,
            );
            own =
                /public-key \S+: (\S+)/.exec(
                    host.apply("key-mesh", `private-key ${DEVICE}: wireguard\n`).stdout,
                )?.[1] ?? "";
            prints({
                "public-key": own,
                "listen-port": "30001",
                fwmark: "off",
                endpoints: `${keyOf("vm2")}\t192.168.40.12:30001`,
                "allowed-ips": `${keyOf("vm2")}\t10.42.2.0/24`,
                "persistent-keepalive": `${keyOf("vm2")}\toff`,
                "preshared-keys": `${keyOf("vm2")}\t(none)`,
            });
        });
        afterEach(() => {
            host.sh(`systemctl stop ${SERVICE}`);
            host.close();
        });

        const unit = () =>
            `link ${DEVICE}: wireguard mtu 1440\nroute 10.42.2.0/24: dev ${DEVICE}\n` +
            `wireguard ${DEVICE}: listen-port 30001 public-key ${own}\n` +
            `${PEER}: endpoint 192.168.40.12:30001 allowed-ips 10.42.2.0/24\n`;

        function prints(said: Readonly<Record<string, string>>): void {
            for (const [what, text] of Object.entries(said)) {
                host.run(["sh", "-c", `cat >$FAKES/wg.${what}`], `${text}\n`);
            }
        }

        const link = () => host.sh(`ip -d -o link show ${DEVICE}`);
        const steps = () => host.sh("cat $FAKES/steps; : >$FAKES/steps");

        test("is a device that its process may leave, with its MTU and mark, and in step", () => {
            expect(host.observe().facts).toContain("replaced wireguard");
            expect(host.observe().facts).not.toContain("lacks wireguard");
            const before = host.dump();
            expect(host.apply("mesh", unit())).toMatchObject({ status: 0, stderr: "" });
            expect(link()).toMatch(
                /mtu 1440 .*group 201.* tun type tun .*persist on .*alias crosshost:/,
            );
            expect(host.observe().drift).toEqual([]);
            expect(host.apply("mesh", unit()).stdout).toBe("mesh: in step, nothing to do\n");
            expect(host.delete("mesh")).toMatchObject({ status: 0, stderr: "" });
            expect(host.dump()).toBe(before);
            expect(host.sh("tail -n 1 $FAKES/services")).toBe(`systemctl stop ${SERVICE}\n`);
        });

        test("is told what it is when it starts anew: its routes have stayed", () => {
            host.apply("mesh", unit());
            host.sh(`systemctl stop ${SERVICE}; systemctl stop ${SERVICE}`);
            expect(link()).toContain("NO-CARRIER");
            expect(host.sh("ip route")).toContain(`10.42.2.0/24 dev ${DEVICE} proto 201`);
            expect(host.observe().drift).toContain(`link ${DEVICE}: stopped`);
            steps();
            expect(host.apply("mesh", unit())).toMatchObject({ status: 0, stderr: "" });
            expect(link()).toMatch(/LOWER_UP.* mtu 1440 /);
            const set = `wg set ${DEVICE}`;
            const peer = `${set} peer ${keyOf("vm2")}`;
            const rest = "endpoint 192.168.40.12:30001 allowed-ips 10.42.2.0/24";
            expect(steps().split("\n").slice(0, 3)).toEqual([
                `${set} private-key /var/lib/crosshost/${STACK}/keys/${DEVICE} listen-port 30001`,
                `${peer} ${rest} persistent-keepalive 1`,
                `${peer} persistent-keepalive off ${rest}`,
            ]);
            expect(host.observe().drift).toEqual([]);
        });

        test("runs for no device that is gone, and makes none", () => {
            host.apply("mesh", unit());
            host.sh(`ip link del ${DEVICE}`);
            expect(host.crosshost(["tunnel", STACK, DEVICE]).status).toBe(77);
            expect(host.observe().drift).toContain(`link ${DEVICE}: missing`);
            expect(host.apply("mesh", unit())).toMatchObject({ status: 0, stderr: "" });
            expect(host.observe().drift).toEqual([]);
        });

        test("is taken back where a later step fails", () => {
            const before = host.dump();
            const { stderr } = host.apply(
                "mesh",
                `${unit()}route 10.43.0.0/16: dev ${DEVICE} src 10.9.9.9\n`,
            );
            expect(stderr).toMatch(/route 10\.43\.0\.0\/16: tried .*; put back: /);
            expect(stderr).not.toContain("not everything is as before");
            expect(host.dump()).toBe(before);
        });

        test("makes room when the kernel has its own", () => {
            host.apply("mesh", unit());
            host.put("modprobe", "#!/bin/sh\nexit 0\n");
            expect(host.observe().drift).toContain(`link ${DEVICE}: wireguard-go`);
            host.put(
                "ip",
                `#!/bin/sh\n[ "$1" != -batch ] || cp $2 $FAKES/batch.$(wc -l <$2)\nexec ${host.sh("command -v ip").trim()} "$@"\n`,
            );
            host.apply("mesh", unit()); // which this machine's kernel may refuse, and then all is as before
            expect(host.sh("cat $FAKES/batch.*")).toMatch(
                new RegExp(
                    `link del ${DEVICE}[^]*link add name ${DEVICE} mtu 1440 group 201 type wireguard`,
                ),
            );
        });

        test("is asked for where there is neither", () => {
            host.remove("wireguard-go");
            expect(host.observe().facts).toContain("lacks wireguard");
            expect(host.apply("mesh", unit()).stderr).toMatch(
                /link wg-mesh-9078d: this kernel \(\S+\) has no wireguard: install its extra modules, or wireguard-go, or boot another/,
            );
        });
    },
);
