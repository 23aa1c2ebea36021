import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { FORMATS, importFile } from "../../cli/import/import";

const ROOT = join(__dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "crosshost-import-"));
const file = join(folder, "file");
const programs: string[] = [];

afterAll(() => {
    rmSync(folder, { recursive: true });
});

/** The components of the program, and what it does not say. */
function imported(format: keyof typeof FORMATS, text: string): [string, string[]] {
    writeFileSync(file, text);
    const { program, left } = importFile(FORMATS[format], file);
    programs.push(program);
    const components = /^new (?!Host)[^]*$/m.exec(program)?.[0] ?? "";
    return [components, left.map((line) => line.replace(`${file}:`, ""))];
}

function refused(format: keyof typeof FORMATS, text: string): string {
    writeFileSync(file, text);
    try {
        return importFile(FORMATS[format], file).program;
    } catch (error) {
        return error instanceof Error ? error.message.replace(`${file}: `, "") : "";
    }
}

const flannel = (backend: string, more = "") =>
    `{ "Network": "10.244.0.0/16", ${more} "Backend": ${backend} }`;
const overlay = (...args: string[]) =>
    ['new Overlay("flannel", {', ...["hosts,", ...args].map((arg) => `    ${arg}`), "});\n"].join(
        "\n",
    );

describe("flannel's net-conf.json", () => {
    const SAME = ['cidr: "10.244.0.0/16",', "subnetPrefix: 24,"];

    test("of vxlan keeps a number and a port that it names", () => {
        expect(
            imported("flannel", flannel('{ "Type": "vxlan", "VNI": 77, "Port": 8472 }')),
        ).toEqual([overlay(...SAME, "backend: { vxlan: { vni: 77, port: 8472 } },"), []]);
    });

    test("may spell its keys in any case, as flannel does not mind", () => {
        const text = `{"network": "10.244.0.0/16", "BACKEND": {"type": "host-gw", "name": "x"}}`;
        expect(imported("flannel", text)).toEqual([
            overlay(...SAME, "backend: { direct: {} },"),
            ["1: BACKEND.name: is not known to this import"],
        ]);
    });

    test("of host-gw is direct", () => {
        const text = flannel('{"Type": "host-gw"}', '"SubnetLen": 26,');
        expect(imported("flannel", text)).toEqual([
            overlay('cidr: "10.244.0.0/16",', "subnetPrefix: 26,", "backend: { direct: {} },"),
            [],
        ]);
    });

    test("of wireguard is wireguard, with its port", () => {
        const conf =
            '{"Type": "wireguard", "ListenPort": 51820, "PersistentKeepaliveInterval": 0, "PSK": "x"}';
        expect(imported("flannel", flannel(conf))).toEqual([
            overlay(...SAME, "backend: { wireguard: { port: 51820 } },"),
            ["1: Backend.PSK: hosts know each other by their keys alone"],
        ]);
    });

    test("of ipip is ipip", () => {
        expect(imported("flannel", flannel('{"Type": "ipip"}'))).toEqual([
            overlay(...SAME, "backend: { ipip: {} },"),
            [],
        ]);
    });

    test("of udp, which it has where it names none, is vxlan, and says why", () => {
        const why =
            "udp encapsulates in userspace, which is slow; vxlan also needs only UDP, and the kernel does it";
        expect(imported("flannel", flannel('{ "Type": "udp", "Port": 8285 }'))).toEqual([
            overlay(...SAME, "backend: { vxlan: {} },"),
            [
                `1: Backend.Type: ${why}`,
                "1: Backend.Port: vxlan has a port of its own, which the hosts' firewalls must let through",
            ],
        ]);
        expect(imported("flannel", '{ "Network": "10.5.0.0/24" }')[0]).toBe(
            overlay('cidr: "10.5.0.0/24",', "subnetPrefix: 26,", "backend: { vxlan: {} },"),
        );
    });

    test("in its manifest, with what is left out by the manifest's lines", () => {
        const manifest = `kind: Namespace
apiVersion: v1
---
kind: ConfigMap
apiVersion: v1
data:
  cni-conf.json: |
    {}
  net-conf.json: |
    {
      "Network": "10.244.0.0/16",
      "EnableIPv6": true,
      "Backend": { "Type": "vxlan", "MTU": 1500, "DirectRouting": true, "Colour": 1 }
    }
`;
        expect(imported("flannel", manifest)).toEqual([
            overlay(...SAME, "backend: { vxlan: {} },"),
            [
                "12: data.net-conf.json.EnableIPv6: an Overlay has IPv4 addresses only",
                "13: data.net-conf.json.Backend.Colour: is not known to this import",
                expect.stringContaining("13: data.net-conf.json.Backend.DirectRouting: "),
                expect.stringContaining("13: data.net-conf.json.Backend.MTU: "),
            ],
        ]);
    });

    test.each([
        [
            flannel('{ "Type": "ipsec" }'),
            'line 1: Backend.Type "ipsec" has no counterpart in Crosshost',
        ],
        [flannel('{ "Type": "alloc" }'), "which has one for vxlan, host-gw"],
        [flannel('{ "Type": "constructor" }'), '"constructor" has no counterpart in Crosshost'],
        ['{ "Network": "10.244.0.1/16" }', 'line 1: Network "10.244.0.1/16" has host bits set'],
        ['{ "IPv6Network": "fd00::/48" }', "line 1: Network is missing"],
        [flannel("[1]"), "line 1: Backend is not a mapping"],
        [flannel('{ "Type": {} }'), "line 1: Backend.Type is not a plain value"],
        [flannel('{ "Type": "vxlan", "VNI": "x" }'), 'Backend.VNI "x" is not a whole number'],
        ['{ "Network": ', "is neither JSON nor YAML: "],
        ["[1, 2]", "is not a mapping of keys to values"],
        ["", "has no network that Crosshost can make"],
    ])("%s is refused", (text, why) => {
        expect(refused("flannel", text)).toContain(why);
    });
});

const pool = (...spec: string[]) => `apiVersion: projectcalico.org/v3
kind: IPPool
metadata:
  name: pool
  uid: 1-2-3
spec:
${spec.map((line) => `  ${line}`).join("\n")}
`;

describe("Calico's IPPools", () => {
    const calico = (cidr: string, ...more: string[]) =>
        overlay(`cidr: "${cidr}",`, ...more).replace("flannel", "pool");

    test("without encapsulation are direct", () => {
        const text = pool(
            "cidr: 10.9.0.0/24",
            "blockSize: 28",
            "natOutgoing: true",
            "nodeSelector: all()",
        );
        expect(imported("calico", text)).toEqual([
            calico("10.9.0.0/24", "subnetPrefix: 28,", "backend: { direct: {} },"),
            [],
        ]);
    });

    test("of vxlan, with all that an Overlay has otherwise", () => {
        const text = pool(
            "cidr: 10.9.0.0/16",
            "blockSize: 26",
            "vxlanMode: CrossSubnet",
            "natOutgoing: false",
            'nodeSelector: rack == "1"',
        );
        expect(imported("calico", text)).toEqual([
            calico("10.9.0.0/16", "backend: { vxlan: {} },"),
            [
                "8: spec.blockSize: a host has one subnet, a /24 by default: set `subnetPrefix` for another size",
                "9: spec.vxlanMode: packets are encapsulated for all hosts or for none: if all hosts share a link, use `direct`",
                "10: spec.natOutgoing: packets that leave an Overlay are always masqueraded",
                "11: spec.nodeSelector: the program lists the hosts",
            ],
        ]);
    });

    test("of ipip", () => {
        const text = pool(
            "cidr: 10.9.0.0/24",
            "blockSize: 28",
            "ipipMode: Always",
            "natOutgoing: true",
            "nodeSelector: all()",
        );
        expect(imported("calico", text)).toEqual([
            calico("10.9.0.0/24", "subnetPrefix: 28,", "backend: { ipip: {} },"),
            [],
        ]);
    });

    test("in a list; those of IPv6 and disabled ones are left out", () => {
        const list = `kind: IPPoolList
apiVersion: projectcalico.org/v3
items:
- apiVersion: projectcalico.org/v3
  kind: IPPool
  metadata: { name: six }
  spec: { cidr: "fd00:10::/64", blockSize: 122 }
- apiVersion: projectcalico.org/v3
  kind: IPPool
  metadata: { name: off }
  spec: { cidr: 10.8.0.0/16, disabled: true }
- apiVersion: projectcalico.org/v3
  kind: IPPool
  metadata: { name: pool }
  spec: { cidr: 10.9.0.0/16, natOutgoing: true, nodeSelector: all(), vxlanMode: Always }
`;
        expect(imported("calico", list)).toEqual([
            calico("10.9.0.0/16", "backend: { vxlan: {} },"),
            [
                "7: items[0].spec.cidr: an Overlay has IPv4 addresses only",
                "11: items[1].spec.disabled: a disabled pool gives out no addresses",
            ],
        ]);
    });

    test("of IPIP, of which two hosts have one tunnel", () => {
        const ipip = (cidr: string) =>
            pool(`cidr: ${cidr}`, "natOutgoing: true", "nodeSelector: all()", "ipipMode: Always");
        const [components, left] = imported(
            "calico",
            ["10.8.0.0/24", "10.9.0.0/24", "10.10.0.0/24"].map(ipip).join("---\n"),
        );
        expect(components.match(/backend: .*/g)).toEqual([
            "backend: { ipip: {} },",
            "backend: { gre: {} },",
            "backend: { gre: {} },",
        ]);
        const told =
            "spec.ipipMode: two hosts have one IPIP tunnel, which another pool uses: this one gets `gre`";
        const twice = 'Overlay "pool": there are two: rename one';
        expect(left.map((line) => line.trim())).toEqual([
            `21: ${told}`,
            `32: ${told}`,
            twice,
            twice,
        ]);
    });

    test("without natOutgoing, or with a mode that is empty, are told what an Overlay does", () => {
        const text = pool("cidr: 10.9.0.0/24", "nodeSelector: all()", 'ipipMode: ""');
        expect(imported("calico", text)).toEqual([
            calico("10.9.0.0/24", "subnetPrefix: 26,", "backend: { direct: {} },"),
            [
                "7: spec: natOutgoing is not set: packets that leave an Overlay are always masqueraded",
            ],
        ]);
    });

    test.each([
        ["kind: Namespace\napiVersion: v1", "has no network that Crosshost can make"],
        [pool("blockSize: 26"), "line 7: spec has no cidr"],
        [pool('cidr: "${CIDR}"'), 'line 7: spec.cidr "${CIDR}" has a variable'],
        [
            pool("cidr: 10.9.0.0/24", "vxlanMode: On"),
            'spec.vxlanMode "On" is none of Always, CrossSubnet, Never',
        ],
        [pool("cidr: fd00::/64"), "spec.cidr: an Overlay has IPv4 addresses only"],
        ["apiVersion: network.harvesterhci.io/v1alpha1\nkind: IPPool\nspec: {}", "has no network"],
    ])("%s is refused", (text, why) => {
        expect(refused("calico", text)).toContain(why);
    });
});

test.each([
    ["172.28.5.0/24", 'gateway: "172.28.5.0"'],
    ["172.28.0.0/24", undefined],
])("a network with the range %s has the gateway that Docker takes", (ipRange, gateway) => {
    const network = `{ ipam: { config: [{ subnet: 172.28.0.0/16, ip_range: ${ipRange} }] } }`;
    const [components] = imported("compose", `networks: { web: ${network} }`);
    expect(/gateway: "[^"]*"/.exec(components)?.[0]).toBe(gateway);
});

test("a range that is none is refused", () => {
    const network = "{ ipam: { config: [{ subnet: 172.28.0.0/16, ip_range: 172.28.5.9/24 }] } }";
    expect(refused("compose", `networks: { web: ${network} }`)).toContain(
        'ip_range "172.28.5.9/24" has host bits set: write 172.28.5.0/24',
    );
});

test("the networks of a compose file, each by its driver", () => {
    const compose = `services:
  web: { image: nginx, networks: [front] }
networks:
  front:
  back:
    name: shop_back
    internal: true
    ipam:
      driver: default
      config:
        - subnet: fd00:1::/64
        - subnet: 172.28.0.0/16
          ip_range: 172.28.5.0/24
          gateway: 172.28.5.254
    driver_opts:
      com.docker.network.driver.mtu: 1400
      com.docker.network.bridge.name: br-shop
  lan:
    driver: macvlan
    driver_opts: { parent: eth0.20, macvlan_mode: private }
    ipam: { config: [{ subnet: 192.168.40.0/24, aux_addresses: { nas: 192.168.40.130 } }] }
  swarm:
    driver: overlay
    attachable: true
    ipam: { config: [{ subnet: 10.0.9.0/24 }] }
  theirs: { external: true }
  odd: { driver: weave }
`;
    const [components, left] = imported("compose", compose);
    expect(components).toBe(`new Bridge("front", {
    host,
    cidr: "10.200.0.0/24",
    dockerName: "front",
});

new Bridge("back", {
    host,
    cidr: "172.28.0.0/16",
    gateway: "172.28.5.254",
    ipRange: "172.28.5.0/24",
    mtu: 1400,
    dockerName: "shop_back",
});

new Macvlan("lan", {
    hosts: [host],
    parent: "eth0",
    vlan: 20,
    subnet: "192.168.40.0/24",
    ipRange: "192.168.40.128/25",
    reserved: ["192.168.40.130"],
    mode: "private",
    dockerName: "lan",
});

new Overlay("swarm", {
    hosts: [host],
    cidr: "10.0.9.0/24",
    switched: true,
    backend: { vxlan: {} },
    dockerName: "swarm",
});
`);
    expect(left.map((line) => line.replace(/: [^:]*$/, ""))).toEqual([
        "4: networks.front",
        "7: networks.back.internal",
        "11: networks.back.ipam.config[0].subnet",
        "17: networks.back.driver_opts.com.docker.network.bridge.name",
        "21: networks.lan.ipam.config[0].subnet: Docker gives out all of it, the program its upper half",
        "25: networks.swarm.ipam.config[0].subnet",
        "26: networks.theirs.external",
        "27: networks.odd.driver",
    ]);
});

test("each program that was printed here type-checks", () => {
    const files = programs.map((program, at) => {
        const path = join(folder, `${at}.ts`);
        writeFileSync(path, program);
        return path;
    });
    const { options } = ts.convertCompilerOptionsFromJson(
        {
            target: "es2022",
            module: "node16",
            moduleResolution: "node16",
            strict: true,
            noEmit: true,
            skipLibCheck: true,
            typeRoots: [join(ROOT, "node_modules/@types")],
            types: ["node"],
            paths: {
                "pulumi-crosshost": [join(ROOT, "components/index.ts")],
                "@pulumi/pulumi": [join(ROOT, "node_modules/@pulumi/pulumi/index.d.ts")],
            },
        },
        folder,
    );
    const found = ts.getPreEmitDiagnostics(ts.createProgram(files, options));
    expect(files.length).toBeGreaterThan(7);
    expect(
        found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
    ).toEqual([]);
});
