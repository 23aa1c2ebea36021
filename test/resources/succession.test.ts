import * as pulumi from "@pulumi/pulumi";
import { Bridge, ContainerAttachment, type Host, Overlay } from "../../components";
import { installCommand } from "../../components/remote/commands";
import { probe } from "../../components/remote/probe";
import { tellSuccession, updateHook } from "../../components/resources/succession";
import { sessionOfHost } from "../../components/run/session";
import { answered, host } from "../support/builders";
import { mockedStack, resource } from "../support/mocks";

jest.mock("../../components/remote/probe", () => ({ probe: jest.fn() }));
jest.mock("../../components/resources/keyfiles", () => ({
    ...jest.requireActual<object>("../../components/resources/keyfiles"),
    sshOptions: () => ["-o", "IdentityFile=~/key"],
    writeKeyFiles: () => undefined,
}));
jest.mock("../../components/converger/program", () => ({
    convergerProgram: () => jest.requireActual<{ PROGRAM: object }>("../support/program").PROGRAM,
}));

const NOW = "crosshost-demo-79f8e4";
const CREATE = `timeout -k 5 120 /var/lib/crosshost/${NOW}/crosshost apply ${NOW}`;
const INSTALL = installCommand(NOW, undefined);
const DOCKER = ["docker", ["26.1.5"]] as const;
const WEB = "crosshost-demo-web running bridge id 1 mark x ports ";

let said: string[];
let vm1: Host;

function note(text: string): Promise<void> {
    said.push(text);
    return Promise.resolve();
}

beforeEach(async () => {
    said = [];
    jest.spyOn(pulumi.log, "info").mockImplementation((text) => note(`info: ${text}`));
    jest.spyOn(pulumi.log, "warn").mockImplementation((text) => note(`warn: ${text}`));
    await mockedStack();
    jest.mocked(probe).mockResolvedValue(answered());
});
afterEach(() => {
    jest.restoreAllMocks();
});

/** A bridge, an overlay and an attachment whose commands on vm1 have one name. */
async function program(containers: readonly string[] = []): Promise<void> {
    const facts = new Map([DOCKER, ["container", containers] as const]);
    jest.mocked(probe).mockResolvedValue(answered({ facts }));
    vm1 = host("vm1", 11);
    const network = new Bridge("lan", { host: vm1, cidr: "10.60.0.0/24" });
    new ContainerAttachment("web", { host: vm1, network, container: { image: "busybox" } });
    new Overlay("web", { hosts: [vm1], cidr: "10.42.0.0/16", backend: { vxlan: {} } });
    await resource("web-vm1");
}

async function hear(before: string, now: string, stdin = ""): Promise<void> {
    await updateHook(sessionOfHost("Host", "vm1", vm1)).callback({
        urn: "",
        id: "",
        name: "web-vm1",
        type: "",
        oldInputs: { create: before, stdin },
        newInputs: { create: now },
    });
}

describe("before an update", () => {
    test("that of another stack's resource is refused, with the words that go on with it", async () => {
        await program();
        const before = CREATE.replaceAll(NOW, "crosshost-dev-112233");
        const stdin = "link a: bridge\nowner: shop/dev web-vm1 0a1b2c3d\n";
        await expect(hear(`${before} overlay-web`, `${CREATE} overlay-web`, stdin)).rejects.toThrow(
            "the host knows it as part of the stack shop/dev; nothing was changed there. If this stack had that name before, " +
                "continue with: pulumi config set crosshost:knownAs shop/dev. " +
                "If it was moved here from another stack, move it back (pulumi state move) and destroy it there first",
        );
        await expect(hear(`${before} overlay-web`, `${CREATE} overlay-web`)).rejects.toThrow(
            "pulumi config set crosshost:knownAs PROJECT/STACK. ",
        );
        await expect(
            hear("sh -c 'sh $d/crosshost install crosshost-dev-112233'", `sh -c 'install ${NOW}'`),
        ).rejects.toThrow("part of the stack");
        expect(said).toEqual([]);
    });

    test("a unit that the host has lost is told, and its container that it has lost too", async () => {
        await program();
        await hear(`${CREATE} attachment-web`, `${CREATE} attachment-web`);
        await hear(`${CREATE} overlay-web`, `${CREATE} overlay-web`);
        await hear(INSTALL, INSTALL);
        expect(said.filter((text) => text.startsWith("warn: "))).toEqual([
            "warn: attachment-web is no longer on vm1: this `up` restores it, once its container crosshost-demo-web, which is gone too, is recreated: pulumi up --refresh --run-program",
            "warn: overlay-web is no longer on vm1: this `up` restores it",
            "warn: vm1 has lost what Crosshost installed there: this `up` installs it again",
        ]);
    });

    test("a container that is still there is not called gone", async () => {
        await program([WEB]);
        await hear(`${CREATE} attachment-web`, `${CREATE} attachment-web`);
        expect(said.filter((text) => text.includes("no longer"))).toEqual([
            "warn: attachment-web is no longer on vm1: this `up` restores it",
        ]);
    });

    test("nothing is said of a unit that is there, or of a host that was not asked", async () => {
        await program();
        const units = new Map([["overlay-web", { hash: "", said: [], drift: [] }]]);
        for (const probed of [answered({ units }), { status: "unknown" } as const]) {
            await mockedStack();
            jest.mocked(probe).mockResolvedValue(probed);
            vm1 = host("vm1", 11);
            await hear(`${CREATE} overlay-web`, `${CREATE} overlay-web`);
        }
        expect(said).toEqual([]);
    });
});

describe("a unit that a resource of another name holds", () => {
    const OWNER = "shop/prod web-vm1 99999999";
    const unit = (lines: string[]) =>
        answered({ units: new Map([["u", { hash: "", said: lines, drift: [] }]]) });
    const tell = (lines: string[]) =>
        tellSuccession({ name: "vm1", component: host("vm1", 11) }, unit(lines), "u", OWNER);

    test("is taken over, and the preview says so", async () => {
        await tell(["seen: a1", "owner: shop/prod old-vm1 0a1b2c3d"]);
        expect(said).toEqual([
            "info: vm1: u is taken over unchanged from old-vm1 by web-vm1; if the former resource is deleted now, nothing on the host is undone",
        ]);
    });

    test.each([[[`owner: ${OWNER}`]], [["seen: a1"]]])("is none with %s", async (lines) => {
        await tell(lines);
        expect(said).toEqual([]);
    });
});
