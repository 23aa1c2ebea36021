// What a schema lets pass, a plan can write down: else a mistake shows as an error from inside.
import fc from "fast-check";
import { interfaceUnit, planInterface } from "../../components/attachment/places/interfacePlan";
import { planAttachment, planMode } from "../../components/attachment/plan";
import { interfaceSchema } from "../../components/attachment/places/interfaceSchema";
import { attachmentSchema } from "../../components/attachment/schema";
import { bridgeUnit, planBridge } from "../../components/bridge/plan";
import { bridgeSchema } from "../../components/bridge/schema";
import { planHost } from "../../components/host/plan";
import { hostSchema } from "../../components/host/schema";
import { macvlanUnit, planMacvlan } from "../../components/macvlan/plan";
import { macvlanSchema } from "../../components/macvlan/schema";
import { planNames } from "../../components/names/plan";
import { layOut, planOverlay } from "../../components/overlay/plan";
import { overlaySchema } from "../../components/overlay/schema";
import { alias, dockerObjectName } from "../../components/wire/fields";
import { type Unit, unitText } from "../../components/wire/unit";
import { connection, IDENTITY, planned } from "../support/builders";

/** As names are given, and as nobody should: every sign that means something to YAML, a shell, awk, ip or docker, and more. */
const SIGNS = Array.from("aZ07__..--::/@ ~#'\"$`{}[]*&!%,=+|<>()^?;\\\t\n\r\u00a0\u202eé名");
const name = fc.oneof(
    fc.string({ unit: fc.constantFrom(...SIGNS), minLength: 0, maxLength: 6 }),
    fc.string({ unit: fc.constantFrom("a", "B", "3", "_", ".", "-"), minLength: 1, maxLength: 20 }),
    fc.constantFrom(
        "_acme",
        "x_",
        "-x",
        "x-",
        "x.",
        ".x",
        "a..b",
        "1",
        "0",
        "no",
        "null",
        "a".repeat(64),
        "l".repeat(200),
    ),
    fc.constantFrom(
        "10.42.0.1",
        "eth0:1",
        "eth0@if3",
        "lo",
        "all",
        "pid",
        "mark",
        "drift a",
        "seen",
        "drift: x",
        "owner",
    ),
);
/** What one field takes of all that. */
const taken = (schema: { safeParse(text: unknown): { success: boolean } }) =>
    name.filter((text) => schema.safeParse(text).success);
const octet = fc.integer({ min: 0, max: 255 });
const address = fc.oneof(
    fc.tuple(octet, octet, octet, octet).map((four) => four.join(".")),
    fc.constantFrom("010.1.1.1", "10.1", "::1", "10.0.0.1/24", " 10.0.0.1", "10.0.0.1\n"),
);
const prefixed = fc
    .tuple(address, fc.integer({ min: -1, max: 33 }))
    .map(([one, bits]) => `${one}/${bits}`);
const cidr = fc.oneof(fc.constantFrom("10.42.0.0/16", "192.168.0.0/20", "0.0.0.0/0"), prefixed);
/** What a schema makes of arguments that may be anything; the rest is refused by name, which is as good. */
function given<T>(schema: { safeParse(args: unknown): { data?: T } }, args: object): T | undefined {
    return schema.safeParse(args).data;
}

/** Written, and read again by what the host takes for an entry. */
function isWritten(unit: Unit): void {
    for (const line of unitText(unit).trimEnd().split("\n")) {
        expect(line).toMatch(
            /^[A-Za-z0-9][A-Za-z0-9 _.:,/@=+{}!<>*&|()-]*: [A-Za-z0-9 _.:,/@=+{}!<>*&|()-]+$/,
        );
    }
}

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

test("the names of an attachment, on its host and on others", () => {
    const args = fc.record({
        network: fc.constant({}),
        aliases: fc.array(taken(alias), { maxLength: 3 }),
        containerName: taken(dockerObjectName),
        ipv4Address: address,
    });
    fc.assert(
        fc.property(args, fc.boolean(), taken(dockerObjectName), (all, existing, dockerName) => {
            const spec = given(attachmentSchema, { host: {}, ...all });
            if (!spec?.aliases || !spec.ipv4Address) {
                fc.pre(false);
                return;
            }
            const { aliases, ipv4Address } = spec;
            const place = {
                container: all.containerName,
                network: dockerName,
                ipv4Address,
            };
            isWritten(planAttachment({ ...place, aliases, existing, defaultRoute: existing }));
            isWritten(planMode({ container: all.containerName, mode: "host" }));
            const there = { subnet: "", gateway: "", ipRange: "", network: dockerName };
            const named = {
                host: "vm2",
                address: ipv4Address,
                names: [all.containerName, ...aliases],
            };
            const known = planNames("vm1", [{ ...named, networks: { vm1: there, vm2: there } }]);
            isWritten(known);
            expect(known.flatMap(({ value }) => value.split(" "))).toEqual(
                expect.arrayContaining([...aliases]),
            );
        }),
        { numRuns: 1000 },
    );
});

test("an interface of a container's own", () => {
    const own = fc.record(
        {
            name: taken(interfaceSchema.shape.name),
            on: taken(interfaceSchema.shape.on),
            addresses: fc.array(prefixed, { maxLength: 2 }),
            macAddress: fc.constantFrom("02:42:C0:a8:28:32", "02-42-c0-a8-28-32", "02:42"),
            gateway: address,
            routes: fc.array(fc.record({ to: cidr, via: address }), { maxLength: 2 }),
        },
        { requiredKeys: ["name", "on", "addresses"] },
    );
    fc.assert(
        fc.property(own, taken(dockerObjectName), (wanted, containerName) => {
            const args = { host: {}, containerName, interface: wanted };
            const spec = given(attachmentSchema, args)?.interface;
            if (spec) {
                const ground = { kind: "nic", link: wanted.on, mtu: undefined } as const;
                isWritten(
                    interfaceUnit(planInterface(IDENTITY, "web", spec, ground), containerName),
                );
            }
        }),
        { numRuns: 1000 },
    );
});

test("networks, whatever they and their stack are called", () => {
    const args = fc.record({
        dockerName: optional(taken(dockerObjectName)),
        cidr,
        gateway: optional(address),
        ipRange: optional(cidr),
        parent: taken(macvlanSchema.shape.parent),
        subnet: cidr,
        mode: fc.constant("l3"),
        driver: fc.constant("ipvlan"),
        backend: fc.constantFrom({ vxlan: {} }, { direct: {} }),
    });
    const take = (all: object, ...fields: string[]) =>
        Object.fromEntries(Object.entries(all).filter(([field]) => fields.includes(field)));
    fc.assert(
        fc.property(args, name, name, name, (all, project, stack, logical) => {
            const identity = { project, stack };
            const bridge = given(bridgeSchema, {
                host: {},
                ...take(all, "dockerName", "cidr", "gateway", "ipRange"),
            });
            if (bridge) {
                isWritten(bridgeUnit(planBridge(identity, logical, bridge)));
            }
            const hosts = [planned("vm1"), planned("vm2")];
            const overlay = given(overlaySchema, {
                hosts: [{}],
                ...take(all, "dockerName", "cidr", "backend"),
            });
            const { layout, problems } = overlay
                ? layOut(identity, logical, overlay, hosts)
                : { layout: undefined, problems: [] };
            if (layout && problems.length === 0) {
                isWritten(
                    planOverlay(layout, "vm1", { vm1: "192.168.40.11", vm2: "192.168.40.12" }),
                );
            }
            const lan = { subnet: "192.168.40.0/24", ipRange: "192.168.40.128/25" };
            const macvlan = given(macvlanSchema, {
                hosts: [{}],
                ...lan,
                ...take(all, "dockerName", "parent", "mode", "driver"),
            });
            if (macvlan) {
                isWritten(macvlanUnit(planMacvlan(identity, logical, macvlan, hosts), "vm1"));
            }
        }),
        { numRuns: 1000 },
    );
});

test("a host's own unit", () => {
    fc.assert(
        fc.property(address, name, name, (at, project, stack) => {
            const spec = given(hostSchema, { connection: connection("vm1"), address: at });
            if (spec) {
                const program = { version: "0.1.0", hash: "ab".repeat(32) };
                isWritten(planHost({ project, stack }, program, at));
            }
        }),
        { numRuns: 1000 },
    );
});
