import * as pulumi from "@pulumi/pulumi";

/**
 * Resolves when the program has made its resources: when its module, or the async function that it
 * exports, is done, and its outputs are there. Nothing that becomes an output may wait for it.
 */
export async function programEnd(): Promise<void> {
    const outputs: unknown = pulumi.runtime.getStackResource()?.outputs;
    // The types of Pulumi hide it. An `apply` would not run in a preview that knows not all of them.
    if (pulumi.Output.isInstance(outputs) && "promise" in outputs) {
        const { promise } = outputs;
        await (typeof promise === "function" ? promise.call(outputs) : undefined);
    }
}
