import * as pulumi from "@pulumi/pulumi";
import { holds, type Observation } from "../facts/observation";
import { refuse } from "../run/refuse";
import { type HostSession } from "../run/session";
import { unitName } from "../wire/identity";
import { cloudNotes, linkProblems } from "./neighbours";
import { type OverlayLayout, planOverlay } from "./plan";

/**
 * In a preview, asks the hosts what no plan can know: whether they share a link, and whether
 * somebody watches it. In an up each host says it for itself.
 */
export async function checkSharedLink(
    overlay: pulumi.ComponentResource,
    layout: OverlayLayout,
    sessions: readonly HostSession[],
    underlays: Readonly<Record<string, string>>,
): Promise<void> {
    if (!layout.backend.needs.oneLink || !pulumi.runtime.isDryRun()) {
        return;
    }
    const { name, cidr } = layout.plan;
    const observed = await observations(sessions);
    refuse("Overlay", name, linkProblems(underlays, factsOf(observed)));
    const unit = unitName("overlay", name);
    const changing = observed.filter(
        ([host, observation]) => !holds(observation, unit, planOverlay(layout, host, underlays)),
    );
    const notes = cloudNotes(cidr, factsOf(changing));
    await Promise.all(notes.map((note) => pulumi.log.warn(note, overlay)));
}

async function observations(sessions: readonly HostSession[]): Promise<[string, Observation][]> {
    const probed = await Promise.all(sessions.map(({ probe }) => probe));
    return probed.flatMap((result, at): [string, Observation][] =>
        result.status === "answered" ? [[sessions[at]?.name ?? "", result.observation]] : [],
    );
}

function factsOf(observed: readonly [string, Observation][]) {
    return new Map(observed.map(([host, { facts }]) => [host, facts]));
}
