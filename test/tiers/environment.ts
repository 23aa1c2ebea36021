import { TestEnvironment } from "jest-environment-node";

/**
 * Pulumi's SDK asks for the stack of each promise that it makes, to name those that never end. Jest
 * maps stacks to sources, in a realm that tests do not reach: for these, half of a test's time.
 */
export default class Environment extends TestEnvironment {
    constructor(...args: ConstructorParameters<typeof TestEnvironment>) {
        super(...args);
        this.global.Error.prepareStackTrace = (error, sites) =>
            sites[0]?.getFunctionName() === "debuggablePromise"
                ? ""
                : (Error.prepareStackTrace?.(error, sites) ?? String(error));
    }
}
