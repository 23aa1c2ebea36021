// A kind of entry is a folder: this one is in none of the project's.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assemble } from "../../components/converger/program";
import { KIND_ROOMS } from "../../components/entries";
import { NetnsHost, TOOLS } from "../support/netns";

const QLEN = `# qlen LINK: N. How many packets wait at a link.

function qlen_check(key, value) {
    if (value !~ /^[0-9]+$/)
        refuse(key ": needs a number of packets")
}

function qlen_now(name,    command, line) {
    command = "exec ip link show dev " name
    command | getline line
    close(command)
    return word_after(line, "qlen")
}

function qlen_actual(id) {
    return qlen_now(nth_word(want_key[id], 2))
}

function qlen_make(id,    name) {
    name = nth_word(want_key[id], 2)
    step("link.set", "ip", "link set dev " name " txqueuelen " want_value[id], want_key[id])
    undo("link.set", "ip", "link set dev " name " txqueuelen " qlen_now(name))
}

function qlen_unmake(key,    name) {
    name = nth_word(key, 2)
    if (qlen_now(name) == 1000)
        return
    step("link.set", "ip", "link set dev " name " txqueuelen 1000", key)
    undo("link.set", "ip", "link set dev " name " txqueuelen " qlen_now(name))
}
`;

const folder = mkdtempSync(join(tmpdir(), "crosshost-qlen-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(TOOLS)("with $shell and $awk", (tools) => {
    let host: NetnsHost;

    beforeAll(() => {
        writeFileSync(join(folder, "qlen.awk"), QLEN);
        host = new NetnsHost(tools);
        writeFileSync(host.program, assemble([...KIND_ROOMS, { name: "qlen", folder }]).text);
    });
    afterAll(() => host.close());

    const qlen = () =>
        (JSON.parse(host.sh("ip -j link show dev eth0")) as [{ readonly txqlen: number }])[0]
            .txqlen;
    const observed = () => host.crosshost(["observe", "crosshost-test-3fa9c1"]).stdout;

    test("an entry of the new kind is checked, made, watched, repaired and undone", () => {
        const before = qlen();
        expect(host.apply("queue", "qlen eth0: many\n")).toMatchObject({
            status: 2,
            stderr: "crosshost: refused: unit queue: qlen eth0: needs a number of packets\n",
        });
        expect(host.apply("queue", "qlen eth0: 500\n")).toMatchObject({ status: 0, stderr: "" });
        expect(qlen()).toBe(500);
        expect(host.apply("queue", "qlen eth0: 500\n").stdout).toBe(
            "queue: in step, nothing to do\n",
        );

        host.sh("ip link set dev eth0 txqueuelen 300");
        expect(observed()).toContain("drift qlen eth0: 300\n");
        expect(host.apply("queue", "qlen eth0: 500\n").status).toBe(0);
        expect(qlen()).toBe(500);

        // what comes after it fails: it is put back
        const failing = host.apply("queue", "qlen eth0: 700\naddr eth0 999.0.0.1/32:\n");
        expect(failing.status).not.toBe(0);
        expect(qlen()).toBe(500);

        expect(host.delete("queue").status).toBe(0);
        expect(qlen()).toBe(before);
    });
});

test("a phase that is in no table is refused before anything is done", () => {
    const host = new NetnsHost();
    writeFileSync(join(folder, "qlen.awk"), QLEN.replaceAll("link.set", "link.sett"));
    writeFileSync(host.program, assemble([...KIND_ROOMS, { name: "qlen", folder }]).text);
    const { status, stderr } = host.apply("queue", "qlen eth0: 500\n");
    host.close();
    expect(stderr).toContain("crosshost: no phase has the name `link.sett`");
    expect(status).not.toBe(0);
});
