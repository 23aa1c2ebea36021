import { readFileSync } from "node:fs";
import { join } from "node:path";
import { daemonMisfits } from "../../components/checks/daemon";
import { defaultNetworkEntries, DOCKER_FIELDS } from "../../components/entries/daemon/daemon";
import { dockerEntries } from "../../components/host/docker";
import { type DockerArgs } from "../../components/host/dockerArgs";

const OWN = "crosshost-demo-79f8e4:host";
const FILE = "/etc/docker/daemon.json";
const RUNNING = [
    "web running =bridge id 01 mark - ports ",
    "db running =bridge id 02 mark - ports ",
    "old exited =bridge id 03 mark - ports ",
];

function found(docker: DockerArgs, facts: Record<string, readonly string[]>) {
    const told = new Map(Object.entries({ docker: ["26.1.5"], "daemon-file": [FILE], ...facts }));
    return daemonMisfits(dockerEntries(docker), OWN, told);
}

const NET = "crosshost-demo-79f8e4:bridge-lan1";

/** Of a Bridge in place of docker0. */
function ofBridge(facts: Record<string, readonly string[]>) {
    const told = new Map(Object.entries({ docker: ["26.1.5"], "daemon-file": [FILE], ...facts }));
    const wanted = defaultNetworkEntries("br-lan1-1", { ipRange: "10.60.0.0/26", mtu: 1500 });
    return daemonMisfits(wanted, NET, told);
}

const NOTHING = { errors: [], warnings: [], notes: [] };

describe("what cannot be", () => {
    test.each<[string, DockerArgs, Record<string, readonly string[]>, string]>([
        [
            "a key that the admin has set otherwise",
            { mtu: 1400 },
            { "daemon-key": ["mtu - 1300"] },
            `docker.mtu: "1400" differs from what ${FILE} has there, mtu 1300, which Crosshost has not set: remove it from one of them`,
        ],
        [
            "one that a flag sets",
            { dns: ["9.9.9.9"] },
            { "daemon-flag": ["dns /etc/default/docker has --dns=1.1.1.1"] },
            'docker.dns: "9.9.9.9" is set by a flag already, /etc/default/docker has --dns=1.1.1.1: Docker takes no key from both: remove one of them',
        ],
        [
            "one of another stack",
            { mtu: 1400 },
            { "daemon-key": ["mtu crosshost-other-111111:host 1300"] },
            'docker.mtu: "1400" belongs to host of stack crosshost-other-111111, which has set 1300: remove one of them',
        ],
        [
            "one that the engine does not know",
            { allowDirectRouting: true },
            {},
            "docker.allowDirectRouting needs Docker 28.2, and there is 26.1.5: leave it out",
        ],
        [
            "a file that is no JSON",
            { mtu: 1400 },
            { "daemon-broken": ["not JSON at line 3, before }"] },
            `docker: ${FILE} there is not JSON at line 3, before }: correct it`,
        ],
        [
            "no Docker",
            { mtu: 1400 },
            { docker: ["none"] },
            "docker: Docker is not installed there: apt install docker.io, or https://get.docker.com",
        ],
        [
            "Docker as another service",
            { mtu: 1400 },
            { "docker-service": ["snap.docker.dockerd.service"] },
            "docker: Docker runs as snap.docker.dockerd.service there, so docker.service cannot be restarted: add that name (Alias=docker.service in its [Install], then systemctl reenable snap.docker.dockerd.service)",
        ],
        [
            "a bip on another's route",
            { bip: "10.10.1.1/24" },
            { route: ["10.10.0.0/16 dev eth1", "172.17.0.0/16 dev docker0"] },
            'docker.bip: "10.10.1.1/24" overlaps the route 10.10.0.0/16 dev eth1: choose another',
        ],
        [
            "a bip where SSH comes from",
            { bip: "10.10.1.1/24" },
            { ssh: ["10.10.1.9"] },
            'docker.bip: "10.10.1.1/24" contains 10.10.1.9, the address of this SSH client: choose another',
        ],
        [
            "a pool that SSH comes from",
            {
                defaultAddressPools: [
                    { base: "10.20.0.0/16", size: 24 },
                    { base: "10.10.0.0/16", size: 24 },
                ],
            },
            { ssh: ["10.10.1.9"] },
            'docker.defaultAddressPools[1].base: "10.10.0.0/16" contains 10.10.1.9, the address of this SSH client: choose another',
        ],
        [
            "a bip of a docker0 that is not there",
            { bip: "10.10.1.1/24" },
            { "daemon-key": ["bridge - br0"] },
            'docker.bip: "10.10.1.1/24" is of docker0, and daemon.json there has bridge br0 in its place: remove one of them',
        ],
    ])("%s", (_, docker, facts, error) => {
        expect(found(docker, facts)).toEqual({ ...NOTHING, errors: [error] });
    });

    test("but a route of docker0 itself, or a wider one by a gateway, is in nobody's way", () => {
        const route = ["10.10.1.0/24 dev docker0", "10.0.0.0/8 via 192.168.40.1 dev eth0"];
        expect(found({ bip: "10.10.1.1/24" }, { route }).errors).toEqual([]);
    });

    test("nor is what the engine is new enough for", () => {
        for (const engine of ["28.2.0", "28.5.2", "29.8.1"]) {
            expect(found({ allowDirectRouting: true }, { docker: [engine] }).errors).toEqual([]);
        }
        expect(found({ allowDirectRouting: true }, { docker: ["28.1.1"] }).errors).toHaveLength(1);
    });
});

describe("what it does", () => {
    test("nothing, where all is as wanted or nothing is", () => {
        expect(found({}, {})).toEqual(NOTHING);
        expect(found({}, { "daemon-key": ["mtu - 1300"] })).toEqual(NOTHING);
        expect(found({ mtu: 1400 }, { "daemon-key": [`mtu ${OWN} 1400`] })).toEqual(NOTHING);
        expect(found({ mtu: 1400 }, { "daemon-key": ["mtu - 1400"] })).toEqual(NOTHING);
    });

    test.each<[string, DockerArgs, Record<string, readonly string[]>, Partial<typeof NOTHING>]>([
        [
            "stops containers",
            { mtu: 1400, dns: ["9.9.9.9"] },
            { container: RUNNING },
            {
                warnings: [
                    "this `up` restarts Docker there, for mtu, dns, which stops and starts the containers db, web: with liveRestore they run on",
                ] as never[],
            },
        ],
        [
            "stops none where none runs",
            { mtu: 1400 },
            {},
            { notes: ["this `up` restarts Docker there, for mtu: no container runs"] as never[] },
        ],
        [
            "restarts Docker for a key that goes",
            {},
            { "daemon-key": [`mtu ${OWN} 1400`] },
            { notes: ["this `up` restarts Docker there, for mtu: no container runs"] as never[] },
        ],
        [
            "reloads",
            { liveRestore: true, registryMirrors: ["https://m.example"] },
            { container: RUNNING },
            {
                notes: [
                    "this `up` has Docker reload liveRestore, registryMirrors: no container stops",
                ] as never[],
            },
        ],
        [
            "lets containers run on, which keep docker0",
            { logDriver: "local", mtu: 1400, liveRestore: true },
            { container: RUNNING },
            {
                warnings: [
                    "mtu will not change docker0 as long as containers run: with liveRestore Docker keeps it until it starts without any",
                ] as never[],
                notes: [
                    "this `up` restarts Docker there, for mtu, logDriver: with liveRestore containers run on",
                ] as never[],
            },
        ],
    ])("%s", (_, docker, facts, expected) => {
        expect(found(docker, facts)).toEqual({ ...NOTHING, ...expected });
    });

    test("that it was tried, if it was with the same settings", () => {
        const tried = ["daemon log-driver: bad", "said failed to start daemon: no such plugin"];
        const text =
            "Docker did not take these settings when they were last tried, and runs with the former ones: failed to start daemon: no such plugin";
        expect(found({ logDriver: "bad" }, { "daemon-tried": tried }).warnings).toEqual([text]);
        expect(found({ logDriver: "local" }, { "daemon-tried": tried }).warnings).toEqual([]);
        expect(found({ logDriver: "bad", mtu: 1400 }, { "daemon-tried": tried }).warnings).toEqual(
            [],
        );
    });
});

describe("a bridge in place of docker0", () => {
    test("restarts Docker, once", () => {
        const keys = ["bridge br-lan1-1", "fixed-cidr 10.60.0.0/26", "ip-masq false", "mtu 1500"];
        const ours = keys.map((key) => key.replace(" ", ` ${NET} `));
        expect(ofBridge({ container: RUNNING })).toEqual({
            ...NOTHING,
            warnings: [
                "this `up` restarts Docker there, for bridge, fixed-cidr, ip-masq, mtu, which stops and starts the containers db, web, which get other addresses",
            ],
        });
        expect(ofBridge({ "daemon-key": ours, container: RUNNING })).toEqual(NOTHING);
    });

    test.each<[string, Record<string, readonly string[]>, string]>([
        [
            "another bridge of the admin's",
            { "daemon-key": ["bridge - br0"] },
            `defaultNetwork: bridge "br-lan1-1" differs from what ${FILE} has there, bridge br0, which Crosshost has not set: remove it from one of them`,
        ],
        [
            "that of another stack",
            { "daemon-key": ["bridge crosshost-other-111111:bridge-a br-a"] },
            'defaultNetwork: bridge "br-lan1-1" belongs to bridge-a of stack crosshost-other-111111, which has set br-a: remove one of them',
        ],
        [
            "an address of docker0",
            { "daemon-key": ["bip - 10.9.0.1/24"] },
            "defaultNetwork: daemon.json there has bip 10.9.0.1/24, of docker0: remove one of them",
        ],
        [
            "containers that live on",
            { "daemon-key": ["live-restore - true"], container: RUNNING },
            "defaultNetwork: with live-restore, Docker keeps its default network for as long as a container runs: stop db, web, or set live-restore to false first",
        ],
    ])("is refused with %s", (_, facts, error) => {
        expect(ofBridge(facts).errors).toEqual([error]);
    });
});

test("hosts know the same keys, and which of them are reloaded", () => {
    const folder = join(__dirname, "../../components/entries/daemon");
    const awk = readFileSync(join(folder, "daemon.awk"), "utf8");
    const [begin = ""] = awk.split("\n}\n");
    for (const { key, reloads } of DOCKER_FIELDS) {
        expect(begin).toMatch(new RegExp(`[" ]${key}[" ]`));
        expect(begin.includes(`DAEMON_RELOADS["${key}"]`)).toBe(reloads === true);
    }
});
