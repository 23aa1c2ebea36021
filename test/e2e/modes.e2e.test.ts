import { AS_AFTER_A_REBOOT, baseline, difference, dumps, HOSTS } from "../support/hosts";
import {
    answersOnLan,
    lab,
    on,
    onAll,
    pidOf,
    rebootAll,
    succeeds,
    unanswered,
} from "../support/lab";
import { lostAfter } from "../support/patience";
import { Stack } from "../support/stack";

const IMAGE = "lan-registry:5000/busybox:1";
const RUN_VPN = `docker run -d --name vpn --restart unless-stopped -p 8084:80 -p 8085:81 ${IMAGE} >/dev/null`;
/** Docker gives its own bridge another MAC at each boot, and takes the address away and back. */
const OF_DOCKER0 = /\bdocker0\b/;
const WITHIN_MS = 20_000;
const [APP, SIDE, GUEST] = ["app", "side", "guest"].map(
    (name) => `crosshost-container-mode-${name}`,
);
const [WEB, EDGE, BATCH] = ["web", "edge", "batch"].map((name) => `crosshost-ports-${name}`);
const NET = "10.77";

const EXPOSES = `
docker commit -c 'EXPOSE 8443/tcp 53/udp' $(docker ps -q | head -n 1) exposing:1 >/dev/null
cd /var/lib/crosshost && "./$(ls | head -n 1)/crosshost" exposes exposing:1
docker rmi exposing:1 >/dev/null`;

/** What of a tutorial's the LAN should reach: the host, and its port. */
const SERVED = [
    ["vm1", 8080],
    ["vm2", 80],
    ["vm1", 8082],
    ["vm1", 8083],
    ["vm2", 8084],
    ["vm2", 8085],
] as const;

describe("the tutorials on ports, modes and direct routes, on the same hosts at once", () => {
    const ports = new Stack("ports");
    const modes = new Stack("container-mode");
    const direct = new Stack("direct");
    const all = [ports, modes, direct];
    let before: string[];

    beforeAll(async () => {
        on("vm2", `docker rm -f vpn >/dev/null 2>&1; ${RUN_VPN}`);
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        before = await baseline();
    });

    afterAll(() => {
        all.forEach((stack) => stack.cleanUp());
        on("vm2", "docker rm -f vpn >/dev/null");
    });

    it("are refused in a preview where something has a port, or the other container is not there", async () => {
        ports.configure({ port: 22, listens: 22 });
        const taken = ports.attempt("preview");
        expect(taken.status).not.toBe(0);
        expect(taken.output).toMatch(
            /ContainerAttachment "web" cannot be applied on vm1:\n +port 22\/tcp of vm1 is taken by sshd \(pid \d+\): choose another in container\.ports\[0\]\.external, or stop it/,
        );
        expect(taken.output).toMatch(
            /port 22\/tcp of vm2 is taken by sshd \(pid \d+\): choose another in listens\[0\]/,
        );
        ports.configure({ port: 8080, listens: 8084 });
        expect(ports.attempt("preview").output).toContain(
            "port 8084/tcp of vm2 is taken by the container vpn: ",
        );
        ports.configure({});
        modes.configure({ beside: "vnp" });
        expect(modes.attempt("preview").output).toContain(
            'mode.container: "vnp" is not a container on vm2, which has vpn: start it first',
        );
        modes.configure({});
        expect(difference(before, await dumps())).toEqual([]);
    });

    it("serve what they say", () => {
        all.forEach((stack) => stack.up());
        expect(missing()).toEqual([]);
        expect(on("vm2", `docker exec ${EDGE} ip -o -4 addr show eth0`)).toContain(
            lab().hosts["vm2"]?.address,
        );
        expect(on("vm3", `docker exec ${BATCH} ip -o link`).trim().split("\n")).toHaveLength(1);
    });

    it("change nothing the second time", () => {
        all.forEach((stack) => stack.nothingToDo("up"));
    });

    it("tell on every engine which ports an image declares", async () => {
        const declared = await onAll(HOSTS, EXPOSES);
        expect(declared.map((said) => said.trim().split("\n").sort())).toEqual(
            HOSTS.map(() => ["53/udp", "8443/tcp"]),
        );
    });

    it("follow the container whose network they have, when that starts anew", async () => {
        on("vm1", `docker restart -t 1 ${APP}`);
        on("vm2", "docker restart -t 1 vpn");
        expect(await lostAfter(WITHIN_MS, missing)).toEqual([]);
    });

    it("are replaced with it, when it is made anew by the program or by hand", async () => {
        on("vm2", `docker rm -f vpn >/dev/null; ${RUN_VPN}`);
        modes.configure({ release: "2" });
        const shown = modes.preview();
        for (const name of ["app", "side", "guest"]) {
            expect(shown).toMatch(
                new RegExp(
                    `\\+-docker:index\\/container:Container: \\(replace\\)[^]*?::${name}-container\\]`,
                ),
            );
        }
        modes.up();
        expect(await lostAfter(WITHIN_MS, missing)).toEqual([]);
    });

    it("are there again after a reboot of every host, in whatever order containers start", async () => {
        await rebootAll(HOSTS);
        expect(await lostAfter(WITHIN_MS, missing)).toEqual([]);
        all.forEach((stack) => stack.nothingToDo("preview"));
    });

    it.each(["first", "second"])(
        "tell what is broken by hand, and are repaired, a %s time",
        async (time) => {
            on("vm1", `docker network disconnect -f bridge ${WEB}`);
            on("vm3", `docker rm -f ${BATCH}`);
            const watch = "systemctl stop 'crosshost-crosshost-container-mode-*-watch.service'";
            on("vm1", `${watch}; docker restart -t 1 ${APP}`);
            on("vm2", `${watch}; docker restart -t 1 vpn`);
            const gateway = `via ${lab().lan.address} src ${NET}.1.1`;
            on("vm1", `ip route replace ${NET}.2.0/24 ${gateway} proto 201`);
            on("vm2", `docker network disconnect -f crosshost-direct-routed crosshost-direct-app2`);
            const shows = (stack: Stack) =>
                time === "first" ? stack.preview() + stack.up() : stack.up("--diff");
            const said = ports.preview() + ports.up("--refresh");
            expect(said).toMatch(
                new RegExp(`drift docker container ${WEB ?? ""} *: "disconnected"`),
            );
            expect(said).toContain(`container ${BATCH ?? ""} is gone`);
            const shown = shows(modes);
            expect(shown).toMatch(
                new RegExp(
                    `drift docker container ${SIDE ?? ""} ${APP ?? ""} *: (".*" => )?"cut off since ${APP ?? ""} started anew"`,
                ),
            );
            expect(shown).toMatch(
                new RegExp(
                    `drift docker container ${GUEST ?? ""} vpn *: (".*" => )?"cut off since vpn started anew"`,
                ),
            );
            expect(shown).toMatch(/drift watch containers *: "stopped"/);
            const routes = shows(direct);
            expect(routes).toContain(`"${gateway}"`);
            expect(routes).toMatch(/drift route 10\.77\.2\.0\/24 *: "via /);
            expect(routes).toMatch(/drift docker endpoint crosshost-direct-app2 \S+ *: "missing"/);
            expect(await lostAfter(WITHIN_MS, missing)).toEqual([]);
        },
    );

    it("leave no trace after destroy", async () => {
        all.forEach((stack) => {
            stack.nothingToDo("preview");
            stack.destroy();
        });
        expect(difference(before, await dumps()).filter((line) => !OF_DOCKER0.test(line))).toEqual(
            [],
        );
    });
});

/** What should answer and does not. */
function missing(): string[] {
    const served = SERVED.filter(
        ([host, port]) => !answersOnLan(`${lab().hosts[host]?.address ?? ""}/${port}`),
    ).map(([host, port]) => `${host}:${port}`);
    const apps = HOSTS.map((_, at) => `${NET}.${at + 1}.100`);
    const routed = HOSTS.flatMap((from, at) =>
        unanswered(from, `crosshost-direct-app${at + 1}`, apps).map((to) => `${from} -> ${to}`),
    );
    const shared = [
        ["vm1", APP, SIDE],
        ["vm2", "vpn", GUEST],
    ]
        .filter(
            ([host = "", one = "", other = ""]) =>
                namespaceOf(host, one) !== namespaceOf(host, other),
        )
        .map(([, one = "", other = ""]) => `${other} is not with ${one}`);
    const alone = succeeds(() => on("vm3", `docker exec ${BATCH ?? ""} true`)) ? [] : ["batch"];
    return [...served, ...routed, ...shared, ...alone];
}

function namespaceOf(host: string, container: string): string {
    try {
        return on(host, `readlink /proc/${pidOf(container)}/ns/net`).trim();
    } catch {
        return `${container} does not run`;
    }
}
