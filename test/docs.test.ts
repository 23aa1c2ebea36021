import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { interfaceSchema, routeSchema } from "../components/attachment/places/interfaceSchema";
import { attachmentSchema } from "../components/attachment/schema";
import { interfaceUnit, planInterface } from "../components/attachment/places/interfacePlan";
import { bridgeUnit, planBridge } from "../components/bridge/plan";
import { bridgeSchema } from "../components/bridge/schema";
import { dockerSchema } from "../components/host/dockerSchema";
import { connectionSchema, guardSchema, hostSchema } from "../components/host/schema";
import { macvlanUnit, planMacvlan } from "../components/macvlan/plan";
import { macvlanSchema } from "../components/macvlan/schema";
import { backendChoice } from "../components/overlay/backends/choice";
import { gre } from "../components/overlay/backends/gre";
import { vxlan } from "../components/overlay/backends/vxlan";
import { geneve } from "../components/overlay/backends/geneve";
import { wireguard } from "../components/overlay/backends/wireguard";
import { layOut, planMember } from "../components/overlay/plan";
import { overlaySchema } from "../components/overlay/schema";
import { unitText } from "../components/wire/unit";
import { optionsOf, pages, withTables } from "../docs/options";
import { IDENTITY, overlaySpec, planned } from "./support/builders";
import { keyOf } from "./support/publicKeys";

const DOCS = join(__dirname, "../docs");
const page = (name: string) => readFileSync(join(DOCS, name), "utf8");

/** Each page's components, and the schemas that decide what options there are. */
const TABLES: readonly [string, string, { readonly shape: object }][] = [
    ["host.md", "HostArgs", hostSchema],
    ["host-docker.md", "DockerArgs", dockerSchema],
    ["guard.md", "GuardArgs", guardSchema],
    ["overlay.md", "OverlayArgs", overlaySchema],
    ["overlay.md", "BackendArgs", backendChoice],
    ["overlay-vxlan.md", "VxlanArgs", vxlan.options],
    ["overlay-gre.md", "GreArgs", gre.options],
    ["overlay-wireguard.md", "WireguardArgs", wireguard.options],
    ["overlay-geneve.md", "GeneveArgs", geneve.options],
    ["bridge.md", "BridgeArgs", bridgeSchema],
    ["macvlan.md", "MacvlanArgs", macvlanSchema],
    ["container-attachment.md", "ContainerAttachmentArgs", attachmentSchema],
    ["container-attachment-interface.md", "InterfaceArgs", interfaceSchema],
    ["container-attachment-interface.md", "RouteArgs", routeSchema],
];

/** Of an attachment's: needed, each where another of them is not. */
const ONE_OF = ["container", "containerName", "network", "mode", "interface"];

describe.each(TABLES)("%s on %s", (name, args, { shape }) => {
    const options = optionsOf(args);

    test("has every option of the schema, and no other", () => {
        expect(options.map((option) => option.name).sort()).toEqual(Object.keys(shape).sort());
        for (const option of Object.keys(shape)) {
            expect(page(name)).toContain(`\n| \`${option}\` | `);
        }
    });

    test("says of each option what it is, and what a change of it does", () => {
        expect(options.filter(({ what }) => what === "").map((one) => one.name)).toEqual([]);
        expect(options.filter(({ changing }) => changing === "").map((one) => one.name)).toEqual(
            [],
        );
    });

    test("says of each option that may be left out what it is then", () => {
        const silent = options.filter(({ needed, byDefault }) => !needed && byDefault === "");
        const none = [
            "registryAuth",
            "machine",
            "vxlan",
            "direct",
            "gre",
            "ipip",
            "wireguard",
            "geneve",
            ...ONE_OF,
        ];
        expect(silent.map((one) => one.name).filter((one) => !none.includes(one))).toEqual([]);
    });
});

test("logins have every option of the schema, each with what it is", () => {
    const options = [...optionsOf("LoginArgs"), ...optionsOf("ConnectionArgs")];
    expect(options.map(({ name }) => name).sort()).toEqual(
        Object.keys(connectionSchema.shape).sort(),
    );
    expect(options.filter(({ what }) => what === "")).toEqual([]);
});

test.each(pages().map((path) => basename(path)))("%s has fresh tables: npm run docs", (name) => {
    expect(withTables(page(name))).toBe(page(name));
});

test.each([...pages(), join(DOCS, "../README.md"), join(DOCS, "../CONTRIBUTING.md")])(
    "links of %s lead somewhere",
    (path) => {
        const text = readFileSync(path, "utf8");
        const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)];
        const dead = links
            .map(([, link = ""]) => link)
            .filter((link) => !existsSync(join(dirname(path), link)));
        expect(dead).toEqual([]);
    },
);

const BACKENDS = ["vxlan", "direct", "gre", "ipip", "wireguard", "geneve"];

test.each([
    ...BACKENDS.map((name): [string, object] => [name, { backend: { [name]: {} } }]),
    ["switched", { switched: true }],
] satisfies [string, object][])(
    "overlay-%s.md shows the unit that the plan makes",
    (name, args) => {
        const hosts = ["vm1", "vm2", "vm3"];
        const spec = overlaySpec(args);
        const { layout } = layOut(
            IDENTITY,
            "mesh",
            spec,
            hosts.map((host) => planned(host)),
        );
        const underlays = Object.fromEntries(
            hosts.map((host, at) => [host, `192.168.40.${at + 11}`]),
        );
        const keys = Object.fromEntries(hosts.map((host) => [host, keyOf(host)]));
        const { unit, tunnel } = planMember(layout, "vm1", underlays, keys);
        for (const shown of [unit, ...(tunnel ? [tunnel.unit] : [])]) {
            expect(page(`overlay-${name}.md`)).toContain(unitText(shown));
        }
    },
);

test.each(["geneve", "gre"])(
    "overlay-switched.md shows the ports that the plan makes by %s",
    (name) => {
        const spec = overlaySpec({ switched: true, backend: { [name]: {} } });
        const hosts = [1, 2, 3].map((id) => planned(`vm${id}`));
        const { layout } = layOut(IDENTITY, "mesh", spec, hosts);
        const underlays = hosts.map((host, at): [string, string] => [
            host.name,
            `192.168.40.${at + 11}`,
        ]);
        const { unit } = planMember(layout, "vm1", Object.fromEntries(underlays));
        const ports = unit.filter(({ value }) => /^g\w+ .* isolated on$/.test(value));
        expect(ports).toHaveLength(2);
        expect(page("overlay-switched.md")).toContain(unitText(ports));
    },
);

test("bridge.md shows the unit that the plan makes", () => {
    const spec = bridgeSchema.parse({ host: {}, cidr: "10.60.0.0/24" });
    expect(page("bridge.md")).toContain(unitText(bridgeUnit(planBridge(IDENTITY, "lan1", spec))));
    const flat = { host: {}, cidr: "192.168.40.0/24", uplink: "eth0" };
    expect(page("bridge.md")).toContain(
        unitText(bridgeUnit(planBridge(IDENTITY, "lan", bridgeSchema.parse(flat)))),
    );
});

test("container-attachment-interface.md shows the unit that the plan makes", () => {
    const spec = interfaceSchema.parse({
        name: "eth1",
        on: "eth0",
        addresses: ["192.168.40.50/24"],
        gateway: "192.168.40.254",
        routes: [{ to: "10.9.0.0/16", via: "192.168.40.3" }],
    });
    const ground = { kind: "nic", link: "eth0", mtu: undefined } as const;
    const plan = planInterface(IDENTITY, "web", spec, ground);
    const shown = unitText(interfaceUnit(plan, "crosshost-demo-web"));
    expect(page("container-attachment-interface.md")).toContain(shown);
});

test("macvlan.md shows the unit that the plan makes", () => {
    const spec = macvlanSchema.parse({
        hosts: [{}],
        parent: "eth0",
        subnet: "192.168.40.0/24",
        gateway: "192.168.40.254",
        ipRange: "192.168.40.128/26",
        hostAccess: true,
    });
    const plan = planMacvlan(IDENTITY, "lan", spec, [planned("vm1")]);
    expect(page("macvlan.md")).toContain(unitText(macvlanUnit(plan, "vm1")));
});
