import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bold, duration, red, say } from "../../lab/terminal";
import { lab, onAll, start } from "../support/lab";
import { saved } from "../support/saved";
import { Stack } from "../support/stack";
import { type Stream, streaming, streamText } from "../support/streams";

/** A machine that has other work sends some anew by itself. */
const IDLE_MS = 30_000;

/** So many times each host's NIC goes into a bridge and out again, by hand and by a stack, under connections that stay. */
export async function switchSweep(count: number): Promise<boolean> {
    const began = Date.now();
    const hosts = Object.entries(lab().hosts).flatMap(
        ([host, { kernel }]) => (kernel === "shared" ? [host] : []), // one of its own is slow, which says nothing
    );
    say(
        bold(
            `==> switchings: ${count} times the NIC of ${hosts.length} hosts into a bridge and out`,
        ),
    );
    const idle = await streaming(hosts, () => sleep(IDLE_MS));
    tell(`nothing for ${duration(IDLE_MS)}`, idle);
    const byHand = await streaming(hosts, () => times(count, () => onAll(hosts, byHandOn())));
    tell("by hand, `ip -batch`", byHand);
    const stack = new Stack("switchings", join(__dirname, "programs/switchings"));
    stack.up();
    const steps = hosts.map((host) => stepsOf(stack.name, host));
    const guarded = await streaming(hosts, () =>
        times(count, () => Promise.all(hosts.map((host, at) => runSteps(host, steps[at] ?? [])))),
    );
    tell("under guard", guarded);
    stack.nothingToDo("preview");
    stack.destroy();
    stack.remove();
    say(`switchings: ${duration(Date.now() - began)}`);
    return guarded.every(({ broken }) => broken.length === 0);
}

async function times(count: number, act: () => unknown): Promise<void> {
    for (let time = 0; time < count; time += 1) {
        await act();
    }
}

interface Login {
    readonly command: string;
    readonly stdin: string;
}

/** Out of the bridge and into it: the commands of a stack on a host, each a login of its own, without the time that Pulumi takes. */
function stepsOf(stack: string, host: string): Login[] {
    const commandOf = (name: string) => {
        const found = saved(stack).resources.find(({ urn }) => urn.endsWith(`::${name}`));
        return (found?.inputs ?? {}) as Readonly<Record<string, string | undefined>>;
    };
    const [release, made, commit] = ["-release", "", "-commit"].map((end) =>
        commandOf(`lan-${host}${end}`),
    );
    return [
        { command: made?.["delete"], stdin: "" },
        { command: release?.["delete"], stdin: "" },
        { command: made?.["create"], stdin: made?.["stdin"] },
        { command: commit?.["create"], stdin: commit?.["stdin"] },
    ].map(({ command = "", stdin = "" }) => ({ command, stdin }));
}

async function runSteps(host: string, steps: readonly Login[]): Promise<void> {
    const login = ["ssh", "-F", lab().sshConfigFile, "-o", "BatchMode=yes", host];
    for (const { command, stdin } of steps) {
        const script = 'printf %s "$1" | { shift; exec "$@"; }';
        await start("sh", ["-c", script, "sh", stdin, ...login, command]);
    }
}

/** What an admin who is careful writes, and undoes. */
function byHandOn(): string {
    const router = lab().lan.address;
    return `
address=$(ip -o -4 addr show dev eth0 | awk '{ print $4; exit }')
mac=$(cat /sys/class/net/eth0/address)
ip -batch - <<E || exit
link add hand0 address $mac type bridge stp_state 0 forward_delay 0
link set hand0 up
link set eth0 master hand0
addr add $address brd + dev hand0
addr del $address dev eth0
route replace default via ${router} dev hand0
E
sleep 0.5
ip -batch - <<E
addr add $address brd + dev eth0
link set eth0 nomaster
route replace default via ${router} dev eth0
link del hand0
E
sleep 0.5`;
}

function tell(how: string, streams: readonly Stream[]): void {
    const sum = (of: (stream: Stream) => number) =>
        streams.reduce((all, stream) => all + of(stream), 0);
    const broken = sum((stream) => stream.broken.length);
    const again = sum(({ retransmitted: { byHost, toHost } }) => byHost + toHost);
    const summary = `${how}: ${broken} connections broken, ${again} segments sent anew`;
    say(broken > 0 ? red(summary) : summary);
    streams.forEach((stream) => {
        say(`  ${streamText(stream)}`);
    });
}
