// Pulumi's aliases reach children by their parents' names; hosts know each component by the name before.
import * as pulumi from "@pulumi/pulumi";
import { Bridge, ContainerAttachment, type Host, Macvlan, Overlay } from "../../components";
import { probe } from "../../components/remote/probe";
import { sessionOfHost } from "../../components/run/session";
import { answered, host, refusal } from "../support/builders";
import { mockedStack, resource, resources } from "../support/mocks";

jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/resources/keyfiles", () => ({
    ...jest.requireActual<object>("../../components/resources/keyfiles"),
    sshOptions: () => [],
    writeKeyFiles: () => undefined,
}));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

type Options = pulumi.ComponentResourceOptions;

const before = (name: string): Options => ({ aliases: [{ name }] });

beforeEach(async () => {
    await mockedStack();
    jest.mocked(probe).mockResolvedValue(answered());
});
afterEach(resources); // a run has ended before the next begins

/** Each kind of component on a host, with what one of two must not have of the other. */
const COMPONENTS: readonly [
    string,
    (name: string, vm1: Host, at: number, opts?: Options) => pulumi.ComponentResource,
][] = [
    [
        "overlay",
        (name, vm1, at, opts) => {
            const args = { hosts: [vm1], cidr: `10.${at}.0.0/16`, backend: { vxlan: {} } };
            return new Overlay(name, { ...args, dockerName: `overlay${at}` }, opts);
        },
    ],
    [
        "bridge",
        (name, vm1, at, opts) => {
            const args = { host: vm1, cidr: `10.60.${at}.0/24`, dockerName: `bridge${at}` };
            return new Bridge(name, args, opts);
        },
    ],
    [
        "macvlan",
        (name, vm1, at, opts) => {
            const lan = `192.168.${100 + at}`;
            const parts = { gateway: `${lan}.1`, ipRange: `${lan}.64/26`, parent: `eth${at}` };
            const args = { hosts: [vm1], subnet: `${lan}.0/24`, dockerName: `lan${at}` };
            return new Macvlan(name, { ...args, ...parts }, opts);
        },
    ],
    [
        "attachment",
        (name, vm1, at, opts) => {
            const container = { image: "busybox", name: `container${at}` };
            return new ContainerAttachment(name, { host: vm1, mode: "none", container }, opts);
        },
    ],
];

describe.each(COMPONENTS)("of kind %s, a component", (kind, make) => {
    let vm1: Host;

    beforeEach(() => {
        vm1 = host("vm1", 11);
    });

    const unitOf = async (command: string) =>
        / apply \S+ ([^ ']+)'/.exec(String((await resource(command)).inputs["create"]))?.[1];

    test("has children that are called after it, and after their host", async () => {
        make("new", vm1, 1);
        const children = (await resources()).filter(({ parent }) => parent === "new");
        expect(children.map(({ name }) => name)).toEqual(
            kind === "attachment" ? ["new-container", "new-vm1"] : ["new-vm1"],
        );
        expect((await resource("new-vm1")).aliases).toEqual([`${kind}-new-vm1`]);
        expect(await unitOf("new-vm1")).toBe(`${kind}-new`);
    });

    test("that was renamed is the unit of its first name, as its aliases say", async () => {
        make("new", vm1, 1, { aliases: [{ name: "second" }, { name: "first" }] });
        make("plain", vm1, 2);
        expect(await unitOf("new-vm1")).toBe(`${kind}-first`);
        expect(await unitOf("plain-vm1")).toBe(`${kind}-plain`);
    });

    test("of a host that was renamed was called after that", async () => {
        make("new", host("node1", 12, {}, before("vm1")), 1);
        expect((await resource("new-node1")).aliases).toEqual(["new-vm1", `${kind}-new-node1`]);
        expect(await unitOf("new-node1")).toBe(`${kind}-new`);
    });

    const taken = (holder: string, name: string) =>
        kind === "attachment"
            ? `the host already knows "${holder}" by the name "${name}": choose another`
            : new RegExp(`the name "${name}" for an? ${kind} on .*"${holder}"`, "i");

    test("with an alias that is another's name is refused", async () => {
        make("old", vm1, 1);
        const said = refusal(() => make("new", vm1, 2, before("old")));
        expect(said).toMatch(taken("old", "old"));
        expect((await resources()).map(({ name }) => name)).not.toContain("new");
    });

    test("with a name that is another's alias is refused", () => {
        make("new", vm1, 1, before("old"));
        expect(refusal(() => make("old", vm1, 2))).toMatch(taken("new", "old"));
    });

    test("with the name of another under another parent is refused", () => {
        const [one, two] = ["one", "two"].map(
            (name) => new pulumi.ComponentResource("tests:index:Group", name),
        );
        make("web", vm1, 1, { parent: one });
        expect(refusal(() => make("web", vm1, 2, { parent: two }))).toMatch(taken("web", "web"));
    });

    test("on another host may have the name, or be known by it", async () => {
        make("old", vm1, 1);
        make("new", host("vm2", 12), 2, before("old"));
        expect(await unitOf("new-vm2")).toBe(`${kind}-old`);
    });
});

describe("a Host that was renamed", () => {
    test("has children that are called after it, and names of containers that were after its former one", async () => {
        const members = [host("node1", 11, {}, before("vm1")), host("vm2", 12)];
        const backend = { vxlan: {} };
        const network = new Overlay("mesh", { hosts: members, cidr: "10.42.0.0/16", backend });
        for (const [at, one] of members.entries()) {
            const container = { image: "busybox" };
            new ContainerAttachment(`web${at}`, { host: one, network, container });
        }
        const children = (await resources()).filter(({ parent }) => parent === "node1");
        expect(children.map(({ name }) => name).sort()).toEqual([
            "node1-converger",
            "node1-docker",
            "node1-keys",
            "node1-names",
        ]);
        expect((await resource("node1-names")).aliases).toEqual(["vm1-names", "names-node1"]);
    });

    test("keeps the id of the name before, which is said by its alias", () => {
        const idOf = (one: Host) => sessionOfHost("Host", "", one).id;
        expect(idOf(host("db7", 11))).toBe(7);
        expect(idOf(host("db", 12, {}, before("vm3")))).toBe(3);
        expect(idOf(host("db9", 13, {}, before("vm4")))).toBe(4);
        expect(idOf(host("db8", 14, { id: 12 }, before("vm5")))).toBe(12);
    });
});
