import { portMisfits } from "../../components/checks/ports";

const STACK = "crosshost-demo-79f8e4";
const NGINX = "listens tcp 0.0.0.0 8080 nginx 812";

function told(facts: readonly string[], wished: object = {}, container = "api") {
    const all = new Map<string, string[]>([["docker", ["26.1.5"]]]);
    for (const fact of facts) {
        const [name = "", ...rest] = fact.split(" ");
        all.set(name, [...(all.get(name) ?? []), rest.join(" ")]);
    }
    const path = "container.ports[0].external";
    const port = { port: 8080, protocol: "tcp", ip: "*", path, ...wished };
    return portMisfits({ container, ports: [port] }, "vm1", STACK, all);
}

const taken = (holder: string, port = "8080/tcp") => ({
    errors: [
        `port ${port} of vm1 is taken by ${holder}: choose another in container.ports[0].external, or stop it`,
    ],
    warnings: [],
});
const FREE = { errors: [], warnings: [] };

test.each<[string, string[], object, object]>([
    ["a process", [NGINX], {}, taken("nginx (pid 812)")],
    ["one that nobody names", ["listens tcp 0.0.0.0 8080 - -"], {}, taken("the kernel")],
    ["one on an address", ["listens tcp 127.0.0.1 8080 a 1"], {}, taken("a (pid 1)")],
    ["one on every address of both", ["listens tcp * 8080 a 1"], {}, taken("a (pid 1)")],
    ["one on IPv6", ["listens tcp ::1 8080 a 1"], {}, taken("a (pid 1)")],
    [
        "UDP",
        ["listens udp 0.0.0.0 53 dns 9"],
        { port: 53, protocol: "udp" },
        taken("dns (pid 9)", "53/udp"),
    ],
    [
        "a container that publishes it, by whatever name its proxy has",
        [
            "listens tcp 0.0.0.0 8080 docker-proxy 7",
            "container web running bridge id 1 mark  ports 0.0.0.0:8080->80/tcp, _::_:8080->80/tcp",
        ],
        {},
        taken("the container web"),
    ],
    [
        "one that publishes many",
        ["container web running bridge id 1 mark  ports 0.0.0.0:8079-8081->79-81/tcp"],
        {},
        taken("the container web"),
    ],
    [
        "another stack's",
        [
            "container web running bridge id 1 mark other-1:attachment-web ports 0.0.0.0:8080->80/tcp",
        ],
        {},
        taken("the container web"),
    ],
    [
        "one with the host's network",
        ["container web running host id 1a mark  ports", `${NGINX} 1a`],
        {},
        taken("the container web"),
    ],
])("a port is taken by %s", (_, facts, wished, expected) => {
    expect(told(facts, wished)).toEqual(expected);
});

test.each<[string, string[], object]>([
    ["nobody listens", [], {}],
    ["others listen on others", ["listens tcp 0.0.0.0 80 a 1", "listens udp 0.0.0.0 8080 a 1"], {}],
    ["who listens has another address", ["listens tcp 127.0.0.1 8080 a 1"], { ip: "10.0.0.1" }],
    ["who listens has IPv6 alone", ["listens tcp :: 8080 a 1"], { ip: "0.0.0.0" }],
    [
        "a container exposes it, and publishes nothing",
        ["container web running bridge id 1 mark  ports 8080/tcp"],
        {},
    ],
    [
        "the container has it already",
        [
            "listens tcp 0.0.0.0 8080 docker-proxy 7",
            `container api running bridge id 1 mark ${STACK}:attachment-api ports 0.0.0.0:8080->80/tcp`,
        ],
        {},
    ],
    [
        "one of this stack's with the host's network has it",
        [`container web running host id 1a mark ${STACK}:attachment-web ports`, `${NGINX} 1a`],
        {},
    ],
])("a port is free where %s", (_, facts, wished) => {
    expect(told(facts, wished)).toEqual(FREE);
});

test("what took the port of a container that is stopped is a warning: nothing starts it", () => {
    const own = `container api exited bridge id 1 mark ${STACK}:attachment-api ports`;
    expect(told([own, NGINX])).toEqual({ errors: [], warnings: taken("nginx (pid 812)").errors });
    expect(told(["container api exited bridge id 1 mark  ports", NGINX])).toEqual(
        taken("nginx (pid 812)"),
    );
});
