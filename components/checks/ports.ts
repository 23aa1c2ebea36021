// Ports of a host that something there has already: a process that listens, or a container's published port.
import { type HostPort, portsClash, type PortWish } from "../wire/claims";
import { type Facts } from "../facts/clouds";
import { seenContainers } from "../facts/containers";
import { listed, type Misfits } from "../facts/words";

/**
 * Ports that this stack's own containers have are no misfit: they stay, or go in the same run. The
 * container's own port may be taken while it is stopped: a warning, since nothing here starts it.
 */
export function portMisfits(
    { container, ports }: PortWish,
    host: string,
    stack: string,
    facts: Facts,
): Misfits {
    const stopped = (seenContainers(facts) ?? []).some(
        ({ name, state, owner }) => name === container && state !== "running" && isOf(stack, owner),
    );
    const taken = ports.flatMap((wished) => {
        const holder = takenBy(wished, stack, facts);
        const { port, protocol, path } = wished;
        return holder === undefined
            ? []
            : [
                  `port ${port}/${protocol} of ${host} is taken by ${holder}: choose another in ${path}, or stop it`,
              ];
    });
    return stopped ? { errors: [], warnings: taken } : { errors: taken, warnings: [] };
}

/** Who on the host has a port, but containers of this stack: those stay, or go in the same run. */
export function takenBy(wished: HostPort, stack: string, facts: Facts): string | undefined {
    const containers = seenContainers(facts) ?? [];
    const publisher = containers.find(({ ports }) =>
        ports.some((port) => portsClash(port, wished)),
    );
    if (publisher) {
        return isOf(stack, publisher.owner) ? undefined : `the container ${publisher.name}`;
    }
    const found = listeners(facts).find(({ port }) => portsClash(port, wished));
    if (!found) {
        return undefined;
    }
    const inside = containers.find(({ id }) => id !== "" && id === found.container);
    if (inside) {
        return isOf(stack, inside.owner) ? undefined : `the container ${inside.name}`;
    }
    return found.pid === "-" ? "the kernel" : `${found.process} (pid ${found.pid})`;
}

interface Listener {
    readonly port: HostPort;
    readonly process: string;
    readonly pid: string;
    /** The id of the one it is in. */
    readonly container: string;
}

/** `listens tcp 0.0.0.0 80 nginx 812`, and the container's id. */
function listeners(facts: Facts): Listener[] {
    return listed(facts, "listens").map(
        ([protocol = "", ip = "", port, process = "", pid = "", container = ""]) => ({
            port: { protocol, ip, port: Number(port) },
            process,
            pid,
            container,
        }),
    );
}

function isOf(stack: string, owner: string): boolean {
    return owner.startsWith(`${stack}:`);
}
