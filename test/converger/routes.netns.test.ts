import { readFileSync } from "node:fs";
import { join } from "node:path";
import { convergerProgram } from "../../components/converger/program";
import { Following } from "../support/following";
import { NetnsHost, STACK, TOOLS } from "../support/netns";

const UNIT = readFileSync(join(__dirname, "direct.unit"), "utf8");
const SERVICE = `crosshost-${STACK}-routes.service`;
const FILE = `/etc/systemd/system/${SERVICE}`;
const CHANGED = `${STACK}: 2 of its entries changed`;
const LOOKS = `boot ${STACK} routes`;
const IN_STEP = `${STACK}: in step, nothing to do`;

const comesUp = (link: string) =>
    `ip link add ${link} type bridge; ip addr add 10.9.9.1/24 dev ${link}; ip link set ${link} up`;

describe.each(TOOLS)("routes over a NIC, with $shell and $awk", (tools) => {
    let host: NetnsHost;
    let service: Following | undefined;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh("iptables -N DOCKER-USER; iptables -A DOCKER-USER -j RETURN");
    });
    afterEach(async () => {
        await service?.stop();
        service = undefined;
        host.close();
    });

    const log = () => readFileSync(join(host.folder, "systemctl.log"), "utf8");
    const routes = () => host.sh("ip route show proto 201").replaceAll("linkdown ", "");

    /** The service as `up` starts it, when it has looked for the first time. */
    const started = async () => {
        service = new Following(host, "keep");
        await service.said(IN_STEP);
        return service;
    };

    test.each([
        ["the NIC was down", "ip link set eth0 down; ip link set eth0 up"],
        [
            "the NIC had lost its address",
            "ip addr flush dev eth0; ip addr add 192.168.40.11/24 dev eth0",
        ],
        [
            "the NIC is another",
            "ip link del eth0; ip link add eth0 type veth peer name peer0; ip link set eth0 up; ip addr add 192.168.40.11/24 dev eth0",
        ],
    ])("are back by themselves after %s", async (_, command) => {
        host.apply("mesh", UNIT);
        const whole = routes();
        expect(whole.trim().split("\n")).toHaveLength(2);
        const keeping = await started();
        for (const time of [1, 2]) {
            host.sh(command);
            await keeping.said(CHANGED, time);
            expect(routes()).toBe(whole);
        }
        expect(host.observe().drift).toEqual([]);
    });

    test("are back by themselves when somebody has deleted them, by one plan, of their units alone", async () => {
        host.apply("mesh", UNIT);
        host.apply("other", "nft forward 5-closed: oifname eth9 drop\n");
        const whole = routes();
        const keeping = await started();
        host.sh("nft delete table inet crosshost_crosshost_test_3fa9c1_other");
        host.sh("printf 'route del 10.42.%s.0/24\n' 2 3 | ip -batch -");
        await keeping.said(CHANGED);
        expect(routes()).toBe(whole);
        host.sh(comesUp("nic1"));
        await keeping.said(IN_STEP, 2);
        expect(keeping.lines()).toEqual([IN_STEP, CHANGED, IN_STEP]);
        expect(host.observe().drift).toEqual(["nft forward 5-closed: missing"]);
    });

    test("stay away when a change has deleted them", async () => {
        host.apply("mesh", UNIT);
        const keeping = await started();
        host.apply("mesh", UNIT.replace(/^.*10\.42\.3\.0.*\n/gm, ""));
        await keeping.said(IN_STEP, 2);
        expect(routes()).toMatch(/^10\.42\.2\.0\/24 .*\n$/);
    });

    test("are looked for when a link of others comes up, not when one of ours does, loses a route or is deleted, or there is no way", async () => {
        host.sh("mount -t sysfs none /sys");
        host.apply("mesh", UNIT);
        const keeping = await started();
        host.sh(
            `echo 'echo "$@" $(ls /sys/class/net | grep nic)' >${host.program}.said; mv ${host.program}.said ${host.program}`,
        );
        host.sh(`chmod +x ${host.program}; ${comesUp("ours1")} group 201`);
        host.sh("ip route add 10.9.8.0/24 dev ours1 proto 201; ip route del 10.9.8.0/24");
        host.sh("ip route del 192.168.40.0/24; ip route del 10.42.2.0/24");
        host.sh(comesUp("nic1"));
        await keeping.said(`${LOOKS} nic1`);
        host.sh("ip route add 192.168.40.0/24 dev eth0 src 192.168.40.11");
        await keeping.said(`${LOOKS} nic1`, 2);
        host.sh("ip route add 10.42.2.0/24 via 192.168.40.12 src 10.42.1.1 proto 201");
        host.sh("ip link del ch-mesh-4f2a1");
        host.sh(comesUp("nic2").replaceAll("10.9.9.1", "10.9.6.1"));
        await keeping.said(`${LOOKS} nic1 nic2`);
        expect(keeping.lines().map((line) => line.replace(LOOKS, ""))).toEqual([
            IN_STEP,
            " nic1",
            " nic1",
            " nic1 nic2",
        ]);
    });

    test("are followed by one service of the stack, as long as a unit wants it, without Docker", () => {
        const before = host.dump();
        expect(host.apply("mesh", UNIT)).toMatchObject({ status: 0, stderr: "" });
        host.apply("second", "watch routes: add on link up\n");
        expect(log().replace(/^is-active .*\n/gm, "")).toBe(`daemon-reload\nstart ${SERVICE}\n`);
        expect(host.sh(`cat ${FILE}`)).toBe(`[Unit]
Description=Crosshost: puts routes of ${STACK} back when their link comes up
After=crosshost-${STACK}-links.service

[Service]
ExecStart=/bin/sh /var/lib/crosshost/${STACK}/crosshost keep ${STACK}
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`);
        host.sh(`rm $FAKES/running.${SERVICE}`);
        expect(host.observe().drift).toEqual(["watch routes: stopped", "watch routes: stopped"]);
        expect(host.apply("mesh", UNIT)).toMatchObject({ status: 0, stderr: "" });
        host.delete("mesh");
        expect(host.sh(`ls ${FILE}`)).toBe(`${FILE}\n`);
        host.delete("second");
        expect(log()).toContain(`stop ${SERVICE}\ndaemon-reload\n`);
        host.crosshost(["uninstall", STACK]);
        expect(host.dump()).toBe(before);
    });

    test("are followed by the program that an update puts there", () => {
        const { version, hash } = convergerProgram();
        const install = () => host.crosshost(["install", STACK], `converger: ${version} ${hash}\n`);
        install();
        host.apply("mesh", UNIT);
        host.sh(`echo '# of yesterday' >>/var/lib/crosshost/${STACK}/crosshost`);
        expect(install()).toMatchObject({ status: 0, stderr: "" });
        expect(log()).toContain(`--no-block try-restart ${SERVICE}\n`);
    });
});
