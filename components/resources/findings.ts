// What a preview finds of units is awaited by the outputs of their component. Nothing waits for these, so all else is shown,
// and checked, in the same preview.
import * as pulumi from "@pulumi/pulumi";
import { Refusal } from "../run/refuse";

/** Why a unit does not fit its host; undefined where it does. */
export type Finding = Promise<string | undefined>;

const findings = new WeakMap<pulumi.Resource, Finding[]>();

/** Before the component registers its outputs. */
export function addFinding(component: pulumi.Resource, finding: Finding): void {
    findings.set(component, [...(findings.get(component) ?? []), finding]);
}

/** The outputs of a component, if all of its units fit. */
export function fitting(
    component: pulumi.Resource,
    outputs: pulumi.Inputs,
): pulumi.Inputs | Promise<pulumi.Inputs> {
    return pulumi.runtime.isDryRun()
        ? refuseMisfits(findings.get(component) ?? []).then(() => outputs)
        : outputs;
}

/** One error, as all mistakes of one component are. */
export async function refuseMisfits(found: readonly Finding[]): Promise<void> {
    const texts = (await Promise.all(found)).filter((text) => text !== undefined);
    if (texts.length > 0) {
        throw new Refusal(texts.join("\n"));
    }
}
