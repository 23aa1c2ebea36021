import { inNetworkOf, on, pidOf, succeeds } from "./lab";

const LOG = "/tmp/crosshost-pings";

/** What became of echo requests, a hundred a second if nobody says otherwise. */
export interface Pings {
    readonly answered: number;
    readonly lost: number;
    /** The longest time without an answer, to the end if none came any more. */
    readonly gapMs: number;
}

/** Pings from a container, with its host's own ping, while something is done. */
export function whilePinging(
    {
        host,
        container,
        target,
        perSecond = 100,
    }: { host: string; container: string; target: string; perSecond?: number },
    act: () => void,
): Pings {
    const ping = `nsenter -t ${pidOf(container)} -n ping -D -n -i ${1 / perSecond} ${target}`;
    on(host, `setsid ${ping} >${LOG} 2>&1 </dev/null & echo $! >${LOG}.pid; sleep 0.5`);
    try {
        act();
    } finally {
        on(host, `sleep 0.5; date +%s.%N >${LOG}.end; kill -INT $(cat ${LOG}.pid); sleep 0.2`);
    }
    const end = Number(on(host, `cat ${LOG}.end`)) * 1000;
    return read(on(host, `cat ${LOG}; rm ${LOG} ${LOG}.pid ${LOG}.end`), end);
}

/** Of an ICMP echo: IPv4 and ICMP headers. */
const HEADERS = 28;

/** Whether a packet of a size gets through whole: by the host's own ping, as busybox' cannot set DF. */
export function passesWhole(
    host: string,
    container: string,
    target: string,
    size: number,
): boolean {
    const ping = `ping -c 1 -W 2 -M do -s ${size - HEADERS} ${target}`;
    return succeeds(() => inNetworkOf(host, container, ping));
}

function read(log: string, end: number): Pings {
    const answers = [...log.matchAll(/^\[([\d.]+)\] .* icmp_seq=(\d+) ttl=/gm)];
    const times = answers.map(([, time]) => Number(time) * 1000);
    const numbers = answers.map(([, , number]) => Number(number));
    const span = greatest(numbers) + greatest(numbers.map((number) => -number)) + 1;
    const gaps = [...times.slice(1), end].map((time, at) => time - (times[at] ?? time));
    return { answered: answers.length, lost: span - answers.length, gapMs: greatest(gaps) };
}

/** Of any number of them: a call has some 120,000 arguments at most, which are two minutes of a thousand pings a second. */
function greatest(numbers: readonly number[]): number {
    return numbers.reduce((one, other) => Math.max(one, other), -Infinity);
}
