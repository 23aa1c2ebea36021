/**
 * The SDK keeps a stack trace for each property of a resource, to tell of promises that nobody keeps. ts-node maps every frame of
 * each to its source: for one host of an overlay with a container 65 ms of a processor, a fifth of Node's time in a preview of 32
 * hosts (2026-11-30). One frame is left: what fails at a registration is told with the resource's name, without the program's line.
 */
export function withShortTraces<T>(register: () => T): T {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 1;
    try {
        return register();
    } finally {
        Error.stackTraceLimit = limit;
    }
}
