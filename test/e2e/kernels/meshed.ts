// What the programs of this folder make on both hosts, and what is asked of it whichever way it goes over the wire.
import { difference } from "../../support/hosts";
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

/** Modules stay loaded until the next boot, with the devices that the kernel makes of its own; units are written anew, and a boot starts services. */
export function traces(before: readonly string[], after: readonly string[]): string[] {
    return difference(before, after)
        .filter(isNoModule)
        .filter(
            (line) =>
                !/\b(gre0|gretap0|erspan0|tunl0)\b|\/var\/lib\/crosshost\/|\.service loaded /.test(
                    line,
                ),
        );
}

export function sayGap(name: string, { lost, gapMs }: Pings): void {
    process.stdout.write(
        `${name}: ${lost} pings lost of 100 a second, gap ${Math.round(gapMs)} ms\n`,
    );
}
