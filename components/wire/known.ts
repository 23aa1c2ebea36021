import type * as pulumi from "@pulumi/pulumi";

/** The value of an output, or undefined where a preview does not know it yet. */
export async function known<T>(output: pulumi.Output<T>): Promise<T | undefined> {
    if (!(await isKnown(output))) {
        return undefined;
    }
    return new Promise((resolve) => {
        output.apply((value) => {
            resolve(value);
        });
    });
}

/** Outputs carry `isKnown`, though their type does not say so. */
async function isKnown(output: object): Promise<boolean> {
    return "isKnown" in output ? Boolean(await output.isKnown) : true;
}
