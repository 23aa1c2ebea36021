// A stack of the version from before kinds of entries had rooms (tag before-rooms, packed as users get it) goes on with this one.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { baseline, difference, dumps } from "../support/hosts";
import { inNetworkOf, on, ROOT, run } from "../support/lab";
import { whilePinging } from "../support/pinging";
import { entriesChanged } from "../support/previewed";
import { Stack } from "../support/stack";

const HOSTS = ["vm1", "vm2"];
const PROGRAM = join(__dirname, "takeover");
const NOW = join(ROOT, "dist/components/index.js");
/** Where it finds the SDK and the providers that the program uses. */
const FOLDER = join(ROOT, "node_modules/.crosshost-before");
const BEFORE = join(FOLDER, "package/dist/components/index.js");

const LET_OUT = "+ iptables DOCKER-USER";
const LET_IN = "~ iptables DOCKER-USER";
const REPLIES = "~ nft forward 1-replies";
const OF_DEVICE = [LET_OUT, LET_IN, REPLIES];
const OF_ROUTES = [LET_OUT, REPLIES];
const CHANGES = {
    "mesh-vm1": OF_DEVICE,
    "mesh-vm2": OF_DEVICE,
    "plain-vm1": OF_ROUTES,
    "plain-vm2": OF_ROUTES,
    "yard-vm1": [REPLIES],
};

describe("a stack that an earlier version made", () => {
    let before: string[];
    let stack: Stack;

    beforeAll(async () => {
        before = await baseline(HOSTS);
        on("vm1", "docker run -d --name postgres lan-registry:5000/busybox:1 >/dev/null");
        mkdirSync(FOLDER, { recursive: true });
        run("tar", ["-xzf", join(PROGRAM, "before-rooms.tgz"), "-C", FOLDER]);
        stack = new Stack("takeover", PROGRAM);
        stack.configure({ package: BEFORE });
        stack.up();
        stack.preview("--expect-no-changes"); // it takes Docker's nftables for rules that are gone, and warns
        stack.configure({ package: NOW });
    });

    afterAll(() => {
        stack.cleanUp();
        on("vm1", "docker rm -f postgres >/dev/null 2>&1 || true");
        rmSync(FOLDER, { recursive: true });
    });

    it("has nothing to change but the program on each host, and rules that a packet passes sooner", () => {
        const preview = stack.preview();
        const changed = [
            ...preview.matchAll(/^ *[-+~]+ ([a-z]+:\S+): .*\n.*\n? *\[urn=\S+::(\S+)\]/gm),
        ];
        expect(changed.map(([, type, name]) => `${type ?? ""} ${name ?? ""}`).sort()).toEqual(
            [...Object.keys(CHANGES), "vm1-converger", "vm2-converger"]
                .map((name) => `command:remote:Command ${name}`)
                .sort(),
        );
        expect(preview).toMatch(/^ *~ 7 to update\n *\d+ unchanged$/m);
        for (const [unit, expected] of Object.entries(CHANGES)) {
            expect(changes(preview, unit)).toEqual(expected);
        }
    });

    it("is taken over by one up, which no packet feels", () => {
        const { db, near } = stack.outputs() as { db: string; near: string };
        const vxlan = whilePinging({ host: "vm1", container: "web", target: db }, () => {
            const direct = whilePinging({ host: "vm2", container: "far", target: near }, () => {
                stack.up();
            });
            expect(direct.lost).toBe(0);
        });
        expect(vxlan.lost).toBe(0);
        stack.nothingToDo("up");
        stack.nothingToDo("preview");
        inNetworkOf("vm1", "postgres", "ping -c 1 -W 2 10.60.0.1");
    });

    it("is destroyed without a trace", async () => {
        stack.destroy();
        on("vm1", "docker rm -f postgres >/dev/null");
        expect(difference(before, await dumps(HOSTS))).toEqual([]);
    });
});

/** The entries that a preview changes of a unit, without what is derived in their names. */
function changes(preview: string, unit: string): string[] {
    return entriesChanged(preview, unit)
        .map((entry) => entry.replace(/(DOCKER-USER) .*/, "$1"))
        .sort();
}
