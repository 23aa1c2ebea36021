import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FORMATS, importFile } from "../../cli/import/import";

const folder = mkdtempSync(join(tmpdir(), "crosshost-import-"));
const file = join(folder, "file");

afterAll(() => {
    rmSync(folder, { recursive: true });
});

/** The components of the program, and what it does not say. */
function imported(text: string): [string, string[]] {
    writeFileSync(file, text);
    const { program, left } = importFile(FORMATS.compose, file);
    const components = /^new (?!Host)[^]*$/m.exec(program)?.[0] ?? "";
    return [components, left.map((line) => line.replace(`${file}:`, ""))];
}

test("anchors and merge keys of a compose file are what they stand for, a network's own keys first", () => {
    const compose = `x-net: &net
  driver_opts: { com.docker.network.driver.mtu: 1400 }
  ipam: { config: [{ subnet: 172.30.0.0/24 }] }
networks:
  a: *net
  b:
    <<: [*net, { name: other, colour: red }]
    name: bee
    ipam: { config: [{ subnet: 172.31.0.0/24 }] }
`;
    const bridge = (name: string, cidr: string, dockerName: string) =>
        `new Bridge("${name}", {\n    host,\n    cidr: "${cidr}",\n    mtu: 1400,\n    dockerName: "${dockerName}",\n});\n`;
    expect(imported(compose)).toEqual([
        [bridge("a", "172.30.0.0/24", "a"), bridge("b", "172.31.0.0/24", "bee")].join("\n"),
        ["7: networks.b.colour: is not known to this import"],
    ]);
    expect(() => imported("networks:\n  a: *nope")).toThrow("line 2: nothing is called &nope");
    expect(() => imported("networks:\n  a:\n    <<: 1")).toThrow("line 3: << is not of mappings");
});

test("a mapping that merges itself is read once", () => {
    const [components] = imported("networks:\n  a: &a\n    <<: *a\n    name: own\n");
    expect(components).toContain('dockerName: "own"');
});

test("a compose file may name an external network in the old way, or have a key that is a number", () => {
    const [components, left] = imported(`networks:
  old: { external: { name: real } }
  2: { ipam: { driver: infoblox, config: [{ subnet: 10.7.0.0/24 }] } }
`);
    expect(components).toContain('new Bridge("2", {\n    host,\n    cidr: "10.7.0.0/24"');
    expect(left).toEqual([
        "2: networks.old.external: it is created elsewhere",
        "3: networks.2.ipam.driver: Docker's own driver gives out the addresses",
    ]);
});

test.each([
    ["eth0.20", 'parent: "eth0",\n    vlan: 20,'],
    ["eth0.10.20", 'parent: "eth0.10.20",\n    subnet'],
    ["eth0.lan", 'parent: "eth0.lan",\n    subnet'],
])("a LAN with the parent %s", (parent, said) => {
    const ipam = "ipam: { config: [{ subnet: 10.9.0.0/24 }] }";
    const lan = `{ driver: macvlan, driver_opts: { parent: ${parent} }, ${ipam} }`;
    expect(imported(`networks: { lan: ${lan} }`)[0]).toContain(said);
});

test("what a component would refuse is told, and so is what a file takes from others", () => {
    const [, left] = imported(
        "include: [ other.yaml ]\nnetworks: { a: { name: '${PROJECT}_a', driver_opts: { com.docker.network.driver.mtu: 9 } } }",
    );
    expect(left.map((line) => line.trim())).toEqual([
        "1: include: import the included files too, each by itself",
        "2: networks.a: Docker chooses its addresses; the program proposes some",
        expect.stringMatching(/^Bridge "a": mtu: 9 .*: change it in the program$/),
        expect.stringMatching(/^Bridge "a": dockerName: "\$\{PROJECT\}_a" .*: change it/),
    ]);
});

test.each([
    ["services: {}", "has no network that Crosshost can make"],
    ["networks: { a: { driver: constructor } }", "has no counterpart in Crosshost"],
    [
        "networks: { a: { driver: macvlan, driver_opts: { parent: e }, ipam: { config: [{ subnet: 10.9.0.0/32 }] } } }",
        "subnet: 10.9.0.0/32 is too small, a Macvlan has /29 at most: left out",
    ],
    [
        "networks:\n  lan:\n    driver: macvlan",
        ":3: networks.lan.driver: a Macvlan needs a subnet in ipam",
    ],
    [
        "networks:\n  a:\n    ipam: { config: [{ subnet: '${NET:-10.1.0.0/24}' }] }",
        'line 3: networks.a.ipam.config[0].subnet "${NET:-10.1.0.0/24}" has a variable',
    ],
    [
        "networks:\n  a:\n    ipam: { config: { subnet: 10.1.0.0/24 } }",
        "networks.a.ipam.config is not a list",
    ],
])("compose: %s is refused", (text, why) => {
    expect(() => imported(text)).toThrow(why);
});
