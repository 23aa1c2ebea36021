import fc from "fast-check";
import { idFromName, planHost } from "../../components/host/plan";
import { unitText } from "../../components/wire/unit";
import { IDENTITY } from "../support/builders";
import { PROGRAM } from "../support/program";

test("a Host's unit: its program, its boot units, and the address that others reach it by", () => {
    expect(unitText(planHost(IDENTITY, PROGRAM, "192.168.40.11"))).toBe(
        [
            "boot crosshost-crosshost-demo-79f8e4-links.service: before docker.service",
            "boot crosshost-crosshost-demo-79f8e4-rules.service: after docker.service",
            "converger: 0.1.0 abababababababab",
            "underlay 192.168.40.11: mtu 1280",
            "",
        ].join("\n"),
    );
});

test.each(["", undefined])("address %j: none is checked", (address) => {
    expect(unitText(planHost(IDENTITY, PROGRAM, address))).not.toContain("underlay");
});

test.each([
    ["vm1", 1],
    ["db-07", 7],
    ["rack2-host13", 13],
    ["edge254", 254],
    ["edge", undefined],
    ["vm0", undefined],
    ["vm1a", undefined],
    ["node65535", undefined],
    ["node99999999999999999999", undefined],
])("the number of %s is %s", (name, expected) => {
    expect(idFromName(name)).toBe(expected);
});

test("any number in range at the end of a name is its id", () => {
    fc.assert(
        fc.property(fc.integer({ min: 1, max: 65_534 }), (id) => {
            expect(idFromName(`host-${id}`)).toBe(id);
        }),
    );
});
