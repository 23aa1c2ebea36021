import { TestEnvironment } from "jest-environment-node";
import { type Format, isOfAPromise } from "../../lab/stacks";

/** Leaves out the stacks of the SDK's promises: Jest maps them in a realm that tests do not reach, for half of a test's time. */
export default class Environment extends TestEnvironment {
    constructor(...args: ConstructorParameters<typeof TestEnvironment>) {
        super(...args);
        this.global.Error.prepareStackTrace = (error, sites) => {
            const mapped = Reflect.get(Error, "prepareStackTrace") as Format | undefined;
            return isOfAPromise(sites) ? "" : (mapped?.(error, sites) ?? String(error));
        };
    }
}
