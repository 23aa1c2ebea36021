import { key, parseAnswers } from "../../cli/check/answers";
import { connectionOf, scriptOf } from "../../cli/check/ask";
import { report } from "../../cli/check/report";
import { judge } from "../../cli/check/verdict";
import { type Container, containersOf, lookupsOf, pairsOf } from "../../cli/reach";
import { type Attachment, type Network, topologyOf } from "../../cli/topology";
import { attachment, bridge, CONNECTION, host, overlay, shown, stateOf } from "./states";

const mesh = overlay("mesh", ["vm1", "vm2"]);
const lan = bridge("lan", "vm1", "10.60.0.0/24");
const RESOURCES = [
    ...host("vm1", 11),
    ...host("vm2", 12),
    mesh,
    lan,
    attachment("web", "vm1", mesh, "10.42.1.9"),
    attachment("api", "vm1", mesh, "10.42.1.10"),
    attachment("db", "vm2", mesh, "10.42.2.9"),
    attachment("alone", "vm1", lan, "10.60.0.9"),
];
const containers = containersOf(topologyOf(stateOf(RESOURCES)));
const pairs = pairsOf(containers);
const lookups = lookupsOf(containers);

const GOOD = {
    vm1: `motd of a talkative login
crosshost-check 1
container web 101
address web 10.42.1.9 1450
container api 102
address api 10.42.1.10 1450
container alone 103
address alone 127.0.0.1 65536
address alone 10.60.0.9 1500
ping web 10.42.1.10 full
ping web 10.42.2.9 full
ping web 10.60.0.9 none
ping api 10.42.1.9 full
ping api 10.42.2.9 full
ping api 10.60.0.9 none
ping alone 10.42.1.9 none
ping alone 10.42.1.10 none
ping alone 10.42.2.9 none
name web api 10.42.1.10
name web db 10.42.2.9
name api web 10.42.1.9
name api db 10.42.2.9
end
`,
    vm2: `crosshost-check 1
container db 201
address db 10.42.2.9 1450
ping db 10.42.1.9 full
ping db 10.42.1.10 full
ping db 10.60.0.9 none
name db api 10.42.1.10
name db web 10.42.1.9
end
`,
};

function judged(changes: readonly [keyof typeof GOOD, string, string][] = []) {
    const answers = Object.entries(GOOD).map(([name, text]) => {
        const changed = changes
            .filter(([on]) => on === name)
            .reduce((all, [, from, to]) => all.replace(from, to), text);
        const problems = ["it was cut short"];
        const none = new Map();
        const silent = {
            problems,
            running: none,
            mtus: none,
            pings: none,
            names: none,
            facts: none,
            rules: [],
        };
        return [name, parseAnswers(changed) ?? silent] as const;
    });
    return judge(containers, pairs, lookups, new Map(answers));
}

const plain = (text: string) => text;

describe("the script for a host", () => {
    const own = containers.filter((one) => one.host === "vm1");
    const script = scriptOf({
        stack: "demo-1a2b3c",
        containers: own,
        pairs: pairs.filter(({ from }) => own.includes(from)),
        lookups: lookups.filter(({ from }) => own.includes(from)),
    });

    test("asks for each pair what should be, at the network's MTU, and for names", () => {
        const asked = script.split(
            "main /var/lib/crosshost/demo-1a2b3c/crosshost demo-1a2b3c <<'END'\n",
        )[1];
        expect(asked).toBe(`look alone
look api
look web
avoid alone 10.42.1.10
avoid alone 10.42.1.9
avoid alone 10.42.2.9
avoid api 10.60.0.9
reach api 10.42.1.9 1450
reach api 10.42.2.9 1450
avoid web 10.60.0.9
reach web 10.42.1.10 1450
reach web 10.42.2.9 1450
find api web
find api db
find web api
find web db
END
`);
    });
});

describe("the connection", () => {
    test("is the one of the host's own command in the state", () => {
        const [component, command] = host("vm1", 11);
        const known = { ...command, inputs: { connection: shown(CONNECTION) } };
        const state = stateOf([component, known].filter((one) => one !== undefined) as never);
        expect(connectionOf(state, "vm1")).toEqual(CONNECTION);
    });

    test("is refused where the state keeps it to itself", () => {
        expect(() => connectionOf(stateOf(host("vm1", 11)), "vm1")).toThrow(
            "the state does not say how vm1 is reached: run `pulumi up`",
        );
    });
});

describe("answers", () => {
    test("are read whatever stands around them", () => {
        const answers = parseAnswers(GOOD.vm1);
        expect(answers?.running.get("web")).toBe(true);
        expect(answers?.mtus.get(key("alone", "10.60.0.9"))).toBe(1500);
        expect(answers?.pings.get(key("web", "10.60.0.9"))).toBe("none");
        expect(answers?.names.get(key("web", "api"))).toEqual(["10.42.1.10"]);
    });

    test.each(["", "sudo: a password is required\n", "crosshost-check 1\ncontainer web 1\n"])(
        "are none where they are %j",
        (text) => {
            expect(parseAnswers(text)).toBeUndefined();
        },
    );
});

describe("the verdict", () => {
    test("is that nothing differs", () => {
        expect(judged().differences).toEqual([]);
    });

    test.each<[string, Parameters<typeof judged>[0], string[]]>([
        [
            "a link that is down, once for each target",
            [
                ["vm1", "ping web 10.42.2.9 full", "ping web 10.42.2.9 none"],
                ["vm1", "ping api 10.42.2.9 full", "ping api 10.42.2.9 none"],
            ],
            ["db on vm2 is not reached at 10.42.2.9 from api on vm1, web on vm1"],
        ],
        [
            "a way that carries less than it should",
            [["vm2", "ping db 10.42.1.9 full", "ping db 10.42.1.9 small"]],
            [
                "web on vm1 is reached at 10.42.1.9 with small packets, but not with 1450 bytes, from db on vm2",
            ],
        ],
        [
            "a stranger who gets in",
            [["vm1", "ping alone 10.42.2.9 none", "ping alone 10.42.2.9 small"]],
            ["db on vm2 is reached at 10.42.2.9, with no network in common, from alone on vm1"],
        ],
        [
            "a container that stands still",
            [["vm2", /container db[^]*end/.exec(GOOD.vm2)?.[0] ?? "", "container db 0\nend"]],
            ["db on vm2 is not running"],
        ],
        [
            "a container that is not there",
            [["vm2", /container db[^]*end/.exec(GOOD.vm2)?.[0] ?? "", "end"]],
            ["vm2 has no container db"],
        ],
        [
            "another address and another MTU",
            [
                ["vm1", "address web 10.42.1.9", "address web 10.42.1.7"],
                ["vm2", "10.42.2.9 1450", "10.42.2.9 1500"],
            ],
            [
                "web on vm1 has no interface with 10.42.1.9, of mesh",
                "db on vm2 has MTU 1500 on the interface with 10.42.2.9: mesh has 1450",
            ],
        ],
        [
            "names that lead nowhere, or elsewhere",
            [
                ["vm1", "name web api 10.42.1.10", "name web api"],
                ["vm1", "name api web 10.42.1.9", "name api web 10.9.9.9"],
            ],
            [
                "api on vm1 finds 10.9.9.9 by the name web: should be 10.42.1.9",
                "web on vm1 finds nothing by the name api: should be 10.42.1.10",
            ],
        ],
        ["a host that says nothing", [["vm2", "end\n", ""]], ["vm2: it was cut short"]],
        [
            "a host that lacks a program",
            [
                [
                    "vm2",
                    /container db[^]*end/.exec(GOOD.vm2)?.[0] ?? "",
                    "lacks ping of iputils\nend",
                ],
            ],
            ["vm2: lacks ping of iputils"],
        ],
    ])("tells %s", (_, changes, differences) => {
        expect(judged(changes).differences).toEqual(differences);
    });
});

describe("the report", () => {
    test("is a matrix, what its signs mean, and how it went", () => {
        expect(report(containers, lookups.length, judged(), plain)).toBe(
            `   container  host  network  address     MTU      1   2   3   4
1  alone      vm1   lan      10.60.0.9   1500         .   .   .
2  api        vm1   mesh     10.42.1.10  1450     .      ok  ok
3  web        vm1   mesh     10.42.1.9   1450     .  ok      ok
4  db         vm2   mesh     10.42.2.9   1450     .  ok  ok

  ok  reached, at the full MTU
   .  kept out, as it should be

12 pairs by address, 6 names: all as it should be
`,
        );
    });

    test("names the pair that differs, and how many do", () => {
        const verdict = judged([["vm1", "ping web 10.42.2.9 full", "ping web 10.42.2.9 none"]]);
        const text = report(containers, lookups.length, verdict, plain);
        expect(text).toContain("3  web        vm1   mesh     10.42.1.9   1450     .  ok      NO\n");
        expect(text).toContain("  NO  not reached\n");
        expect(text).toContain("\ndb on vm2 is not reached at 10.42.2.9 from web on vm1\n");
        expect(text).toContain("12 pairs by address, 6 names: 1 difference\n");
    });
});

test("an interface that is given less than its network has is asked, and judged, at that", () => {
    const lan = { name: "lan" } as Network;
    const end = (name: string, mtu: number): Container => ({
        name,
        host: "vm1",
        attachments: [{ network: lan, mtu, address: `192.168.40.${mtu % 100}` } as Attachment],
    });
    const [from, other] = [end("db", 1500), end("web", 1420)];
    const [to] = other.attachments;
    const pairs = to ? [{ from, to, should: "reach" as const }] : [];
    expect(scriptOf({ stack: "demo", containers: [from, other], pairs, lookups: [] })).toContain(
        "\nreach db 192.168.40.20 1420\n",
    );
});
