import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assemble } from "../../components/converger/program";
import { KIND_ROOMS } from "../../components/entries";
import { meshUnit, NetnsHost, STACK } from "../support/netns";

const THEIRS = "crosshost-other-77aa02";
const NETWORK =
    "docker network theirs: bridge ch-mesh-4f2a1 subnet 10.42.1.0/24 gateway 10.42.1.1\n";

let host: NetnsHost;
beforeEach(() => {
    host = new NetnsHost();
    host.sh("mkdir -p -m 0700 /run/crosshost");
});
afterEach(() => {
    host.close();
});

/** The same component in another stack: other names, network, VNI and port are derived there. */
function theirMesh(change: (line: string) => string = (line) => line): string {
    return meshUnit((line) =>
        change(
            line
                .replaceAll("4f2a1", "9c9c9")
                .replaceAll("10.42.", "10.43.")
                .replaceAll("02:c5:9a", "02:c5:9b")
                .replaceAll("1048999", "1049000")
                .replaceAll("20473", "20474"),
        ),
    );
}

test("two stacks with a unit of one name live side by side, and leave one another alone", () => {
    host.apply("mesh", meshUnit());
    const first = host.dump();
    expect(host.apply("mesh", theirMesh(), THEIRS).status).toBe(0);
    expect(host.observe().drift).toEqual([]);
    expect(host.observe(THEIRS).drift).toEqual([]);
    expect(host.apply("mesh", meshUnit()).stdout).toBe("mesh: in step, nothing to do\n");
    expect(host.crosshost(["uninstall", THEIRS]).status).toBe(0);
    expect(host.dump()).toBe(first);
});

/** A kind of entry that is there as soon as it is wanted. */
const SHINY = "function shiny_actual(id) { return want_value[id] }\n";

test("a newer library beside it, with a kind of entry that this one does not know, is let alone", () => {
    const newer = join(host.folder, "newer");
    const folder = join(host.folder, "shiny");
    mkdirSync(folder);
    writeFileSync(join(folder, "shiny.awk"), SHINY);
    writeFileSync(newer, assemble([...KIND_ROOMS, { name: "shiny", folder }]).text);
    const applied = host.run(
        ["sh", newer, "apply", THEIRS, "mesh"],
        `${theirMesh()}shiny thing: 1\n`,
    );
    expect(applied.stderr).toBe("");
    expect(host.apply("mesh", meshUnit()).status).toBe(0);
    expect(host.observe().drift).toEqual([]);
    host.delete("mesh");
    expect(host.run(["sh", newer, "observe", THEIRS]).stdout).not.toMatch(/^drift (link|route)/m);
});

test("the second to want a VNI and port, or a Docker network's name, is told who has it", () => {
    host.sh("echo 1 >/run/docker.pid; docker network ls");
    writeFileSync(join(host.folder, "docker/version"), "26.1.5\n");
    host.sh("docker network create -d bridge bridge");
    expect(host.apply("mesh", meshUnit() + NETWORK).stderr).toBe("");
    const before = host.dump();
    const vni = host.apply(
        "mesh",
        theirMesh((line) => line.replace("1049000", "1048999").replace("20474", "20473")),
        THEIRS,
    );
    expect(vni.stderr).toContain(
        `link vx-mesh-9c9c9: VNI 1048999 on port 20473 is taken by vx-mesh-4f2a1 (unit mesh of stack ${STACK})`,
    );
    const name = host.apply("mesh", theirMesh() + NETWORK.replaceAll("10.42.", "10.43."), THEIRS);
    expect(name.stderr).toContain(`docker network theirs: belongs to unit mesh of stack ${STACK}`);
    expect([vni.status, name.status]).toEqual([2, 2]);
    expect(host.dump()).toBe(before);
});
