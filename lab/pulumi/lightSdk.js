// Loaded before the Pulumi SDK, leaves out what costs each program more than what it does: what the SDK loads to serialise
// functions (0.4 of the 0.65 s that it takes to load), and the stack of each promise that it makes (a tenth of a run).
const Module = require("node:module");

const load = Module._load;
Module._load = (request, ...rest) => {
    if (/(^|\/)(typescript-shim|@npmcli\/arborist)$/.test(request)) {
        return {};
    }
    const loaded = load(request, ...rest);
    // Half loaded, where it is in a circle: then it comes once more.
    if (request.endsWith("/debuggable") && loaded.debuggablePromise) {
        loaded.debuggablePromise = withoutStack(loaded.debuggablePromise);
    }
    return loaded;
};

/** The same, also of one that is so already. */
function withoutStack(debuggablePromise) {
    if (debuggablePromise.name === "stackless") {
        return debuggablePromise;
    }
    return function stackless(promise, context) {
        const { stackTraceLimit } = Error;
        Error.stackTraceLimit = 0;
        const watched = debuggablePromise(promise, context);
        Error.stackTraceLimit = stackTraceLimit;
        return watched;
    };
}
