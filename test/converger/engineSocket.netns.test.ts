import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { meshUnit, NetnsHost, STACK, TOOLS } from "../support/netns";

const NETWORK =
    "docker network mesh: bridge ch-mesh-4f2a1 subnet 10.42.1.0/24 gateway 10.42.1.1 ip-range 10.42.1.0/26 mtu 1450 masquerade false\n";
const ENDPOINT = "docker endpoint api mesh: ipv4 10.42.1.200 alias www\n";

/** As engines have it; with what no name of ours has, which must not be taken for the end of a word or a list. */
const MESH = {
    Name: "mesh",
    Id: "idmesh",
    Driver: "bridge",
    IPAM: {
        Config: [{ Subnet: "10.42.1.0/24", IPRange: "10.42.1.0/26", Gateway: "10.42.1.1" }],
    },
    Containers: { "0123456789abcdef": { Name: "api", IPv4Address: "10.42.1.200/24" } },
    Options: {
        "com.docker.network.bridge.enable_ip_masquerade": "false",
        "com.docker.network.bridge.name": "ch-mesh-4f2a1",
        "com.docker.network.driver.mtu": "1450",
        odd: ' ",]}\\\\\u00e9<\n',
    },
    Labels: { crosshost: `${STACK}:mesh` },
};
const BRIDGE = { Name: "bridge", Id: "idbridge", Driver: "bridge", Labels: null, Options: {} };
const ENDS = {
    mesh: {
        IPAMConfig: { IPv4Address: "10.42.1.200" },
        Aliases: ["0123456789ab", "www"],
        DriverOpts: { crosshost: `${STACK}:attachment-api` },
        NetworkID: "idmesh",
        IPAddress: "",
    },
};
const API = {
    Id: "0123456789abcdef",
    Name: "/api",
    State: { Running: true, Error: "", Pid: undefined, StartedAt: "2026-11-30T08:00:00Z" },
    Config: { Env: ['A={"b": [1, "]"]}'], Labels: null },
    HostConfig: { NetworkMode: "mesh" },
    NetworkSettings: { Networks: ENDS },
};
const ANSWERS: Readonly<Record<string, unknown>> = {
    "/networks": [BRIDGE, MESH],
    "/containers/json?all=1": [
        {
            ...{ Id: API.Id, Names: ["/api", "/web/db"], State: "running", Labels: {} },
            ...{ NetworkSettings: { Networks: ENDS } },
            Ports: [
                { PrivatePort: 81, Type: "tcp" },
                { IP: "::", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
            ],
            Mounts: [{ Source: "/x", Destination: "/etc/hosts" }],
        },
        {
            ...{ Id: "1", Names: ["/old"], State: "exited", Labels: { crosshost: "other:old" } },
            ...{ NetworkSettings: { Networks: {} }, Ports: null, Mounts: [] },
        },
    ],
    "/networks/idmesh": MESH,
    "/containers/api/json": API,
};

const SERVER = `
const { appendFileSync, existsSync, readFileSync } = require("node:fs");
const [told, file, all] = ["told", "how", "answers"].map((name) => process.env.FAKES + "/" + name);
const answers = JSON.parse(readFileSync(all, "utf8"));
require("node:http")
    .createServer((request, response) => {
        appendFileSync(told, request.url + "\\n");
        const how = existsSync(file) ? readFileSync(file, "utf8") : "";
        if (how === "hangs") return;
        const answer = answers[request.url];
        response.statusCode = answer === undefined ? 404 : how === "fails" ? 500 : 200;
        const text = JSON.stringify(answer ?? {}).replace(/</g, "\\\\u003c") + "\\n";
        if (how === "breaks") response.write(text.slice(0, -9), () => response.destroy());
        else response.end(text);
    })
    .listen("/run/docker.sock");
`;

describe.each(TOOLS)("what is asked of an engine by its socket, with $shell and $awk", (tools) => {
    let host: NetnsHost;
    let engine: ChildProcess;

    beforeEach(() => {
        host = new NetnsHost(tools);
        host.sh("echo 1 >/run/docker.pid; docker network ls; echo 26.1.5 >$FAKES/docker/version");
        host.sh("docker network create -d bridge bridge");
        expect(host.apply("mesh", meshUnit() + NETWORK)).toMatchObject({ status: 0, stderr: "" });
        host.sh(
            "docker run api; ip link add port0 type veth; ip link set port0 master ch-mesh-4f2a1",
        );
        expect(host.apply("attachment-api", ENDPOINT).stderr).toBe("");
        const { command, args, env } = host.command([process.execPath, "-e", SERVER]);
        writeFileSync(join(host.folder, "answers"), JSON.stringify(ANSWERS));
        engine = spawn(command, args, { env, stdio: ["ignore", "inherit", "inherit"] });
        host.sh(
            "for i in $(seq 1000); do [ ! -S /run/docker.sock ] || exit 0; sleep 0.01; done; exit 1",
        );
        rmSync(join(host.folder, "docker.asked"));
    });
    afterEach(() => {
        engine.kill("SIGKILL");
        host.close();
    });

    const told = () => readFileSync(join(host.folder, "told"), "utf8").trim().split("\n");
    const asked = () => host.sh("sort $FAKES/docker.asked 2>/dev/null || :").trim().split("\n");

    /** How the engine answers from now on. */
    const answers = (how: "hangs" | "fails" | "breaks") => {
        writeFileSync(join(host.folder, "how"), how);
    };

    test("is all that an observation needs, and no command line is started", () => {
        const { facts, drift } = host.observe();
        expect(drift).toEqual([]);
        expect(asked()).toEqual([""]);
        const [networks, containers, ...each] = told();
        expect([networks, containers]).toEqual(["/networks", "/containers/json?all=1"]);
        expect(each.sort()).toEqual(
            ["/networks/idmesh", "/containers/api/json", "/containers/old/json"].sort(),
        );
        const ofDocker = /^(network|container|endpoint|pool|nameless) /;
        expect(facts.filter((fact) => ofDocker.test(fact)).sort()).toEqual([
            "container api running =mesh id 0123456789abcdef mark ports :::8080->80/tcp",
            "container old exited =- id 1 mark other:old ports",
            `endpoint api mesh 10.42.1.200 ${STACK}:attachment-api`,
            "nameless api",
            "network bridge -",
            `network mesh ${STACK}:mesh`,
            `pool mesh bridge 10.42.1.0/24 10.42.1.0/26 ${STACK}:mesh`,
        ]);
    });

    test("differs where Docker has something else", () => {
        host.sh("docker network disconnect -f mesh api"); // which nobody is told of
        expect(host.observe().drift).toEqual([]);
        engine.kill("SIGKILL");
        host.sh("rm /run/docker.sock");
        expect(host.observe().drift).toEqual(["docker endpoint api mesh: missing"]);
    });

    test.each(["fails", "breaks"] as const)("is asked by command line where that %s", (how) => {
        answers(how);
        const { facts, drift } = host.observe();
        expect(drift).toEqual([]);
        expect(asked()).toEqual(["inspect --format", "network ls", "ps -a"]);
        host.sh("mount --bind /dev/null /usr/bin/perl");
        expect(host.observe().facts).toEqual(facts);
        expect(facts).toContain("docker 26.1.5");
    });

    test("is not waited for without end, and an engine that hangs is not asked again", () => {
        answers("hangs");
        const began = Date.now();
        const { facts, drift } = host.observe();
        expect(Date.now() - began).toBeLessThan(20_000);
        expect(facts).toContain("docker silent");
        expect(drift).toEqual(["docker: not answering", "docker: not answering"]);
        expect(asked()).toEqual([""]);
    });
});
