// A container that the program has on another host now is made there, whatever its place, and though no argument of it is another.
import { join } from "node:path";
import { addressOfContainer } from "../support/docker";
import { AS_AFTER_A_REBOOT, baseline, difference, dumps } from "../support/hosts";
import { inNetworkOf, on, onAll } from "../support/lab";
import { type Config, Stack } from "../support/stack";

const HOSTS = ["vm1", "vm2"] as const;
const MOVERS = ["beside", "joined", "lodger", "mode-bridge", "mode-host", "mode-none", "wired"];
const BY_HAND = "docker run -d --name by-hand lan-registry:5000/busybox:1 >/dev/null";
const IDS = "docker ps --no-trunc --format '{{.Names}} {{.ID}}' | sort";

/** Docker's ids of a host's running containers, by their names. */
function running(host: string): Map<string, string> {
    const lines = on(host, IDS).trim().split("\n");
    return new Map(lines.map((line) => line.split(" ") as [string, string]));
}

function namesOn(host: string): string[] {
    return [...running(host).keys()].filter((name) => name !== "by-hand");
}

describe("containers of every place, whose arguments are the same on each host", () => {
    const stack = new Stack("moves", join(__dirname, "moves"));
    let before: string[];

    beforeAll(async () => {
        await onAll(HOSTS, AS_AFTER_A_REBOOT);
        await onAll(HOSTS, BY_HAND);
        before = await baseline(HOSTS);
    });

    afterAll(async () => {
        stack.cleanUp();
        await onAll(HOSTS, "docker rm -f by-hand >/dev/null");
    });

    /** One `up`; then all run there and nowhere else, each in its place. */
    function moved(to: (typeof HOSTS)[number], config: Config): void {
        stack.configure(config);
        stack.up();
        expect(namesOn(to)).toEqual(MOVERS);
        HOSTS.filter((host) => host !== to).forEach((host) => {
            expect(namesOn(host)).toEqual([]);
        });
        expect(addressOfContainer(to, "joined")).toBe("10.60.0.200");
        inNetworkOf(to, "wired", "ip link show eth1 up");
        stack.nothingToDo("preview");
    }

    it("are on the one host first", () => {
        moved("vm1", {});
    });

    it("are shown as replaced by a preview that asks for them on the other, and are there after one up", () => {
        stack.configure({ at: "right" });
        const shown = stack.preview();
        const replaced = MOVERS.filter((name) =>
            new RegExp(`\\(replace\\)[^]{0,600}?::${name}-container\\]`).test(shown),
        );
        expect(replaced).toEqual(MOVERS);
        moved("vm2", { at: "right" });
    });

    it("come back", () => {
        moved("vm1", {});
    });

    it("stay where their host has but another name, without an alias", () => {
        const ids = running("vm1");
        moved("vm1", { left: "edge" });
        expect(running("vm1")).toEqual(ids);
        stack.nothingToDo("up");
    });

    it("leave no trace", async () => {
        stack.destroy();
        expect(difference(before, await dumps(HOSTS))).toEqual([]);
    });
});
