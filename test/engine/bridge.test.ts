// What the published docker plugin 5.2.0 does by the bridge to Terraform that it stands on: a table
// of facts. How texts reach the engine, what the state fills in, and how far a difference is told.
import { container } from "../../lab/pulumi/docker/container";
import { remoteImage } from "../../lab/pulumi/docker/remoteImage";
import { map, UNKNOWN, type Value, type ValueMap } from "../../lab/pulumi/plugin/values";
import { API, checked, diff, made, MESH, refreshed } from "./containers";
import { FakeDocker, IMAGE, installSsh, stopEverything } from "./fakeDocker";
import { facts, operation } from "./operation";

beforeAll(installSsh);
afterAll(stopEverything);

/** One letter in two code points, and in one: the same text, written in two ways. */
const TWO = "e\u0301";
const ONE = "\u00e9";

facts("texts of docker.Container", [
    [
        "reach the engine, and the state, in Unicode's normal form C",
        async () => {
            const docker = await FakeDocker.start();
            const { outputs } = await made(docker, textsOf(TWO));
            expect(docker.sent("POST /containers/create")).toMatchObject({
                Env: [`E=${ONE}`],
                Cmd: ["echo", ONE],
                Hostname: ONE,
                Labels: { [ONE]: ONE },
                HostConfig: { Tmpfs: { [`/${ONE}`]: "" } },
            });
            expect(docker.request("PUT").raw.toString()).toContain(`say ${ONE}!`);
            expect(outputs).toMatchObject(textsOf(ONE));
            expect(JSON.stringify(outputs)).not.toContain(TWO);
        },
    ],
    [
        "are the same in either form: there is no difference",
        async () => {
            const { outputs } = await made(await FakeDocker.start(), textsOf(TWO));
            expect(diff(outputs, textsOf(TWO))).toEqual([]);
            expect(diff(outputs, textsOf(ONE))).toEqual([]);
        },
    ],
    [
        "stay in the inputs as they are written until a refresh, and in a preview do not",
        async () => {
            expect(checked(textsOf(TWO))).toMatchObject(textsOf(TWO));
            expect((await refreshed(textsOf(TWO)))?.inputs).toMatchObject(textsOf(ONE));
            expect(container.preview(checked(textsOf(TWO)), undefined)).toMatchObject(textsOf(ONE));
        },
    ],
    [
        "the name of a RemoteImage too",
        async () => {
            const docker = await FakeDocker.start();
            const name = `lan/${TWO}:1`;
            const { outputs } = await remoteImage.create({ name }, operation(docker.engine()));
            expect(outputs["name"]).toBe(`lan/${ONE}:1`);
        },
    ],
]);

function textsOf(letter: string): ValueMap {
    return {
        name: "api",
        image: IMAGE,
        hostname: letter,
        envs: [`E=${letter}`],
        labels: [{ label: letter, value: letter }],
        command: ["echo", letter],
        uploads: [{ file: "/x", content: `say ${letter}!` }],
        tmpfs: { [`/${letter}`]: "" },
    };
}

facts("states of docker.Container", [
    [
        "have nothing of some properties before the first refresh, and an empty one from then on",
        async () => {
            const { created, read } = await createdAndRead(API);
            const added = Object.keys(read).filter((name) => created[name] === null && read[name]);
            expect(added.sort()).toEqual([
                "dns",
                "dnsOpts",
                "dnsSearches",
                "groupAdds",
                "logOpts",
                "storageOpts",
                "sysctls",
                "tmpfs",
            ]);
            expect(read).toMatchObject({ dns: [], groupAdds: [], logOpts: {}, tmpfs: {} });
        },
    ],
    [
        "do not differ from the program for it",
        async () => {
            const { read } = await createdAndRead(API);
            expect(diff(read, API)).toEqual([]);
        },
    ],
    [
        "have a block with all of its fields; some of them from the first refresh on",
        async () => {
            const volumes = [{ containerPath: "/data" }];
            const { created, read } = await createdAndRead({ ...API, volumes });
            const volume = {
                containerPath: "/data",
                fromContainer: "",
                hostPath: "",
                selinuxRelabel: "",
                volumeName: "",
            };
            const mesh = {
                ...MESH,
                driverOpts: [],
                ipv6Address: "",
                linkLocalIps: [],
                macAddress: "",
            };
            expect(created).toMatchObject({
                networksAdvanced: [{ ...mesh, gwPriority: null }],
                volumes: [{ ...volume, readOnly: null }],
            });
            expect(read).toMatchObject({
                networksAdvanced: [{ ...mesh, gwPriority: 0 }],
                volumes: [{ ...volume, readOnly: false }],
            });
        },
    ],
    [
        "have an empty list where the program has no blocks, and sets in order",
        async () => {
            const inputs = { name: "api", image: IMAGE, envs: ["B=2", "A=1"] };
            const { created } = await createdAndRead(inputs);
            expect(created).toMatchObject({
                envs: ["A=1", "B=2"],
                labels: [],
                networksAdvanced: [],
                ports: [],
                uploads: [],
            });
        },
    ],
]);

async function createdAndRead(inputs: ValueMap): Promise<{ created: ValueMap; read: ValueMap }> {
    const { id, outputs, engine } = await made(await FakeDocker.start(), inputs);
    const known = { inputs: checked(inputs), outputs };
    const read = await container.read(id, known, operation(engine));
    return { created: outputs, read: read?.outputs ?? {} };
}

const HAVE: ValueMap = {
    ...API,
    command: ["sleep", "1"],
    hosts: [{ host: "a", ip: "10.0.0.1" }],
    volumes: [{ containerPath: "/a" }, { containerPath: "/b" }],
    uploads: [{ file: "/a", content: "a" }],
    mounts: [{ type: "tmpfs", target: "/t", tmpfsOptions: { sizeBytes: 4096 } }],
    devices: [{ hostPath: "/dev/null" }],
    ulimits: [{ name: "nofile", soft: 1, hard: 2 }],
};

const [WEB, DNS] = [
    { internal: 80, external: 8080 },
    { internal: 53, external: 5353, protocol: "udp" },
];

/** What changes in the program, and what the plugin then tells; all of it replaces. */
const CHANGES: readonly [change: string, to: Record<string, Value>, told: string[]][] = [
    // A set whose blocks have fields that the program leaves out: the whole, but where one only goes.
    ["another address", net({ ...MESH, ipv4Address: "10.42.1.201" }), ["networksAdvanced UPDATE"]],
    ["an alias less", net({ ...MESH, aliases: ["api"] }), ["networksAdvanced UPDATE"]],
    ["the aliases in another order", net({ ...MESH, aliases: ["www", "api"] }), []],
    ["a network more", net(MESH, { name: "other" }), ["networksAdvanced UPDATE"]],
    ["an unknown network", net({ ...MESH, name: UNKNOWN }), ["networksAdvanced UPDATE"]],
    ["no network", { networksAdvanced: [] }, ["networksAdvanced DELETE"]],
    [
        "another volume",
        { volumes: [{ containerPath: "/c" }, { containerPath: "/b" }] },
        ["volumes UPDATE"],
    ],
    ["a volume less", { volumes: [{ containerPath: "/b" }] }, ["volumes[0] DELETE"]],
    ["another upload", { uploads: [{ file: "/a", content: "b" }] }, ["uploads UPDATE"]],
    [
        "another mount",
        { mounts: [{ type: "tmpfs", target: "/t", tmpfsOptions: { sizeBytes: 8192 } }] },
        ["mounts UPDATE"],
    ],
    [
        "another mount of which all is said",
        { mounts: [{ type: "bind", target: "/t", source: "/s" }] },
        ["mounts[0].source UPDATE", "mounts[0].tmpfsOptions DELETE", "mounts[0].type UPDATE"],
    ],
    ["another device", { devices: [{ hostPath: "/dev/zero" }] }, ["devices UPDATE"]],
    // A set whose blocks are spelled out: by element.
    [
        "another label",
        { labels: [{ label: "crosshost", value: "other" }] },
        ["labels[0].value UPDATE"],
    ],
    [
        "a label more, in front",
        {
            labels: [
                { label: "a", value: "b" },
                { label: "crosshost", value: "stack:unit" },
            ],
        },
        ["labels[0] ADD"],
    ],
    ["no labels, as some come from the image", { labels: [] }, []],
    ["another host", { hosts: [{ host: "a", ip: "10.0.0.2" }] }, ["hosts[0].ip UPDATE"]],
    [
        "another limit",
        { ulimits: [{ name: "nofile", soft: 1, hard: 3 }] },
        ["ulimits[0].hard UPDATE"],
    ],
    // A set of texts, which the state has in order.
    ["another variable", { envs: ["A=1", "B=3"] }, ["envs[1] UPDATE"]],
    ["a variable more, in front", { envs: ["Z=0", "A=1", "B=2"] }, ["envs[0] ADD"]],
    ["the variables in another order", { envs: ["B=2", "A=1"] }, []],
    // A list.
    ["a word in front", { command: ["nice", "sleep", "1"] }, ["command[0] ADD"]],
    ["another word", { command: ["sleep", "2"] }, ["command[1] UPDATE"]],
    ["a server for names", { dns: ["10.0.0.1"] }, ["dns ADD"]],
    // Ports: another order alone is none, any other counts by place, of which 53 has the first.
    ["the ports in another order", { ports: [DNS, WEB] }, []],
    ["another port", { ports: [DNS, { ...WEB, external: 8081 }] }, ["ports[1].external UPDATE"]],
    ["a port less", { ports: [DNS] }, ["ports[1] DELETE"]],
    ["no ports", { ports: [] }, ["ports DELETE"]],
];

function net(...networksAdvanced: ValueMap[]): ValueMap {
    return { networksAdvanced };
}

describe("what is told of a change of docker.Container", () => {
    let have: ValueMap;

    beforeAll(async () => {
        const docker = await FakeDocker.start();
        docker.networks.add("other");
        have = (await made(docker, HAVE)).outputs;
    });

    test.each(CHANGES)("%s", (_change, to, told) => {
        const wanted = told.map((difference) => `${difference} replace`);
        expect(diff(have, { ...HAVE, ...to })).toEqual(wanted);
    });

    test("a port that is changed as the program has it, counted by the state's order", () => {
        const ports = [{ ...WEB, external: 8081 }, DNS];
        expect(diff(have, { ...HAVE, ports })).toEqual(
            [0, 1].flatMap((at) =>
                ["external", "internal", "protocol"].map(
                    (field) => `ports[${at}].${field} UPDATE replace`,
                ),
            ),
        );
    });
});

test("an update keeps the ports in the engine's order", () => {
    const old = { ports: [DNS, WEB] };
    const ports = container.preview(checked({ ...API, restart: "always" }), old)["ports"];
    expect(map(Array.isArray(ports) ? ports[0] : undefined)).toEqual(DNS);
});
