// What the program of this folder makes, and what is asked of it: a container of each host on each level.
import { capture } from "../../support/capture";
import { lab, programOn, unanswered } from "../../support/lab";
import { passesWhole } from "../../support/pinging";

export function containerAt(level: number): string {
    return `tier${level}`;
}

export function addressAt(level: number, host: string): string {
    return `10.${42 + level}.${host.replace("vm", "")}.200`;
}

/** Who does not reach whom. */
export function lostAt(level: number, hosts: readonly string[]): string[] {
    const all = hosts.map((host) => addressAt(level, host));
    return hosts.flatMap((host) =>
        unanswered(host, containerAt(level), all).map((to) => `${host} -> ${to}`),
    );
}

/** What is wrong with a size between two hosts: too large, or not the largest. */
export function wholeAt(level: number, mtu: number, [one, other] = ["vm1", "vm2"]): string[] {
    const passes = (from: string, to: string, size: number) =>
        passesWhole(from, containerAt(level), addressAt(level, to), size);
    return [
        ...(passes(one, other, mtu) ? [] : [`${one} -> ${other}: not ${mtu}`]),
        ...(passes(other, one, mtu) ? [] : [`${other} -> ${one}: not ${mtu}`]),
        ...(passes(one, other, mtu + 1) ? [`${one} -> ${other}: ${mtu + 1} too`] : []),
    ];
}

/** What the wire between two hosts carries meanwhile, line by line. */
export async function seenBetween(
    from: string,
    to: string,
    count: number,
    act: () => void,
): Promise<string[]> {
    const [one = "", other = ""] = [from, to].map((host) => lab().hosts[host]?.address);
    const filter = `host ${one} and host ${other} and not arp and not tcp`;
    const words = ["timeout", "10", "tcpdump", "-lnc", String(count), "-i", "eth0", filter];
    const { seen } = await capture(...programOn(to, ...words));
    act();
    return (await seen).split("\n").filter((line) => line !== "");
}
