import { TestEnvironment } from "jest-environment-node";

/** What makes of an error's calls its stack. */
type Format = (error: Error, sites: NodeJS.CallSite[]) => unknown;

/**
 * The SDK asks for the stack of each promise that it makes, to name those that never end. Jest maps
 * stacks in a realm that tests do not reach, for half of a test's time: these are left empty.
 */
export default class Environment extends TestEnvironment {
    constructor(...args: ConstructorParameters<typeof TestEnvironment>) {
        super(...args);
        this.global.Error.prepareStackTrace = (error, sites) => {
            const mapped = Reflect.get(Error, "prepareStackTrace") as Format | undefined;
            return sites[0]?.getFunctionName() === "debuggablePromise"
                ? ""
                : (mapped?.(error, sites) ?? String(error));
        };
    }
}
