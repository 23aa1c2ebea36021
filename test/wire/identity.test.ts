import fc from "fast-check";
import {
    derivedNumber,
    dockerName,
    linkName,
    macAddress,
    ownerWords,
    stackId,
    unitName,
} from "../../components/wire/identity";
import { IDENTITY } from "../support/builders";

const identity = fc.record({
    project: fc.stringMatching(/^[A-Za-z0-9_.-]{1,100}$/),
    stack: fc.stringMatching(/^[A-Za-z0-9_.-]{1,100}$/),
});
const component = fc.string({ minLength: 1, maxLength: 100, unit: "grapheme" });

describe("stackId", () => {
    test("is readable and ends in a hash of project and stack", () => {
        expect(stackId(IDENTITY)).toBe("crosshost-demo-79f8e4");
        expect(stackId({ project: "Home Lab", stack: "prod.eu" })).toMatch(
            /^home-lab-prod-eu-[0-9a-f]{6}$/,
        );
    });

    test("tells apart what reads the same", () => {
        const ids = [
            stackId({ project: "a-b", stack: "c" }),
            stackId({ project: "a", stack: "b-c" }),
            stackId({ project: "a.b", stack: "c" }),
            stackId({ project: "A-b", stack: "c" }),
        ];
        expect(new Set(ids).size).toBe(ids.length);
    });

    test("is a folder's name, a systemd unit's and a mark for any project and stack", () => {
        fc.assert(
            fc.property(identity, (any) => {
                expect(stackId(any)).toMatch(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/);
            }),
        );
    });
});

describe("linkName", () => {
    test("shows what it is and whose", () => {
        expect(linkName("ch", IDENTITY, "mesh")).toBe("ch-mesh-9078d");
        expect(linkName("vx", IDENTITY, "a-very-long-name")).toMatch(/^vx-averyl-[0-9a-f]{5}$/);
        expect(linkName("ch", IDENTITY, "ü")).toMatch(/^ch-[0-9a-f]{5}$/);
    });

    test("fits the kernel whatever the component is called", () => {
        fc.assert(
            fc.property(identity, component, (any, name) => {
                const link = linkName("ch", any, name);
                expect(link).toMatch(/^ch(-[a-z0-9]{1,6})?-[0-9a-f]{5}$/);
                expect(link.length).toBeLessThanOrEqual(15);
            }),
        );
    });

    test("is another for another project, stack or component", () => {
        const names = ["p", "q"].flatMap((project) =>
            ["s", "t"].flatMap((stack) =>
                ["mesh", "Mesh", "me-sh", "mesh-long-a", "mesh-long-b"].map((name) =>
                    linkName("ch", { project, stack }, name),
                ),
            ),
        );
        expect(new Set(names).size).toBe(names.length);
    });
});

describe("unitName", () => {
    test.each([
        ["mesh", "overlay-mesh"],
        ["a-b-C-1", "overlay-a-b-C-1"],
    ])("of %s is %s", (name, expected) => {
        expect(unitName("overlay", name)).toBe(expected);
    });

    test("differs where nft, which takes neither . nor - in a table's name, would see one", () => {
        const tables = ["a-b", "a.b", "a_b"].map((name) =>
            unitName("overlay", name).replace(/[.-]/g, "_"),
        );
        expect(new Set(tables).size).toBe(3);
    });

    test("is a file's name for any component, and different for different ones", () => {
        fc.assert(
            fc.property(component, component, (a, b) => {
                expect(unitName("overlay", a)).toMatch(/^overlay-[A-Za-z0-9_.-]{1,56}$/);
                expect(unitName("overlay", a) === unitName("overlay", b)).toBe(a === b);
            }),
        );
    });
});

describe("dockerName", () => {
    test("is project, stack and component", () => {
        expect(dockerName(IDENTITY, "web")).toBe("crosshost-demo-web");
    });

    test("is one that Docker takes, for any component", () => {
        fc.assert(
            fc.property(identity, component, (any, name) => {
                expect(dockerName(any, name)).toMatch(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/);
            }),
        );
    });

    test("tells apart components whose names differ in other characters only", () => {
        const names = ["a b", "a-b", "a/b", "a:b"].map((name) => dockerName(IDENTITY, name));
        expect(new Set(names).size).toBe(names.length);
    });
});

describe("macAddress", () => {
    test("is locally administered and unicast, and ends in the host's number", () => {
        expect(macAddress(0xc0, IDENTITY, "mesh", 1)).toBe("02:c0:78:eb:00:01");
        expect(macAddress(0xc1, IDENTITY, "mesh", 65_534)).toBe("02:c1:78:eb:ff:fe");
    });

    test("is another for each host and role", () => {
        const ids = fc.uniqueArray(fc.integer({ min: 1, max: 65_534 }), { maxLength: 50 });
        fc.assert(
            fc.property(ids, (hosts) => {
                const macs = hosts.flatMap((id) => [
                    macAddress(0xc0, IDENTITY, "mesh", id),
                    macAddress(0xc1, IDENTITY, "mesh", id),
                ]);
                expect(new Set(macs).size).toBe(macs.length);
            }),
        );
    });
});

test("a derived number lies in its range and depends on every part", () => {
    fc.assert(
        fc.property(fc.nat(1000), fc.nat(1_000_000), component, (from, span, part) => {
            const number = derivedNumber(from, from + span, "what", part);
            expect(number).toBeGreaterThanOrEqual(from);
            expect(number).toBeLessThanOrEqual(from + span);
        }),
    );
    expect(derivedNumber(0, 2 ** 24, "a", "bc")).not.toBe(derivedNumber(0, 2 ** 24, "ab", "c"));
});

describe("whose a unit is", () => {
    const IN = { project: "shop", stack: "prod" };
    const parent = (types: string, name = "mesh") => `urn:pulumi:prod::shop::${types}::${name}`;
    const OVERLAY = parent("crosshost:index:Overlay");

    test("is the same on every machine", () => {
        expect(ownerWords(IN, OVERLAY, "mesh-vm1")).toBe("shop/prod mesh-vm1 c42a947c");
    });

    test("differs by the resource's name and by the types of its parents, not by their names", () => {
        const digest = (urn: string, resource: string) =>
            ownerWords(IN, urn, resource).split(" ")[2];
        const nested = parent("my:index:Site$crosshost:index:Overlay");
        const all = [
            digest(OVERLAY, "mesh-vm1"),
            digest(OVERLAY, "mesh-vm2"),
            digest(nested, "mesh-vm1"),
            digest(parent("crosshost:index:Bridge"), "mesh-vm1"),
        ];
        expect(new Set(all).size).toBe(4);
        expect(digest(parent("crosshost:index:Overlay", "other"), "mesh-vm1")).toBe(all[0]);
    });

    test("stays when the stack is renamed and its configuration says so", () => {
        const renamed = "urn:pulumi:live::store::crosshost:index:Overlay::mesh";
        expect(ownerWords(IN, renamed, "mesh-vm1")).toBe(ownerWords(IN, OVERLAY, "mesh-vm1"));
    });

    test("is three words, whatever the name", () => {
        expect(ownerWords(IN, OVERLAY, "my mesh\n§-vm1")).toMatch(
            /^shop\/prod my-mesh--vm1 [0-9a-f]{8}$/,
        );
    });
});
