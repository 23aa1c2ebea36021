// What of a preview's time is ours where each host is a machine of its own: the preview's less that of an empty program's, in turn. In
// the lab all hosts compute on this machine's few processors, so for this they are asleep: sleepers.ts logs in whoever comes to their
// addresses, waits for as long as a host has computed, and says what the host has said. Its own part of the logins is computed here,
// so a figure is rather too high.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { convergerProgram } from "../../components/converger/program";
import { observeCommand } from "../../components/remote/commands";
import { stackId } from "../../components/wire/identity";
import { lab, LAB_JSON, LAB_NAME, on, run, start, within } from "../../test/support/lab";
import { Stack } from "../../test/support/stack";
import { median } from "../figures";
import { type Sleeper } from "./sleepers";

/** Times of no-op previews, in milliseconds, medians. */
export interface Ours {
    readonly asleep: number;
    readonly empty: number;
    /** What a host computes, login included: so long each sleeps. */
    readonly computed: number;
    readonly ours: number;
}

const ROUNDS = 5;
const EMPTY = join(__dirname, "empty");
const SLEEPERS = join(__dirname, "sleepers.ts");

/** Of a stack that is up; `computed` is what each of its hosts takes for a preview. */
export async function oursOf(
    stack: Stack,
    hosts: readonly string[],
    computed: number,
): Promise<Ours> {
    const empty = new Stack("empty", EMPTY);
    let sleepers: ChildProcess | undefined;
    try {
        empty.up();
        sleepers = await fallAsleep(stack, hosts, computed);
        const preview = (of: Stack) => {
            const began = performance.now();
            of.nothingToDo("preview");
            return performance.now() - began;
        };
        preview(stack);
        const rounds = Array.from({ length: ROUNDS }, () => ({
            asleep: preview(stack),
            empty: preview(empty),
        }));
        return {
            asleep: median(rounds.map(({ asleep }) => asleep)),
            empty: median(rounds.map((round) => round.empty)),
            computed,
            ours: median(rounds.map((round) => round.asleep - round.empty)),
        };
    } finally {
        sleepers?.kill();
        wakeUp(hosts);
        empty.cleanUp();
        empty.remove();
    }
}

async function fallAsleep(
    stack: Stack,
    hosts: readonly string[],
    computed: number,
): Promise<ChildProcess> {
    const { sshConfigFile, hosts: known, lan } = lab();
    const asked = observeCommand(
        stackId({ project: "crosshost", stack: stack.name }),
        convergerProgram().hash,
        undefined,
    );
    const sleepers = await Promise.all(
        hosts.map(async (host): Promise<Sleeper> => ({
            address: known[host]?.address ?? "",
            hostKey: on(host, "cat /etc/ssh/ssh_host_ed25519_key"),
            computed,
            asked,
            says: await start("ssh", ["-nF", sshConfigFile, host, asked]),
        })),
    );
    const file = join(dirname(LAB_JSON), "sleepers.json");
    writeFileSync(file, JSON.stringify(sleepers), { mode: 0o600 });
    takeAddresses(hosts, "replace", "disabled");
    const node = [process.execPath, "-r", "ts-node/register/transpile-only", SLEEPERS, file];
    const child = spawn("ip", ["netns", "exec", lan.namespace, ...node], {
        stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit").then(([status]) => {
        throw new Error(`nobody stands for the hosts: sleepers.ts ended with ${String(status)}`);
    });
    await Promise.race([once(child.stdout, "data"), ended]); // it listens at all of them
    return child;
}

function wakeUp(hosts: readonly string[]): void {
    takeAddresses(hosts, "del", "forwarding");
}

/** A host that sleeps keeps its link, so that it need not find its network again. */
const PORT_STATE = { disabled: 0, forwarding: 3 };

function takeAddresses(
    hosts: readonly string[],
    how: "replace" | "del",
    port: keyof typeof PORT_STATE,
): void {
    const { lan, hosts: known } = lab();
    const lines = hosts.flatMap((host) => [
        `bridge link set dev ${host} state ${PORT_STATE[port]}`,
        `ip addr ${how} ${known[host]?.address}/32 dev lan || ${how === "del"}`,
    ]);
    within(lan.namespace, ["set -e", ...lines].join("\n"));
    run("ip", ["neigh", "flush", "dev", `lab-${LAB_NAME}`]);
}
