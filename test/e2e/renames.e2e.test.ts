// Refactoring is safe: what gets another name is the same wiring.
import { join } from "node:path";
import { baseline, difference, dumps } from "../support/hosts";
import { inNetworkOf, on } from "../support/lab";
import { whilePinging } from "../support/pinging";
import { type Config, Stack } from "../support/stack";

const HOSTS = ["vm1", "vm2"];
const PROGRAM = join(__dirname, "renames");
const BY_HAND = "docker run -d --name postgres lan-registry:5000/busybox:1 >/dev/null";
const TAKEN_OVER = /is taken over as it is from/;

/** Docker's ids of all containers of a host, by their names. */
function ids(host: string): Record<string, string> {
    const lines = on(host, "docker ps -a --no-trunc --format '{{.Names}} {{.ID}}'")
        .trim()
        .split("\n");
    return Object.fromEntries(lines.map((line) => line.split(" ") as [string, string]));
}

describe("a stack whose components are renamed", () => {
    let stack: Stack;
    let before: string[];
    let config: Config = {};

    beforeAll(async () => {
        before = await baseline(HOSTS);
        on("vm1", BY_HAND);
        stack = new Stack("renames", PROGRAM);
        stack.up();
    });

    afterAll(() => {
        stack.cleanUp();
        on("vm1", "docker rm -f postgres >/dev/null 2>&1 || true");
    });

    function change(more: Config): void {
        config = { ...config, ...more };
        stack.configure(config);
    }

    /** One `up`, under containers of another overlay that ping each other: these lose nothing. Ends in step. */
    function upUnderPing(): string {
        const target = String(stack.outputs()["right"]);
        let shown = "";
        const pings = whilePinging({ host: "vm1", container: "left", target }, () => {
            shown = stack.up();
        });
        expect(pings.lost).toBe(0);
        stack.nothingToDo("preview");
        all();
        return shown;
    }

    /** Everybody reaches everybody. */
    function all(): void {
        const { web, db, right, guest } = stack.outputs() as Record<string, string>;
        inNetworkOf("vm1", web ?? "", `ping -c 1 -W 2 ${db}`);
        inNetworkOf("vm1", "left", `ping -c 1 -W 2 ${right}`);
        inNetworkOf("vm1", "postgres", "ping -c 1 -W 2 10.60.0.1");
        on(
            "vm1",
            `busybox wget -q -O - -T 3 http://127.0.0.1:8080/cgi-bin/peer >/dev/null || curl -sf -m 3 http://127.0.0.1:8080/cgi-bin/peer >/dev/null || bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080'`,
        );
        expect(guest).toMatch(/^192\.168\./);
    }

    /** An `up` that keeps each container, and loses no ping of theirs. */
    function upThatChangesNothing(): void {
        const containers = HOSTS.map(ids);
        const { web, db } = stack.outputs() as Record<string, string>;
        const pings = whilePinging({ host: "vm1", container: web ?? "", target: db ?? "" }, () => {
            upUnderPing();
        });
        expect(pings.lost).toBe(0);
        expect(HOSTS.map(ids)).toEqual(containers);
    }

    it("Host, its id kept, without an alias", () => {
        change({ ids: true });
        upThatChangesNothing();
        change({ vm1: "node-a", vm2: "node-b" });
        expect(stack.preview()).toMatch(TAKEN_OVER);
        upThatChangesNothing();
    });

    it("Host, with an alias, and its id with it", () => {
        change({ vm1: "vm1", vm2: "vm2", ids: false });
        upThatChangesNothing();
        change({ vm1: "edge", aliases: "vm1" });
        expect(stack.preview()).not.toMatch(/^ *[-+] +command/m);
        upThatChangesNothing();
    });

    it("Host, its id not kept: addresses change, in one up", () => {
        change({ vm1: "edge7", aliases: "" });
        upUnderPing();
        change({ vm1: "vm1" });
        upUnderPing();
    });

    it("Overlay, with an alias: nothing changes", () => {
        change({ mesh: "net", aliases: "mesh" });
        upThatChangesNothing();
    });

    it("Overlay, without an alias: in one up", () => {
        change({ aliases: "" });
        upUnderPing();
        change({ mesh: "web-net" });
        upUnderPing();
    });

    it("Overlay with a dockerName, without an alias: its containers stay", () => {
        change({ dockerName: "front" });
        upUnderPing();
        const containers = HOSTS.map(ids);
        change({ mesh: "mesh" });
        upUnderPing();
        expect(HOSTS.map(ids)).toEqual(containers);
    });

    it("Bridge and Macvlan, with aliases and without", () => {
        change({ yard: "court", lan: "flat", aliases: "yard lan" });
        upThatChangesNothing();
        change({ aliases: "" });
        upUnderPing();
        change({ yard: "yard", lan: "lan" });
        upUnderPing();
    });

    it("ContainerAttachment, with an alias: the container stays", () => {
        change({ web: "www", hand: "pg", aliases: "web hand" });
        upThatChangesNothing();
    });

    it("ContainerAttachment with a published port, without an alias: in one up", () => {
        change({ web: "site", hand: "database", aliases: "" });
        upUnderPing();
    });

    it("ContainerAttachment with the same address and container's name, without an alias: in one up", () => {
        change({ webAddress: "10.42.1.200", webContainer: "frontend" });
        upUnderPing();
        change({ web: "shop" });
        upUnderPing();
    });

    it("all of them, moved under another parent", () => {
        change({ moved: true });
        upUnderPing();
        change({ moved: false });
        upUnderPing();
    });

    it("the stack: refused with the words that help, then nothing changes", () => {
        stack = stack.rename("renamed");
        stack.configure(config);
        const { status, output } = stack.attempt("preview", "--diff");
        expect(status).not.toBe(0);
        expect(output).toContain("pulumi config set crosshost:knownAs crosshost/renames");
        expect(stack.attempt("up", "--yes", "--skip-preview").status).not.toBe(0);
        change({ knownAs: "crosshost/renames" });
        stack.nothingToDo("preview");
        upThatChangesNothing();
    });

    it("are destroyed without a trace, under any name", async () => {
        stack = stack.rename("renamed-again");
        stack.destroy();
        on("vm1", "docker rm -f postgres >/dev/null");
        expect(difference(before, await dumps(HOSTS))).toEqual([]);
    });
});
