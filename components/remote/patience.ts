const TICK_MS = 100;

/**
 * Acts after so long, unless it is cleared before. Only the time is counted in which this process can
 * listen: a program that computes for ten seconds does not make a host silent.
 */
export function after(milliseconds: number, act: () => void): NodeJS.Timeout {
    let ticks = Math.ceil(milliseconds / TICK_MS);
    const timer = setInterval(() => {
        ticks -= 1;
        if (ticks <= 0) {
            clearInterval(timer);
            act();
        }
    }, TICK_MS);
    return timer;
}
