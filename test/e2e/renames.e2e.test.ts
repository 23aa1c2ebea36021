// Refactoring is safe: what gets another name is the same wiring.
import { join } from "node:path";
import { baseline, difference, dumps } from "../support/hosts";
import { inNetworkOf, lab, on, reinstall } from "../support/lab";
import { whilePinging } from "../support/pinging";
import { type Config, Stack } from "../support/stack";

const HOSTS = ["vm1", "vm2"];
const PROGRAM = join(__dirname, "renames");
const BY_HAND = "docker run -d --name postgres lan-registry:5000/busybox:1 >/dev/null";
const TAKEN_OVER = /is taken over unchanged from/;

interface Outputs {
    readonly web: { readonly container: string; readonly address: string };
    readonly db: string;
    readonly right: string;
    readonly guest: string;
}

function outputsOf(stack: Stack): Outputs {
    const { web, db, right, guest } = stack.outputs();
    return { web, db, right, guest } as Outputs;
}

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
        const target = outputs().right;
        let shown = "";
        const pings = whilePinging({ host: "vm1", container: "left", target }, () => {
            shown = stack.up();
        });
        expect(pings.lost).toBe(0);
        stack.nothingToDo("preview");
        all();
        return shown;
    }

    function outputs(): Outputs {
        return outputsOf(stack);
    }

    /** Everybody reaches everybody, and what is published is reached from another host. */
    function all(): void {
        const { web, db, right, guest } = outputs();
        inNetworkOf("vm1", web.container, `ping -c 1 -W 2 ${db}`);
        inNetworkOf("vm1", "left", `ping -c 1 -W 2 ${right}`);
        inNetworkOf("vm1", "postgres", "ping -c 1 -W 2 10.60.0.1");
        on("vm1", `ping -c 1 -W 2 ${guest}`);
        on("vm2", `exec 3<>/dev/tcp/${lab().hosts["vm1"]?.address ?? ""}/8080`);
    }

    /** An `up` that keeps each container, and loses no ping of theirs. */
    function upThatChangesNothing(): void {
        const containers = HOSTS.map(ids);
        const target = outputs().web.address;
        const pings = whilePinging({ host: "vm2", container: "db", target }, () => {
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

    it("Overlay, without an alias: in one up, and so where the alias is taken out", () => {
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

describe("a project that is renamed", () => {
    let stack: Stack;

    afterAll(() => {
        stack.cleanUp();
        on("vm1", "docker rm -f postgres >/dev/null 2>&1 || true");
    });

    it("is refused with the words that help, goes on with them, and leaves no trace", async () => {
        const before = await baseline(HOSTS);
        on("vm1", BY_HAND);
        stack = new Stack("project", PROGRAM);
        stack.up();
        const containers = HOSTS.map(ids);
        stack = stack.rename("project", join(PROGRAM, "other"), "other");
        const { status, output } = stack.attempt("preview", "--diff");
        expect(status).not.toBe(0);
        expect(output).toContain("pulumi config set crosshost:knownAs crosshost/project");
        stack.configure({ knownAs: "crosshost/project" });
        stack.nothingToDo("preview");
        stack.up();
        expect(HOSTS.map(ids)).toEqual(containers);
        stack.destroy();
        on("vm1", "docker rm -f postgres >/dev/null");
        expect(difference(before, await dumps(HOSTS))).toEqual([]);
    });
});

describe("a host that was installed anew", () => {
    const stack = new Stack("reinstalled", PROGRAM);

    afterAll(() => {
        stack.cleanUp();
        on("vm1", "docker rm -f postgres >/dev/null 2>&1 || true");
    });

    it("is told in a preview, and healed by what that says, without a trace at last", async () => {
        on("vm1", BY_HAND);
        stack.up();
        reinstall(["vm2"]);
        const before = await baseline(["vm2"]);
        const shown = stack.preview();
        expect(shown).toMatch(
            /attachment-db is no longer on vm2: .* container db, which is gone too, .*pulumi up --refresh --run-program/,
        );
        stack.up("--refresh", "--run-program");
        stack.nothingToDo("preview");
        const { right } = outputsOf(stack);
        inNetworkOf("vm1", "left", `ping -c 1 -W 2 ${right}`);
        stack.destroy();
        expect(difference(before, await dumps(["vm2"]))).toEqual([]);
    });
});
