import * as pulumi from "@pulumi/pulumi";
import { formerNames, knownAs, stackKnownAs } from "../../components/run/knownAs";
import { refusal } from "../support/builders";
import { mockedStack } from "../support/mocks";

const URN = "urn:pulumi:prod::shop::crosshost:index:Overlay::mesh";

describe("the name by which hosts know a component", () => {
    test.each<[string, pulumi.ComponentResourceOptions | undefined, string[]]>([
        ["no options", undefined, []],
        ["no alias", {}, []],
        ["an alias by name", { aliases: [{ name: "mesh" }] }, ["mesh"]],
        ["an alias by URN", { aliases: [URN] }, ["mesh"]],
        ["several", { aliases: [{ name: "second" }, URN] }, ["second", "mesh"]],
        [
            "an alias of another parent alone",
            { aliases: [{ parent: pulumi.rootStackResource }] },
            [],
        ],
        ["one that is known late", { aliases: [pulumi.output(URN)] }, []],
        ["a name that is known late", { aliases: [{ name: pulumi.output("mesh") as never }] }, []],
        ["a list that is known late", { aliases: pulumi.output([URN]) as never }, []],
    ])("with %s", (_what, opts, names) => {
        expect(formerNames(opts)).toEqual(names);
        expect(knownAs("net", opts)).toBe(names.at(-1) ?? "net");
    });
});

describe("the names by which hosts know a stack", () => {
    test("are its own, or those that its configuration says it had before", async () => {
        await mockedStack({ project: "shop", stack: "prod" });
        pulumi.runtime.setAllConfig({});
        expect(stackKnownAs()).toEqual({ project: "shop", stack: "prod" });
        pulumi.runtime.setAllConfig({ "crosshost:knownAs": "store/dev" });
        expect(stackKnownAs()).toEqual({ project: "store", stack: "dev" });
    });

    test.each(["", "dev", "store/", "/dev", "org/store/dev"])("%p is refused", async (given) => {
        await mockedStack();
        pulumi.runtime.setAllConfig({ "crosshost:knownAs": given });
        expect(refusal(stackKnownAs)).toBe(
            `crosshost:knownAs in the stack's configuration is "${given}": it must be PROJECT/STACK, the stack's former names`,
        );
    });
});
