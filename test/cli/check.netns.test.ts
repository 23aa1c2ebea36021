import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Answers, key, parseAnswers } from "../../cli/check/answers";
import { scriptOf } from "../../cli/check/ask";
import { containersOf, lookupsOf, pairsOf } from "../../cli/reach";
import { topologyOf } from "../../cli/topology";
import { attachment, bridge, host, stateOf } from "./states";

/** Containers as Docker makes them: a namespace, a veth into a bridge, a hosts file. */
const SETUP = `
set -e
mount --bind "$FOLDER" /usr/local/sbin
mount -t tmpfs none /var/lib
mkdir -p /var/lib/crosshost/demo-1a2b3c
echo "printf '%s\\n' 'fact kernel 6.1' 'fact docker 28.5.2' 'fact nameless web' 'fact endpoint far two 10.60.1.9 -' 'rule table inet admin' 'unit overlay-mesh 12'" >/var/lib/crosshost/demo-1a2b3c/crosshost
for lan in one two; do
    ip link add $lan type bridge
    ip link set $lan up
done
container() {
    unshare --net sleep 1000 &
    echo $! >"$FOLDER/$1.pid"
    while [ "$(readlink /proc/$!/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
    ip link add "v$1" master "$2" up mtu "$4" type veth peer name eth0 netns $!
    nsenter -t $! -n sh -c "ip link set lo up; ip link set eth0 mtu $4 up; ip addr add $3/24 dev eth0"
    printf '%s' "$5" >"$FOLDER/$1.hosts"
}
container web one 10.60.0.9 1500 '10.60.0.10 api backend\n10.60.0.11 db\n10.60.0.12 db'
container api one 10.60.0.10 1500 '10.60.0.7 web'
container far two 10.60.1.9 1400 ''
: >"$FOLDER/resolv.conf"
: >"$FOLDER/ready"
exec sleep 1000
`;

const DOCKER = `#!/bin/sh
shift 3
for name; do
    [ -e "$FOLDER/$name.pid" ] && echo "/$name $(cat "$FOLDER/$name.pid") $FOLDER/resolv.conf $FOLDER/$name.hosts"
done
[ -e "$FOLDER/none" ]
`;

const one = bridge("one", "vm1", "10.60.0.0/24");
const two = { ...bridge("two", "vm1", "10.60.1.0/24") };
const containers = containersOf(
    topologyOf(
        stateOf([
            ...host("vm1", 11),
            one,
            two,
            attachment("web", "vm1", one, "10.60.0.9"),
            attachment("api", "vm1", one, "10.60.0.10"),
            attachment("far", "vm1", two, "10.60.1.9"),
            attachment("away", "vm1", two, "10.60.1.10"),
        ]),
    ),
);

describe("the program that asks, on a host", () => {
    const folder = mkdtempSync(join(tmpdir(), "crosshost-check-"));
    const env = { ...process.env, FOLDER: folder };
    let keeper: ChildProcess;
    let said: Answers | undefined;

    beforeAll(async () => {
        writeFileSync(join(folder, "docker"), DOCKER);
        chmodSync(join(folder, "docker"), 0o755);
        keeper = spawn(
            "unshare",
            [
                "--net",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "sh",
                "-c",
                SETUP,
            ],
            {
                env,
                stdio: ["ignore", "ignore", "inherit"],
            },
        );
        while (!existsSync(join(folder, "ready"))) {
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
        said = answers();
    });

    afterAll(() => {
        keeper.kill("SIGKILL");
        rmSync(folder, { recursive: true });
    });

    function inside(script: string, input = ""): string {
        const children = `/proc/${String(keeper.pid)}/task/${String(keeper.pid)}/children`;
        const pid = readFileSync(children, "utf8").trim();
        const words = ["-t", pid, "--net", "--mount", "--pid", "--", "sh", "-c", script];
        const { stdout, stderr } = spawnSync("nsenter", words, { env, input, encoding: "utf8" });
        expect(stderr).toBe("");
        return stdout;
    }

    function answers(lookups = lookupsOf(containers)) {
        const asked = {
            stack: "demo-1a2b3c",
            containers,
            pairs: pairsOf(containers),
            lookups,
        };
        return parseAnswers(inside('eval "$(cat)"', scriptOf(asked)));
    }

    it("tells who runs, with which addresses and MTUs", () => {
        expect(Object.fromEntries(said?.running ?? [])).toEqual({
            web: true,
            api: true,
            far: true,
        });
        expect(said?.mtus.get(key("web", "10.60.0.9"))).toBe(1500);
        expect(said?.mtus.get(key("far", "10.60.1.9"))).toBe(1400);
    });

    it("tells what the host's own program tells of containers", () => {
        expect(Object.fromEntries(said?.facts ?? [])).toEqual({
            docker: ["28.5.2"],
            nameless: ["web"],
            endpoint: ["far two 10.60.1.9 -"],
        });
        expect(said?.rules).toEqual(["table inet admin"]);
    });

    it("tells who is reached by packets of the full size, and who not at all", () => {
        expect(Object.fromEntries(said?.pings ?? [])).toEqual({
            "web 10.60.0.10": "full",
            "web 10.60.1.9": "none",
            "web 10.60.1.10": "none",
            "api 10.60.0.9": "full",
            "api 10.60.1.9": "none",
            "api 10.60.1.10": "none",
            "far 10.60.0.9": "none",
            "far 10.60.0.10": "none",
            "far 10.60.1.10": "none",
        });
    });

    it("tells what each container finds by names, by its own files and not the host's", () => {
        expect(Object.fromEntries(said?.names ?? [])).toEqual({
            "web api": ["10.60.0.10"],
            "api web": ["10.60.0.7"],
            "far away": [],
        });
    });

    it.each([
        ["that are all found", ["db", "backend", "api"]],
        ["of which one is not found", ["nobody", "db", "backend"]],
    ])("looks up names %s", (_, names) => {
        const from = containers.find(({ name }) => name === "web");
        const found = from && answers(names.map((name) => ({ from, name, addresses: [] })))?.names;
        const inHosts: Record<string, string[]> = {
            api: ["10.60.0.10"],
            backend: ["10.60.0.10"],
            db: ["10.60.0.11", "10.60.0.12"],
            nobody: [],
        };
        expect(Object.fromEntries(found ?? [])).toEqual(
            Object.fromEntries(names.map((name) => [`web ${name}`, inHosts[name]])),
        );
    });

    it("tells small packets from none, and a stranger who gets in", () => {
        inside("ip link set vapi mtu 1400");
        inside("ip link set vfar master one");
        const pid = readFileSync(join(folder, "far.pid"), "utf8").trim();
        inside(`nsenter -t ${pid} -n ip addr add 10.60.0.99/24 dev eth0`);
        const pings = answers()?.pings;
        expect(pings?.get("web 10.60.0.10")).toBe("small");
        expect(pings?.get("far 10.60.0.9")).toBe("small");
    });

    it("names the programs that the host lacks", () => {
        writeFileSync(join(folder, "ping"), "#!/bin/sh\necho BusyBox\n", { mode: 0o755 });
        expect(answers()?.problems).toEqual(["lacks ping of iputils (package iputils-ping)"]);
    });
});
