// The devices with the hosts' keys, where a backend has keys: on each host in a unit of its own, for each generation of keys
// another. No host sends by one before all have theirs, and the former one's unit goes last in an `up`, as Pulumi's deletes
// do: so nothing is lost when keys are rolled.
import type * as pulumi from "@pulumi/pulumi";
import { type HostCommand, unitCommand } from "../resources/command";
import { type HostSession } from "../run/session";
import { unitName } from "../wire/identity";
import { titleOf } from "../wire/problem";
import { type OverlayLayout, type PlannedMember } from "./plan";

export interface MemberOfHost {
    readonly session: HostSession;
    readonly member: pulumi.Output<PlannedMember>;
}

export function tunnelCommands(
    overlay: pulumi.ComponentResource,
    of: string,
    { plan, backend }: OverlayLayout,
    members: readonly MemberOfHost[],
): HostCommand[] | undefined {
    const keys = backend.keys(plan);
    if (keys === undefined) {
        return undefined;
    }
    const part = `tunnel${keys.generation}`;
    return members.map(({ session, member }) => {
        const tunnel = member.apply(({ tunnel }) => tunnel ?? { unit: [], flows: [] });
        const command = unitCommand(session, overlay, {
            of,
            part,
            name: unitName(part, plan.name),
            title: titleOf("Overlay", of),
            wanted: tunnel.apply(({ unit }) => unit),
            flows: tunnel.apply(({ flows }) => [...flows]),
            modules: backend.needs.modules,
            programs: backend.needs.programs,
        });
        return { session, command };
    });
}
