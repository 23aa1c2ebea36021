import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { assemble } from "../../components/converger/program";
import { KIND_ROOMS } from "../../components/entries";
import { type Answer, type NetnsHost, STACK } from "./netns";

/** A kind of entry of the tests' own, `moved BRIDGE: NIC`: the address and the default route of a NIC are moved to a bridge that it becomes a port of. */
const MOVED = `
function moved_touches(key,    value) {
    value = (key in want_value) ? want_value[key] : old_value[key]
    return value " " nth_word(key, 2)
}

function moved_actual(id,    nic, bridge) {
    nic = want_value[id]
    bridge = nth_word(want_key[id], 2)
    if (link_master[nic] != bridge || !(("addr " bridge " 192.168.40.11/24") in addr_words))
        return ""
    return read_line(systemd_dir "/moved") == bridge ? nic : "not for ever"
}

function moved_before_docker(id) {
    return 1
}

function moved_make(id) {
    if (link_master[want_value[id]] == "")
        moved_steps(want_key[id], want_value[id], nth_word(want_key[id], 2))
    step("networkd.put", "put", systemd_dir "/moved 0644 " journal_file(nth_word(want_key[id], 2) "\\n"), want_key[id])
    undo("networkd.put", "remove", systemd_dir "/moved")
}

function moved_steps(key, nic, bridge) {
    moved_ip(key, "link add name " bridge " type bridge forward_delay 0", "link del dev " bridge)
    moved_ip(key, "link set dev " bridge " up", "link set dev " bridge " down")
    moved_ip(key, "link set dev " nic " master " bridge, "link set dev " nic " nomaster")
    moved_ip(key, "addr del 192.168.40.11/24 dev " nic, "addr add 192.168.40.11/24 brd + dev " nic "\\nroute add default via 192.168.40.1 dev " nic)
    moved_ip(key, "addr add 192.168.40.11/24 brd + dev " bridge, "addr del 192.168.40.11/24 dev " bridge)
    moved_ip(key, "route add default via 192.168.40.1 dev " bridge, "route del default via 192.168.40.1 dev " bridge)
}

function moved_ip(key, text, back) {
    step("link.add", "ip", text, key)
    undo("link.add", "ip", back)
}

function moved_unmake(key,    nic, bridge) {
    nic = old_value[key]
    bridge = nth_word(key, 2)
    if (link_master[nic] != bridge)
        return
    moved_ip(key, "addr del 192.168.40.11/24 dev " bridge, "addr add 192.168.40.11/24 brd + dev " bridge "\\nroute add default via 192.168.40.1 dev " bridge)
    moved_ip(key, "link set dev " nic " nomaster", "link set dev " nic " master " bridge)
    moved_ip(key, "link del dev " bridge, "link add name " bridge " type bridge forward_delay 0\\nlink set dev " bridge " up")
    moved_ip(key, "addr add 192.168.40.11/24 brd + dev " nic, "addr del 192.168.40.11/24 dev " nic)
    moved_ip(key, "route add default via 192.168.40.1 dev " nic, "route del default via 192.168.40.1 dev " nic)
    if (read_line(systemd_dir "/moved") != "") {
        step("networkd.remove", "remove", systemd_dir "/moved", key)
        undo_file("networkd.remove", systemd_dir "/moved", bridge "\\n", "0644")
    }
}

function moved_state(path) {
    print "moved", read_line(systemd_dir "/moved") > path
}
`;

/** A stand-in for systemd-run, which remembers what it was asked for and starts no timer. */
const NO_TIMER = `#!/bin/sh
echo "$*" >>"$FAKES/systemd-run.log"
`;

/** The connection that a change is asked for by, and a later one of the same client. */
export const FIRST = { SSH_CONNECTION: "192.168.40.1 50001 192.168.40.11 22" };
export const NEXT = { SSH_CONNECTION: "192.168.40.1 50002 192.168.40.11 22" };
/** Of somebody else, or by a tunnel. */
export const OTHER = { SSH_CONNECTION: "192.168.40.9 50001 192.168.40.11 22" };

export const MOVING = "moved br0: eth0\nguard: 15\n";

/** Teaches a host that kind. */
export function canMove(host: NetnsHost): NetnsHost {
    const folder = mkdtempSync(join(tmpdir(), "crosshost-moved-"));
    writeFileSync(join(folder, "moved.awk"), MOVED);
    writeFileSync(host.program, assemble([...KIND_ROOMS, { name: "moved", folder }]).text);
    host.put("systemd-run", NO_TIMER);
    return host;
}

export function move(
    host: NetnsHost,
    text = MOVING,
    connection: NodeJS.ProcessEnv = FIRST,
): Answer {
    return host.crosshost(["apply", STACK, "lan"], text, connection);
}

/** What the second command says: of which text, by another login. */
export function commit(
    host: NetnsHost,
    text: string | undefined = MOVING,
    connection: NodeJS.ProcessEnv = NEXT,
): Answer {
    const digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
    const said = text === "" ? "" : `commit: ${digest}\n`;
    return host.crosshost(["commit", STACK, "lan"], said, connection);
}

/** The time is over; nobody waits for it. */
export function letTimePass(host: NetnsHost): void {
    host.sh("sed -i '1s/^[0-9]*/0/' /run/crosshost/journal/guard");
}

/** The timer, as systemd runs it. */
export function expire(host: NetnsHost): Answer {
    return host.run([host.tools.shell, "/run/crosshost/guard/crosshost", "expire"]);
}

export interface Started {
    /** Waits until it has said so. */
    readonly says: (words: string) => Promise<void>;
    readonly said: () => Promise<string>;
}

/** A request that goes on beside others; `said` is all that it says until it ends. */
export function started(
    host: NetnsHost,
    by: NodeJS.ProcessEnv,
    words: readonly string[],
    input: string,
): Started {
    const { command, args, env } = host.command([host.tools.shell, host.program, ...words]);
    const child = spawn(command, args, { env: { ...env, ...by } });
    const ended = once(child, "close");
    let said = "";
    const take = (text: Buffer) => (said += text.toString());
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.stdin.end(input);
    const says = async (words: string) => {
        while (!said.includes(words)) {
            if (child.exitCode !== null) {
                throw new Error(`it ended with ${child.exitCode}: ${said}`);
            }
            await sleep(20);
        }
    };
    return { says, said: () => ended.then(() => said) };
}
