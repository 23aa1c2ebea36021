// What the programs of this folder make on both hosts, and what is asked of it whichever way it goes over the wire.
import { onAll, unanswered } from "../../support/lab";
import { type Pings } from "../../support/pinging";

export const CONTAINER = "meshed";

export function addressOn(host: string): string {
    return `10.42.${host.replace("vm", "")}.200`;
}

/** Who does not reach whom, himself among them. */
export function lostAmong(hosts: readonly string[]): string[] {
    const all = hosts.map(addressOn);
    return hosts.flatMap((host) =>
        unanswered(host, CONTAINER, all).map((to) => `${host} -> ${to}`),
    );
}

export function modulesOn(hosts: readonly string[]): Promise<string[]> {
    return onAll(hosts, "cut -d' ' -f1 /proc/modules | sort");
}

/** Of a difference of dumps: a module that was loaded stays loaded until the next boot. */
export const isNoModule = (line: string): boolean => !/^vm\d [-+] \w+$/.test(line);

export function sayGap(name: string, { lost, gapMs }: Pings): void {
    process.stdout.write(
        `${name}: ${lost} pings lost of 100 a second, gap ${Math.round(gapMs)} ms\n`,
    );
}
